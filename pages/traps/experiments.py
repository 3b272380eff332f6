"""The experiments on ways of making no progress, and the words for what they show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from core.catalogue import Catalogue
from core.engine.descend import Trajectory
from core.engine.spec import Goal, Surface
from core.resolve import surface_of
from core.text import T
from pages.traps.measure import AWAY, DEEP, accuracy

NEWTON = "newton"
"""Key of the experiment with Newton's method, which needs no optimizer to be trapped."""


@dataclass(frozen=True)
class Trap:
    """An experiment on one way of making no progress."""

    key: str
    title: str
    text: str
    """What to see, in one line."""
    surfaces: tuple[str, ...]
    """Keys; more than one are shown side by side."""
    start: tuple[float, float]
    steps: int
    rates: Mapping[str, float]
    """Who runs here at first, and at which rate."""
    goal: Goal | None
    """When a run has left the trap; None where only `accuracy` can tell."""
    left: str
    """The same in words."""
    watch: str
    """The quantity that shows the trap, in words."""
    log: bool = True
    """Whether it is drawn on a logarithmic axis."""
    window: tuple[float, float, float, float] | None = None
    """What to draw of the surface, where its own window is too small."""

    def members(self) -> tuple[Surface, ...]:
        """Return its surfaces with the window to draw: the same objects at every call, so that figures are kept."""
        return _members(self.surfaces, self.window)

    def watched(self, run: Trajectory) -> np.ndarray:
        """Return (steps + 1,) the quantity that shows the trap."""
        if self.key == "saddle":
            return np.abs(run.path[:, 1])
        if self.key == "flat":
            return np.hypot(*run.path.T)
        if self.key == "plateau":
            return np.hypot(*(run.path - np.pi).T)
        if self.key == "neuron":
            return accuracy(run)
        return run.path[:, 0]

    def step_out(self, run: Trajectory) -> int:
        """Return the first step at which the run has left the trap, -1 for never.

        Where leaving means arriving elsewhere, it counts from when it stays: a run may roll through.
        """
        if self.goal:
            return run.held if self.goal.kind == "near" else run.first
        solved = np.flatnonzero(accuracy(run) == 1)
        return int(solved[0]) if solved.size else -1


@cache
def _members(keys: tuple[str, ...], window: tuple[float, float, float, float] | None) -> tuple[Surface, ...]:
    found = tuple(surface_of(key) for key in keys)
    return tuple(replace(surface, domain=window) for surface in found) if window else found


EXPERIMENTS: Catalogue[Trap] = Catalogue(
    "trap",
    (
        Trap(
            key="saddle",
            title=T("Saddle"),
            text=T("The closer the start is to the axis of symmetry, the longer a saddle holds a run."),
            surfaces=("saddle_bounded",),
            start=(1.0, 1e-8),
            steps=800,
            rates=dict.fromkeys(("sgd", "momentum", "nesterov", "ema_momentum", "adagrad", "rmsprop", "adam"), 0.05),
            goal=AWAY,
            left=T("|y| above 0.5"),
            watch=T("|y|, distance from the axis"),
        ),
        Trap(
            key="flat",
            title=T("Flat saddle"),
            text=T("No curvature at the monkey saddle: the slope fades with the square of the distance."),
            surfaces=("monkey_bounded",),
            start=(0.01, 0.001),
            steps=2500,
            rates=dict.fromkeys(("sgd", "momentum", "adam"), 0.05),
            goal=Goal("away", 0.5),
            left=T("distance from the saddle > 0.5"),
            watch=T("Distance from the saddle"),
        ),
        Trap(
            key="wells",
            title=T("Two wells"),
            text=T("Momentum rolls out of a well, be it the worse or the better one."),
            surfaces=("doublewell",),
            start=(1.8, 0.5),
            steps=500,
            rates=dict.fromkeys(("sgd", "momentum", "nesterov", "ema_momentum", "adam"), 0.01),
            goal=Goal("near", 0.05, (DEEP,)),
            left=T("within 0.05 of the deep minimum"),
            watch=T("x, the deep well at −1.04"),
            log=False,
        ),
        Trap(
            key="valley",
            title=T("Valley to infinity"),
            text=T(
                "A run that stays in this valley falls for ever: no minimum is in it. "
                "Momentum may roll out, to (3, 0.5)."
            ),
            surfaces=("beale",),
            start=(-2.0, 2.0),
            steps=20_000,
            rates={"sgd": 0.001, "momentum": 0.001, "rmsprop": 0.01, "adam": 0.05},
            goal=Goal("near", 0.05, ((3.0, 0.5),)),
            left=T("within 0.05 of the minimum (3, 0.5)"),
            watch=T("x, the minimum at 3"),
            log=False,
            window=(-30.0, 5.0, -1.0, 4.0),
        ),
        Trap(
            key="plateau",
            title=T("Plateau"),
            text=T("Almost no slope at the start, and small false minima on the way to the needle."),
            surfaces=("easom",),
            start=(0.0, 0.0),
            steps=1000,
            rates={"sgd": 0.1, "momentum": 0.1, "adam": 0.05, "rprop": 0.05},
            goal=Goal("near", 0.05, ((np.pi, np.pi),)),
            left=T("within 0.05 of the minimum (π, π)"),
            watch=T("Distance from the minimum"),
        ),
        Trap(
            key="neuron",
            title=T("Saturated neuron"),
            text=T("The same neuron on the same data with two losses: the squared error makes the plateau."),
            surfaces=("neuron_squared", "neuron_entropy"),
            start=(-6.0, 0.5),
            steps=800,
            rates={"sgd": 1.0, "momentum": 1.0, "adam": 0.1},
            goal=None,
            left=T("every example on the right side"),
            watch=T("Part of the examples on the right side"),
            log=False,
        ),
    ),
)
