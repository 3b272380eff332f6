"""The engine against a plain loop, and every way in which a run can end."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core import OPTIMIZERS, Goal, Noise, descend, descend_many
from core.engine.kernels import LANES
from core.engine.limits import REACH
from core.engine.not_a_number import ROOT, ROUNDING
from core.optimizers import ALL_OPTIMIZERS, VARIANTS
from surfaces import ALL_SURFACES, SURFACES
from tests.plain import plain_descent
from tests.toys import BOWL, FENCED_BOWL, FENCED_SLOPE, HALF_PLANE, SLOPE, slope_hessian, toy

STEPS = 60
EXACT = {"rtol": 1e-12, "atol": 1e-12}
"""The last bits depend on whether vector instructions or single ones did the work."""
SMALL_RATE = {
    "sgd",
    "momentum",
    "ema_momentum",
    "nesterov",
    "asgd",
    "schedule_free",
    "momentum_faulty",
    "radam",
    "rmsprop_notes",
}
"""At a larger one these jump about in the valley, and rounding grows a thousandfold in 60 steps."""


def rate_of(optimizer):
    return 1e-3 if optimizer.key in SMALL_RATE else 0.02


@pytest.mark.parametrize("optimizer", OPTIMIZERS + VARIANTS, ids=lambda o: o.key)
def test_every_optimizer_takes_the_path_of_a_plain_loop(optimizer):
    surface, start, lr = ALL_SURFACES["rosenbrock"], (-1.3, 1.1), rate_of(optimizer)
    run = descend(surface, optimizer, start, STEPS, lr=lr)
    path, last = plain_descent(surface, optimizer, start, STEPS, {"lr": lr})
    np.testing.assert_allclose(run.path, path, **EXACT)
    for key, numbers in last.items():
        np.testing.assert_allclose(run.state[key][-1], numbers, rtol=1e-10, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.key)
def test_every_surface_is_descended_as_by_a_plain_loop(surface):
    optimizer = ALL_OPTIMIZERS["adam"]
    x_low, x_high, y_low, y_high = surface.domain
    lr = 2e-4 * min(x_high - x_low, y_high - y_low)
    # Not on a line of symmetry, where rounding alone would decide on which side of a kink a run is.
    start = x_low + 0.5127 * (x_high - x_low), y_low + 0.4871 * (y_high - y_low)
    run = descend(surface, optimizer, start, STEPS, lr=lr)
    path, _ = plain_descent(surface, optimizer, start, STEPS, {"lr": lr})
    np.testing.assert_allclose(run.path, path[: len(run.path)], rtol=1e-12, atol=1e-12 * max(map(abs, surface.domain)))
    assert len(run.path) == STEPS + 1
    with np.errstate(all="ignore"):
        value = [surface.value(x, y) for x, y in path]
    np.testing.assert_allclose(run.value, value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("key", "hyper"),
    [
        ("sgd", {"weight_decay": 0.3}),
        ("momentum", {"momentum": 0.5, "weight_decay": 0.1}),
        ("adam", {"beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.2}),
        ("adamw", {"weight_decay": 0.5}),
        ("rmsprop", {"centered": 1, "momentum": 0.7, "alpha": 0.9}),
        ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.5}),
        ("adam_notes", {"eps_inside": 0, "correct_first": 0, "weight_decay": 0.1}),
    ],
)
def test_hyper_parameters_noise_and_clipping_as_in_a_plain_loop(key, hyper):
    surface, optimizer, start = ALL_SURFACES["beale"], ALL_OPTIMIZERS[key], (1.2, 1.1)
    hyper = hyper | {"lr": rate_of(optimizer)}
    noise = np.random.default_rng(7).normal(size=(STEPS, 2))
    run = descend(surface, optimizer, start, STEPS, hyper=hyper, noise=noise, clip_norm=1.5)
    path, _ = plain_descent(surface, optimizer, start, STEPS, hyper, noise=noise, clip=1.5)
    np.testing.assert_allclose(run.path, path, **EXACT)
    assert np.hypot(*run.received.T).max() <= 1.5
    each, _ = plain_descent(surface, optimizer, start, STEPS, hyper, noise=noise, clip=1.5, clip_value=0.9)
    both = descend(surface, optimizer, start, STEPS, hyper=hyper, noise=noise, clip_norm=1.5, clip_value=0.9)
    np.testing.assert_allclose(both.path, each, **EXACT)
    assert np.abs(both.received).max() <= 0.9
    unclipped, _ = plain_descent(surface, optimizer, start, STEPS, hyper, noise=noise)
    assert np.abs(unclipped - path).max() > 1e-3  # the limit was felt


def test_noise_is_sigma_times_the_draws_of_its_seed():
    draws = np.random.default_rng(11).standard_normal((STEPS, 2))
    run = descend("himmelblau", "momentum", (0.5, 0.2), STEPS, lr=1e-3, noise=Noise(0.4, 11))
    given = descend("himmelblau", "momentum", (0.5, 0.2), STEPS, lr=1e-3, noise=0.4 * draws)
    np.testing.assert_allclose(run.path, given.path, **EXACT)
    np.testing.assert_allclose(run.received - run.gradient[:-1], 0.4 * draws, rtol=0, atol=1e-12)


@pytest.mark.parametrize("parameters", [{"condition": 7.0, "angle": 33.0}, {"condition": 1.0}, {"angle": -90.0}])
def test_members_of_a_family_as_in_a_plain_loop(parameters):
    surface, optimizer = ALL_SURFACES["ravine"], ALL_OPTIMIZERS["nadam"]
    run = descend(surface, optimizer, (-2.0, 1.0), STEPS, lr=0.05, parameters=parameters)
    path, _ = plain_descent(surface, optimizer, (-2.0, 1.0), STEPS, {"lr": 0.05}, parameters=parameters)
    np.testing.assert_allclose(run.path, path, **EXACT)


def test_array_of_factors_scales_the_rate_of_each_step():
    factors = np.linspace(1.0, -0.2, STEPS)
    surface, optimizer = ALL_SURFACES["rosenbrock"], ALL_OPTIMIZERS["momentum"]
    run = descend(surface, optimizer, (-1.3, 1.1), STEPS, lr=1e-3, schedule=factors)
    path, _ = plain_descent(surface, optimizer, (-1.3, 1.1), STEPS, {"lr": 1e-3}, factors=factors)
    np.testing.assert_allclose(run.path, path, **EXACT)
    np.testing.assert_allclose(run.rate, 1e-3 * factors, rtol=1e-15)


@pytest.mark.parametrize(
    "settings",
    [
        {"factor": 0.5, "patience": 2, "threshold": 0.01},
        {"factor": 0.3, "patience": 0, "threshold": 0.5, "cooldown": 3},
        {"factor": 0.1, "patience": 1, "threshold": 0.2, "min_lr": 0.01},
    ],
)
def test_plateau_lowers_the_rate_as_in_a_plain_loop(settings):
    surface, optimizer = ALL_SURFACES["himmelblau"], ALL_OPTIMIZERS["sgd"]
    noise = np.random.default_rng(3).normal(size=(STEPS, 2))
    run = descend(surface, optimizer, (0.4, 0.3), STEPS, lr=0.02, schedule=("plateau", settings), noise=noise)
    path, _ = plain_descent(surface, optimizer, (0.4, 0.3), STEPS, {"lr": 0.02}, plateau=settings, noise=noise)
    np.testing.assert_allclose(run.path, path, **EXACT)
    assert len(set(run.rate)) > 1
    assert run.rate.min() >= settings.get("min_lr", 0.0)


# How runs end. On BOWL with rate r, x_k = (1 - r)^k x_0 and y_k = (1 - 4r)^k y_0; on SLOPE x_k = x_0 - k r.


def test_run_whose_steps_are_used_up_is_running():
    run = descend(BOWL, "sgd", (1.0, 1.0), 5, lr=0.01)
    assert (run.status, run.stopped_at, len(run.path)) == ("running", 5, 6)


def test_converged_run_names_the_step_since_which_it_rests():
    # |gradient| = 0.5^k <= 1e-3 from step 10 on (0.5^10 = 9.8e-4); it is at rest, and goes on.
    run = descend(BOWL, "sgd", (1.0, 0.0), 40, lr=0.5, tolerance=1e-3)
    assert (run.status, run.stopped_at, len(run.path)) == ("converged", 10, 41)
    assert run.gradient_norm[9] > 1e-3 >= run.gradient_norm[10]
    assert descend(BOWL, "sgd", (1.0, 0.0), 10, lr=0.5, tolerance=1e-3).status == "converged"
    assert descend(BOWL, "sgd", (1.0, 0.0), 9, lr=0.5, tolerance=1e-3).status == "running"


def test_run_that_leaves_its_rest_again_has_not_converged():
    away = np.zeros((20, 2))
    away[-1, 0] = 1.0
    run = descend(BOWL, "sgd", (0.0, 0.0), 20, lr=0.5, noise=away)
    assert (run.status, run.stopped_at) == ("running", 20)
    run = descend(BOWL, "sgd", (0.0, 0.0), 20, lr=0.5, noise=away[::-1].copy(), tolerance=1e-3)
    assert (run.status, run.stopped_at) == ("converged", 10)  # thrown to -0.5 at step 1, 0.5^10 by step 10


def test_run_starting_at_rest_has_converged_at_step_0():
    run = descend(BOWL, "adam", (0.0, 0.0), 30)
    assert (run.status, run.stopped_at) == ("converged", 0)


def test_diverged_run_keeps_its_finite_part_and_names_the_step():
    # x_k = (-9)^k: |x| > 1e6 first at step 7.
    run = descend(BOWL, "sgd", (1.0, 0.0), 50, lr=10.0)
    assert (run.status, run.stopped_at) == ("diverged", 7)
    np.testing.assert_allclose(run.path[:, 0], (-9.0) ** np.arange(8), rtol=1e-13)
    assert np.abs(run.path[:-1]).max() <= REACH
    assert len(run.value) == len(run.gradient_norm) == len(run.path)
    assert len(run.rate) == len(run.received) == len(run.path) - 1


def test_run_that_steps_to_where_nothing_is_defined_meets_no_number():
    # From x = 0.25 the slope is 1: a step of rate 1 lands at x = -0.75, where the gradient is not a number.
    run = descend(HALF_PLANE, "sgd", (0.25, 0.0), 9, lr=1.0)
    assert (run.status, run.stopped_at, run.undefined, run.cause) == ("not a number", 1, "f_x", ROOT)
    assert run.lost and run.failed
    np.testing.assert_array_equal(run.path, [[0.25, 0.0]])


def test_run_that_starts_where_nothing_is_defined_meets_no_number_at_step_0():
    run = descend(HALF_PLANE, "sgd", (-1.0, 0.0), 9)
    assert (run.status, run.stopped_at, run.undefined) == ("not a number", 0, "f_x")
    np.testing.assert_array_equal(run.path, [[-1.0, 0.0]])
    assert np.isnan(run.value).all()


def test_infinite_step_keeps_the_point_before_it():
    run = descend(BOWL, "sgd", (1.0, 1.0), 9, noise=np.full((9, 2), 1e308), lr=1e3)
    assert (run.status, run.stopped_at) == ("diverged", 1)
    many = descend_many(BOWL, "sgd", np.ones((2, 1)), 9, noise=np.full((9, 2), 1e308), lr=1e3)
    np.testing.assert_array_equal(run.path[-1], [1.0, 1.0])
    np.testing.assert_array_equal(many.final[:, 0], [1.0, 1.0])


@pytest.mark.parametrize(
    ("key", "start", "hyper", "undefined", "cause"),
    [
        # Both gradients vanish but for rounding: v - m^2 of one that stays as it is.
        ("rmsprop", (0.09, 0.39), {"alpha": 0.9, "centered": 1.0}, "y", ROUNDING),
        # A coordinate without a gradient, and nothing that prevents 0/0.
        ("adam", (0.0, 0.5), {"eps": 0.0}, "x", "0 divided by 0, or ∞ by ∞"),
        ("amsgrad", (0.5, 0.0), {"eps": 0.0}, "y", "0 divided by 0, or ∞ by ∞"),
        ("adamax", (0.0, 0.5), {"eps": 0.0}, "x", "0 divided by 0, or ∞ by ∞"),
        ("adagrad", (0.0, 0.5), {"eps": 0.0}, "x", "0 times ∞"),
        ("adadelta", (0.5, 0.0), {"eps": 0.0}, "y", "0 divided by 0, or ∞ by ∞"),
        ("asgd", (0.5, 0.5), {"lr": -1.0, "lambd": 0.6}, "x", "a negative number to a fractional power"),
    ],
)
def test_step_without_a_result_names_the_coordinate_and_the_cause(key, start, hyper, undefined, cause):
    surface = ALL_SURFACES["michalewicz"] if key == "rmsprop" else BOWL
    run = descend(surface, key, start, 600, hyper={"lr": 0.01} | hyper)
    assert (run.status, run.undefined, run.cause) == ("not a number", undefined, cause)
    assert len(run.path) == run.stopped_at == len(run.value)
    assert np.isfinite(run.path).all()
    many = descend_many(surface, key, np.array(start)[:, None], 600, hyper={"lr": 0.01} | hyper)
    assert (many.status[0], many.stopped_at[0]) == (run.status, run.stopped_at)
    np.testing.assert_array_equal(many.final[:, 0], run.path[-1])


def test_number_that_overflows_has_diverged_though_others_are_none():
    def value(x, y):
        return np.exp(x * x) * (1 + 0 * y)

    def gradient(x, y):
        return 2 * x * np.exp(x * x), 0 * y * np.exp(x * x)  # far out: infinity and 0 times infinity

    run = descend(toy(value, gradient, slope_hessian), "sgd", (1.0, 0.0), 9, lr=10.0)
    assert (run.status, run.stopped_at, run.undefined) == ("diverged", 1, "")


def test_surface_that_overflows_to_no_number_says_why():
    run = descend("widening", "sgd", (0.0, 0.0), 9, lr=-2000.0)  # lands at y = -1200
    assert (run.status, run.cause) == ("not a number", "0 times ∞")
    assert run.undefined == "f_x"


def test_run_that_leaves_its_box_stops_there():
    run = descend(FENCED_SLOPE, "sgd", (0.0, 0.0), 50, lr=0.3)
    assert (run.status, run.stopped_at) == ("left the box", 4)
    np.testing.assert_allclose(run.path[:, 0], [0.0, -0.3, -0.6, -0.9, -1.2], atol=1e-15)
    assert descend(SLOPE, "sgd", (0.0, 0.0), 50, lr=0.3).status == "running"
    assert descend(FENCED_BOWL, "sgd", (1.0, 1.0), 50, lr=0.1).status == "running"  # the edge is inside


def test_start_outside_the_box_is_left_at_step_0():
    run = descend(FENCED_SLOPE, "sgd", (2.0, 0.0), 50, lr=0.3)
    assert (run.status, run.stopped_at, len(run.path)) == ("left the box", 0, 1)


@pytest.mark.parametrize("rate", [0.0, -0.1])
def test_zero_and_negative_rates_run(rate):
    run = descend(BOWL, "sgd", (0.5, 0.5), 10, lr=rate)
    np.testing.assert_allclose(run.path[:, 0], 0.5 * (1 - rate) ** np.arange(11), rtol=1e-13)


@pytest.mark.parametrize("surface", [s for s in SURFACES if s.bounded], ids=lambda s: s.key)
def test_run_that_is_pushed_out_of_a_bounded_surface_stops(surface):
    width = surface.domain[1] - surface.domain[0]
    run = descend(surface, "sgd", steps=50, lr=0.01, noise=np.full((50, 2), -100 * width))
    assert (run.status, run.stopped_at, len(run.path)) == ("left the box", 1, 2)


# Goals.


def first_and_held(holds):
    """Return the first index at which `holds`, and the first since which it does to the end; -1 for never."""
    first = int(np.argmax(holds)) if holds.any() else -1
    misses = np.flatnonzero(~holds)
    held = int(misses[-1]) + 1 if misses.size else 0
    return first, held if held < len(holds) else -1


def nearest(x, y, *targets):
    return np.min([np.hypot(x - u, y - v) for u, v in targets], axis=0)


GOALS = [
    (Goal("value below", 3.0), lambda x, y, f: f < 3.0),
    (Goal("near", 1.2, ((3.0, 2.0),)), lambda x, y, f: np.hypot(x - 3, y - 2) < 1.2),
    (
        Goal("near", 0.9, ((3.0, 2.0), (3.6, -1.8))),
        lambda x, y, f: nearest(x, y, (3.0, 2.0), (3.6, -1.8)) < 0.9,
    ),
    (Goal("near", 0.9, ((3.0, 2.0),), (0.0, 1.0)), lambda x, y, f: np.abs(y - 2) < 0.9),
    (Goal("away", 2.0, ((0.4, 0.3),)), lambda x, y, f: np.hypot(x - 0.4, y - 0.3) > 2.0),
    (
        Goal("away", 1.0, ((0.0, 0.0), (3.0, 2.0))),
        lambda x, y, f: nearest(x, y, (0.0, 0.0), (3.0, 2.0)) > 1.0,
    ),
    (Goal("away", 0.5, ((0.0, 0.0),), (4.0, 0.0)), lambda x, y, f: 2 * np.abs(x) > 0.5),
    (Goal("value below", -1.0), lambda x, y, f: f < -1.0),
    (Goal("value below", 1e9), lambda x, y, f: f < 1e9),
]


@pytest.mark.parametrize(("goal", "holds"), GOALS, ids=lambda g: getattr(g, "kind", ""))
def test_goal_is_noticed_first_and_since_when_it_holds(goal, holds):
    # Heavy ball swings through the minimum, so that goals come and go.
    run = descend("himmelblau", "momentum", (0.4, 0.3), 80, lr=0.008, hyper={"momentum": 0.9}, goal=goal)
    assert (run.first, run.held) == first_and_held(holds(*run.path.T, run.value))


def test_goals_of_the_cases_come_and_go():
    """The cases above tell first from held, and both from never and always."""
    run = descend("himmelblau", "momentum", (0.4, 0.3), 80, lr=0.008, hyper={"momentum": 0.9})
    outcomes = [first_and_held(holds(*run.path.T, run.value)) for _, holds in GOALS]
    assert any(0 < first < held for first, held in outcomes)
    assert any(held == -1 < first for first, held in outcomes)
    assert (-1, -1) in outcomes
    assert (0, 0) in outcomes


def test_run_may_stop_where_it_reaches_the_goal():
    starts = np.array([[0.4, 0.9, -2.0], [0.3, 0.1, 1.0]])
    goal = Goal("value below", 1e-3)
    free = descend_many("himmelblau", "adam", starts, 200, lr=0.1, goal=goal)
    stopped = descend_many("himmelblau", "adam", starts, 200, lr=0.1, goal=goal, stop_at_goal=True, record=True)
    assert (free.first > 0).all()
    assert stopped.status.tolist() == ["reached the goal"] * 3
    np.testing.assert_array_equal(stopped.stopped_at, free.first)
    np.testing.assert_array_equal(stopped.first, free.first)
    for run in range(3):
        end = stopped.stopped_at[run]
        np.testing.assert_array_equal(stopped.path[run, end], stopped.final[:, run])
        assert np.isnan(stopped.path[run, end + 1 :]).all()
        assert np.isfinite(stopped.path[run, : end + 1]).all()


def test_diverged_and_left_runs_keep_what_they_reached_before():
    run = descend(BOWL, "sgd", (1.0, 0.0), 50, lr=10.0, goal=Goal("away", 50.0))
    assert (run.first, run.held) == (2, 2)  # x = 1, -9, 81, ...
    run = descend(FENCED_SLOPE, "sgd", (0.0, 0.0), 50, lr=0.3, goal=Goal("near", 0.5))
    assert (run.first, run.held) == (0, -1)


# Runs that end are taken out of their block; nobody else may notice.


@pytest.mark.parametrize("count", [1, 2, LANES - 1, LANES, LANES + 1, 400])
def test_runs_that_end_do_not_disturb_their_neighbours(count):
    rng = np.random.default_rng(count)
    starts = rng.uniform(-2, 2, (2, count))
    rates = rng.choice([0.05, 0.45, 0.7, 3.0, 1e3, -0.5], count)
    many = descend_many(BOWL, "momentum", starts, 120, lr=rates, hyper={"momentum": 0.3}, record=True)
    if count >= LANES - 1:
        assert {"diverged", "converged"} <= set(many.status)
        assert len(set(many.stopped_at[many.status == "diverged"])) > 2
    for i in range(count):
        run = descend(BOWL, "momentum", starts[:, i], 120, lr=rates[i], hyper={"momentum": 0.3})
        assert (many.status[i], many.stopped_at[i]) == (run.status, run.stopped_at)
        np.testing.assert_allclose(many.path[i, : len(run.path)], run.path, **EXACT)
        np.testing.assert_allclose(many.final[:, i], run.path[-1], **EXACT)


def test_nothing_that_is_not_a_number_reaches_a_neighbour():
    x = np.where(np.arange(130) % 3 == 0, -1.0, 1.0)  # every third run starts where nothing is defined
    starts = np.stack([x, np.linspace(-1, 1, 130)])
    many = descend_many(HALF_PLANE, "adam", starts, 50, lr=0.01, noise=Noise(0.1, 5))
    assert np.isfinite(many.final).all()
    np.testing.assert_array_equal(many.status == "not a number", x < 0)
    np.testing.assert_array_equal(many.lost, x < 0)
    for i in np.flatnonzero(x > 0):
        alone = descend(HALF_PLANE, "adam", starts[:, i], 50, lr=0.01, noise=Noise(0.1, 5 + int(i)))
        np.testing.assert_allclose(many.final[:, i], alone.path[-1], **EXACT)


def test_engine_runs_in_many_threads_at_once():
    """Each call needs memory of its own for as long as it runs, whatever the other threads allocate meanwhile."""
    starts = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 640))

    def work(_turn):
        run = descend("rosenbrock", "adam", (-1.5, 2.0), 400, 0.1)
        many = descend_many("rosenbrock", "momentum", starts, 300, 0.0005)
        np.empty(4096 * 8)[:] = np.nan  # as large as a workspace: whoever wrote to freed memory would meet it
        return run.path.tobytes() + many.final.tobytes()

    alone = work(0)
    with ThreadPoolExecutor(8) as executor:
        assert set(executor.map(work, range(200))) == {alone}
