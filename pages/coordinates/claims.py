"""A rate per coordinate: questions and claims on Adagrad, RMSprop, Adadelta, Adam and Rprop."""

import numpy as np

from core import descend, descend_many
from core.analysis.streams import SLOPE, lengths
from core.analysis.tuning import RATES, random_starts, sweep_rates
from core.engine.spec import Goal, Noise
from core.resolve import surface_of
from core.text import T
from pages.coordinates.measure import (
    NEAR,
    RARE_RATES,
    ROBUST_SURFACES,
    drift,
    mean_and_error,
    rare_feature,
    robustness,
    turned_start,
)
from teaching.contract import Claim, Question

LONG = 100_000
EVERY = (10, 50, 200)
"""A rare feature is there in one row of so many."""
REPEATS = 500
"""Streams of skewed batches: so many that the error is small against every drift that is told."""


def _rate_of_x(run) -> np.ndarray:
    return run.explained()["rate"][:, 0]


def _kept(rate: np.ndarray) -> float:
    """Return what is left of a rate from a tenth of the run to its end, each a mean over a hundred steps."""
    tenth = len(rate) // 10
    return float(rate[-100:].mean() / rate[tenth - 100 : tenth].mean())


def _adagrad_in_three_worlds() -> dict:
    """What is left of Adagrad's rate where gradients fade and where they do not, at rates of 0.5 and 2."""
    bowl, noise, slope, further = [], [], [], []
    for lr in (0.5, 2.0):
        bowl.append(_kept(_rate_of_x(descend("bowl", "adagrad", (5.0, 1.0), 10_000, lr))))
        noise.append(_kept(_rate_of_x(descend("bowl", "adagrad", (5.0, 1.0), 10_000, lr, noise=Noise(1.0)))))
        run = descend(SLOPE, "adagrad", (0.0, 0.0), 10_000, lr)
        slope.append(_kept(_rate_of_x(run)))
        further.append(float(run.path[-1, 0] / run.path[1000, 0]))
    return {"bowl": min(bowl), "noise": max(noise), "slope": max(slope), "further": min(further)}


def _rates_that_last() -> dict:
    """What is left of the rates of RMSprop, at the memory that loses most, and Adagrad on a slope, and with noise."""
    worlds = ((SLOPE, None), ("bowl", Noise(1.0)))

    def kept(key: str, hyper: dict) -> list[float]:
        return [
            _kept(_rate_of_x(descend(where, key, (5.0, 1.0), LONG, 0.1, hyper, noise=noise))) for where, noise in worlds
        ]

    lasting = [left for alpha in (0.9, 0.99, 0.999) for left in kept("rmsprop", {"alpha": alpha})]
    return {"rmsprop": min(lasting), "adagrad": max(kept("adagrad", {}))}


def _ways_on_a_slope() -> dict:
    """How many times longer the thousandth step is than the hundredth."""
    ratio = {}
    for key, lr in (("rmsprop", 0.1), ("adadelta", 1.0)):
        steps = np.abs(np.diff(descend(SLOPE, key, (0.0, 0.0), 1000, lr).path[:, 0]))
        ratio[key] = float(steps[-1] / steps[99])
    return ratio


def _first_steps_of_rmsprop() -> dict:
    """First step in learning rates by memory, and how much the size of the gradient changes it."""
    memories = {"short": 0.9, "middle": 0.99, "long": 0.999}
    steps = {
        name: [float(lengths("rmsprop", np.full(1, g), alpha=alpha)[0]) for g in (1e-3, 1.0, 1e3)]
        for name, alpha in memories.items()
    }
    return {name: row[1] for name, row in steps.items()} | {"spread": max(np.ptp(row) for row in steps.values())}


def _square_and_variance() -> dict:
    run = descend(SLOPE, "adam", (0.0, 0.0), 1000, 0.1)
    return {"v_hat": float(run.explained()["v_hat"][-1, 0]), "variance": float(run.received[:, 0].var())}


def _working(key: str, steps: int) -> np.ndarray:
    """Return which of RATES reach a minimum and stay, (surfaces, rates)."""
    return np.stack([robustness(surface, key, steps).reached == 1.0 for surface in ROBUST_SURFACES])


def _one_rate_for_all() -> dict:
    """How many rates Adagrad can have on all six surfaces, and on how many of them its usual one works."""
    works = _working("adagrad", 20_000)
    usual = int(np.argmin(np.abs(np.log(RATES / 0.01))))
    return {"rates": len(RATES), "common": int(works.all(axis=0).sum()), "usual": int(works[:, usual].sum())}


def _tolerance() -> dict:
    """How many rates work with SGD and Adam, and how many times larger Adam's largest is, on six surfaces."""
    sgd, adam = _working("sgd", 5000), _working("adam", 5000)
    largest = [RATES[b].max() / RATES[a].max() for a, b in zip(sgd, adam, strict=True)]
    return {
        "sgd": int(sgd.sum()),
        "adam": int(adam.sum()),
        "least": float(min(largest)),
        "wider": int(np.count_nonzero(adam.sum(axis=1) > sgd.sum(axis=1))),
        "narrower": _narrower_from_random_starts(),
    }


def _narrower_from_random_starts() -> int:
    """Return on how many surfaces fewer rates of Adam than of SGD bring most of 24 random starts to a minimum."""
    count = 0
    for surface in map(surface_of, ROBUST_SURFACES):
        starts, goal = random_starts(surface, 24, seed=0), Goal("near", NEAR, surface.minima)
        sgd, adam = (
            np.count_nonzero(sweep_rates(surface, key, goal=goal, steps=5000, starts=starts).reached > 0.5)
            for key in ("sgd", "adam")
        )
        count += int(adam < sgd)
    return count


def _alike() -> dict:
    """On how many of six surfaces the slowest of three methods takes at most twice the steps of the fastest."""
    methods = ("adam", "rmsprop", "adadelta")
    best = np.array([[robustness(s, key).mean_steps.min() for s in ROBUST_SURFACES] for key in methods])
    return {"alike": int(np.count_nonzero(best.max(axis=0) <= 2 * best.min(axis=0)))}


def _adam_rate_on_booth() -> dict:
    """How many times larger Adam's rate per coordinate is after 3000 steps: least over rates and starts."""
    grown = []
    for start in ((-8.0, 8.0), (9.0, -9.0), (2.0, 4.0)):
        for lr in (0.003, 0.03, 0.3):
            rate = descend("booth", "adam", start, 3000, lr).explained()["rate"]
            grown.extend(rate[-1] / rate[0])
    return {"least": float(min(grown)), "most": float(max(grown))}


def _late_rates() -> dict:
    """Mean f at the end under noise where Adam's rate stays, triples or falls to a third half way."""
    numbers: dict = {}
    for surface, start in (("bowl", (5.0, 1.0)), ("ravine", (-10.0, 1.0)), ("rosenbrock", (-1.5, 2.0))):
        for name, factor in (("lower", 1 / 3), ("same", 1.0), ("higher", 3.0)):
            schedule = np.where(np.arange(3000) < 1500, 1.0, factor)
            starts = np.tile(np.array(start)[:, None], 200)
            final = descend_many(surface, "adam", starts, 3000, 0.1, schedule=schedule, noise=Noise(1.0)).final
            mean, error = mean_and_error(surface_of(surface).value(*final))
            numbers |= {f"{surface}_{name}": mean, f"{surface}_{name}_error": error}
    return numbers


def _longest_steps() -> dict:
    """Longest step of Adam on steady gradients and after silence, in learning rates, and the bound of theory."""
    steady = np.random.default_rng(0).standard_normal((5, 5000))
    silence = np.append(np.zeros(4999), np.ones(24))
    beta1, beta2 = 0.9, 0.999
    return {
        "steady": float(max(np.abs(lengths("adam", row)).max() for row in steady)),
        "one": float(lengths("adam", silence[:5000])[-1]),
        "longest": float(np.abs(lengths("adam", silence)).max()),
        "bound": float((1 - beta1) / np.sqrt(1 - beta2) / np.sqrt(1 - beta1**2 / beta2)),
    }


def _annealing() -> dict:
    """Mean length of Adam's step in rates on a bowl with unit noise, and how far from theory at the worst rate."""
    theory, early, late = float(np.sqrt(2 / np.pi) * np.sqrt(0.1 / 1.9)), [], []
    for lr in (0.003, 0.01, 0.1):
        steps = np.abs(np.diff(descend("bowl", "adam", (5.0, 1.0), 20_000, lr, noise=Noise(1.0)).path[:, 0])) / lr
        early.append(float(steps[:10].mean()))
        late.append(float(steps[10_000:].mean()))
    off = max(abs(length / theory - 1) for length in late)
    return {"early": min(early), "late": late[1], "theory": theory, "off": float(off)}


def _arrival(key: str, lr: float, falling: bool = False, **settings) -> tuple[float, float, float]:
    """Return the steps until a rare weight is right, their error, and the error of the dense weight."""
    rare = rare_feature(key, lr, falling=falling, **settings)
    return *mean_and_error(rare.arrived), rare.dense_error


def _adagrad_and_sgd() -> dict:
    """How many times fewer steps Adagrad needs than SGD, over how rare the feature is and three pairs of rates."""
    pairs = [((("sgd", 0.1), ("adagrad", 1.0)), every) for every in EVERY]
    pairs += [((("sgd", 0.05), ("adagrad", 0.5)), 50), ((("sgd", 0.2), ("adagrad", 1.5)), 50)]
    faster, exact = [], []
    for rows, every in pairs:
        (sgd, _, sgd_dense), (adagrad, _, dense) = (_arrival(*row, every=every) for row in rows)
        faster.append(sgd / adagrad)
        exact.append(dense / sgd_dense)
    (sgd, sgd_error, _), (adagrad, adagrad_error, _) = _arrival("sgd", 0.1), _arrival("adagrad", 1.0)
    return {
        "sgd": round(sgd),
        "adagrad": round(adagrad),
        "error": round(max(sgd_error, adagrad_error)),
        "least": float(min(faster)),
        "dense": float(max(exact)),
    }


def _falling_or_constant() -> dict:
    """Steps of SGD, and of RMSprop and Adam at rates that are constant and that fall, in units of those of SGD."""
    constant: list[float] = []
    falling: list[float] = []
    exact = []
    for every in EVERY:
        sgd, _, sgd_dense = _arrival("sgd", 0.1, every=every)
        for row in (row for row in RARE_RATES if row[0] in ("rmsprop", "adam")):
            steps, _, dense = _arrival(*row, every=every)
            (falling if row[2] else constant).append(steps / sgd)
            exact.append(dense / sgd_dense)
    rows = {"sgd": ("sgd", 0.1, False), "constant": ("rmsprop", 0.01, False), "falling": ("rmsprop", 0.7, True)}
    return {name: round(_arrival(*row)[0]) for name, row in rows.items()} | {
        "fastest_constant": min(constant),
        "slowest_falling": max(falling),
        "dense": max(exact),
    }


def _adam_and_rmsprop() -> dict:
    """Steps of Adam over those of RMSprop, with its usual memory and with the same one, by how rare the feature is."""
    numbers: dict = {}
    for every in EVERY:
        rmsprop, error, _ = _arrival("rmsprop", 0.01, every=every)
        for name, hyper in (("usual", ()), ("same", (("beta2", 0.99),))):
            adam, adam_error, _ = _arrival("adam", 0.01, every=every, hyper=hyper)
            numbers[f"{name}{every}"] = adam / rmsprop
            numbers[f"{name}{every}_error"] = float(np.hypot(error, adam_error) / rmsprop)
    return numbers


def _turned() -> dict:
    """Fewest steps down the ravine, to stay, over 60 rates for each method at 0° and 45°."""
    numbers: dict = {}
    for key, low, high in (("sgd", 0.01, 0.0199), ("adagrad", 0.1, 30.0), ("adam", 0.01, 3.0)):
        for name, angle in (("", 0.0), ("_turned", 45.0)):
            starts = np.tile(np.array(turned_start(angle))[:, None], 60)
            goal, rates = Goal("value below", 1e-4), np.geomspace(low, high, 60)
            held = descend_many("ravine", key, starts, 5000, rates, goal=goal, parameters={"angle": angle}).held
            numbers[f"{key}{name}"] = int(held[held >= 0].min())
    return numbers


def _sign_or_size() -> dict:
    """Where skewed batches carry methods that look at the sign, and on how many surfaces Rprop works without noise."""
    works = [np.count_nonzero(_working(key, 5000), axis=1) for key in ("rprop", "sgd")]
    numbers: dict = {"wider": int(np.count_nonzero(works[0] > works[1]))}
    for key in ("sgd", "sign_sgd", "lion", "rprop"):
        mean, error = mean_and_error(drift(key, repeats=REPEATS)[:, -1])
        numbers |= {key: mean, f"{key}_error": error}
    return numbers


def _drift_by_memory() -> dict:
    """Mean drift of Adam on skewed batches, by how long its mean square remembers."""
    numbers: dict = {}
    for name, beta2 in (("short", 0.9), ("middle", 0.99), ("long", 0.999)):
        mean, error = mean_and_error(drift("adam", (("beta2", beta2),), repeats=REPEATS)[:, -1])
        numbers |= {name: mean, f"{name}_error": error}
    return numbers


QUESTIONS = (
    Question(
        key="first_step_of_rmsprop",
        text=T("RMSprop with α = 0.99: how long is its first step?"),
        options=(T("A tenth of the learning rate"), T("One learning rate"), T("Ten learning rates")),
        answer=2,
        because=T(
            "{middle:.1f} learning rates, whatever the gradient: after one the mean square is only (1 − α)g², and "
            "nothing corrects for that."
        ),
        measured=_first_steps_of_rmsprop,
        right=lambda middle, **_: int(np.argmin(np.abs(np.log(middle / np.array([0.1, 1.0, 10.0]))))),
    ),
    Question(
        key="rate_of_adam_on_booth",
        text=T("Adam on Booth's function: is its rate per coordinate, η/√v̂, smaller or larger after 3000 steps?"),
        options=(T("Smaller"), T("The same"), T("Larger")),
        answer=2,
        because=T(
            "{least:.0f} to {most:.0f} times as large, by learning rate and start: the gradients shrink, and the rate "
            "is divided by their size."
        ),
        measured=_adam_rate_on_booth,
        right=lambda least, most: 2 if least > 1.1 else 0 if most < 0.9 else 1,
    ),
)

CLAIMS = (
    Claim(
        key="adagrad_stops",
        text=T("Adagrad's rate goes to zero, and training stops."),
        verdict=T("only if"),
        condition=T("Only where gradients stay large, and there its steps still lead anywhere in time."),
        reading=T("Left of the rate after ten times the steps: {bowl:.2f} on a bowl, {noise:.2f} with noise."),
        settings={"ground": "noisy", "methods": ("adagrad", "adam"), "steps": 1000},
        measured=_adagrad_in_three_worlds,
        holds=lambda bowl, noise, slope, further: bowl > 0.99 and max(noise, slope) < 0.5 and further > 3,
    ),
    Claim(
        key="adagrad_needs_no_rate",
        text=T("With Adagrad no learning rate has to be set by hand."),
        verdict="contradicted",
        condition=T("Six surfaces, 20,000 steps each."),
        reading=T("{common} of {rates} rates works on all of them; the usual 0.01 works on {usual}."),
        settings={"robust": "rosenbrock"},
        measured=_one_rate_for_all,
        holds=lambda rates, common, usual: common < rates / 10 and usual < 3,
    ),
    Claim(
        key="rmsprop_cures_adagrad",
        text=T("RMSprop cures the decay of Adagrad's rate."),
        verdict="shown",
        condition=T("It forgets old gradients."),
        reading=T("Left of the rate after ten times the steps: RMSprop {rmsprop:.2f}, Adagrad {adagrad:.2f}."),
        settings={"ground": "slope", "methods": ("adagrad", "rmsprop"), "steps": 300},
        measured=_rates_that_last,
        holds=lambda rmsprop, adagrad: rmsprop > 0.8 and adagrad < 0.5,
    ),
    Claim(
        key="rmsprop_remembers_longer",
        text=T("A memory of 0.999 is usual for RMSprop."),
        verdict=T("only if"),
        condition=T("Only with a smaller rate: nothing corrects the mean square for its start."),
        reading=T("First step: {short:.1f} learning rates at 0.9, {long:.1f} at 0.999."),
        settings={"ground": "slope", "methods": ("rmsprop",), "rmsprop_alpha": 0.999, "steps": 100},
        measured=_first_steps_of_rmsprop,
        holds=lambda short, middle, long, spread: (
            spread < 0.02 and np.allclose([short, middle, long], 1 / np.sqrt([0.1, 0.01, 0.001]), rtol=1e-3)
        ),
    ),
    Claim(
        key="adadelta_is_a_denominator",
        text=T("Adadelta is Adagrad with a decaying mean of squares as its denominator."),
        verdict="contradicted",
        condition=T("That is RMSprop. Adadelta also multiplies by the size of its own steps."),
        reading=T("On a slope, 1000th step over 100th: Adadelta {adadelta:.1f}, RMSprop {rmsprop:.2f}."),
        settings={"ground": "slope", "methods": ("rmsprop", "adadelta"), "steps": 300},
        measured=_ways_on_a_slope,
        holds=lambda rmsprop, adadelta: adadelta > 1.5 and rmsprop < 1,
    ),
    Claim(
        key="second_moment_is_the_variance",
        text=T("Adam's second moment is the variance of the gradient."),
        verdict="contradicted",
        condition=T("It is the mean of the square, with the mean left in."),
        reading=T("On a slope of 1 the variance is {variance:.0f}, Adam's estimate {v_hat:.2f}."),
        settings={"ground": "slope", "methods": ("adam",), "steps": 300},
        measured=_square_and_variance,
        holds=lambda v_hat, variance: variance == 0 and abs(v_hat - 1) < 1e-6,
    ),
    Claim(
        key="adaptive_methods_are_alike",
        text=T("In many cases RMSprop, Adadelta and Adam do about as well."),
        verdict="contradicted",
        condition=T("Each at its best of 37 rates, from one start on each of six surfaces."),
        reading=T("Within a factor of two on {alike}."),
        settings={"robust": "rosenbrock"},
        measured=_alike,
        holds=lambda alike: alike < 2,
    ),
    Claim(
        key="adam_tolerates_rates_everywhere",
        text=T("Adam can start with a large rate, SGD is strict about it."),
        verdict="shown",
        condition=T("On each of six surfaces."),
        reading=T("Adam's largest rate that works is at least {least:.0f} times that of SGD."),
        settings={"robust": "beale"},
        measured=_tolerance,
        holds=lambda sgd, adam, least, wider, narrower: least > 10 and wider == 6 and narrower == 0,
    ),
    Claim(
        key="late_rate_of_adam_is_too_small",
        text=T("Late in training Adam's rate is too small."),
        verdict="contradicted",
        condition=T("Under noise it is too large."),
        reading=T(
            "Noisy bowl: f ends at {bowl_same:.3f}, at {bowl_higher:.3f} with three times the late rate, at "
            "{bowl_lower:.3f} with a third."
        ),
        settings={"ground": "noisy", "methods": ("adam",), "steps": 3000},
        measured=_late_rates,
        holds=lambda **n: all(
            n[f"{s}_{low}"] + 3 * n[f"{s}_{low}_error"] < n[f"{s}_{high}"] - 3 * n[f"{s}_{high}_error"]
            for s in ("bowl", "ravine", "rosenbrock")
            for low, high in (("lower", "same"), ("same", "higher"))
        ),
    ),
    Claim(
        key="step_of_adam_is_bounded",
        text=T("A step of Adam is at most about one learning rate long."),
        verdict=T("only if"),
        condition=T("Only while gradients keep their size."),
        reading=T(
            "Longest on steady noise {steady:.2f}, after a long silence {longest:.1f}; theory allows {bound:.1f}."
        ),
        settings={"ground": "slope", "methods": ("adam",), "steps": 300},
        measured=_longest_steps,
        holds=lambda steady, one, longest, bound: steady < 1.1 and 3 < one < longest < bound,
    ),
    Claim(
        key="adam_anneals_by_itself",
        text=T("Adam anneals its steps by itself."),
        verdict=T("only if"),
        condition=T("Only down to a constant: noise does not fade."),
        reading=T("Mean step on a noisy bowl: {early:.2f} learning rates at first, {late:.2f} for ever."),
        settings={"ground": "noisy", "methods": ("adam",), "steps": 1000},
        measured=_annealing,
        holds=lambda early, late, theory, off: early > 0.9 and off < 0.1,
    ),
    Claim(
        key="adagrad_suits_sparse_data",
        text=T("Rare features get larger steps from Adagrad, which beats standard SGD on sparse data."),
        verdict="shown",
        condition=T("With the dense weight equally exact."),
        reading=T("One row in fifty: Adagrad {adagrad}, SGD {sgd} steps, ± {error}."),
        settings={"rare_seed": 0},
        measured=_adagrad_and_sgd,
        holds=lambda sgd, adagrad, error, least, dense: least > 1.4 and dense < 1.15,
    ),
    Claim(
        key="adaptive_methods_suit_sparse_data",
        text=T("All adaptive methods suit sparse data."),
        verdict=T("only if"),
        condition=T("Only if the rate falls, as Adagrad's does by itself."),
        reading=T("SGD {sgd} steps; RMSprop {constant} at a constant rate, {falling} at η/√t."),
        settings={"rare_seed": 0},
        measured=_falling_or_constant,
        holds=lambda fastest_constant, slowest_falling, dense, **_: (
            slowest_falling < 0.8 and fastest_constant > 1.1 and dense < 1.15
        ),
    ),
    Claim(
        key="adam_beats_rmsprop_on_sparse_data",
        text=T("As gradients become sparse, Adam does better than RMSprop."),
        verdict=T("only if"),
        condition=T("Only by its longer memory, and on very rare features. With the same memory they about tie."),
        reading=T("Steps over RMSprop's: {usual10:.2f} at one row in 10, {usual200:.2f} at one in 200."),
        settings={"rare_seed": 0},
        measured=_adam_and_rmsprop,
        holds=lambda **n: (
            n["usual10"] - 3 * n["usual10_error"] > 1 > n["usual200"] + 3 * n["usual200_error"]
            and all(abs(n[f"same{every}"] - 1) < 0.15 for every in EVERY)
        ),
    ),
    Claim(
        key="one_rate_for_all_is_the_problem",
        text=T("One rate for all parameters is the trouble with SGD."),
        verdict=T("only if"),
        condition=T("Only where the ravine lies along an axis. Each at its best rate."),
        reading=T("SGD {sgd} steps; Adam {adam}, turned by 45° {adam_turned}."),
        settings={"ground": "ravine", "methods": ("sgd", "adagrad", "adam"), "angle": 45.0, "steps": 600},
        measured=_turned,
        holds=lambda sgd, sgd_turned, adagrad, adagrad_turned, adam, adam_turned: (
            abs(sgd_turned - sgd) <= 1 and max(adagrad, adam) < sgd / 2 and min(adagrad_turned, adam_turned) > 0.9 * sgd
        ),
    ),
    Claim(
        key="sign_is_enough",
        text=T("Not in the notes: the sign of the gradient is enough to train by."),
        verdict=T("only if"),
        condition=T("Only while most batches agree with their mean."),
        reading=T(
            "Nine small pushes against one large: SGD {sgd:.2f}, sign descent {sign_sgd:.0f}, Rprop {rprop:.0f}."
        ),
        settings={"skew_seed": 0},
        measured=_sign_or_size,
        holds=lambda wider, sgd, sgd_error, sign_sgd, lion, rprop, **_: (
            wider == 6 and abs(sgd) < 4 * sgd_error < 0.1 and max(sign_sgd, lion, rprop) < -1
        ),
    ),
    Claim(
        key="longer_memory_removes_the_drift",
        text=T("Not in the notes: dividing by the size of recent gradients repairs what the sign breaks."),
        verdict=T("only if"),
        condition=T("As far as the memory reaches."),
        reading=T("Drift of Adam: {short:.2f} at β₂ = 0.9, {middle:.2f} at 0.99, {long:.2f} at 0.999."),
        settings={"skew_seed": 0},
        measured=_drift_by_memory,
        holds=lambda short, short_error, middle, middle_error, long, long_error: (
            short + 4 * short_error < 2 * middle and middle + 4 * middle_error < 1.5 * long
        ),
    ),
)
