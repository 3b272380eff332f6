"""What is recorded comes out again within its error, and is otherwise named."""

import numpy as np
import pytest

from core.text import T
from teaching import record
from teaching.contract import Claim, Lesson
from teaching.record import Measure, differences


def lesson(numbers, **more):
    claim = Claim("k", T("t"), "shown", T("c"), T("r"), measured=lambda: numbers, holds=lambda **_all: True, **more)
    panels = {"map": lambda: {"z": np.eye(2)}}
    return Lesson("nowhere", T("t"), T("q"), "", show=lambda: None, claims=(claim,), panels=panels)


def test_everything_of_a_lesson_is_written_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    (tmp_path / "nowhere").mkdir()
    own = lesson({"steps": np.int64(7), "floor": np.float64(0.25), "never": np.inf, "said": "yes", "pair": (1, 2.5)})
    found = {measure.name: record.run(measure) for measure in record.measures(own)}
    record.write(own, found)
    assert record.recorded("nowhere") == found
    assert found["claim k"].numbers == {"steps": 7, "floor": 0.25, "never": np.inf, "said": "yes", "pair": [1, 2.5]}
    assert found["panel map"].numbers == {"z": [[1.0, 0.0], [0.0, 1.0]]}
    assert record.numbers("nowhere", "claim k", lambda: pytest.fail("it is recorded")) == found["claim k"].numbers
    record.recorded.cache_clear()


@pytest.mark.parametrize(
    ("before", "now", "confirmed"),
    [
        ({"a": 1.0}, {"a": 1.0 + 1e-8}, True),
        ({"a": 1.0}, {"a": 1.001}, False),
        ({"a": 7}, {"a": 8}, False),
        ({"a": 1e-16}, {"a": 3e-15}, True),
        ({"a": 1.0, "a_error": 0.1}, {"a": 1.25, "a_error": 0.1}, True),
        ({"a": 1.0, "a_error": 0.1}, {"a": 1.35, "a_error": 0.1}, False),
        ({"a": "yes"}, {"a": "no"}, False),
        ({"a": True}, {"a": False}, False),
        ({"a": [1.0, 2.0]}, {"a": [1.0, 2.0, 3.0]}, False),
        ({"a": np.inf}, {"a": np.inf}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
    ],
)
def test_a_number_off_by_more_than_its_error_is_named(before, now, confirmed):
    said = differences(Measure("claim k", dict), before, now)
    assert bool(said) != confirmed
    assert all(sentence.startswith("claim k: ") for sentence in said)


def test_stated_error_widens_what_counts_as_the_same():
    assert differences(Measure("claim k", dict, {"a": 2.0}), {"a": 7}, {"a": 8.5}) == []
    assert differences(Measure("claim k", dict, {"a": 2.0}), {"a": 7}, {"a": 9.5})


def test_what_is_no_number_cannot_be_recorded():
    with pytest.raises(TypeError, match="object"):
        record.plain(object())
