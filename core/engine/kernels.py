"""Turn scalar formulas into compiled block kernels; with `elementary.py` the only module that imports Numba.

A formula is written for one coordinate (an optimizer) or one point (a surface). Here it is *lifted* to a loop over
`LANES` independent runs in lock step, written in LLVM's instructions, and compiled to a C function. The engine calls it
through its address, so that N surfaces and M optimizers cost N + M compilations and never N x M.

What carries the speed, each measured on Adam + Rosenbrock with one core (docs/adr/0005 says what did not help):

- All numbers of a block stand in one workspace whose shape is known at compile time. The distances between its rows
  are then constants, LLVM needs no run-time alias checks, and the loops vectorise (3.2 -> 2.4 ns per run and step;
  one lane 51 -> 27 ns per step).
- Kernels are called through plain addresses. A Numba `FunctionType` argument costs 65 us each time it crosses from
  Python, which is more than a whole run of 1000 steps.
"""

import ctypes
import functools
import hashlib
import inspect
import math
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.compiler import Flags
from numba.core.cpu_options import FastMathOptions
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from core.engine.elementary import vectorisable

LANES = 160
"""Runs per block. 160 lanes of Adam (10 rows, and a column) are 13 kB and stay in the first-level cache."""
PITCH = LANES + 16
"""Doubles from one row of a workspace to the next. A load waits for a store that stands 4096 bytes, or 8192, away."""

# Never full fastmath: it assumes that NaN and infinity do not occur, and removes the checks that detect divergence.
FAST = ("contract", "reassoc", "arcp", "nsz")
OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": set(FAST),
}

_WORKSPACE = types.CPointer(types.float64)
_C_OPTIONS = {name: OPTIONS[name] for name in ("error_model", "fastmath")}
_SURFACE = types.void(types.intp, types.intp, _WORKSPACE)
_UPDATE = types.void(types.intp, types.intp, _WORKSPACE)
_WHOLE, _DOUBLE = ir.IntType(64), ir.DoubleType()
_UNSIGNED = 2**63 - 1
INTERPRETED = bool(numba.config.DISABLE_JIT)
"""True under NUMBA_DISABLE_JIT=1: the same code then runs as plain Python, slowly, for coverage and debugging."""

# The rows of a workspace. Hyper-parameters follow the state, the learning rate first.
HESSIAN, PARAMETERS, PREVIOUS, X, VALUE, GRADIENT, RECEIVED, STATE = 0, 3, 7, 9, 11, 12, 14, 16
# The last two rows of the parameters, for a loss from data: where its rows stand in memory, and how many.
DATA, COUNT = PREVIOUS - 2, PREVIOUS - 1
ROWS = 64
"""Rows of a workspace: room for every optimizer, and for what the engine notes down about a run."""
LIMITS = ROWS - 1
"""A row for what all runs share: scale and shift that bring the box of x to -1 ... 1, the same for y, one over the
square of the steepest slope, and the square of a slope at rest."""
EVENT = 6
"""Its column where a gradient leaves 0 if all runs are well inside of these limits and none rests, and otherwise 1."""


def workspaces(*shape: int, rows: int = ROWS) -> np.ndarray:
    """Return zeros (*shape, rows, PITCH) for one or many workspaces, each row at a border of 64 bytes.

    A vector that lies across two such lines of the cache takes twice as long (momentum: 25 -> 11 ns for 64 lanes).
    """
    size = math.prod(shape) * rows * PITCH
    memory = np.zeros(size + 8)
    begin = -memory.ctypes.data % 64 // 8
    return memory[begin : begin + size].reshape(*shape, rows, PITCH)


def kernel(signature: str) -> Callable:
    """Decorate an engine loop: compiled for `signature` on its first call, cached on disk, without the GIL.

    It may not make arrays, and counts no references: counting between its parts takes 5 % of a step of momentum.
    """

    def decorate(function: Callable) -> Callable:
        if INTERPRETED:
            return function
        function.__qualname__ += _fingerprint()
        compiled = functools.cache(lambda: numba.njit(signature, cache=True, _nrt=False, **OPTIONS)(function))

        @functools.wraps(function)
        def call(*arguments):
            return compiled()(*arguments)

        return call

    return decorate


def part(function: Callable) -> Callable:
    """Decorate a part of an engine loop: its text is put in where it is called, before Numba infers any type."""
    return numba.njit(inline="always", **OPTIONS)(function)


_THESE_FILES = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("kernels.py", "elementary.py"))


def _fingerprint(*parts) -> str:
    """Return what a cached kernel depends on besides its own file and byte code, as a part of its name.

    Numba looks a cached function up by its file, name, line and byte code. The lifted loops of two formulas of one
    file agree in all of these, and none of them changes with the constants of this file, or with the sines that a
    formula takes.
    """
    return "_" + hashlib.sha256(_THESE_FILES + repr(parts).encode()).hexdigest()[:12]


@functools.cache
def surface_kernel(formulas: tuple[Callable, Callable, Callable], over_data: bool = False):
    """Lift (value, gradient, hessian) of one point to a block; return its address.

    The kernel is `(lanes, order, workspace)`: it reads the points in rows X and the PARAMETERS, and writes the
    derivative of order 0, 1 or 2 to rows VALUE, GRADIENT or HESSIAN (f; f_x, f_y; f_xx, f_xy, f_yy), of order 1 also
    EVENT. Formulas `over_data` take one row of data as their last two arguments, and the kernel writes the mean over
    all rows.
    """
    count = len(inspect.signature(formulas[0]).parameters) - (4 if over_data else 2)
    point = [X, X + 1, *range(PARAMETERS, PARAMETERS + count)]
    rows = [range(first, first + order + 1) for order, first in enumerate((VALUE, GRADIENT, HESSIAN))]

    def interpreted(lanes, order, workspace):
        for b in range(lanes):
            given = workspace[point, b]
            if over_data:
                place = ctypes.cast(int(workspace[DATA, b]), ctypes.POINTER(ctypes.c_double))
                data = np.ctypeslib.as_array(place, (int(workspace[COUNT, b]), 2))
                workspace[rows[order], b] = np.mean([formulas[order](*given, *row) for row in data], axis=0)
            else:
                workspace[rows[order], b] = formulas[order](*given)
        if order == 1:
            x, y, f_x, f_y = workspace[[X, X + 1, GRADIENT, GRADIENT + 1], :lanes]
            x_scale, x_shift, y_scale, y_shift, steepness, rest = workspace[LIMITS, :EVENT]
            slope = f_x * f_x + f_y * f_y
            sizes = np.abs([x * x_scale + x_shift, y * y_scale + y_shift, slope * steepness])
            workspace[LIMITS, EVENT] = not ((sizes <= 1 - 1e-9).all() and (slope > rest).all())

    def generate(lift: "_Lift", lanes, order, _workspace):
        for k, formula in enumerate(formulas):
            # Hessians are asked for at few points, so that theirs stay the sines that compile soonest.
            quick = formula if k == 2 else vectorisable(formula)
            scalar = lift.formula(quick, len(point) + 2 * over_data, k + 1)
            with lift.builder.if_then(lift.equal(order, k)):
                watch = _Watch(lift) if k == 1 else None
                with lift.loop(lanes) as b:
                    given = [lift.load(row, b) for row in point]
                    results = lift.mean(scalar, given, k + 1, b) if over_data else scalar(given)
                    if watch:
                        watch.look_at(*given[:2], *results)
                    for row, result in zip(rows[k], results, strict=True):
                        lift.store(result, row, b)
                if watch:
                    watch.report()

    return _compile("surface", _SURFACE, generate, interpreted, formulas, (over_data,))


@functools.cache
def update_kernel(step: Callable, state: tuple[str, ...], shared: tuple[str, ...], hyper: tuple[str, ...]):
    """Lift the step of one coordinate to a block of two coordinates; return its address.

    The kernel is `(lanes, alike, workspace)`: it reads the gradient in rows GRADIENT, moves the points in rows X, and
    leaves in rows PREVIOUS where they were. From row STATE on stand each name of `state` once per coordinate, each name
    of `shared` (running products and counters, equal for both coordinates of a run) once, then each name of `hyper`.
    Where the runs are `alike` in all of `shared` and `hyper`, only column 0 of these is read and written. `step` takes
    x, g, then all these names in any order, and returns x followed by state and shared in the order of its own
    arguments.
    """
    names = list(inspect.signature(step).parameters)[2:]
    if sorted(names) != sorted((*state, *shared, *hyper)):
        raise TypeError(f"{step.__module__}.step takes {names}, but its spec declares {[*state, *shared, *hyper]}")
    common = {name: STATE + 2 * len(state) + k for k, name in enumerate((*shared, *hyper))}
    own = {"x": X} | {name: STATE + 2 * k for k, name in enumerate(state)}
    returned = ["x", *(name for name in names if name not in hyper)]

    def interpreted(lanes, alike, workspace):
        before = {name: workspace[row].copy() for name, row in common.items()}
        workspace[PREVIOUS : PREVIOUS + 2] = workspace[X : X + 2]
        for b in range(lanes):
            for d in range(2):
                known = {name: before[name][0 if alike else b] for name in common}
                known |= {name: workspace[row + d, b] for name, row in own.items()}
                results = step(known["x"], workspace[GRADIENT + d, b], *(known[name] for name in names))
                for name, result in zip(returned, results if len(returned) > 1 else (results,), strict=True):
                    workspace[(common[name], 0 if alike else b) if name in common else (own[name] + d, b)] = result

    def generate(lift: "_Lift", lanes, alike, _workspace):
        scalar = lift.formula(step, 2 + len(names), len(returned))
        with lift.builder.if_else(lift.equal(alike, 0)) as (differ, agree):
            with differ, lift.loop(lanes) as b:
                after = move(lift, scalar, b, {name: lift.load(row, b) for name, row in common.items()})
                for name in shared:
                    lift.store(after[name], common[name], b)
            with agree:
                now = {name: lift.load(row, lift.zero) for name, row in common.items()}
                last = {name: lift.variable(now[name]) for name in shared}
                with lift.loop(lanes) as b:
                    after = move(lift, scalar, b, now)
                    for name in shared:
                        lift.builder.store(after[name], last[name])
                for name in shared:
                    lift.store(lift.builder.load(last[name]), common[name], lift.zero)

    def move(lift: "_Lift", scalar, b, now: dict) -> dict:
        """Take the step of both coordinates of lane b and return the results, shared ones among them."""
        both = []
        for d in range(2):
            known = now | {name: lift.load(row + d, b) for name, row in own.items()}
            results = scalar([known["x"], lift.load(GRADIENT + d, b), *(known[name] for name in names)])
            both.append((known["x"], dict(zip(returned, results, strict=True))))
        for d, (x, after) in enumerate(both):
            lift.store(x, PREVIOUS + d, b)
            for name, row in own.items():
                lift.store(after[name], row + d, b)
        return after

    return _compile("update", _UPDATE, generate, interpreted, (step,), (state, shared, hyper))


class _Lift:
    """Writes the instructions of a kernel: its loops, its loads and stores, and the formula, put inline.

    Most of Numba's time goes into its type inference and lowering. So it sees a formula once, and no loop around it.
    """

    def __init__(self, context, builder: ir.IRBuilder, workspace):
        self.context, self.builder, self.workspace = context, builder, workspace
        self.zero = ir.Constant(_WHOLE, 0)

    def equal(self, number, constant: int):
        return self.builder.icmp_signed("==", number, ir.Constant(_WHOLE, constant))

    @contextmanager
    def loop(self, count):
        """Repeat what is written inside, with the number of the turn."""
        with cgutils.for_range(self.builder, count) as loop:
            yield loop.index

    def _cell(self, row: int, b):
        place = self.builder.add(b, ir.Constant(_WHOLE, row * PITCH), flags=["nuw", "nsw"])
        return self.builder.gep(self.workspace, [place], inbounds=True)

    def load(self, row: int, b):
        return self.builder.load(self._cell(row, b))

    def store(self, value, row: int, b) -> None:
        self.builder.store(value, self._cell(row, b))

    def variable(self, start):
        """Return the place of a number that a loop changes; LLVM keeps it in a register."""
        return cgutils.alloca_once_value(self.builder, start)

    def formula(self, formula: Callable, arguments: int, results: int) -> Callable:
        """Compile a formula and return what writes its text, given its arguments: a list of results."""
        kind = types.float64 if results == 1 else types.UniTuple(types.float64, results)
        signature = kind(*[types.float64] * arguments)
        flags = Flags()
        flags.forceinline = True
        flags.error_model = OPTIONS["error_model"]
        flags.fastmath = FastMathOptions(set(FAST))
        compiled = self.context.compile_subroutine(self.builder, formula, signature, flags=flags, caching=False)

        def write(given: list) -> list:
            call = self.context.call_internal_no_propagate  # no formula raises
            _status, value = call(self.builder, compiled.fndesc, signature, given)
            return [value] if results == 1 else [self.builder.extract_value(value, k) for k in range(results)]

        return write

    def mean(self, scalar: Callable, given: list, results: int, b) -> list:
        """Return the mean of a formula over the rows of data of lane b."""
        builder = self.builder
        count = self.load(COUNT, b)
        data = builder.inttoptr(builder.fptoui(self.load(DATA, b), _WHOLE), _DOUBLE.as_pointer())
        nothing = ir.Constant(_DOUBLE, 0.0)
        sums = [self.variable(nothing) for _ in range(results)]
        for total in sums:  # for every lane anew
            builder.store(nothing, total)
        with self.loop(builder.fptosi(count, _WHOLE)) as i:
            first = builder.mul(i, ir.Constant(_WHOLE, 2))
            row = [builder.load(builder.gep(data, [builder.add(first, ir.Constant(_WHOLE, k))])) for k in range(2)]
            for total, part in zip(sums, scalar([*given, *row]), strict=True):
                builder.store(builder.fadd(builder.load(total), part, flags=FAST), total)
        return [builder.fdiv(builder.load(total), count) for total in sums]


class _Watch:
    """Writes how a kernel looks for events among the runs of a block while it has their numbers at hand.

    Doubles without their sign are in order as whole numbers too, and what is none is above infinity. So two vector
    instructions for the largest and the smallest do what comparisons, whose masks are slow to join, would do.
    """

    def __init__(self, lift: _Lift):
        self.lift, self.builder = lift, lift.builder
        self.limits = [lift.load(LIMITS, ir.Constant(_WHOLE, column)) for column in range(EVENT)]
        self.largest, self.least = lift.variable(lift.zero), lift.variable(ir.Constant(_WHOLE, _UNSIGNED))
        self.builder.store(lift.zero, self.largest)
        self.builder.store(ir.Constant(_WHOLE, _UNSIGNED), self.least)

    def look_at(self, x, y, f_x, f_y) -> None:
        builder = self.builder
        x_scale, x_shift, y_scale, y_shift, steepness, _rest = self.limits
        slope = self._sum(f_x, f_x, builder.fmul(f_y, f_y))
        x, y = self._sum(x, x_scale, x_shift), self._sum(y, y_scale, y_shift)
        largest = self._larger(self._unsigned(x), self._unsigned(y))
        largest = self._larger(largest, self._unsigned(builder.fmul(slope, steepness)))
        builder.store(self._larger(largest, builder.load(self.largest)), self.largest)
        slope, least = self._unsigned(slope), builder.load(self.least)
        builder.store(builder.select(builder.icmp_signed("<", slope, least), slope, least), self.least)

    def report(self) -> None:
        builder, lift = self.builder, self.lift
        beyond = builder.icmp_signed(">", builder.load(self.largest), self._unsigned(ir.Constant(_DOUBLE, 1 - 1e-9)))
        rests = builder.icmp_signed("<=", builder.load(self.least), self._unsigned(self.limits[-1]))
        lift.store(builder.uitofp(builder.or_(beyond, rests), _DOUBLE), LIMITS, ir.Constant(_WHOLE, EVENT))

    def _sum(self, one, other, third):
        builder = self.builder
        return builder.fadd(builder.fmul(one, other, flags=["contract"]), third, flags=["contract"])

    def _unsigned(self, number):
        return self.builder.and_(self.builder.bitcast(number, _WHOLE), ir.Constant(_WHOLE, _UNSIGNED))

    def _larger(self, one, other):
        return self.builder.select(self.builder.icmp_signed(">", one, other), one, other)


def _compile(
    name: str, signature: types.Type, generate: Callable, interpreted: Callable, formulas: tuple, layout: tuple
):
    """Compile a kernel as if it stood in the file of its formulas, so that editing that file renews its cache."""
    if INTERPRETED:
        return interpreted

    @intrinsic
    def lifted(typing_context, lanes, choice, workspace):
        def lower(context, builder, _signature, arguments):
            generate(_Lift(context, builder, arguments[2]), *arguments)
            return context.get_dummy_value()

        return types.void(lanes, choice, workspace), lower

    source = f"def {name}(lanes, choice, workspace):\n    lifted(lanes, choice, workspace)\n"
    home = formulas[0]
    namespace: dict = {"lifted": lifted, "__name__": home.__module__}
    exec(compile(source, inspect.getfile(home), "exec"), namespace)  # noqa: S102  the text above, no one else's
    function = namespace[name]
    function.__qualname__ += _fingerprint(layout, *((f.__qualname__, f.__code__.co_firstlineno) for f in formulas))
    compiled = numba.cfunc(signature, cache=True, **_C_OPTIONS)(function)
    _KEPT_ALIVE.append(compiled)
    return compiled.address


_KEPT_ALIVE: list = []
"""Compiled kernels: an address alone keeps nothing alive."""


if INTERPRETED:

    def with_known_shape(workspace):
        return workspace

    def address(workspace):
        return workspace

    def call_surface(surface, lanes, order, workspace):
        surface(lanes, order, workspace)

    def call_update(update, lanes, alike, workspace):
        update(lanes, alike, workspace)

else:

    @intrinsic
    def with_known_shape(typing_context, workspace):
        """Return the same workspace, as an array whose shape and strides are constants."""
        rows, columns, row, number = (ir.Constant(_WHOLE, length) for length in (ROWS, PITCH, 8 * PITCH, 8))

        def generate(context, builder, signature, arguments):
            given = context.make_array(workspace)(context, builder, arguments[0])
            known = context.make_array(workspace)(context, builder)
            populate_array(known, given.data, [rows, columns], [row, number], number, None)
            return known._getvalue()

        return workspace(workspace), generate

    @intrinsic
    def address(typing_context, workspace):
        """Return the address of a C-contiguous array."""

        def generate(context, builder, signature, arguments):
            return context.make_array(signature.args[0])(context, builder, arguments[0]).data

        return _WORKSPACE(workspace), generate

    def _call_through_address(signature: types.Type) -> Callable:
        def generate(context, builder, call_signature, arguments):
            target = ir.FunctionType(ir.VoidType(), [context.get_value_type(a) for a in signature.args])
            builder.call(builder.inttoptr(arguments[0], target.as_pointer()), arguments[1:])
            return context.get_dummy_value()

        return generate

    @intrinsic
    def call_surface(typing_context, surface, lanes, order, workspace):
        return types.void(types.intp, *_SURFACE.args), _call_through_address(_SURFACE)

    @intrinsic
    def call_update(typing_context, update, lanes, alike, workspace):
        return types.void(types.intp, *_UPDATE.args), _call_through_address(_UPDATE)
