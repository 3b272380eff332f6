"""Where units are sure: values, slopes and curvatures far out against mpmath, to 12 digits wherever a float has them.

1 - sigma(z) is e^-z beyond z = 37, where the difference rounds to 0; a plateau is as flat as it is, not flat.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy

from core.networks.activations import ACTIVATIONS
from core.networks.layers import cross_entropy
from core.networks.parameters import parameters_of
from surfaces import DATA_SURFACES
from tests.core.networks.test_activations import CALCULUS, A, X

FAR = [side * size for size in (5.0, 19.5, 37.5, 40.0, 100.0, 350.0, 700.0) for side in (-1, 1)]
DIGITS = 1500
"""e^-1400 beside 1."""
LEAST = 1e-300


def assert_digits(found: float, exact: mpmath.mpf, what: str) -> None:
    """Complain unless 12 digits agree, or both are below what a float can hold."""
    if abs(exact) < LEAST:
        assert abs(found) <= LEAST, what
    else:
        assert abs(found - exact) <= 1e-12 * abs(exact), f"{what}: {found!r} is not {mpmath.nstr(exact, 17)}"


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.key)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_activation_far_out(row, order: int) -> None:
    pieces = CALCULUS[row.key]
    given = [(A, sympy.Rational(str(value))) for value in parameters_of(row).values()]
    with mpmath.workdps(DIGITS):
        for x in FAR:
            piece = pieces[sum(x > edge for edge in row.breaks)]
            exact = sympy.lambdify(X, sympy.diff(piece, X, order).subs(given), "mpmath")(mpmath.mpf(x))
            assert_digits(float((row.value, row.slope, row.curvature)[order](x)), mpmath.mpf(exact), f"{order} at {x}")


def squared(z, y):
    return (1 / (1 + mpmath.exp(-z)) - y) ** 2 / 2


def entropy(z, y):
    return mpmath.log(1 + mpmath.exp(z)) - y * z


LOSSES = {"neuron_squared": squared, "neuron_entropy": entropy, "logistic_regression": entropy}


@pytest.mark.parametrize("key", LOSSES)
@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
def test_loss_of_a_sure_neuron(key: str, y: float) -> None:
    """Value, gradient and Hessian at z = w x + b with x = 1, b = 0; labels in between as label smoothing makes them."""
    formulas = next(s.formulas for s in DATA_SURFACES if s.key == key)
    with np.errstate(over="ignore"), mpmath.workdps(DIGITS):
        for z in FAR:
            exact = mpmath.taylor(lambda t: LOSSES[key](t, mpmath.mpf(y)), z, 2)
            value, slope, bend = (formula(z, 0.0, 1.0, y) for formula in formulas)
            assert_digits(value, exact[0], f"value at {z}")
            assert_digits(slope[0], exact[1], f"slope at {z}")
            assert_digits(bend[0], 2 * exact[2], f"curvature at {z}")


def test_every_loss_with_a_sigmoid_is_above() -> None:
    bent = {s.key for s in DATA_SURFACES if "exp" in s.formulas[1].__code__.co_names}
    assert bent == set(LOSSES)


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
def test_cross_entropy_of_a_sure_network(y: float) -> None:
    with np.errstate(over="ignore"), mpmath.workdps(DIGITS):
        for z in FAR:
            exact = mpmath.taylor(lambda t: entropy(t, mpmath.mpf(y)), z, 1)
            loss, gradient = cross_entropy(np.full((1, 1, 1), z), np.full((1, 1, 1), y))
            assert_digits(float(loss[0]), exact[0], f"loss at {z}")
            assert_digits(float(gradient[0, 0, 0]), exact[1], f"slope at {z}")
