"""Value, gradient and Hessian of a surface, at one point or at many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.engine.kernels import (
    COUNT,
    DATA,
    HESSIAN,
    LANES,
    PARAMETERS,
    PREVIOUS,
    VALUE,
    X,
    address,
    call_surface,
    kernel,
    surface_kernel,
    workspaces,
)

if TYPE_CHECKING:
    from core.engine.spec import Surface


@kernel("void(float64[:,::1], intp, intp, float64[:,::1], float64[:,::1], float64[:,::1])")
def _evaluate(workspace, surface, order, points, parameters, out):
    first = HESSIAN if order == 2 else VALUE + order
    for begin in range(0, points.shape[1], LANES):
        n = min(LANES, points.shape[1] - begin)
        for b in range(n):
            workspace[X, b] = points[0, begin + b]
            workspace[X + 1, b] = points[1, begin + b]
            for k in range(parameters.shape[0]):
                workspace[PARAMETERS + k, b] = parameters[k, begin + b if parameters.shape[1] > 1 else 0]
        call_surface(surface, n, order, address(workspace))
        for r in range(order + 1):
            for b in range(n):
                out[r, begin + b] = workspace[first + r, b]


def evaluate(surface: Surface, order: int, x, y, places: np.ndarray | None = None) -> tuple:
    """Return the derivatives of the given order at (x, y): (f,), (f_x, f_y) or (f_xx, f_xy, f_yy).

    Scalars give floats; arrays give float64 arrays of their common shape. `places` (N, 2) are address and count of
    the rows that each of N points takes in place of all data of the surface.
    """
    x, y = np.broadcast_arrays(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    points = np.stack([x.ravel(), y.ravel()])
    out = np.empty((order + 1, points.shape[1]))
    _evaluate(
        workspaces(),
        surface_kernel(surface.formulas, surface.data is not None),
        order,
        points,
        _parameter_table(surface, places),
        out,
    )
    return tuple(float(r[0]) if x.ndim == 0 else r.reshape(x.shape) for r in out)


def _parameter_table(surface: Surface, places: np.ndarray | None) -> np.ndarray:
    """Return rows PARAMETERS ... COUNT of the workspace, one column for all points or one for each."""
    table = np.zeros((PREVIOUS - PARAMETERS, 1 if places is None else len(places)))
    for row, number in enumerate(parameter_rows(surface)):
        table[row] = number
    if surface.data is not None:
        table[DATA - PARAMETERS], table[COUNT - PARAMETERS] = surface.data.address, len(surface.data)
    if places is not None:
        table[DATA - PARAMETERS], table[COUNT - PARAMETERS] = places.T
    return table


def parameter_rows(surface: Surface, parameters: dict | None = None) -> tuple:
    """Return what the formulas take after x and y (but for a row of data), floats or (N,) arrays.

    `parameters` overrides the surface's.
    """
    chosen = {p.key: p.default for p in surface.parameters} | (parameters or {})
    return tuple(surface.prepare(**chosen) if surface.prepare else chosen.values())
