"""What the state of the page describes: the loss over rows, the batch sizes, and the plan that follows.

Rows of the visitor's own are no part of the state, for a link cannot hold them: they stay in the session, and the state
says only whether they are asked for. Where they are not there, drawn rows take their place, and a sentence says so.
"""

from typing import NamedTuple

import numpy as np
import streamlit as st

from core import descend
from core.engine.data import LARGEST, Data, Scale, noisy_line, standardised, two_classes
from core.engine.spec import Goal, Surface
from core.memory import remembered
from core.optimizers import ALL_OPTIMIZERS
from core.text import T
from pages.batches import measure as lab
from pages.batches.measure import Plan
from surfaces import ALL_SURFACES
from surfaces.linear_regression import linear_regression
from surfaces.logistic_regression import logistic_regression
from teaching.controls import State
from ui import figures
from ui.i18n import _

SGD = ALL_OPTIMIZERS["sgd"]
RATE, EPOCHS, MOST_EPOCHS, GOAL = 0.05, 10, 200, 0.01
SIZES = {str(2**k): str(2**k) for k in range(11)} | {"N": "N"}
MOST_SIZES = 6
"""Batch sizes side by side."""
FIRST_SIZES = {
    "race": ("1", "16", "N"),
    "cloud": ("1", "16", "64"),
    "ball": ("1", "4", "16", "64"),
    "escape": ("1", "2", "4", "8", "16"),
    "saddle": ("1", "4", "16", "32", "N"),
    "grid": ("1", "16", "N"),
}
"""The batch sizes that every experiment begins with."""
GROUNDS = {"escape": lab.WELL, "saddle": lab.SADDLE}
"""Experiments on a surface without data."""
LOSSES = {"linear_regression": T("Linear regression"), "logistic_regression": T("Logistic regression")}
ROWS = 256
NOISE = {"linear_regression": 0.5, "logistic_regression": 1.0}
"""Noise of the targets."""
OWN = "own_data"
"""Where the session keeps the visitor's rows, (N, 2)."""


class Loss(NamedTuple):
    """The mean over rows, how the visitor's own rows were scaled, None for drawn ones, and what was not possible."""

    surface: Surface
    scale: Scale | None
    complaints: tuple[str, ...]


@remembered(32)
def drawn_loss(key: str, size: int, noise: float, outliers: float, correlation: float, seed: int) -> Surface:
    """Return the loss over drawn data; the same object for the same numbers, so that its figures are kept."""
    if (size, noise, outliers, correlation, seed) == (ROWS, NOISE[key], 0.0, 0.0, 0):
        return ALL_SURFACES[key]
    rows = (noisy_line if key == "linear_regression" else two_classes)(size, noise, outliers, correlation, seed)
    return own_loss(key, rows)


@remembered(32)
def own_loss(key: str, data: Data) -> Surface:
    """Return the loss over these rows. Raises ValueError where they do not fit it."""
    return (linear_regression if key == "linear_regression" else logistic_regression)(data)


def own_rows(state: State) -> np.ndarray | None:
    """Return the visitor's rows, None where there are none or drawn ones are asked for."""
    return st.session_state.get(OWN) if state["own"] else None


def scaled(rows: np.ndarray, key: str, raw: bool) -> tuple[Data, Scale]:
    """Return rows for this loss, standardised unless the `raw` ones are asked for, and their scale.

    Labels stay what they are. Raises ValueError for raw rows that are too large.
    """
    return (Data(rows), Scale()) if raw else standardised(rows, targets=key == "linear_regression")


def loss_in(state: State) -> Loss:
    """Return the loss over the visitor's own rows, or over rows as the state shapes them."""
    key, rows, complaints = state["surface"], own_rows(state), []
    if rows is not None:
        try:
            data, scale = scaled(rows, key, state["raw"])
            return Loss(own_loss(key, data), scale, ())
        except ValueError:
            reason = _misfit(rows, key)
            complaints.append(_("Your data do not fit this loss: {reason}. Shown are drawn data.", reason=reason))
    elif state["own"]:
        complaints.append(
            _("This link was made with rows of its maker's own, which no link holds. Shown are drawn data.")
        )
    shape = (state[name] for name in ("rows", f"scatter_{key}", "outliers", "correlation", "data_seed"))
    try:
        surface = drawn_loss(key, *shape)
    except ValueError as error:
        surface = ALL_SURFACES[key]
        complaints.append(_("No loss over such data: {reason}. Shown are the first data.", reason=str(error)))
    return Loss(surface, None, tuple(complaints))


def _misfit(rows: np.ndarray, key: str) -> str:
    """Return why these rows are nothing for this loss."""
    if key == "logistic_regression" and np.any(np.abs(rows[:, 1] - 0.5) > 0.5):
        return _("labels must lie from 0 to 1")
    return _("raw numbers may be {most} at most", most=f"{LARGEST:g}")


def first_start(state: State) -> tuple[float, float]:
    """Return where the runs on this loss begin."""
    x, y = loss_in(state).surface.starts[0]
    return round(x, 4), round(y, 4)


def first_rate(state: State) -> float:
    """Return a rate that moves well: the one of the lesson on its line and on surfaces without data."""
    if state["experiment"] in GROUNDS:
        return RATE
    surface, scale, _complaints = loss_in(state)
    if surface.key == "linear_regression" and scale is None:
        return RATE
    return float(f"{surface.rates['sgd']:.3g}")


def first_epochs(state: State) -> int:
    """Return for how many epochs everyone runs: with own data, until all rows at once have arrived."""
    surface, scale, _complaints = loss_in(state)
    if scale is None:
        return EPOCHS
    return epochs_to_arrive(surface, first_start(state), first_rate(state))


@remembered(32)
def epochs_to_arrive(surface: Surface, start: tuple[float, float], lr: float) -> int:
    """Return how many epochs all rows at once need to the goal, in tens."""
    goal = Goal("value below", figures.lowest(surface) + GOAL)
    arrived = descend(surface, SGD, start, MOST_EPOCHS, lr, goal=goal).first
    return min(max(EPOCHS, 10 * -(-arrived // 10)), MOST_EPOCHS) if arrived >= 0 else MOST_EPOCHS


def surface_in(state: State) -> Surface:
    """Return what the experiment runs on."""
    experiment = state["experiment"]
    return ALL_SURFACES[GROUNDS[experiment]] if experiment in GROUNDS else loss_in(state).surface


def rows_in(state: State) -> int:
    """Return how many rows a full batch has; 0 where a batch is only a level of noise."""
    data = surface_in(state).data
    return len(data) if data else lab.SADDLE_ROWS if state["experiment"] == "saddle" else 0


def asked_sizes(state: State) -> list[int]:
    """Return the batch sizes that are asked for, the smallest first; N is left out where there are no rows."""
    rows, keys = rows_in(state), state["batch"][:MOST_SIZES]
    return sorted({rows if key == "N" else int(key) for key in keys if rows or key != "N"})


def sizes_in(state: State) -> tuple[int, ...]:
    """Return the batch sizes that the rows can fill, the smallest first."""
    rows, sizes = rows_in(state), asked_sizes(state)
    return tuple(size for size in sizes if not rows or size <= rows) or (rows or 1,)


def middle_size(state: State) -> str:
    """Return the size in the middle, whose step is looked at first."""
    sizes = sizes_in(state)
    return str(sizes[len(sizes) // 2])


def plan_in(state: State) -> Plan:
    """Return what every experiment has."""
    sizes, most = sizes_in(state), np.inf if state["rule"] == "same" else state["most_rate"]
    rates = tuple(lab.scaled_rate(state["lr_sgd"], size, state["rule"], most) for size in sizes)
    sampling = "replacement" if state["experiment"] == "escape" else state["sampling"]
    return Plan(surface_in(state), sizes, rates, sampling, state["batch_seed"], rows_in(state))
