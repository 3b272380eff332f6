"""The race: questions and claims on who is fastest, and what that means."""

import numpy as np

from core import descend_many
from core.analysis.stability import settings
from core.analysis.tuning import random_starts, sweep_rates
from core.engine.spec import Goal
from core.resolve import surface_of
from core.text import T
from teaching.contract import Claim, Question
from teaching.presets import Preset, preset

RUNS = 400
"""Random starts of a measure that counts or takes a median."""
FIELD = (
    "bowl",
    "ravine",
    "ravine45",
    "booth",
    "matyas",
    "rosenbrock",
    "beale",
    "widening",
    "cliff",
    "himmelblau",
    "goldstein",
    "camel3",
)
"""Surfaces without noise on which methods are compared: bowls, valleys, plateaus, several minima."""
SEVERAL_MINIMA = ("styblinski", "camel6", "camel3", "doublewell", "goldstein", "schaffer2", "michalewicz")
"""Surfaces whose lowest minimum has worse ones beside it."""
RIVALS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "rprop", "lion")


def _arrived(surface: str, near: float) -> Goal:
    return Goal("near", near, tuple(surface_of(surface).minima))


def _steps(surface: str, method: str, lr: float, goal: Goal) -> np.ndarray:
    """Return the steps since which the goal holds from RUNS random starts, infinity for never."""
    starts, hyper = random_starts(surface, RUNS), settings(method, lr, 0.9)
    held = descend_many(surface, method, starts, 20_000, hyper=hyper, goal=goal).held
    return np.where(held < 0, np.inf, held)


def _first_below_goal() -> dict:
    """Steps from the start of the question, and in percent who is first from random starts."""
    lanes = {"SGD": ("sgd", 0.001), "SGD_m": ("momentum", 0.001), "Adam": ("adam", 0.1)}
    named = {f"rosen_{name}": preset(f"rosen_{name}").run().first for name in lanes}
    starts, goal = random_starts("rosenbrock", RUNS), Goal("value below", 0.001)
    first = np.array(
        [
            descend_many("rosenbrock", key, starts, 20_000, lr, goal=goal, stop_at_goal=True).first
            for key, lr in lanes.values()
        ]
    )
    winner = np.argmin(np.where(first < 0, np.inf, first), axis=0)
    return named | {"adam": 100 * float(np.mean(winner == 2)), "momentum": 100 * float(np.mean(winner == 1))}


def _first_lane(rosen_SGD: int, rosen_SGD_m: int, rosen_Adam: int, **_shares) -> int | None:
    steps = [step if step >= 0 else np.inf for step in (rosen_SGD, rosen_SGD_m, rosen_Adam)]
    return int(np.argmin(steps)) if min(steps) < np.inf else None


def _after_the_finish() -> dict:
    """How many runs reach 1e-10 within 20 000 steps, how many of these rise again, and to which value in the median.

    From 50 random starts at three rates; who arrives in the last steps has no time to rise.
    """
    peaks = []
    for lr in (0.03, 0.1, 0.3):
        value = descend_many("rosenbrock", "adam", random_starts("rosenbrock", 50), 20_000, lr, record=True).value
        assert value is not None
        for row in value[(value < 1e-10).any(axis=1)]:
            peaks.append(float(row[int(np.argmax(row < 1e-10)) :].max()))
    back = int(np.sum(np.array(peaks) > 1e-6))
    return {"done": len(peaks), "back": back, "highest": float(np.median(peaks))}


def _gains(method: str, factor: float = 1.0) -> dict:
    """Return how many times fewer steps a method needs than gradient descent, in the median over random starts.

    Its rate is `factor` times that of gradient descent.
    """
    gains = {}
    for name, surface, lr in (("valley", "rosenbrock", 0.001), ("bowl", "bowl", 0.3)):
        goal = _arrived(surface, 0.05)
        plain, other = _steps(surface, "sgd", lr, goal), _steps(surface, method, factor * lr, goal)
        gains[name] = float(np.median(np.maximum(plain, 1) / np.maximum(other, 1)))
    return gains


def _average_gains() -> dict:
    return {"same": _gains("ema_momentum")["valley"]} | _gains("ema_momentum", 10.0)


def _working_rates() -> dict:
    """On how many surfaces does Adam arrive at clearly more rates of a grid than SGD, and on how many at fewer?

    A rate works when nine of ten random starts arrive and stay; clear is a factor above three in the width.
    """
    more = []
    for surface in FIELD:
        sgd, adam = (
            np.count_nonzero(sweep_rates(surface, key, goal=_arrived(surface, 0.05), steps=20_000).reached >= 0.9)
            for key in ("sgd", "adam")
        )
        more += [adam - sgd] if sgd or adam else []
    return {"count": len(more), "wider": sum(n > 2 for n in more), "narrower": sum(n < -2 for n in more)}


def _places() -> dict:
    """How often Adam is first of eight tuned methods, its mean place, and the best mean place of another."""
    places = np.zeros((len(FIELD), len(RIVALS)))
    for row, surface in enumerate(FIELD):
        sweeps = [sweep_rates(surface, key, goal=_arrived(surface, 0.05)) for key in RIVALS]
        steps = np.array([sweep.mean_steps[sweep.best] for sweep in sweeps])
        places[row] = 1 + (steps[:, None] > steps).sum(axis=1)
    mean = dict(zip(RIVALS, places.mean(axis=0), strict=True))
    adam = mean.pop("adam")
    won = int(np.sum(places[:, RIVALS.index("adam")] == 1))
    return {"count": len(FIELD), "won": won, "adam": float(adam), "best": float(min(mean.values()))}


def _global_minimum() -> dict:
    """On how many surfaces Adam, and on how many SGD, ends in the global minimum from clearly more starts.

    Each at its best rate, chosen on other starts.
    """
    rates = 10.0 ** np.arange(-4, 1.01, 0.25)

    def share(surface: str, key: str, starts: np.ndarray, lr: np.ndarray) -> np.ndarray:
        runs, every = np.tile(starts, len(lr)), np.repeat(lr, starts.shape[1])
        held = descend_many(surface, key, runs, 1000, every, goal=_arrived(surface, 0.1)).held
        return (held >= 0).reshape(len(lr), -1).mean(axis=1)

    found = {}
    for surface in SEVERAL_MINIMA:
        for key in ("sgd", "adam"):
            best = rates[[int(np.argmax(share(surface, key, random_starts(surface, 100, seed=1), rates)))]]
            found[surface, key] = float(share(surface, key, random_starts(surface, 2000, seed=0), best)[0])

    def lead(surface: str) -> float:
        """Return how far Adam is ahead, in standard errors."""
        sgd, adam = found[surface, "sgd"], found[surface, "adam"]
        return (adam - sgd) / np.sqrt((sgd * (1 - sgd) + adam * (1 - adam)) / 2000 + 1e-12)

    leads = np.array([lead(surface) for surface in SEVERAL_MINIMA])
    return {"count": len(leads), "adam": int((leads > 3).sum()), "sgd": int((leads < -3).sum())}


def settings_of(*presets: Preset) -> dict[str, object]:
    """Return what the page sets to run these presets side by side; all begin and end as the first of them does."""
    first = presets[0]
    settings: dict[str, object] = {
        "surface": first.surface,
        "x": first.start[0],
        "y": first.start[1],
        "race": tuple(each.optimizer for each in presets),
        "exact": True,
        "steps": first.steps,
    }
    if first.schedule:
        name, values = first.schedule
        settings |= {"schedule": name, **{f"{name}_{key}": value for key, value in values.items()}}
    for each in presets:
        others = {key: value for key, value in each.hyper.items() if key != "lr"}
        settings |= {f"{each.optimizer}_{key}": value for key, value in others.items()}
        settings[f"lr_{each.optimizer}"] = each.hyper["lr"]
    return settings


QUESTIONS = (
    Question(
        key="first_on_rosenbrock",
        text=T("Rosenbrock from (−1.5, 2): who is first below 0.001?"),
        options=(T("SGD with rate 0.001"), T("Momentum 0.9 with rate 0.001"), T("Adam with rate 0.1")),
        answer=2,
        because=T(
            "Adam after {rosen_Adam} steps, momentum after {rosen_SGD_m}, SGD after {rosen_SGD}. The start decides: "
            "from 400 random ones Adam is first in {adam:.0f} %, momentum in {momentum:.0f} %."
        ),
        measured=_first_below_goal,
        right=_first_lane,
    ),
    Question(
        key="adam_stays",
        text=T("Adam with a constant rate reaches f < 1e-10 on Rosenbrock. Does it stay there?"),
        options=(T("Yes, it has converged"), T("No, it leaves again")),
        answer=1,
        because=T(
            "At rates 0.03, 0.1 and 0.3, {back} of {done} runs that got there rise again, to {highest:.2f} in the "
            "median: the averages have forgotten how steep the valley is, and the step grows until it is too large."
        ),
        measured=_after_the_finish,
        right=lambda done, back, highest: 0 if back < 0.05 * done else 1 if back > 0.95 * done > 0 else None,
    ),
)

CLAIMS = (
    Claim(
        key="momentum_accelerates",
        text=T("Momentum accelerates gradient descent."),
        verdict=T("only if"),
        condition=T("Where gradient descent crawls, not in a round bowl."),
        reading=T(
            "Median of 400 starts, same rate: {valley:.1f} times as fast on Rosenbrock, {bowl:.2f} times in a round "
            "bowl."
        ),
        presets=("rosen_SGD", "rosen_SGD_m"),
        measured=lambda: _gains("momentum"),
        holds=lambda valley, bowl: valley > 3 and bowl < 0.5,
    ),
    Claim(
        key="ema_accelerates",
        text=T("Averaging the gradient, m ← βm + (1 − β)g, accelerates gradient descent."),
        verdict=T("only if"),
        condition=T("Its rate is divided by 1 − β, where gradient descent crawls."),
        reading=T(
            "Rosenbrock, median of 400 starts: {same:.2f} times as fast; at ten times the rate {valley:.1f} times."
        ),
        presets=("rosen_SGD", "rosen_EMAMomentum"),
        measured=_average_gains,
        holds=lambda same, valley, bowl: 0.9 < same < 1.1 and valley > 3 and bowl < 0.5,
    ),
    Claim(
        key="adam_tolerates_rates",
        text=T("Adam can start with a large rate, SGD is strict about it."),
        verdict=T("only if"),
        condition=T("On most surfaces, not on all."),
        reading=T(
            "The range of rates that arrive is clearly wider for Adam on {wider} of {count} surfaces, for SGD on "
            "{narrower}."
        ),
        presets=("rosen_SGD", "rosen_Adam"),
        measured=_working_rates,
        holds=lambda count, wider, narrower: count / 2 <= wider < count and 5 * narrower < wider,
    ),
    Claim(
        key="adam_is_best",
        text=T("Overall, Adam is the best choice."),
        verdict="contradicted",
        condition=T("Eight methods on {count} surfaces without noise, each at its best rate."),
        reading=T("Adam is the fastest on {won}; its mean place is {adam:.1f}, the best mean place {best:.1f}."),
        presets=("rosen_SGD_m", "rosen_Adam", "rosen_Lion"),
        measured=_places,
        holds=lambda count, won, adam, best: won < count / len(RIVALS) and adam > best + 0.5,
    ),
    Claim(
        key="sgd_finds_the_global_minimum",
        text=T("SGD reaches the global minimum more easily than Adam."),
        verdict="contradicted",
        condition=T("Without noise, from random starts, each at its best rate."),
        reading=T(
            "Of {count} surfaces with worse minima, Adam ends in the global one clearly more often on {adam}, SGD on "
            "{sgd}."
        ),
        presets=("himmel_SGD", "himmel_SGD_m", "himmel_Adam"),
        measured=_global_minimum,
        holds=lambda count, adam, sgd: adam > count / 2 and sgd < adam / 2,
    ),
)
