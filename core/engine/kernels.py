"""Turn scalar formulas into compiled block kernels; the only module that imports Numba.

A formula is written for one coordinate (an optimizer) or one point (a surface). Here it is *lifted* to a loop over
`LANES` independent runs in lock step and compiled to a C function. The engine calls it through its address, so that
N surfaces and M optimizers cost N + M compilations and never N x M.

Two decisions carry the speed, each measured on Adam + Rosenbrock with one core:

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
from collections.abc import Callable, Sequence
from pathlib import Path

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 64
"""Runs per block. 64 lanes of Adam (17 rows) are 9 kB and stay in the first-level cache."""

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    # Never full fastmath: it assumes that NaN and infinity do not occur, and removes the checks that detect divergence.
    "fastmath": {"contract", "reassoc", "arcp", "nsz"},
}

_WORKSPACE = types.CPointer(types.float64)
_C_OPTIONS = {name: OPTIONS[name] for name in ("error_model", "fastmath")}
_SURFACE = types.void(types.intp, types.intp, _WORKSPACE)
_UPDATE = types.void(types.intp, _WORKSPACE)
INTERPRETED = bool(numba.config.DISABLE_JIT)
"""True under NUMBA_DISABLE_JIT=1: the same code then runs as plain Python, slowly, for coverage and debugging."""

# The rows of a workspace. Hyper-parameters follow the state, the learning rate first.
HESSIAN, PARAMETERS, X, VALUE, GRADIENT, RECEIVED, STATE = 0, 3, 7, 9, 10, 12, 14
# The last two rows of the parameters, for a loss from data: where its rows stand in memory, and how many.
DATA, COUNT = X - 2, X - 1
ROWS = 64
"""Rows of a workspace: room for every optimizer, and for what the engine notes down about a run."""


def kernel(signature: str) -> Callable:
    """Decorate an engine loop: compiled for `signature` on its first call, cached on disk, without the GIL."""

    def decorate(function: Callable) -> Callable:
        if INTERPRETED:
            return function
        function.__qualname__ += _fingerprint()
        compiled = functools.cache(lambda: numba.njit(signature, cache=True, **OPTIONS)(function))

        @functools.wraps(function)
        def call(*arguments):
            return compiled()(*arguments)

        return call

    return decorate


_THIS_FILE = Path(__file__).read_bytes()


def _fingerprint(*parts) -> str:
    """Return what a cached kernel depends on besides its own file and byte code, as a part of its name.

    Numba looks a cached function up by its file, name, line and byte code. The lifted loops of two formulas of one
    file agree in all of these, and none of them changes with the constants of this file.
    """
    return "_" + hashlib.sha256(_THIS_FILE + repr(parts).encode()).hexdigest()[:12]


@functools.cache
def surface_kernel(formulas: tuple[Callable, Callable, Callable], over_data: bool = False):
    """Lift (value, gradient, hessian) of one point to a block; return its address.

    The kernel is `(lanes, order, workspace)`: it reads the points in rows X and the PARAMETERS, and writes the
    derivative of order 0, 1 or 2 to rows VALUE, GRADIENT or HESSIAN (f; f_x, f_y; f_xx, f_xy, f_yy). Formulas
    `over_data` take one row of data as their last two arguments, and the kernel writes the mean over all rows.
    """
    value, gradient, hessian = formulas
    count = len(inspect.signature(value).parameters) - (4 if over_data else 2)
    point = _cells(range(X, X + 2), range(PARAMETERS, PARAMETERS + count))
    lift = _lifted_mean if over_data else _lifted
    source = f"""
def surface(lanes, order, workspace):
    w = rows(workspace, (ROWS, LANES))
    if order == 0:
        for b in range(lanes):
{lift("value", [VALUE], point)}
    elif order == 1:
        for b in range(lanes):
{lift("gradient", range(GRADIENT, GRADIENT + 2), point)}
    else:
        for b in range(lanes):
{lift("hessian", range(HESSIAN, HESSIAN + 3), point)}
"""
    return _compile(source, _SURFACE, {"value": value, "gradient": gradient, "hessian": hessian}, home=value)


def _lifted(formula: str, results: Sequence[int], point: str) -> str:
    return f"            {_cells(results)} = {formula}({point})"


def _lifted_mean(formula: str, results: Sequence[int], point: str) -> str:
    sums = [f"sum{k}" for k in range(len(results))]
    parts = [f"part{k}" for k in range(len(results))]
    lines = [
        f"count = int({_cells([COUNT])})",
        f"data = rows(pointer({_cells([DATA])}), (count, 2))",
        *(f"{total} = 0.0" for total in sums),
        "for i in range(count):",
        f"    {', '.join(parts)} = {formula}({point}, data[i, 0], data[i, 1])",
        *(f"    {total} += {part}" for total, part in zip(sums, parts, strict=True)),
        *(f"{_cells([row])} = {total} / count" for row, total in zip(results, sums, strict=True)),
    ]
    return "\n".join(f"            {line}" for line in lines)


@functools.cache
def update_kernel(step: Callable, state: tuple[str, ...], shared: tuple[str, ...], hyper: tuple[str, ...]):
    """Lift the step of one coordinate to a block of two coordinates; return its address.

    The kernel is `(lanes, workspace)`: it reads the gradient in rows GRADIENT and moves the points in rows X. From row
    STATE on stand each name of `state` once per coordinate, each name of `shared` (running products and counters,
    equal for both coordinates of a run) once, then each name of `hyper`. `step` takes x, g, then all these names
    in any order, and returns x followed by state and shared in the order of its own arguments.
    """
    names = list(inspect.signature(step).parameters)[2:]
    if sorted(names) != sorted((*state, *shared, *hyper)):
        raise TypeError(f"{step.__module__}.step takes {names}, but its spec declares {[*state, *shared, *hyper]}")
    shared_row = {name: STATE + 2 * len(state) + k for k, name in enumerate(shared)}
    hyper_row = {name: STATE + 2 * len(state) + len(shared) + k for k, name in enumerate(hyper)}

    def argument(name: str, d: int) -> str:
        if name in shared:
            return name
        return _cells([hyper_row[name] if name in hyper else STATE + 2 * state.index(name) + d])

    # Both coordinates start from the same shared values; what comes back for them is stored once, at the end.
    lines = [f"{name} = {_cells([r])}" for name, r in shared_row.items()]
    for d in range(2):
        call = ", ".join([_cells([X + d, GRADIENT + d]), *(argument(name, d) for name in names)])
        results = [f"{name}_next" if name in shared else argument(name, d) for name in names if name not in hyper]
        lines.append(f"{', '.join([_cells([X + d]), *results])} = step({call})")
    lines += [f"{_cells([r])} = {name}_next" for name, r in shared_row.items()]
    body = "\n        ".join(lines)
    source = f"""
def update(lanes, workspace):
    w = rows(workspace, (ROWS, LANES))
    for b in range(lanes):
        {body}
"""
    return _compile(source, _UPDATE, {"step": step}, home=step)


def _cells(*groups) -> str:
    return ", ".join(f"w[{r}, b]" for group in groups for r in group)


def _compile(source: str, signature: types.Type, formulas: dict[str, Callable], home: Callable):
    """Compile a lifted loop as if it stood in the file of its formula, so that editing that file renews its cache."""
    lift = numba.njit(**OPTIONS)
    namespace: dict = {"rows": rows, "pointer": pointer, "ROWS": ROWS, "LANES": LANES, "__name__": home.__module__}
    namespace |= {name: formula if INTERPRETED else lift(formula) for name, formula in formulas.items()}
    exec(compile(source, inspect.getfile(home), "exec"), namespace)  # noqa: S102  the text above, no one else's
    function = namespace["surface" if "surface" in namespace else "update"]
    if INTERPRETED:
        return function
    function.__qualname__ += _fingerprint(source, *(formula.__code__.co_firstlineno for formula in formulas.values()))
    compiled = numba.cfunc(signature, cache=True, **_C_OPTIONS)(function)
    _KEPT_ALIVE.append(compiled)
    return compiled.address


_KEPT_ALIVE: list = []
"""Compiled kernels: an address alone keeps nothing alive."""


if INTERPRETED:

    def rows(workspace, shape):
        return np.ctypeslib.as_array(workspace, shape) if isinstance(workspace, ctypes._Pointer) else workspace

    def pointer(number):
        return ctypes.cast(int(number), ctypes.POINTER(ctypes.c_double))

    def address(workspace):
        return workspace

    def call_surface(surface, lanes, order, workspace):
        surface(lanes, order, workspace)

    def call_update(update, lanes, workspace):
        update(lanes, workspace)

else:
    rows = numba.carray

    @intrinsic
    def pointer(typing_context, number):
        """Return the address that a double holds, as one."""

        def generate(context, builder, signature, arguments):
            whole = builder.fptoui(arguments[0], ir.IntType(64))
            return builder.inttoptr(whole, context.get_value_type(_WORKSPACE))

        return _WORKSPACE(types.float64), generate

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
    def call_update(typing_context, update, lanes, workspace):
        return types.void(types.intp, *_UPDATE.args), _call_through_address(_UPDATE)
