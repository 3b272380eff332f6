"""Activations against PyTorch, against calculus, against their own shapes, and at the ends of the number line."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from core.networks.activations import ACTIVATIONS, FAR, facts, normal_cdf
from core.networks.parameters import parameters_of, with_parameters
from tests.reference.record_networks import FILE, POINTS, UNITS, name_of

RECORDED = np.load(FILE)
CASES = [(key, parameters, source) for key, cases in UNITS.items() for parameters, source in cases]
SINGLE = {"hard_sigmoid"}
"""torch's gradient multiplies by a sixth in single precision, whatever the type of its tensors."""
KEYS = [row.key for row in ACTIVATIONS]


def unit(key: str, **parameters):
    return with_parameters(ACTIVATIONS[key], **parameters)


@pytest.mark.parametrize(("key", "parameters", "source"), CASES, ids=lambda part: str(part)[:24])
def test_value_and_slope_are_those_of_torch(key, parameters, source) -> None:
    chosen = unit(key, **parameters)
    value, slope = RECORDED[name_of("unit", key, parameters)]
    np.testing.assert_allclose(chosen.value(POINTS), value, rtol=1e-12, atol=1e-15)
    rtol = 1e-7 if key in SINGLE else 1e-12
    np.testing.assert_allclose(chosen.slope(POINTS), slope, rtol=rtol, atol=1e-12)
    assert chosen.torch(**parameters_of(chosen)) == source


def test_every_activation_has_a_recording() -> None:
    assert list(UNITS) and set(UNITS) == set(KEYS)


X = sympy.Symbol("x", real=True)
A = sympy.Symbol("a", positive=True)
SIGMA = 1 / (1 + sympy.exp(-X))
ERF = (1 + sympy.erf(X / sympy.sqrt(2))) / 2
TANH_APPROXIMATION = (1 + sympy.tanh(sympy.sqrt(2 / sympy.pi) * (X + sympy.Rational("0.044715") * X**3))) / 2
LAMBDA, ALPHA = (
    sympy.Float("1.0507009873554804934193349852946", 32),
    sympy.Float("1.6732632423543772848170429916717", 32),
)
# The formula on every piece, from left to right; the second entry is where it ends.
CALCULUS = {
    "identity": [X],
    "sigmoid": [SIGMA],
    "tanh": [sympy.tanh(X)],
    "hard_sigmoid": [sympy.Integer(0) * X, X / 6 + sympy.Rational(1, 2), sympy.Integer(1) + 0 * X],
    "softsign": [X / (1 - X), X / (1 + X)],
    "relu": [0 * X, X],
    "leaky_relu": [A * X, X],
    "prelu": [A * X, X],
    "elu": [A * (sympy.exp(X) - 1), X],
    "selu": [LAMBDA * ALPHA * (sympy.exp(X) - 1), LAMBDA * X],
    "softplus": [sympy.log(1 + sympy.exp(A * X)) / A],
    "silu": [X / (1 + sympy.exp(-A * X))],
    "gelu": [X * ERF],
    "gelu_tanh": [X * TANH_APPROXIMATION],
    "mish": [X * sympy.tanh(sympy.log(1 + sympy.exp(X)))],
    "hard_swish": [0 * X, X * (X + 3) / 6, X],
}


@pytest.mark.parametrize("key", KEYS)
def test_formulas_are_derivatives_of_each_other(key: str) -> None:
    """Value, slope and curvature against sympy with 30 digits, inside every piece."""
    chosen = ACTIVATIONS[key]
    pieces = CALCULUS[key]
    assert len(pieces) == len(chosen.breaks) + 1
    given = [(A, sympy.Rational(str(value))) for value in parameters_of(chosen).values()]
    ends = [-9.0, *chosen.breaks, 9.0]
    for low, high, piece in zip(ends, ends[1:], pieces, strict=False):
        points = np.linspace(low, high, 9)[1:-1]
        for order, formula in enumerate((chosen.value, chosen.slope, chosen.curvature)):
            exact = [
                float(sympy.diff(piece, X, order).subs(given).evalf(30, subs={X: sympy.Float(x, 40)})) for x in points
            ]
            np.testing.assert_allclose(formula(points), exact, rtol=1e-12, atol=1e-13, err_msg=f"order {order}")


@pytest.mark.parametrize("row", ACTIVATIONS, ids=KEYS)
def test_no_number_is_too_large(row) -> None:
    """A warning would be an error here."""
    for parameters in [{}, *({p.key: end} for p in row.parameters for end in p.allowed)]:
        chosen = with_parameters(row, **parameters)
        ends = np.array([-1e308, -1e200, -1e60, -1000.0, -750.0, -40.0, 40.0, 750.0, 1000.0, 1e60, 1e200, 1e308])
        value, slope, curvature = chosen.value(ends), chosen.slope(ends), chosen.curvature(ends)
        assert np.isfinite(slope).all() and np.isfinite(curvature).all()
        line = chosen.slope(math.copysign(FAR, 1)) * ends[-5:-2], chosen.slope(-FAR) * ends[2:5]
        np.testing.assert_allclose(value[-5:-2], line[0], rtol=1e-2, atol=3)
        np.testing.assert_allclose(value[2:5], line[1], rtol=1e-2, atol=18)
        assert np.isfinite(value[1:-1]).all()


def test_far_values_are_the_limits() -> None:
    assert ACTIVATIONS["sigmoid"].value(-1000) == 0
    assert ACTIVATIONS["sigmoid"].value(1000) == 1
    assert ACTIVATIONS["softplus"].value(1000) == 1000
    assert ACTIVATIONS["softplus"].value(-1000) == 0
    for key in ("mish", "silu", "gelu", "gelu_tanh", "hard_swish"):
        assert ACTIVATIONS[key].value(-1e308) == 0
        assert ACTIVATIONS[key].value(1e300) == 1e300


@given(st.floats(-30, 30))
def test_normal_cdf_is_that_of_mpmath(x: float) -> None:
    exact = float(sympy.N(sympy.erfc(-sympy.Float(x, 40) / sympy.sqrt(2)) / 2, 30))
    assert float(normal_cdf(np.array([x]))[0]) == pytest.approx(exact, rel=1e-12, abs=1e-300)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=20, unique=True))
def test_shapes(x: list[float]) -> None:
    """What is called monotone is, every value is in the range, and arrays keep their shape."""
    points = np.sort(x)
    for row in ACTIVATIONS:
        known, value = FACTS[row.key], row.value(points)
        assert known.low <= value.min() and value.max() <= known.high
        slope = row.slope(points)
        assert known.least_slope[1] - 1e-12 <= slope.min() and slope.max() <= known.largest_slope[1] + 1e-12
        if not known.falling:
            assert (np.diff(value) >= 0).all()
        assert row.value(np.array(x)[None, :]).shape == (1, len(x))


FACTS = {row.key: facts(row) for row in ACTIVATIONS}
INF = math.inf
# low, high, are they reached, smoothness
RANGES = {
    "identity": (-INF, INF, False, False, "smooth"), "sigmoid": (0, 1, False, False, "smooth"),
    "tanh": (-1, 1, False, False, "smooth"), "hard_sigmoid": (0, 1, True, True, "C0"),
    "softsign": (-1, 1, False, False, "C1"), "relu": (0, INF, True, False, "C0"),
    "leaky_relu": (-INF, INF, False, False, "C0"), "prelu": (-INF, INF, False, False, "C0"),
    "elu": (-1, INF, False, False, "C1"), "selu": (-1.75810, INF, False, False, "C0"),
    "softplus": (0, INF, False, False, "smooth"), "silu": (-0.27846, INF, True, False, "smooth"),
    "gelu": (-0.16997, INF, True, False, "smooth"), "gelu_tanh": (-0.17004, INF, True, False, "smooth"),
    "mish": (-0.30884, INF, True, False, "smooth"), "hard_swish": (-0.375, INF, True, False, "C0"),
}  # fmt: skip
MINIMA = {
    "silu": (-1.27846, -0.27846), "gelu": (-0.75179, -0.16997), "gelu_tanh": (-0.75246, -0.17004),
    "mish": (-1.19243, -0.30884), "hard_swish": (-1.5, -0.375),
}  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_facts_that_are_published(key: str) -> None:
    found = FACTS[key]
    low, high, low_reached, high_reached, smoothness = RANGES[key]
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-5), high)
    assert (found.low_reached, found.high_reached, found.smoothness) == (low_reached, high_reached, smoothness)
    assert found.minimum == (pytest.approx(MINIMA[key], abs=1e-5) if key in MINIMA else None)
    assert bool(found.falling) == (key in MINIMA)


def test_slopes_and_regions() -> None:
    assert FACTS["sigmoid"].largest_slope == (0, 0.25)
    assert FACTS["sigmoid"].least_slope == (-INF, 0)
    assert FACTS["silu"].least_slope[1] == pytest.approx(-0.0998, abs=1e-4)
    assert FACTS["silu"].largest_slope[1] == pytest.approx(1.0998, abs=1e-4)
    assert FACTS["relu"].flat == FACTS["relu"].saturated == ((-INF, 0.0),)
    assert FACTS["relu"].kinks == ((0.0, 0.0, 1.0),)
    assert FACTS["hard_sigmoid"].flat == ((-INF, -3.0), (3.0, INF))
    assert FACTS["hard_swish"].falling == ((-3.0, -1.5),)
    assert FACTS["elu"].flat == ()
    assert FACTS["elu"].saturated == ((-INF, pytest.approx(math.log(0.01))),)
    assert FACTS["softsign"].saturated == ((-INF, pytest.approx(-9)), (pytest.approx(9), INF))
    assert FACTS["softplus"].largest_slope == (INF, 1)
    assert FACTS["leaky_relu"].saturated == ()


def test_tanh_form_of_gelu_is_as_close_as_its_text_says() -> None:
    x = np.linspace(-20, 20, 400_001)
    assert 0.0004 < np.abs(ACTIVATIONS["gelu"].value(x) - ACTIVATIONS["gelu_tanh"].value(x)).max() < 0.0005


def test_facts_follow_the_parameters() -> None:
    assert facts(unit("elu", alpha=2.0)).smoothness == "C0"  # only alpha = 1 joins the pieces smoothly
    assert facts(unit("elu", alpha=2.0)).low == pytest.approx(-2)
    assert facts(unit("prelu", alpha=0.0)).low == 0
    assert facts(unit("prelu", alpha=-0.5)).falling == ((-INF, 0.0),)
    assert facts(unit("prelu", alpha=-0.5)).minimum == (0, 0)
    assert facts(unit("leaky_relu", alpha=1.0)).smoothness == "smooth"
    assert facts(unit("silu", beta=10.0)).minimum == pytest.approx((-0.127846, -0.027846), abs=1e-5)
    assert facts(unit("silu", beta=0.1)).minimum == pytest.approx((-12.7846, -2.7846), abs=1e-3)
    assert facts(unit("softplus", beta=10.0)).largest_slope == (INF, 1)


def test_the_formula_that_is_shown_is_the_one_that_runs() -> None:
    for row in ACTIVATIONS:
        for formula in row.formulas:
            assert inspect.getsource(formula).startswith("def ")
    calls = []
    spied = ACTIVATIONS["tanh"].__class__(
        **{**vars(ACTIVATIONS["tanh"]), "formulas": (lambda x: calls.append(1) or x, None, None)}
    )
    spied.value(np.zeros(2))
    assert calls


@pytest.mark.parametrize(
    ("key", "parameters", "sentence"),
    [
        ("elu", {"alpha": 11}, "alpha: got 11, allowed are numbers from 0 to 10"),
        ("elu", {"alpha": math.nan}, "alpha: got nan"),
        ("elu", {"alpha": "much"}, "alpha: got 'much'"),
        ("relu", {"alpha": 0.1}, "alpha: got 0.1, but relu has no parameters"),
        ("relux", {}, "activation: got 'relux', allowed are identity, sigmoid"),
    ],
)
def test_bad_input_gets_a_sentence(key, parameters, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence):
        unit(key, **parameters)


def test_normal_cdf_takes_arrays_that_may_not_be_written():
    frozen = np.array([0.0, 1.0])
    frozen.flags.writeable = False
    assert normal_cdf(frozen)[0] == 0.5
