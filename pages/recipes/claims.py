"""The page on averages, hand-overs and safety belts: questions and claims on what helps a run to end well."""

import numpy as np

from core import descend_many
from core.analysis.schedule_trials import Spread
from core.analysis.switching import Phase
from core.analysis.tuning import random_starts
from core.memory import remembered
from core.resolve import surface_of
from core.text import T
from pages.recipes import measure as lab
from pages.recipes.measure import Recipe
from teaching.contract import Claim, Question

RATES = (0.05, 0.1, 0.15)
"""Rates of SGD at which it settles where it is averaged and where batches change."""
STEEP = ("rosenbrock", "beale", "goldstein")
"""Surfaces whose slopes throw a step of a usual rate out of the window."""


def _spread(experiment: str, *phases: Phase, average: tuple[str, float] | None = None, start: str = "random") -> Spread:
    """Repeat a recipe over noise from random starts, or from the minimum."""
    own = lab.EXPERIMENTS[experiment]
    case = own.case(scattered=True) if start == "random" else own.case(start=own.surface.minima[0])
    return lab.repeat(case, Recipe("own", "own", phases, average))


def _end(experiment: str, *phases: Phase, average: tuple[str, float] | None = None, start: str = "random") -> float:
    return float(_spread(experiment, *phases, average=average, start=start).mean[-1])


def _soonest(key: str, rates: tuple[float, ...]) -> int:
    """Return the first step with a mean below the goal of the hand-over, at the best of these rates."""
    level = lab.EXPERIMENTS["hand_over"].level
    steps = [_spread("hand_over", Phase(key, lr, 500)).first_below(level) for lr in rates]
    return min(step for step in steps if step >= 0)


@remembered(100)
def _hand_over() -> dict:
    """When each beginning is below the goal, and where it ends; all at the best of their rates."""
    firsts = {"adam": Phase("adam", 0.1, 500), "rmsprop": Phase("rmsprop", 0.1, 500), "sgd": Phase("sgd", 0.015, 500)}
    rates = {"adam": (0.05, 0.1, 0.2, 0.3), "rmsprop": (0.05, 0.1, 0.2), "sgd": (0.01, 0.015, 0.018, 0.019)}
    found: dict = {f"{key}_soon": _soonest(key, rates[key]) for key in firsts}
    for first, last in (("adam", "sgd"), ("adam", "adam"), ("rmsprop", "sgd"), ("sgd", "sgd")):
        ends = [_end("hand_over", firsts[first], Phase(last, lr, 1500)) for lr in (0.001, 0.002, 0.003)]
        found[f"{first}_{last}"] = min(ends)
    high = _end("hand_over", firsts["adam"], Phase("sgd", 0.015, 1500))
    return found | {"kept": _end("hand_over", Phase("adam", 0.1, 2000)), "high": high}


def _after_adam() -> dict:
    """Where the two of the question end, and Adam with its first rate."""
    first = Phase("adam", 0.1, 500)
    sgd, adam = (_end("hand_over", first, Phase(key, lr, 1500)) for key, lr in (("sgd", 0.002), ("adam", 0.003)))
    return {"sgd": sgd, "adam": adam, "kept": _end("hand_over", Phase("adam", 0.1, 2000))}


@remembered(100)
def _batches() -> dict:
    """What changing batches do, as ratios: the least over several rates, and the mean of what is said to be alike."""
    own, rows = lab.EXPERIMENTS["batches"], []
    for lr in RATES:
        spreads = {r.key: (r, lab.repeat(own.case(scattered=True), r)) for r in lab.changing_batches(lr_sgd=lr)}
        end = {key: float(spread.mean[-1]) for key, (_recipe, spread) in spreads.items()}
        soon = {key: int(r.clock[spread.first_below(own.level)]) for key, (r, spread) in spreads.items()}
        cycle = float(spreads["alternating"][1].mean[-40:].mean())
        rows.append(
            {
                "later": soon["shrinking"] / soon["small"],
                "worse": end["shrinking"] / end["growing"],
                "rate": end["small"] / end["falling"],
                "sooner": soon["large"] / soon["alternating"],
                "lower": end["small"] / end["alternating"],
                "cycle": cycle / end["alternating"],
                "growing": end["alternating"] / end["growing"],
                "falling": end["growing"] / end["falling"],
            }
        )
    found = {name: min(row[name] for row in rows) for name in rows[0]}
    return found | {name: float(np.mean([row[name] for row in rows])) for name in ("growing", "falling")}


@remembered(100)
def _averages() -> dict:
    """How many times lower than the last point an average of 4000 steps ends: the extremes over rates.

    And how many times lower than those with a shorter and a longer memory, in the mean over rates.
    """
    gains: dict[float, list[float]] = {0.9: [], 0.99: [], 0.999: []}
    for lr in (0.02, *RATES):
        phase = Phase("sgd", lr, 4000)
        raw = _end("averages", phase)
        for decay, found in gains.items():
            found.append(raw / _end("averages", phase, average=("ema", decay)))
    short, good, long = map(np.array, gains.values())
    return {
        "least": float(good.min()),
        "most": float(good.max()),
        "short": float((good / short).mean()),
        "long": float((good / long).mean()),
    }


def _memories() -> dict:
    """Two averages after 4000 steps at rate 0.15, from random starts and from the minimum."""
    phase = Phase("sgd", 0.15, 4000)
    return {
        f"{name}_{where}": _end("averages", phase, average=("ema", decay), start=start)
        for name, decay in (("good", 0.99), ("long", 0.999))
        for where, start in (("far", "random"), ("home", "minimum"))
    }


def _shadow() -> dict:
    """When the last point and its average are first below 1, and how much lower the average ends: least over rates.

    `off` is the largest distance of a step from the one that SGD makes at the weights.
    """
    late, lower = [], []
    for lr in RATES:
        phase = Phase("sgd", lr, 4000)
        points, shadow = _spread("averages", phase), _spread("averages", phase, average=("ema", 0.99))
        late.append(shadow.first_below(1.0) / points.first_below(1.0))
        lower.append(float(points.mean[-1] / shadow.mean[-1]))
    run = lab.walk(lab.EXPERIMENTS["averages"].case(), lab.pick(lab.averages(), "ema"))[0]
    off = np.abs(np.diff(run.path, axis=0) + 0.15 * run.received)
    return {"late": min(late), "lower": min(lower), "off": float(off.max())}


def _without_decay() -> dict:
    """After 1000 steps: the best constant rate, averages of the points at constant rates, and the best schedule."""

    def best(schedule: str | None) -> float:
        rates = (0.005, 0.008, 0.012, 0.02, 0.03, 0.05, 0.1)
        return min(_end("averages", Phase("sgd", lr, 1000, schedule)) for lr in rates)

    tails = [_end("averages", Phase("sgd", lr, 1000), average=("tail", begin)) for lr in RATES for begin in (100, 300)]
    schedules = [best(name) for name in ("exponential", "cosine", "linear", "polynomial")]
    return {"constant": best(None), "tail_low": min(tails), "tail_high": max(tails), "schedule": min(schedules)}


def _momentum() -> dict:
    """The mean of f over the last 2000 of 4000 steps, beside that of SGD: the extremes over rates below half its limit.

    Of momentum at the same rate and at a tenth of it, and of an average of the points of SGD.
    """

    def floor(key: str, lr: float, average: tuple[str, float] | None = None) -> float:
        return float(_spread("averages", Phase(key, lr, 4000), average=average, start="minimum").mean[2000:].mean())

    same, tenth, points = [], [], []
    for lr in (0.01, 0.03, 0.09):
        plain = floor("sgd", lr)
        same.append(floor("momentum", lr) / plain)
        tenth.append(floor("momentum", lr / 10) / plain)
        points.append(floor("sgd", lr, ("ema", 0.99)) / plain)
    found = {"same": min(same), "tenth_low": min(tenth), "tenth_high": max(tenth), "points": max(points)}
    return found | {"gain": float(np.min(np.array(tenth) / points))}


def _thrown(surface: str, lr: float, clip: float | None = None) -> float:
    """Return the part of 50 random starts from which SGD gets ten times as far out as the window reaches."""
    starts = random_starts(surface, 50)
    path = descend_many(surface, "sgd", starts, 300, lr, clip_norm=clip, record=True).path
    assert path is not None
    far = 10 * np.abs(surface_of(surface).domain).max()
    return float(np.mean(~(np.abs(path) <= far).all(axis=(1, 2))))


def _clips() -> dict:
    """How many of all runs are thrown, and by how much clipping turns random gradients."""
    found: dict = {}
    for name, clip in (("plain", None), ("one", 1.0), ("five", 5.0)):
        found[name] = 100 * float(np.mean([_thrown(row, lr, clip) for row in STEEP for lr in (0.01, 0.1, 1.0)]))
    long = np.random.default_rng(0).standard_normal((50, 2)) * (300.0, 3.0)
    pairs = [(x, y) for x, y in long.tolist()]
    by_norm, by_value = ([lab.turn_of(g, **clip) for g in pairs] for clip in ({"norm": 1.0}, {"value": 1.0}))
    return found | {"by_norm": max(by_norm), "by_value": float(np.median(by_value))}


def _remedies() -> dict:
    """The largest rate of a grid that throws nobody, and how many are thrown at rate 1 when clipped."""
    rates = [float(f"{lr:.1g}") for lr in 10.0 ** np.arange(-7, 0.1, 0.5)]
    found: dict = {}
    for row in STEEP:
        thrown = [_thrown(row, lr) for lr in rates]
        found |= {row: rates[int(np.argmax(np.array(thrown) > 0)) - 1], f"{row}_first": thrown[0]}
    return found | {"clipped": max(_thrown(row, 1.0, 1.0) for row in STEEP)}


QUESTIONS = (
    Question(
        key="after_adam",
        text=T(
            "A noisy ravine, 500 steps of Adam with rate 0.1, then 1500 steps of either SGD with rate 0.002 or Adam "
            "with rate 0.003. Which ends much lower?"
        ),
        options=(
            T("SGD, ten times lower"),
            T("Adam, ten times lower"),
            T("Neither"),
            T("Both stay where Adam 0.1 ends"),
        ),
        answer=2,
        because=T(
            "Mean of f over random starts: SGD {sgd:.5f}, Adam with the lower rate {adam:.5f}, Adam kept at 0.1 "
            "{kept:.3f}. The rate did it, not the optimizer."
        ),
        measured=_after_adam,
        right=lambda sgd, adam, kept: (
            3 if max(sgd, adam) > kept / 3 else 0 if sgd < adam / 5 else 1 if adam < sgd / 5 else 2
        ),
    ),
    Question(
        key="longer_memory",
        text=T(
            "SGD with rate 0.15 comes from far away. After 4000 noisy steps a moving average of its points with decay "
            "0.999 is worse than one with 0.99. Why?"
        ),
        options=(T("It still holds the start"), T("It averages fewer points"), T("It lets more noise through")),
        answer=0,
        because=T(
            "From random starts decay 0.999 ends at {long_far:.4f}, 0.99 at {good_far:.4f}. From the minimum the "
            "longer one is the better: {long_home:.5f} and {good_home:.5f}."
        ),
        measured=_memories,
        right=lambda good_far, good_home, long_far, long_home: (
            None if long_far < 1.2 * good_far else 0 if long_home < good_home / 2 else 2
        ),
    ),
)

CLAIMS = (
    Claim(
        key="adam_then_sgd",
        text=T("Begin with Adam and go on with SGD: first fast, then fine."),
        verdict=T("only if"),
        condition=T("The rate falls at the hand-over. Adam itself with a lower rate ends as low."),
        reading=T(
            "Best rates, random starts: below 0.1 at step {adam_soon}, SGD at {sgd_soon}. Ends: {adam_sgd:.4f}, Adam "
            "kept on {adam_adam:.4f}."
        ),
        settings={"part": "hand_over", "switch": 25},
        measured=_hand_over,
        holds=lambda adam_sgd, adam_adam, high, kept, adam_soon, sgd_soon, **others: (
            1.5 * adam_soon < sgd_soon
            and 10 * adam_sgd < kept
            and 5 * adam_sgd < high
            and 2 / 3 < adam_sgd / adam_adam < 3 / 2
        ),
    ),
    Claim(
        key="rmsprop_then_sgd",
        text=T("Begin with RMSprop and go on with SGD."),
        verdict=T("only if"),
        condition=T("The start counts: it is faster. SGD from the beginning ends as low, if its rate falls."),
        reading=T(
            "Best rates, random starts: below 0.1 at step {rmsprop_soon}, SGD at {sgd_soon}. Ends: {rmsprop_sgd:.4f} "
            "and {sgd_sgd:.4f}."
        ),
        settings={"part": "hand_over", "look": "rmsprop_sgd"},
        measured=_hand_over,
        holds=lambda rmsprop_sgd, sgd_sgd, rmsprop_soon, sgd_soon, high, **others: (
            1.5 * rmsprop_soon < sgd_soon and sgd_sgd < 1.2 * rmsprop_sgd < high / 5
        ),
    ),
    Claim(
        key="cold_start",
        text=T("Begin with large batches, a high rate or an adaptive optimizer, and end with SGD and a small rate."),
        verdict=T("only if"),
        condition=T("True of the rate. Counted in samples, large batches belong at the end."),
        reading=T(
            "Random starts, rates 0.05 to 0.15: with 64 first at least {later:.0f} times later and {worse:.0f} times "
            "higher than with 4 first; a falling rate ends {rate:.0f} times lower."
        ),
        settings={"part": "batches", "look": "shrinking"},
        measured=_batches,
        holds=lambda later, worse, rate, **others: min(later, worse, rate) > 5,
    ),
    Claim(
        key="alternate_batches",
        text=T("Alternating large and small batches combines both advantages."),
        verdict=T("only if"),
        condition=T("It stops after the large ones. Growing batches do as well, and a falling rate does better."),
        reading=T(
            "Random starts, rates 0.05 to 0.15: at least {sooner:.0f} times sooner than batches of 64, {lower:.0f} "
            "times lower than batches of 4; over a cycle {cycle:.0f} times as high."
        ),
        settings={"part": "batches", "look": "alternating"},
        measured=_batches,
        holds=lambda sooner, lower, cycle, growing, falling, **others: (
            min(sooner, lower, cycle) > 3 and growing > 0.9 and falling > 1.1
        ),
    ),
    Claim(
        key="average_is_better",
        text=T("A moving average of the weights generalises better."),
        verdict=T("only if"),
        condition=T(
            "Only the noise can be judged here. The average is long enough for it, and has forgotten the start."
        ),
        reading=T(
            "4000 steps, rates 0.02 to 0.15: decay 0.99 ends {least:.0f} to {most:.0f} times lower than the last "
            "point; 0.9 and 0.999 gain less."
        ),
        settings={"part": "averages", "look": "ema"},
        measured=_averages,
        holds=lambda least, most, short, long: least > 3 and short > 1.5 and long > 1.2,
    ),
    Claim(
        key="average_is_for_training",
        text=T("The moving average affects the next update and is suited to training."),
        verdict="contradicted",
        condition=T("It is a shadow copy that no step sees, and it lags behind. Evaluate with it."),
        reading=T(
            "Rates 0.05 to 0.15: the average is below 1 at least {late:.0f} times later than the weights, and ends at "
            "least {lower:.0f} times lower."
        ),
        settings={"part": "averages", "look": "sgd"},
        measured=_shadow,
        holds=lambda late, lower, off: late > 3 and lower > 3 and off < 1e-12,
    ),
    Claim(
        key="only_decay_settles",
        text=T("A high rate is too coarse for the end: it must fall."),
        verdict=T("only if"),
        condition=T("The last point is the answer. The mean of the points at a constant rate needs no decay."),
        reading=T(
            "1000 steps: best constant rate {constant:.4f}, best of four schedules {schedule:.5f}; means of the points "
            "at rates 0.05 to 0.15 at most {tail_high:.5f}."
        ),
        settings={"part": "averages", "steps": 1000, "lr_sgd": 0.05, "begin": 100, "look": "tail"},
        measured=_without_decay,
        holds=lambda constant, tail_low, tail_high, schedule: (
            constant > 3 * schedule and tail_high < 1.25 * schedule and tail_low < schedule
        ),
    ),
    Claim(
        key="momentum_averages_noise",
        text=T("Momentum averages the noise of the gradients away."),
        verdict="contradicted",
        condition=T("It adds past gradients up. An average of the points does take noise away."),
        reading=T(
            "Mean of f beside SGD, up to half its largest rate: at least {same:.0f} times at the same rate, "
            "{tenth_low:.2f} to {tenth_high:.2f} times at a tenth."
        ),
        settings={"part": "averages", "lr_sgd": 0.05, "look": "momentum"},
        measured=_momentum,
        ours=True,
        holds=lambda same, tenth_low, tenth_high, points, gain: (
            same > 5 and tenth_low > 0.5 and tenth_high < 1.1 and points < 0.5 and gain > 2
        ),
    ),
    Claim(
        key="clip_to_a_threshold",
        text=T("Clip the gradient to the length 1 or 5, and it cannot explode."),
        verdict="shown",
        condition=T("Clipping the length keeps the direction; clipping every coordinate turns it."),
        reading=T(
            "Three steep surfaces, random starts, rates 0.01 to 1: {plain:.0f} % are thrown far out, clipped none. By "
            "value, long gradients turn by {by_value:.0f}° in the median."
        ),
        settings={"part": "clipping", "look": "clip_norm", "gx": 300.0, "gy": 0.5},
        measured=_clips,
        holds=lambda plain, one, five, by_norm, by_value: (
            plain > 50 and one == five == 0 and by_norm < 1e-5 < 5 < by_value
        ),
    ),
    Claim(
        key="explosion_remedies",
        text=T("Against exploding gradients: a lower rate, or clipping."),
        verdict="shown",
        condition=T("The rate must fit the steepest point on the way; clipped to 1, rate 1 throws nobody."),
        reading=T(
            "Largest rate that throws none of 50 random starts: Rosenbrock {rosenbrock:g}, Beale {beale:g}, "
            "Goldstein–Price {goldstein:g}."
        ),
        settings={"part": "clipping", "look": "small_rate", "lr_small": 0.001},
        measured=_remedies,
        holds=lambda clipped, rosenbrock, beale, goldstein, **lowest: (
            clipped == 0 == max(lowest.values()) and max(rosenbrock, beale, goldstein) < 0.05
        ),
    ),
)
