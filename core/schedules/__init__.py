"""How the learning rate changes during a run: factors on the base rate, one for every step.

A schedule is one function and one row of SCHEDULES. Its unit is the step: where a paper or a lecture counts
epochs of n steps, a decay k per epoch is k / n here. Every row builds its twin in torch.optim.lr_scheduler;
rates are fractions of the base rate here, and rates there.

Warm-up: (t + 1) / n of the base rate in the steps t < n, then the schedule on its own clock for the steps
that are left. P. Goyal et al., "Accurate, large minibatch SGD", 2017, arXiv:1706.02677.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from core.catalogue import Catalogue
from core.engine import rates as engine_rates
from core.engine.limits import MAX_STEPS
from core.engine.rates import checked_settings
from core.engine.spec import NOTHING, Hyper, Schedule
from core.text import T


def constant(t, steps):
    return np.ones(len(t))


def step(t, steps, period, gamma):
    return gamma ** (t // period)


def multi_step(t, steps, first, second, gamma):
    if second < first:
        raise ValueError(f"second: got {second:g}, allowed are fractions from first = {first:g} to 1")
    return gamma ** np.searchsorted(_milestones(steps, first, second), t, side="right")


def exponential(t, steps, k):
    return np.exp(-k * t)


def time_based(t, steps, k):
    return 1 / (1 + k * t)


def linear(t, steps, length, least):
    return 1 + (least - 1) * _progress(t, steps, length)


def polynomial(t, steps, length, power):
    return (1 - _progress(t, steps, length)) ** power


def cosine(t, steps, length, least):
    return least + (1 - least) * (1 + np.cos(np.pi * _progress(t, steps, length))) / 2


def cosine_restarts(t, steps, period, growth, least):
    begin = [0]
    length = [period]
    while begin[-1] + length[-1] < steps:
        begin.append(begin[-1] + length[-1])
        length.append(length[-1] * growth)
    part = np.searchsorted(begin, t, side="right") - 1
    progress = (t - np.take(begin, part)) / np.take(length, part)
    return least + (1 - least) * (1 + np.cos(np.pi * progress)) / 2


def one_cycle(t, steps, pct_start, div_factor, final_div_factor):
    peak = pct_start * steps - 1
    up = t / peak if peak > 0 else np.ones(len(t))
    down = (t - peak) / (steps - 1 - peak)
    first = 1 / div_factor
    last = first / final_div_factor
    rising = 1 + (first - 1) * (1 + np.cos(np.pi * up)) / 2
    falling = last + (1 - last) * (1 + np.cos(np.pi * down)) / 2
    return np.where(t <= peak, rising, falling)


def cyclic(t, steps, period, least):
    return least + (1 - least) * (1 - np.abs(1 - 2 * (t % period) / period))


def _progress(t, steps, length):
    return np.minimum(t / (length or steps), 1)


def _milestones(steps, first, second):
    """Return the first steps t with t >= first * steps and t >= second * steps, for fractions as they are typed."""
    return [math.ceil(Fraction(repr(float(part))) * steps) for part in (first, second)]


def _torch_cosine(lr, steps, length, least):
    if length == 0 or length >= steps:
        return f"CosineAnnealingLR(optimizer, T_max={length or steps}{_eta_min(lr, least)})"
    # CosineAnnealingLR would rise again after T_max.
    wave = f"(1 + math.cos(math.pi * min(t / {length}, 1))) / 2"
    return f"LambdaLR(optimizer, lambda t: {f'{least!r} + {1 - least!r} * ' if least else ''}{wave})"


def _eta_min(lr, least):
    return f", eta_min={least!r} * {lr!r}" if least else ""


def _torch_one_cycle(lr, steps, pct_start, div_factor, final_div_factor):
    if pct_start * steps == 1:
        last = f"{lr!r} / ({div_factor!r} * {final_div_factor!r})"
        why = "OneCycleLR divides by zero where the rise has no length"
        return f"CosineAnnealingLR(optimizer, T_max={steps - 1}, eta_min={last})  # {why}"
    return (
        f"OneCycleLR(optimizer, max_lr={lr!r}, total_steps={steps}, pct_start={pct_start!r}, "
        f"div_factor={div_factor!r}, final_div_factor={final_div_factor!r}, cycle_momentum=False)"
    )


def _torch_plateau(lr, steps, factor, patience, threshold, cooldown, min_lr):
    return (
        f"ReduceLROnPlateau(optimizer, factor={factor!r}, patience={patience}, threshold={threshold!r}, "
        f"cooldown={cooldown}, min_lr={min_lr!r})"
    )


def _steps(key: str, default: int, symbol: str, text: str, least: int = 1, shown: int = 1000) -> Hyper:
    return Hyper(key, default, symbol, text, (least, MAX_STEPS), (least, shown))


def _fraction(key: str, default: float, symbol: str, text: str, shown: float = 0.5) -> Hyper:
    return Hyper(key, default, symbol, text, (0.0, 1.0), (0.0, shown))


WARM_UP = _steps("warm_up", 0, "n", T("Warm-up in steps (0 for none)"), 0)
LENGTH = _steps("length", 0, "T", T("Steps until the end of the decay (0 for the whole run)"), 0, 5000)
GAMMA = Hyper("gamma", 0.1, r"\gamma", T("Factor of every drop"), (0.0, 1.0), (0.05, 0.95))
LEAST = _fraction("least", 0.0, r"\ell", T("Lowest rate, as a fraction of the base rate"))
HALF_COSINE = r"\eta_t = \eta\left(\ell + \tfrac{1 - \ell}{2}\left(1 + \cos\left(\pi u\right)\right)\right)"
TORCH_DOCS = "https://docs.pytorch.org/docs/stable/optim.html"

SCHEDULES = Catalogue(
    "schedule",
    (
        Schedule(
            key="constant",
            title="Constant",
            factor=constant,
            latex=r"\eta_t = \eta",
            text=T("The rate stays as it is; under noise, so does the size of the cloud around the minimum."),
            source="Robbins & Monro 1951, doi:10.1214/aoms/1177729586 (why it must fall under noise)",
            torch=lambda lr, steps: "ConstantLR(optimizer, factor=1.0)",
        ),
        Schedule(
            key="step",
            title=T("Step", "a schedule"),
            factor=step,
            settings=(_steps("period", 200, "p", T("Steps between two drops")), GAMMA, WARM_UP),
            latex=r"\eta_t = \eta\,\gamma^{\lfloor t / p \rfloor}",
            text=T("The rate drops by the same factor at fixed intervals."),
            source=f"StepLR, {TORCH_DOCS}",
            torch=lambda lr, steps, period, gamma: f"StepLR(optimizer, step_size={period}, gamma={gamma!r})",
        ),
        Schedule(
            key="multi_step",
            title="Multi-step",
            factor=multi_step,
            settings=(
                _fraction("first", 0.5, "a", T("First drop, as a fraction of the run"), 1.0),
                _fraction("second", 0.75, "b", T("Second drop, as a fraction of the run (1 for never)"), 1.0),
                GAMMA,
                WARM_UP,
            ),
            latex=r"\eta_t = \eta\,\gamma^{[t \ge aT] + [t \ge bT]}",
            text=T("The rate drops at two chosen moments of the run."),
            source="He et al. 2015, arXiv:1512.03385 (the rate of residual networks)",
            torch=lambda lr, steps, first, second, gamma: (
                f"MultiStepLR(optimizer, milestones={_milestones(steps, first, second)}, gamma={gamma!r})"
            ),
        ),
        Schedule(
            key="exponential",
            title="Exponential",
            factor=exponential,
            settings=(Hyper("k", 0.005, "k", T("Decay per step"), (0.0, 100.0), (1e-5, 0.1), "log"), WARM_UP),
            latex=r"\eta_t = \eta\,e^{-kt}",
            text=T("The rate loses the same share in every step, so that all steps together reach only so far."),
            source=f"ExponentialLR with gamma = exp(-k), {TORCH_DOCS}",
            torch=lambda lr, steps, k: f"ExponentialLR(optimizer, gamma=math.exp(-{k!r}))",
        ),
        Schedule(
            key="time_based",
            title="Time-based",
            factor=time_based,
            settings=(Hyper("k", 0.01, "k", T("Decay per step"), (0.0, 100.0), (1e-4, 1.0), "log"), WARM_UP),
            latex=r"\eta_t = \frac{\eta}{1 + kt}",
            text=T("The rate falls like 1/t: slowly enough that the steps together can still reach any distance."),
            source="Robbins & Monro 1951, doi:10.1214/aoms/1177729586",
            torch=lambda lr, steps, k: f"LambdaLR(optimizer, lambda t: 1 / (1 + {k!r} * t))",
        ),
        Schedule(
            key="linear",
            title="Linear",
            factor=linear,
            settings=(LENGTH, LEAST, WARM_UP),
            latex=r"\eta_t = \eta\left(1 - (1 - \ell)\min\left(\tfrac{t}{T}, 1\right)\right)",
            text=T("The rate falls on a straight line."),
            source=f"LinearLR, {TORCH_DOCS}",
            torch=lambda lr, steps, length, least: (
                f"LinearLR(optimizer, start_factor=1.0, end_factor={least!r}, total_iters={length or steps})"
            ),
        ),
        Schedule(
            key="polynomial",
            title="Polynomial",
            factor=polynomial,
            settings=(
                LENGTH,
                Hyper("power", 2.0, "p", T("Power of what is left"), (0.0, 100.0), (0.25, 5.0)),
                WARM_UP,
            ),
            latex=r"\eta_t = \eta\left(1 - \min\left(\tfrac{t}{T}, 1\right)\right)^p",
            text=T("The rate falls to zero as a power of the time that is left: 1 is a line, 2 lands gently."),
            source=f"PolynomialLR, {TORCH_DOCS}",
            torch=lambda lr, steps, length, power: (
                f"PolynomialLR(optimizer, total_iters={length or steps}, power={power!r})"
            ),
        ),
        Schedule(
            key="cosine",
            title="Cosine",
            factor=cosine,
            settings=(LENGTH, LEAST, WARM_UP),
            latex=HALF_COSINE.replace("u", r"\min\left(\tfrac{t}{T}, 1\right)"),
            text=T("The rate follows half a cosine: high for long, then quickly down, then gently to its end."),
            source="Loshchilov & Hutter 2017, arXiv:1608.03983",
            torch=_torch_cosine,
        ),
        Schedule(
            key="cosine_restarts",
            title="Cosine with restarts",
            factor=cosine_restarts,
            settings=(
                _steps("period", 250, "T_0", T("Steps until the first restart")),
                Hyper("growth", 1, "q", T("Growth of the period at every restart"), (1, 10), (1, 4)),
                LEAST,
                WARM_UP,
            ),
            latex=HALF_COSINE.replace("u", r"\tfrac{t - s_i}{T_i}")
            + r"\qquad s_i \le t < s_{i+1} = s_i + T_i \qquad T_{i+1} = q\,T_i",
            text=T("A cosine that jumps back to the full rate at the end of every period, which may grow."),
            source="Loshchilov & Hutter 2017, arXiv:1608.03983",
            torch=lambda lr, steps, period, growth, least: (
                f"CosineAnnealingWarmRestarts(optimizer, T_0={period}, T_mult={growth}{_eta_min(lr, least)})"
            ),
        ),
        Schedule(
            key="warm_up",
            title="Warm-up",
            factor=constant,
            settings=(replace(WARM_UP, default=50),),
            latex=r"\eta_t = \eta\,\min\left(\tfrac{t + 1}{n}, 1\right)",
            text=T("The rate rises on a line to its full size and stays: small steps while the start is steep."),
            source="Goyal et al. 2017, arXiv:1706.02677",
            torch=lambda lr, steps: "ConstantLR(optimizer, factor=1.0)",
        ),
        Schedule(
            key="one_cycle",
            title="One cycle",
            factor=one_cycle,
            # No warm-up: it begins with one of its own.
            settings=(
                Hyper("pct_start", 0.3, "a", T("Share of the run that rises"), (0.0, 0.99), (0.05, 0.95)),
                Hyper("div_factor", 25.0, "d", T("Base rate over first rate"), (1.0, 1e6), (1.0, 1e3), "log"),
                Hyper("final_div_factor", 1e4, "f", T("First rate over last rate"), (1.0, 1e12), (1.0, 1e6), "log"),
            ),
            latex=r"""
\eta_t = \eta\begin{cases}
c\left(\tfrac1d,\ 1,\ \tfrac{t}{m}\right) & t < m \\
c\left(1,\ \tfrac{1}{df},\ \tfrac{t - m}{T - 1 - m}\right) & \text{otherwise}
\end{cases} \\[4pt]
m = aT - 1 \qquad c(u, v, s) = v + \tfrac{u - v}{2}\left(1 + \cos\left(\pi s\right)\right)
""",
            text=T("One rise to the full rate and one long fall to almost nothing."),
            source="Smith & Topin 2018, arXiv:1708.07120",
            torch=_torch_one_cycle,
        ),
        Schedule(
            key="cyclic",
            title="Cyclic",
            factor=cyclic,
            settings=(
                _steps("period", 200, "p", T("Steps of one cycle, up and down"), 2),
                replace(LEAST, default=0.1),
                WARM_UP,
            ),
            latex=r"\eta_t = \eta\left(1 - (1 - \ell)\left|1 - \tfrac{2\,(t \bmod p)}{p}\right|\right)",
            text=T("The rate goes up and down on straight lines, from its lowest value to the full rate and back."),
            source="Smith 2017, arXiv:1506.01186",
            torch=lambda lr, steps, period, least: (
                f"CyclicLR(optimizer, base_lr={least!r} * {lr!r}, max_lr={lr!r}, step_size_up={period / 2!r}, "
                "cycle_momentum=False)"
            ),
        ),
        Schedule(
            key="plateau",
            title="Reduce on plateau",
            factor=None,
            reads_loss=True,
            settings=(
                Hyper("factor", 0.1, r"\gamma", T("Factor of every drop"), (0.0, 0.999999), (0.05, 0.95)),
                _steps("patience", 10, "p", T("Steps without progress that are borne"), 0, 200),
                Hyper(
                    "threshold", 1e-4, r"\theta", T("Relative fall that is progress"), (0.0, 1.0), (1e-6, 0.1), "log"
                ),
                _steps("cooldown", 0, "c", T("Steps after a drop in which nothing is counted"), 0, 200),
                Hyper("min_lr", 0.0, r"\eta_{\min}", T("Lowest rate"), (0.0, 1e6), (0.0, 0.1)),
            ),
            latex=r"\eta \leftarrow \max(\gamma\eta,\ \eta_{\min})\quad\text{after } p+1 \text{ steps without}\quad"
            r" f_t < (1-\theta)\,f_{\text{best}}",
            text=T(
                "The rate drops when the loss has found nothing better for a while, be it for noise alone. "
                "Below zero every loss near the best counts as better, so that near a minimum it does not drop, as in "
                "torch."
            ),
            source=f"ReduceLROnPlateau, {TORCH_DOCS}",
            torch=_torch_plateau,
        ),
    ),
)


def drawn(points: Sequence[tuple[float, float]], steps: int) -> np.ndarray:
    """Return the factors (steps,) on straight lines between points (step, factor) that someone drew, in any order.

    Before the first point and after the last one the factor stays as it is there. Raises ValueError for points that
    are not finite, and for two at the same step.
    """
    table = np.array(sorted(points), dtype=float).reshape(-1, 2)
    if not len(table) or not np.all(np.isfinite(table)):
        raise ValueError("points: allowed are one or more pairs of finite numbers, (step, factor)")
    if np.any(np.diff(table[:, 0]) == 0):
        raise ValueError("points: got two at the same step, allowed is one")
    return np.interp(np.arange(steps), table[:, 0], table[:, 1])


@lru_cache(maxsize=64)
def drawn_schedule(points: tuple[tuple[float, float], ...]) -> Schedule:
    """Return the schedule on straight lines between points (part of the run, factor), like those of the list.

    Raises ValueError for points that are not finite, and for two at the same part.
    """
    drawn(points, 1)  # complains
    parts, factors = map(list, zip(*sorted(points), strict=True))

    def on_lines(t, steps):
        return np.interp(t / steps, parts, factors)

    return Schedule(
        key="drawn",
        title="Drawn",
        factor=on_lines,
        latex=r"\eta_t = \eta\,\ell(t / T)\qquad \ell \text{ on straight lines between the points}",
        text=T("The rate follows the points that you set."),
        source=f"LambdaLR, {TORCH_DOCS}",
        torch=lambda lr, steps: f"LambdaLR(optimizer, lambda t: np.interp(t / {steps}, {parts!r}, {factors!r}))",
    )


def torch_source(row: Schedule, lr: float, steps: int, settings: Mapping[str, float] = NOTHING) -> str:
    """Return the lines that build the same `scheduler` on `optimizer`, given `math` and `lr_scheduler`."""
    warm_up, own = checked_settings(row, steps, settings)
    if row.torch is None:
        raise ValueError(f"schedule: got {row.key}, allowed are schedules with a twin in torch")
    main = f"lr_scheduler.{row.torch(lr, max(steps - warm_up, 1), **own)}"
    if not warm_up:
        return f"scheduler = {main}"
    rise = f"start_factor=1 / {warm_up}, total_iters={warm_up - 1}"
    return (
        f"warm_up = lr_scheduler.LinearLR(optimizer, {rise})\n"
        f"after = {main}\n"
        f"scheduler = lr_scheduler.SequentialLR(optimizer, [warm_up, after], milestones=[{warm_up}])"
    )


def rates(chosen: Schedule | str, steps: int, settings: Mapping[str, float] = NOTHING) -> np.ndarray:
    """Return the factor on the base rate in every step, (steps,); see `core.engine.rates`."""
    return engine_rates.rates(SCHEDULES[chosen] if isinstance(chosen, str) else chosen, steps, settings)
