"""Sine, cosine and exponential of the kernels against those of the C library in extended precision."""

import ctypes

import numpy as np
import pytest

from core.engine.kernels import GRADIENT, LANES, PITCH, ROWS, X, surface_kernel


def value(x, y):
    return x + y


def sine_and_cosine(x, y):
    return np.sin(x), np.cos(y)


def exponentials(x, y):
    return np.exp(x), np.exp(-y)


def hessian(x, y):
    return x, y, x


def of_each(gradient, numbers: np.ndarray) -> np.ndarray:
    """Return the two results of a gradient whose x and y are both these numbers, from its kernel."""
    kernel = surface_kernel((value, gradient, hessian))
    call = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t, ctypes.c_ssize_t, ctypes.c_void_p)(kernel)
    results = np.empty((2, len(numbers)))
    for begin in range(0, len(numbers), LANES):
        some = numbers[begin : begin + LANES]
        workspace = np.zeros((ROWS, PITCH))
        workspace[X : X + 2, : len(some)] = some
        call(len(some), 1, workspace.ctypes.data)
        results[:, begin : begin + LANES] = workspace[GRADIENT : GRADIENT + 2, : len(some)]
    return results


def units(got: np.ndarray, exact: np.ndarray) -> float:
    """Return the largest distance in units of the last place."""
    return float(np.max(np.abs(got - exact) / np.spacing(np.abs(exact.astype(float)))))


@pytest.mark.parametrize("span", [1.0, 10.0, 1e3, 1e6, 1e9, 1e12])
def test_sines_are_exact_to_two_units_in_the_last_place(span):
    rng = np.random.default_rng(0)
    anywhere = rng.uniform(-span, span, 20000)
    # Where one of both almost vanishes.
    quarter_turns = np.round(rng.uniform(-span, span, 5000) * 2 / np.pi) * np.pi / 2
    numbers = np.concatenate([anywhere, quarter_turns])
    sine, cosine = of_each(sine_and_cosine, numbers)
    assert units(sine, np.sin(numbers.astype(np.longdouble))) <= 2.0
    assert units(cosine, np.cos(numbers.astype(np.longdouble))) <= 2.0


def test_exponential_is_exact_to_two_units_in_the_last_place():
    numbers = np.concatenate([np.random.default_rng(0).uniform(-s, s, 10000) for s in (1e-3, 1.0, 30.0, 705.0)])
    rising, falling = of_each(exponentials, numbers)
    assert units(rising, np.exp(numbers.astype(np.longdouble))) <= 2.0
    assert units(falling, np.exp(-numbers.astype(np.longdouble))) <= 2.0


def test_exponential_overflows_and_vanishes_where_numpys_does():
    numbers = np.array([0.0, 1.0, 709.7, 709.9, 1e6, np.inf, -708.0, -745.0, -746.0, -1e6, -np.inf, np.nan])
    with np.errstate(over="ignore"):
        expected = np.exp(numbers)
    np.testing.assert_allclose(of_each(exponentials, numbers)[0], expected, rtol=4e-16, atol=5e-324)


def test_sines_of_what_is_no_number_are_none_and_of_the_largest_are_bounded():
    sine, cosine = of_each(sine_and_cosine, np.array([np.nan, np.inf, -np.inf, 1e17, -1e100, 1e308, 0.0]))
    for results in (sine, cosine):
        np.testing.assert_array_equal(np.isnan(results), [True] * 3 + [False] * 4)
        assert np.abs(results[3:]).max() <= 1.0
    assert (sine[-1], cosine[-1]) == (0.0, 1.0)
