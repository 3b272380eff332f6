"""Sine, cosine and exponential without a branch or a call, so that LLVM can work on many lanes at once.

The C library is called once for every lane, and takes 10 ns. These are exact to 2 units in the last place (a sine as
long as |x| < 1e12), and stand in for NumPy's where a formula is lifted to a kernel. A number becomes a whole multiple
of a quarter turn, or of log 2, and a rest, for which a polynomial is enough.
"""

import math
from collections.abc import Callable
from types import FunctionType, ModuleType

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

TO_WHOLE = 1.5 * 2**52
"""A double this large has no digits behind the point: adding it rounds, and the whole number is in its last bits."""


@intrinsic
def _fma(typing_context, a, b, c):
    """Return a b + c rounded once."""
    return types.float64(*[types.float64] * 3), lambda _context, builder, _signature, given: builder.fma(*given)


@intrinsic
def _power_of_two(typing_context, whole):
    """Return 2**k for the number k + TO_WHOLE."""

    def generate(context, builder, signature, arguments):
        bits, double = ir.IntType(64), ir.DoubleType()
        exponent = builder.shl(builder.bitcast(arguments[0], bits), ir.Constant(bits, 52))
        return builder.bitcast(builder.add(exponent, ir.Constant(bits, 1023 << 52)), double)

    return types.float64(types.float64), generate


_part = numba.njit(forceinline=True, error_model="numpy", fastmath={"contract"})


@_part
def _turned(x, quarters):
    """Return the sine of x and so many quarter turns, with the polynomials of fdlibm (Sun Microsystems, 1993)."""
    k = (x * (2 / np.pi) + TO_WHOLE) - TO_WHOLE
    # A quarter turn in three doubles. The first product and difference are exact, as k has few digits.
    r = _fma(-k, -1.4973849048591833e-33, _fma(-k, 6.123233995736766e-17, _fma(-k, np.pi / 2, x)))
    r = 1.0 if r > 1.0 else r  # where x has no digits behind the point, any turn is as good
    r = -1.0 if r < -1.0 else r
    turn = 0.25 * (k + quarters)
    turn = turn - np.floor(turn)
    s = r * r
    sine = 2.75573137070700676789e-06 + s * (-2.50507602534068634195e-08 + s * 1.58969099521155010221e-10)
    sine = 8.33333333332248946124e-03 + s * (-1.98412698298579493134e-04 + s * sine)
    sine = r + r * s * (-1.66666666666666324348e-01 + s * sine)
    cosine = -2.75573143513906633035e-07 + s * (2.08757232129817482790e-09 + s * -1.13596475577881948265e-11)
    cosine = -1.38888888888741095749e-03 + s * (2.48015872894767294178e-05 + s * cosine)
    cosine = 1.0 - (0.5 * s - s * s * (4.16666666666666019037e-02 + s * cosine))
    size = cosine if (turn == 0.25) | (turn == 0.75) else sine
    return -size if turn >= 0.5 else size


@_part
def sin(x):
    return _turned(x, 0.0)


@_part
def cos(x):
    return _turned(x, 1.0)


SERIES = tuple(1 / math.factorial(k) for k in range(13, -1, -1))


@_part
def exp(x):
    x = 710.0 if x > 710.0 else x  # infinity from here on
    x = -746.0 if x < -746.0 else x  # and zero
    k = (x * 1.4426950408889634 + TO_WHOLE) - TO_WHOLE
    r = _fma(-k, 2.3190468138462996e-17, _fma(-k, 0.6931471805599453, x))
    total = 0.0
    for term in SERIES:
        total = term + r * total
    half = np.floor(0.5 * k)  # two factors, because 2**k alone may overflow where the product does not
    return total * _power_of_two(half + TO_WHOLE) * _power_of_two(k - half + TO_WHOLE)


_NUMPY = ModuleType("numpy")
vars(_NUMPY).update(vars(np) | {"sin": sin, "cos": cos, "exp": exp})


def vectorisable(formula: Callable) -> Callable:
    """Return the same formula with the functions of this module in place of NumPy's."""
    names = formula.__globals__ | {"np": _NUMPY}
    return FunctionType(formula.__code__, names, formula.__name__, formula.__defaults__, formula.__closure__)
