"""The race: questions and claims on who is fastest, and what that means."""

import numpy as np

from core.ensemble import descend_many
from core.lessons import Claim, Question
from core.presets import preset
from core.spec import Goal
from core.tuning import random_starts, sweep_rates


def _first_below_goal(*ids: str) -> dict:
    return {id: preset(id).measure(preset(id).run()) for id in ids}


def _after_the_finish() -> dict:
    run = preset("adam_burst_0.1").run()
    done = int(np.argmax(run.value < 1e-10))
    back = preset("adam_burst_0.1").measure(run)
    return {"done": done, "back": back, "highest": float(run.value[done:].max())}


def _working_decades() -> dict:
    """Decades of rates that reach Rosenbrock's minimum from (-1.5, 2) to within 0.05 and stay."""
    start = np.array([[-1.5], [2.0]])
    near = Goal("near", 0.05, ((1.0, 1.0),))
    return {key: sweep_rates("rosenbrock", key, goal=near, steps=5000, starts=start).decades for key in ("sgd", "adam")}


def _global_minimum_share() -> dict:
    """Percent of 400 random starts that end in the global minimum of Styblinski-Tang, at the best rate of a grid."""
    starts = random_starts("styblinski", 400, seed=0)
    goal = Goal("near", 0.1, ((-2.903534, -2.903534),))

    def best_share(key: str) -> float:
        rates = (0.001, 0.003, 0.01, 0.03, 0.1)
        return max(
            100.0 * float(np.mean(descend_many("styblinski", key, starts, 2000, lr, goal=goal).held >= 0))
            for lr in rates
        )

    shares = {key: round(float(best_share(key)), 1) for key in ("sgd", "momentum", "adam")}
    part = shares["sgd"] / 100
    return shares | {"error": round(100 * float(np.sqrt(part * (1 - part) / starts.shape[1])), 1)}


QUESTIONS = (
    Question(
        key="first_on_rosenbrock",
        text="Rosenbrock from (−1.5, 2): who is first below 0.001?",
        options=("SGD with rate 0.001", "Momentum 0.9 with rate 0.001", "Adam with rate 0.1"),
        answer=2,
        because=(
            "Adam after {rosen_Adam} steps, momentum after {rosen_SGD_m}, SGD after {rosen_SGD}. "
            "Momentum is close behind."
        ),
        measured=lambda: _first_below_goal("rosen_SGD", "rosen_SGD_m", "rosen_Adam"),
        right=lambda rosen_SGD, rosen_SGD_m, rosen_Adam: int(np.argmin((rosen_SGD, rosen_SGD_m, rosen_Adam))),
    ),
    Question(
        key="adam_stays",
        text="Adam with constant rate 0.1 reaches f < 1e-10 on Rosenbrock. Does it stay there?",
        options=("Yes, it has converged", "No, it leaves again"),
        answer=1,
        because=(
            "At the goal in step {done}, back above 0.05 in step {back}, up to {highest:.2f}: the averages have "
            "forgotten how steep the valley is, and the step grows until it is too large."
        ),
        measured=_after_the_finish,
        right=lambda done, back, highest: int(back > done),
    ),
)

CLAIMS = (
    Claim(
        key="momentum_accelerates",
        text="Momentum accelerates gradient descent.",
        verdict="shown",
        condition="In the form of torch, at the same rate: its steps are up to 1/(1 − β) times as long.",
        reading="Steps to f < 0.001: {rosen_SGD} without, {rosen_SGD_m} with momentum 0.9.",
        presets=("rosen_SGD", "rosen_SGD_m"),
        holds=lambda rosen_SGD, rosen_SGD_m: 0 < 5 * rosen_SGD_m < rosen_SGD,
    ),
    Claim(
        key="ema_accelerates",
        text="Averaging the gradient, m ← βm + (1 − β)g, accelerates gradient descent.",
        verdict="contradicted",
        condition="At the same rate it does not. It does when the rate is divided by 1 − β: then it is momentum.",
        reading="Steps to f < 0.001: {rosen_SGD} without, {rosen_EMAMomentum} with the average.",
        presets=("rosen_SGD", "rosen_EMAMomentum"),
        holds=lambda rosen_SGD, rosen_EMAMomentum: rosen_EMAMomentum > 0.95 * rosen_SGD,
    ),
    Claim(
        key="adam_tolerates_rates",
        text="Adam can start with a large rate, SGD is strict about it.",
        verdict="shown",
        condition="On Rosenbrock, counted in decades of rates that reach the minimum and stay.",
        reading="Rates that work span {sgd:.2f} decades for SGD and {adam:.2f} for Adam.",
        presets=("rosen_SGD", "rosen_Adam"),
        measured=_working_decades,
        holds=lambda sgd, adam: adam > 4 * sgd > 0,
    ),
    Claim(
        key="adam_is_best",
        text="Adam is the best choice overall.",
        verdict="contradicted",
        condition="Every method has a surface it wins. Here Lion is first below 0.001, though it then hovers.",
        reading="Steps to f < 0.001: Adam {rosen_Adam}, Lion {rosen_Lion}.",
        presets=("rosen_Adam", "rosen_Lion"),
        holds=lambda rosen_Adam, rosen_Lion: 0 < rosen_Lion < rosen_Adam,
    ),
    Claim(
        key="sgd_finds_the_global_minimum",
        text="Adam is faster, but SGD reaches the better, global minimum.",
        verdict="contradicted",
        condition=(
            "All of them are local methods: the start decides. 400 random starts, each at its best rate of a grid."
        ),
        reading=(
            "Styblinski-Tang, part that ends in the global minimum: "
            "SGD {sgd} %, momentum {momentum} %, Adam {adam} %, each ± {error}."
        ),
        presets=("himmel_SGD", "himmel_SGD_m", "himmel_Adam"),
        measured=_global_minimum_share,
        holds=lambda sgd, momentum, adam, error: sgd < max(momentum, adam) + 2 * error,
    ),
)
