"""Traps: questions and claims on saddles, minima, valleys and plateaus."""

import numpy as np

from core import descend, descend_many
from core.analysis.curvature import eigenvalues
from core.analysis.newton import newton_shares
from core.analysis.tuning import random_starts
from core.optimizers import OPTIMIZERS
from core.resolve import surface_of
from core.text import T
from pages.traps import measure as traps
from pages.traps.experiments import EXPERIMENTS
from teaching.contract import Claim, Question

RATES = (0.01, 0.05, 0.3)
"""Rates at a saddle, at all of which what is said there must hold."""
WELLS = ("doublewell", "camel3", "camel6", "himmelblau")
"""Smooth surfaces with several minima and saddles."""


def _on_the_axis() -> dict:
    """How many optimizers leave the saddle from its axis at any rate, and what a breath of noise does."""
    free = [o for o in OPTIMIZERS if any(traps.escapes(o, [0.0], lr)[0] >= 0 for lr in RATES)]
    with_momentum = sum(o.momentum is not None for o in free)
    rescue = traps.noise_rescue(1e-8)
    return {
        "with_momentum": with_momentum,
        "others": len(free) - with_momentum,
        "all": len(OPTIMIZERS),
        "median": rescue.median,
        "share": 100 * rescue.escaped,
    }


def _from_the_better_well() -> dict:
    """Where momentum ends that starts in the better well, at three rates, and where plain descent does."""

    def end(key: str, lr: float) -> float:
        return float(descend("doublewell", key, (-2.0, 0.5), 5000, lr).path[-1, 0])

    rates = {"slow": 0.003, "named": 0.01, "fast": 0.02}
    return {name: end("momentum", lr) for name, lr in rates.items()} | {"plain": end("sgd", rates["named"])}


def _momentum_at_the_saddle() -> dict:
    found = {key: np.array([traps.escapes(key, [1e-8], lr)[0] for lr in RATES]) for key in _AT_THE_SADDLE}
    faster = found["sgd"] / found["momentum"]
    on_the_axis = [traps.escapes("momentum", [0.0], lr)[0] for lr in RATES]
    return {
        "sgd": int(found["sgd"][1]),
        "momentum": int(found["momentum"][1]),
        "least": float(faster.min()),
        "most": float(faster.max()),
        "average": float((found["ema_momentum"] / found["sgd"]).min()),
        "axis": int(max(on_the_axis)),
        "left": int(min(found["momentum"])),
    }


_AT_THE_SADDLE = ("sgd", "momentum", "ema_momentum")


def _wells() -> dict:
    """Percent of the starts that momentum carries to the better and to the worse well, and how many at a slow rate."""
    found = {lr: traps.wells("momentum", lr) for lr in (0.002, 0.005, 0.01, 0.02)}
    slow, named, fast = found.pop(0.002), found[0.01], found.values()
    return {
        "rescued": 100 * named.rescued,
        "lost": 100 * named.lost,
        "slow": 100 * (slow.rescued + slow.lost),
        "least": 100 * min(min(row.rescued, row.lost) for row in fast),
    }


def _random_starts_at_a_saddle() -> dict:
    """Where 4000 random starts end, and how many steps each decade nearer to the axis of a saddle costs."""
    held = worse = 0
    for surface in map(surface_of, WELLS):
        final = descend_many(surface, "sgd", random_starts(surface, 1000, seed=0), 5000, 0.003).final
        smallest, _ = eigenvalues(*surface.hessian(*final))
        lowest = surface.value(*surface.minima[0])
        held += int(np.count_nonzero(smallest <= 0))
        worse += int(np.count_nonzero((smallest > 0) & (surface.value(*final) > lowest + 0.01)))
    decades = []
    for lr in RATES:
        far, near, nearer = traps.escapes("sgd", [1e-2, 1e-8, 1e-16], lr, steps=5000)
        decades.append(((near - far) / 6, (nearer - near) / 8))
    uneven = max(abs(soon / late - 1) for soon, late in decades)
    return {
        "held": held,
        "worse": 100 * worse / (1000 * len(WELLS)),
        "decade": float(decades[1][1]),
        "uneven": float(uneven),
    }


def _noise() -> dict:
    """Steps out of the saddle beside the axis without noise, with a tenth and with a hundred times the offset of it."""
    gains: dict[float, list[float]] = {10.0: [], 0.01: []}
    for offset in (1e-6, 1e-4, 1e-3):
        alone = traps.escapes("sgd", [offset])[0]
        for part, found in gains.items():
            found.append(traps.noise_rescue(offset / part, offset=offset).median / alone)
    return {
        "alone": int(traps.escapes("sgd", [1e-4])[0]),
        "faint": traps.noise_rescue(1e-5, offset=1e-4).median,
        "strong": traps.noise_rescue(1e-2, offset=1e-4).median,
        "vain": float(min(gains[10.0])),
        "gain": float(max(gains[0.01])),
        "axis": 100 * min(traps.noise_rescue(sigma).escaped for sigma in (1e-8, 1e-4, 0.1)),
        "without": 100 * traps.noise_rescue(0.0).escaped,
    }


def _neuron() -> dict:
    """Steps until every example is right with either loss, and the least ratio of them over rates and starts."""
    chosen = EXPERIMENTS["neuron"]
    squared, entropy = chosen.members()

    def right(member, start, lr=1.0) -> int:
        step = chosen.step_out(descend(member, "sgd", start, 2000, lr))
        return step if step >= 0 else 2000

    places = [((w, b), lr) for w in (-4.0, -6.0, -8.0) for b in (-0.5, 0.5, 1.5) for lr in (0.3, 1.0, 3.0)]
    return {
        "squared": right(squared, chosen.start),
        "entropy": right(entropy, chosen.start),
        "least": min(right(squared, *place) / right(entropy, *place) for place in places),
    }


def _stopped() -> dict:
    """Where the loss no longer falls: on the axis of a saddle, from many starts, and on a plateau."""
    surface = surface_of("saddle_bounded")
    starts = np.stack([np.linspace(-1.5, 1.5, 21), np.zeros(21)])
    runs = descend_many(surface, "sgd", starts, 3000, 0.05, record=True)
    assert runs.value is not None
    smallest, _ = eigenvalues(*surface.hessian(*runs.final))
    flat = descend("easom", "sgd", (0.0, 0.0), 3000, 0.1)
    return {
        "fall": float(np.ptp(runs.value[:, -1000:], axis=1).max()),
        "curvature": float(smallest.max()),
        "plateau": float(flat.value[0] - flat.value[-1]),
        "away": float(np.hypot(*(flat.path[-1] - np.pi))),
    }


def _newton() -> dict:
    """Percent of Newton's walks that end in a minimum where f is convex, and elsewhere, by surface."""
    parts = {}
    for name in ("booth", "himmelblau", "camel6", "doublewell"):
        shares = newton_shares(name, random_starts(name, 2000, seed=0))
        parts[name] = 100 * shares["minimum"]
        parts[f"{name}_others"] = 100 * (shares["saddle"] + shares["maximum"])
    return parts


def _flat() -> dict:
    """How many times longer gradient descent takes from ten times nearer, at a flat and at a strict saddle."""
    goal, ways = EXPERIMENTS["flat"].goal, np.array([[0.01, -0.01, 0.005], [0.001, 0.001, -0.01]])
    flat = []
    for lr in (0.05, 0.1):
        far, near = (
            descend_many("monkey_bounded", "sgd", starts, 30_000, lr, goal=goal, stop_at_goal=True).first
            for starts in (ways, ways / 10)
        )
        flat.extend(near / far)
    far, near = traps.escapes("sgd", [1e-2, 1e-3])
    curvature = np.abs(surface_of("monkey_bounded").hessian(0.0, 0.0)).max()
    return {"least": min(flat), "most": max(flat), "strict": float(near / far), "curvature": float(curvature)}


def _easom() -> dict:
    """Who moves and who arrives from (0, 0) on Easom's plateau, over 41 rates from 0.01 to 1."""
    rates = np.geomspace(0.01, 1, 41)
    found: dict[str, float] = {"rates": len(rates)}
    for key in ("sgd", "adam"):
        final = descend_many("easom", key, np.zeros((2, len(rates))), 3000, rates).final
        found |= {f"{key}_least": float(np.hypot(*final).min()), f"{key}_most": float(np.hypot(*final).max())}
        found[key] = int(np.count_nonzero(np.hypot(*(final - np.pi)) < 0.1))
    return found


QUESTIONS = (
    Question(
        key="exactly_on_the_axis",
        text=T("A run starts exactly on the axis of a saddle, y = 0. Which optimizer gets away?"),
        options=(T("Those with momentum"), T("Others, such as Adagrad"), T("None of them")),
        answer=2,
        because=T(
            "None of {all}, at any rate: on the axis the slope in y is exactly zero. Noise of 1e-8 frees {share:.0f} % "
            "of the runs of SGD, half of them within {median:.0f} steps."
        ),
        measured=_on_the_axis,
        right=lambda with_momentum, others, **_: 0 if with_momentum else 1 if others else 2,
    ),
    Question(
        key="momentum_from_the_left",
        text=T("Double well, momentum 0.9 at rate 0.01 from (−2, 0.5), in the better well. Where does it end?"),
        options=(T("In the better well"), T("In the worse well")),
        answer=1,
        because=T(
            "At x = {named:.2f}: it rolls through the better well and over the barrier. Another rate gives another "
            "end: {slow:.2f} at 0.003, {fast:.2f} at 0.02."
        ),
        measured=_from_the_better_well,
        right=lambda named, **_: int(named > 0),
    ),
)

CLAIMS = (
    Claim(
        key="saddles_stop_training",
        text=T("Gradient descent fails at local minima and saddle points."),
        verdict=T("only if"),
        condition=T("Minima hold it. A strict saddle only delays, by the logarithm of the distance from its axis."),
        reading=T("Of 4000 random starts {held} stay at saddles, {worse:.0f} % in worse minima."),
        settings={"trap": "saddle", "x": 1.0, "y": 1e-16},
        measured=_random_starts_at_a_saddle,
        holds=lambda held, worse, decade, uneven: held == 0 and worse > 5 and uneven < 0.05,
    ),
    Claim(
        key="ball_leaves_saddles",
        text=T("A ball that rolls down need not stop at a saddle."),
        verdict=T("only if"),
        condition=T("Only off the axis, where plain descent leaves too, but later."),
        reading=T("From 1e-8 at rate 0.05: SGD {sgd}, momentum {momentum} steps."),
        settings={"trap": "saddle", "x": 1.0, "y": 0.0},
        measured=_momentum_at_the_saddle,
        holds=lambda sgd, momentum, least, most, average, axis, left: axis < 0 < left and least > 1,
    ),
    Claim(
        key="ball_leaves_local_minima",
        text=T("A ball that rolls down need not stop at a local minimum."),
        verdict=T("only if"),
        condition=T("Only with enough speed, and then out of the better well too."),
        reading=T("At rate 0.01 {rescued:.0f} % gain, {lost:.0f} % lose; at 0.002 {slow:.0f} %."),
        settings={"trap": "wells", "x": -2.0, "y": 0.5},
        measured=_wells,
        holds=lambda rescued, lost, slow, least: slow == 0 and least > 1,
    ),
    Claim(
        key="noise_helps_to_escape",
        text=T("Noise in the gradient helps to escape."),
        verdict=T("only if"),
        condition=T("At a saddle, only if the noise is much larger than the distance from the axis."),
        reading=T("From 0.0001: {alone} steps alone, {faint:.0f} with noise 0.00001, {strong:.0f} with 0.01."),
        settings={"trap": "saddle", "x": 1.0, "y": 1e-4, "sigma": 0.01, "seed": 0},
        measured=_noise,
        holds=lambda alone, faint, strong, vain, gain, axis, without: (
            without == 0 and axis == 100 and vain > 0.95 and gain < 0.9
        ),
    ),
    Claim(
        key="flat_saddles",
        text=T("The Hessian tells a saddle from a minimum."),
        verdict=T("only if"),
        condition=T("At a flat saddle it is zero and tells nothing."),
        reading=T(
            "Ten times nearer takes SGD {least:.1f} to {most:.1f} times the steps there, at a strict saddle "
            "{strict:.1f} times."
        ),
        settings={"trap": "flat", "x": 0.01, "y": 0.001},
        measured=_flat,
        holds=lambda least, most, strict, curvature: curvature == 0 and 8 < least <= most < 12 and strict < 2,
    ),
    Claim(
        key="stuck_means_minimum",
        text=T("Not in the notes: a loss that no longer falls is at a local minimum."),
        verdict="contradicted",
        condition=T("It also stops on the axis of a saddle, and on a plateau."),
        reading=T("The loss is still, yet curvature {curvature:.0f} leads down."),
        settings={"trap": "saddle", "x": 1.0, "y": 0.0},
        measured=_stopped,
        holds=lambda fall, curvature, plateau, away: (
            fall < 1e-12 and curvature < -0.5 and 0 <= plateau < 1e-9 and away > 1
        ),
    ),
    Claim(
        key="gradient_descent_gets_trapped",
        text=T("Where gradients vanish, the parameters can no longer be updated."),
        verdict=T("only if"),
        condition=T("Here the loss made the plateau: the same neuron learns with cross-entropy."),
        reading=T("Steps: {squared} with squared error, {entropy} with cross-entropy."),
        settings={"trap": "neuron", "x": -6.0, "y": 0.5},
        measured=_neuron,
        holds=lambda squared, entropy, least: least > 10,
    ),
    Claim(
        key="adam_leaves_plateaus",
        text=T("Not in the notes: Adam crosses plateaus, since its step ignores the size of the gradient."),
        verdict=T("only if"),
        condition=T("It always walks; whether it arrives hangs on the rate."),
        reading=T("Easom: {adam} of {rates} rates arrive, of SGD {sgd}."),
        settings={"trap": "plateau", "x": 0.0, "y": 0.0},
        measured=_easom,
        # Adam balances where the plateau begins to fall until rounding has grown, and is then thrown anywhere.
        errors={"adam": 2, "adam_least": 0.1, "adam_most": 20.0},
        holds=lambda rates, sgd, sgd_least, sgd_most, adam, adam_least, adam_most: (
            sgd == 0 and sgd_most < 1e-3 and adam_least > 1 and 0 < adam < rates / 2
        ),
    ),
    Claim(
        key="newton_goes_down",
        text=T("Not in the notes: second derivatives lead straight to the minimum."),
        verdict=T("only if"),
        condition=T("Only where f is convex. Newton's method solves ∇f = 0, at any critical point."),
        reading=T("In minima end: {booth:.0f} % on Booth, {himmelblau:.0f} % on Himmelblau."),
        settings={"trap": "newton", "newton_on": "himmelblau", "x": 0.0, "y": 0.0},
        measured=_newton,
        holds=lambda booth, himmelblau_others, camel6_others, doublewell_others, **_: (
            booth == 100 and min(himmelblau_others, camel6_others, doublewell_others) > 15
        ),
    ),
)
