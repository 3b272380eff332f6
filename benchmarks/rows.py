"""The rows of the table: each times our way and a yardstick on the same work, and asserts that both did it.

A new row is one function that returns a Row, and its name in ROWS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter, thread_time

import numpy as np

from benchmarks.yardsticks import (
    BARE_START,
    WARM_START,
    himmelblau_momentum_in_numpy,
    himmelblau_roots_in_scipy,
    in_c,
    line_fits_in_numpy,
    rosenbrock_adam_in_torch,
    seconds_in_new_process,
    tanh_signal_in_numpy,
)
from core import descend, descend_many
from core.analysis.basins import basin_map
from core.analysis.critical_points import find
from core.analysis.curvature import window_axes
from core.engine.batches import Batches
from core.networks.initialisation import xavier
from core.networks.signal import propagate
from core.schedules import rates
from surfaces import ALL_SURFACES

SIX_SCHEDULES = ("constant", "step", "exponential", "time_based", "linear", "cosine")


@dataclass(frozen=True)
class Row:
    """Seconds of both ways, and the goal: at most `most_ratio` of the yardstick, or at most `most_seconds`."""

    ours: float
    yardstick: float
    most_ratio: float | None = None
    most_seconds: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.yardstick

    @property
    def met(self) -> bool | None:
        """None where there is no goal."""
        if self.most_ratio is not None:
            return self.ratio <= self.most_ratio
        return None if self.most_seconds is None else self.ours <= self.most_seconds


def best_of(repeats: int, *ways: Callable[[], object]) -> list[float]:
    """Return the least seconds of each way, taken in turns so that a busy moment hits all of them."""
    best = [float("inf")] * len(ways)
    for _ in range(repeats):
        for k, way in enumerate(ways):
            begin = perf_counter()
            way()
            best[k] = min(best[k], perf_counter() - begin)
    return best


def pairs(ours: Callable[[], object], yardstick: Callable[[], object], count: int = 5) -> list[float]:
    """Return the processor seconds of both ways from the pair with the median ratio.

    A pair is the least of eight turns each, taken in turns. The time of this thread alone counts, so that a busy
    machine changes little.
    """
    found = []
    for _ in range(count):
        best = [float("inf")] * 2
        for _ in range(8):
            for k, way in enumerate((ours, yardstick)):
                begin = thread_time()
                way()
                best[k] = min(best[k], thread_time() - begin)
        found.append(best)
    middle = median(a / b for a, b in found)
    return next(pair for pair in found if pair[0] / pair[1] == middle)


def adam_against_c_lanes() -> Row:
    """Adam on Rosenbrock, 8192 runs x 500 steps, against C in blocks of lanes"""
    return _against_c("adam", "adam_lanes", most_ratio=1.1)


def adam_against_plain_c() -> Row:
    """The same against a plain C loop, one run after the other"""
    return _against_c("adam", "adam_plain", most_ratio=1.1)


def momentum_against_c_lanes() -> Row:
    """Momentum on the same, against C in blocks of lanes"""
    return _against_c("momentum", "momentum_lanes", most_ratio=1.3, lr=2e-4)


def rmsprop_against_c_lanes() -> Row:
    """RMSprop on the same, against C in blocks of lanes"""
    return _against_c("rmsprop", "rmsprop_lanes", most_ratio=1.3, lr=1e-4, b1=0.0, b2=0.99)


def nadam_against_c_lanes() -> Row:
    """Nadam on the same, against C in blocks of lanes"""
    return _against_c("nadam", "nadam_lanes", most_ratio=1.3, lr=1e-3)


def one_path_against_torch() -> Row:
    """One path of 1000 steps with all that it records, against a torch.optim loop"""
    start, steps, lr = (-1.5, 2.0), 1000, 0.01

    def torch():
        return rosenbrock_adam_in_torch(start, steps, lr)

    def ours():
        return descend("rosenbrock", "adam", start, steps, lr).path[-1]

    np.testing.assert_allclose(ours(), torch(), rtol=1e-9)
    return Row(best_of(100, ours)[0], best_of(3, torch)[0], most_ratio=1 / 1000)


def basin_map_against_numpy() -> Row:
    """Basin map 400 x 400 x 500 steps, Himmelblau, momentum, against NumPy on whole arrays"""
    axis = np.linspace(-5, 5, 400)
    starts = np.stack([part.ravel() for part in np.meshgrid(axis, axis)])
    steps, lr = 500, 0.002

    def numpy():
        return himmelblau_momentum_in_numpy(starts, steps, lr, 0.9)

    def ours():
        return descend_many("himmelblau", "momentum", starts, steps, lr).final

    np.testing.assert_allclose(ours(), numpy(), atol=1e-6)
    return Row(*best_of(4, ours, numpy), most_seconds=1.0)


def seeds_and_schedules_against_numpy() -> Row:
    """400 seeds x 1000 steps x 6 schedules, batches of 16, the loss of 256 rows at every step, against NumPy"""
    line, steps, lr = ALL_SURFACES["linear_regression"], 1000, 0.1
    start, seeds = line.starts[0], range(400)
    factors = np.column_stack([rates(key, steps) for key in SIX_SCHEDULES])

    def numpy():
        total = steps * 16
        drawn = [np.random.default_rng(seed).integers(len(line.data), size=total) for seed in seeds]
        return line_fits_in_numpy(line.data.rows, start, lr * factors, np.reshape(drawn, (-1, steps, 16)))

    def ours():
        batches = [Batches(16, seed=seed) for seed in seeds for _key in SIX_SCHEDULES]
        starts = np.tile(np.array(start)[:, None], len(batches))
        schedule = np.tile(factors, len(seeds))
        runs = descend_many(line, "sgd", starts, steps, lr, schedule=schedule, batches=batches, record=True)
        return runs.final.reshape(2, len(seeds), -1), runs.value[:, :-1].reshape(len(seeds), -1, steps)

    for got, want in zip(ours(), numpy(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9)
    return Row(*best_of(3, ours, numpy), most_ratio=1 / 4)


def basin_ends_against_numpy() -> Row:
    """Basin map 200 x 200 x 500 steps with its ends and how soon, against NumPy's runs alone"""
    steps, lr = 500, 0.002
    atlas = find("himmelblau")
    x, y = window_axes(atlas.surface, 200)
    starts = np.stack([np.tile(x, 200), np.repeat(y, 200)])

    def numpy():
        return himmelblau_momentum_in_numpy(starts, steps, lr, 0.9)

    def ours():
        return basin_map("himmelblau", "momentum", 200, steps, lr, atlas=atlas).end

    ends, reached = ours().ravel(), numpy()
    assert np.hypot(*(atlas.positions[:, ends[ends >= 0]] - reached[:, ends >= 0])).max() < 0.13
    return Row(*best_of(4, ours, numpy), most_ratio=1.0)


def atlas_against_scipy() -> Row:
    """Atlas of Himmelblau: all nine critical points, classified, against scipy's root finder from 400 starts"""
    axis = np.linspace(-5, 5, 20)

    def scipy():
        return himmelblau_roots_in_scipy(axis)

    def ours():
        return find("himmelblau").positions

    inside = scipy()[:, np.abs(scipy()).max(axis=0) <= 6]
    assert ours().shape[1] == inside.shape[1] == 9
    np.testing.assert_allclose(ours()[:, np.lexsort(ours()[::-1])], inside, atol=1e-5)
    return Row(*best_of(5, ours, scipy), most_seconds=1.0)


def second_start() -> Row:
    """Second start: every kernel from the cache, against importing Numba and one trivial kernel"""
    for script in (WARM_START, BARE_START):
        seconds_in_new_process(script)  # fills the cache
    ours, bare = zip(
        *[(seconds_in_new_process(WARM_START), seconds_in_new_process(BARE_START)) for _ in range(5)],
        strict=True,
    )
    return Row(min(ours), min(bare), most_seconds=0.5)


def depth_lab_against_numpy() -> Row:
    """Depth lab, 50 layers x 128 units x 256 samples, with weights and histograms, against NumPy's two passes alone"""
    depth, width, batch, seed = 50, 128, 256, 0
    drawn = [xavier(np.random.default_rng([seed, layer]), width, width, 1.0) for layer in range(1, depth + 1)]
    x = np.random.default_rng(seed).standard_normal((batch, width))
    end = np.random.default_rng([seed, depth + 1]).standard_normal((batch, width))

    def numpy():
        return tanh_signal_in_numpy(x, drawn, end)

    def ours():
        found = propagate("tanh", "xavier", depth=depth, width=width, batch=batch, seed=seed)
        return found.std, found.gradient

    np.testing.assert_allclose(ours(), numpy(), rtol=1e-9)
    return Row(*best_of(10, ours, numpy), most_seconds=0.3)


ROWS = (
    adam_against_c_lanes,
    adam_against_plain_c,
    momentum_against_c_lanes,
    rmsprop_against_c_lanes,
    nadam_against_c_lanes,
    one_path_against_torch,
    basin_map_against_numpy,
    seeds_and_schedules_against_numpy,
    basin_ends_against_numpy,
    atlas_against_scipy,
    depth_lab_against_numpy,
    second_start,
)


def _against_c(key: str, function: str, most_ratio: float, lr: float = 0.01, **settings: float) -> Row:
    compiled = in_c(function, **settings)
    rng = np.random.default_rng(0)
    starts = np.stack([rng.uniform(-2, 2, 8192), rng.uniform(-1, 3, 8192)])
    steps = 500

    def c():
        x, y = starts.copy()
        compiled(x, y, steps, lr)
        return x, y

    def ours():
        return descend_many("rosenbrock", key, starts, steps, lr).final

    # All but the few runs that jump about in the valley, where rounding grows.
    assert np.quantile(np.abs(np.subtract(ours(), c())), 0.99) < 1e-6
    return Row(*pairs(ours, c), most_ratio=most_ratio)
