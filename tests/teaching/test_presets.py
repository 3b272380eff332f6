"""Every preset that the app ships shows the number it claims."""

import numpy as np
import pytest

from teaching.presets import first_rebound, preset, presets


@pytest.mark.parametrize("case", presets(), ids=lambda case: case.id)
def test_preset_shows_its_number(case):
    measured = case.measure(case.run())
    assert case.agrees(measured), f"{case.id}: measured {measured}, expected {case.expected} within {case.tolerance}"


def test_beale_trap_ends_far_out_in_the_false_valley():
    x, y = preset("beale_trap").run().path[-1]
    assert x < -20 and abs(y - 1) < 0.05


def test_agreement_needs_a_number_inside_the_tolerance():
    case = preset("ravine_hb_0.9")
    assert case.agrees(case.expected + case.tolerance)
    assert not case.agrees(case.expected + case.tolerance + 1)


def test_first_rebound_wants_low_before_high():
    assert first_rebound(np.array([9.0, 0.1, 9.0]), 0.5, 5.0) == 2
    assert first_rebound(np.array([9.0, 9.0, 0.1]), 0.5, 5.0) == -1
    assert first_rebound(np.array([9.0, 9.0]), 0.5, 5.0) == -1


def test_unknown_preset_is_named():
    with pytest.raises(ValueError, match="preset: got 'nothing'"):
        preset("nothing")
