"""Why a number ceased to be one: the formula once more, step by step, until an operation has no result."""

from collections.abc import Callable
from inspect import signature

import numpy as np

from core.engine.spec import Optimizer, Surface
from core.text import T

ROOT = T("the square root of a negative number")
ROUNDING = T("rounding left a negative number under the square root")
OPERATIONS = {
    "sqrt": ROOT,
    "divide": T("0 divided by 0, or ∞ by ∞"),
    "multiply": T("0 times ∞"),
    "subtract": T("∞ minus ∞"),
    "add": T("∞ minus ∞"),
    "power": T("a negative number to a fractional power"),
    "log": T("the logarithm of a negative number"),
    "sin": T("an angle of ∞"),
    "cos": T("an angle of ∞"),
    "tan": T("an angle of ∞"),
}
"""By the last word of NumPy's complaint."""
CAUSES = (*dict.fromkeys(OPERATIONS.values()), ROUNDING)


def cause_in_step(optimizer: Optimizer, known: dict[str, float]) -> str:
    """Return which operation of the step has no result, given x, g, state and hyper-parameters before it.

    No optimizer takes the root of what could be negative but by rounding. The compiled step rounds less often than this
    one, so that the operation may have a result here: then too rounding decided.
    """
    numbers = [known[name] for name in signature(optimizer.step).parameters]
    if np.isnan(numbers).any():
        return ""
    cause = _first_without_result(optimizer.step, numbers)
    by_rounding = cause in (ROOT, "") and "sqrt" in optimizer.step.__code__.co_names
    return ROUNDING if by_rounding else cause


def cause_in_gradient(surface: Surface, x: float, y: float, parameters: tuple) -> str:
    """Return which operation of the gradient has no result at (x, y), "" where that is not known."""
    rows = [()] if surface.data is None else surface.data.rows
    causes = (_first_without_result(surface.formulas[1], (x, y, *parameters, *row)) for row in rows)
    return next(filter(None, causes), "")


def _first_without_result(formula: Callable, arguments) -> str:
    try:
        with np.errstate(all="ignore", invalid="raise"):
            formula(*(np.float64(number) for number in arguments))
    except FloatingPointError as error:
        return OPERATIONS.get(str(error).split()[-1], "")
    return ""
