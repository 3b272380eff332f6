"""Ready experiments with the number that each must show; the app loads them, the tests run them.

A preset proves a claim: it says what to run, what to measure, and what came out, with a tolerance.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from core import descend
from core.engine.descend import Trajectory
from core.engine.spec import Goal
from core.memory import remembered
from core.text import T

_KEYS = {
    "SGD": "sgd",
    "EMAMomentum": "ema_momentum",
    "Adam": "adam",
    "AdamW": "adamw",
    "NAdam": "nadam",
    "RAdam": "radam",
    "Adamax": "adamax",
    "Adagrad": "adagrad",
    "Adadelta": "adadelta",
    "RMSprop": "rmsprop",
    "Rprop": "rprop",
    "ASGD": "asgd",
    "Lion": "lion",
    "SignSGD": "sign_sgd",
}
"""Class names of torch, and the two that torch lacks, to keys of OPTIMIZERS."""


@dataclass(frozen=True)
class Preset:
    """One run with the number it must show."""

    id: str
    page: str
    claim: str
    surface: str
    optimizer: str
    start: tuple[float, float]
    steps: int
    hyper: dict[str, float]
    schedule: tuple[str, dict] | None
    metric: dict
    expected: float | list[float]
    tolerance: float | None
    """None: the number depends on rounding, and is shown but not asserted."""

    def run(self) -> Trajectory:
        """Run it."""
        return descend(
            self.surface,
            self.optimizer,
            self.start,
            self.steps,
            hyper=self.hyper,
            schedule=self.schedule,
            goal=self.goal,
        )

    @property
    def goal(self) -> Goal | None:
        """The condition whose first step is measured, where that is the metric."""
        kind, level = self.metric["kind"], float(self.metric.get("value", 0))
        if kind == "first_f_below":
            return Goal("value below", level)
        if kind == "first_dist_below":
            return Goal("near", level, tuple(map(tuple, self.metric["targets"])))
        if kind == "first_abs_y_above":
            return Goal("away", level, weight=(0.0, 1.0))
        return None

    def measure(self, run: Trajectory):
        """Return the number that `run` shows: a step (-1 for never), True or False, or a point."""
        kind = self.metric["kind"]
        if kind == "diverges":
            return run.status == "diverged"
        if kind == "end_point":
            return tuple(run.path[-1])
        if kind == "first_rebound":
            return first_rebound(run.value, self.metric["lo"], self.metric["hi"])
        return run.first

    def show(self) -> dict:
        """Run it and return {"measured": number}, points rounded to five digits."""
        measured = self.measure(self.run())
        return {"measured": [round(float(c), 5) for c in measured] if isinstance(measured, tuple) else measured}

    def agrees(self, measured) -> bool:
        """Say whether a measured number is the expected one within the tolerance."""
        if self.tolerance is None:
            return True
        return bool(
            np.all(np.abs(np.asarray(measured, dtype=float) - np.asarray(self.expected, dtype=float)) <= self.tolerance)
        )


def first_rebound(value: np.ndarray, low: float, high: float) -> int:
    """Return the first step with value > `high` after one with value < `low`, -1 for never."""
    below = np.flatnonzero(value < low)
    back = np.flatnonzero(value[below[0] :] > high) if below.size else below
    return int(below[0] + back[0]) if back.size else -1


@cache
def presets() -> tuple[Preset, ...]:
    """Return every preset of presets.json."""
    return tuple(map(_read, json.loads(Path(__file__).with_name("presets.json").read_text())))


def preset(id: str) -> Preset:
    """Return the preset with this id. Raises ValueError for an unknown one."""
    for candidate in presets():
        if candidate.id == id:
            return candidate
    raise ValueError(f"preset: got {id!r}, allowed are the ids of presets.json")


@remembered(100, T("Running {id}"))
def measured(id: str):
    """Return what the preset with this id shows here and now."""
    return preset(id).show()["measured"]


def _read(row: dict) -> Preset:
    hyper = dict(row["hyper"])
    key = _KEYS[row["optimizer"]]
    if key == "sgd" and hyper.get("momentum"):
        key = "nesterov" if hyper.pop("nesterov", 0) else "momentum"
    elif key == "adam" and hyper.pop("amsgrad", 0):
        key = "amsgrad"
    if key == "sgd":
        hyper.pop("momentum", None)
    schedule = row["lr_schedule"]
    return Preset(
        id=row["id"],
        page=row["page"],
        claim=row["claim"],
        surface=row["surface"],
        optimizer=key,
        start=tuple(row["start"]),
        steps=row["steps"],
        hyper=hyper,
        schedule=("warm_up", {"warm_up": schedule["steps"]}) if schedule else None,
        metric=row["metric"],
        expected=row["expected"],
        tolerance=row["tol"],
    )
