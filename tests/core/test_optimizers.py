"""The optimizers against recorded torch.optim paths, closed forms, and known first steps."""

import inspect
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core import OPTIMIZERS, Goal, Noise, Trajectory, descend, descend_many
from core.engine.spec import Optimizer
from core.optimizers import ALL_OPTIMIZERS, VARIANTS

ALL = OPTIMIZERS + VARIANTS
TWINS = [o for o in OPTIMIZERS if o.torch]
FOLDER = Path(__file__).parents[2] / "core" / "optimizers"
RECORDED = Path(__file__).parents[1] / "reference" / "optimizers.npz"


def each(optimizers):
    return pytest.mark.parametrize("spec", optimizers, ids=lambda o: o.key)


# torch.optim, recorded by tests/reference/record_torch.py

TUPLES = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}


@cache
def recorded() -> tuple[dict, dict[str, np.ndarray]]:
    """Return the index of the recorded runs and their arrays."""
    with np.load(RECORDED) as file:
        return json.loads(str(file["index"])), {name: file[name] for name in file.files if name != "index"}


def recorded_cases(key: str) -> list[tuple[dict, np.ndarray, np.ndarray | None]]:
    """List (case, path, averages or None) of the runs recorded for an optimizer."""
    index, arrays = recorded()
    numbered = [(k, case) for k, case in enumerate(index["cases"]) if case["optimizer"] == key]
    return [(case, arrays[f"path{k}"], arrays.get(f"average{k}")) for k, case in numbered]


def ours(arguments: dict) -> dict[str, float]:
    """Return our hyper-parameters for the arguments of a torch class."""
    hyper = {}
    for name, value in arguments.items():
        if name in TUPLES:
            hyper |= dict(zip(TUPLES[name], value, strict=True))
        elif name not in ("nesterov", "amsgrad"):
            hyper[name] = float(value)
    return hyper


def rerun(case: dict, start: np.ndarray) -> Trajectory:
    return descend(
        case["surface"],
        case["optimizer"],
        tuple(start),
        recorded()[0]["steps"],
        hyper=ours(case["arguments"]),
        schedule=np.array(case["factors"]) if "factors" in case else None,
        noise=Noise(case["sigma"], case["seed"]) if "sigma" in case else None,
        clip_norm=case.get("clip"),
    )


def difference(path: np.ndarray, reference: np.ndarray) -> float:
    """Return the largest difference relative to the largest coordinate of the reference so far."""
    assert path.shape == reference.shape
    size = np.maximum.accumulate(np.abs(reference).max(axis=1))[1:, None]
    return float(np.max(np.abs(path - reference)[1:] / size))


@each(TWINS)
def test_paths_are_those_of_torch(spec):
    cases = recorded_cases(spec.key)
    found = [difference(rerun(case, path[0]).path, path) for case, path, _ in cases]
    worst = int(np.argmax(found))
    where = cases[worst][0]["surface"]
    print(f"{spec.key}: {len(found)} paths, worst {found[worst]:.1e} relative to torch, on {where}")
    assert found[worst] < 1e-10


@each(TWINS)
def test_torch_is_recorded_widely_enough(spec):
    default = {h.key: h.default for h in spec.hyper}
    changed = {}  # surface: the sets of hyper-parameters that a case changes there
    for case, *_ in recorded_cases(spec.key):
        hyper = ours(case["arguments"])
        changes = frozenset(key for key in hyper if hyper[key] != default[key])
        changed.setdefault(case["surface"], []).append(changes)
    assert sum(frozenset() in sets for sets in changed.values()) >= 3
    assert sum(any(sets) for sets in changed.values()) >= 3
    assert {key for sets in changed.values() for keys in sets for key in keys} == default.keys()
    assert any("factors" in case for case, *_ in recorded_cases(spec.key))
    assert any("sigma" in case for case, *_ in recorded_cases(spec.key))


@each(TWINS)
def test_torch_arguments_say_what_was_recorded(spec):
    defaults = recorded()[0]["defaults"][spec.torch]
    for case, *_ in recorded_cases(spec.key):
        given = spec.torch_arguments({h.key: h.default for h in spec.hyper} | ours(case["arguments"]))
        assert given.keys() <= defaults.keys()
        group = {name: value for name, value in case["torch_arguments"].items() if name in defaults}
        assert json.loads(json.dumps(defaults | given)) == group


def test_asgd_keeps_the_average_that_torch_keeps():
    moved = 0
    for case, path, averages in recorded_cases("asgd"):
        run = rerun(case, path[0])
        assert difference(run.state["ax"], np.vstack([path[:1], averages])) < 1e-10
        moved += not np.array_equal(averages, path[1:])
    assert moved


# Independent forms of the methods that torch does not have

BETA = 0.9


def means(gradients: np.ndarray, beta: float) -> np.ndarray:
    """Return (1 - beta) sum over i <= t of beta^(t - i) g_i for every t, written as one matrix of weights."""
    age = np.subtract.outer(np.arange(len(gradients)), np.arange(len(gradients)))
    return np.where(age >= 0, (1 - beta) * beta ** np.maximum(age, 0).astype(float), 0) @ gradients


def test_ema_momentum_steps_along_the_weighted_mean_of_all_gradients():
    run = descend("beale", "ema_momentum", (1.0, 1.5), 300, lr=0.05, noise=Noise(0.5, 1))
    expected = run.path[0] - 0.05 * np.cumsum(means(run.received, BETA), axis=0)
    assert difference(run.path, np.vstack([run.path[:1], expected])) < 1e-12


def test_lion_steps_along_the_sign_of_its_blend():
    hyper = {"beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3}
    run = descend("beale", "lion", (1.0, 1.5), 300, lr=0.02, hyper=hyper, noise=Noise(0.5, 1))
    before = np.vstack([np.zeros((1, 2)), means(run.received, 0.95)[:-1]])
    direction = np.sign(0.8 * before + 0.2 * run.received)
    x = run.path[0]
    for k in range(300):
        x = (1 - 0.02 * 0.3) * x - 0.02 * direction[k]
        assert x == pytest.approx(run.path[k + 1], abs=1e-12)


def test_sign_sgd_counts_signs():
    run = descend("beale", "sign_sgd", (1.0, 1.5), 300, lr=0.01)
    ups = np.cumsum(run.received > 0, axis=0) - np.cumsum(run.received < 0, axis=0)
    assert difference(run.path, np.vstack([run.path[:1], run.path[0] - 0.01 * ups])) < 1e-12


def test_ema_momentum_at_a_larger_rate_is_the_heavy_ball():
    factors = np.linspace(1.0, 0.2, 500)
    for schedule in (None, factors):
        heavy = descend("beale", "momentum", (1.0, 1.5), 500, lr=0.003, schedule=schedule)
        mean = descend("beale", "ema_momentum", (1.0, 1.5), 500, lr=0.03, schedule=schedule)
        found = np.max(np.abs(heavy.path - mean.path))
        print(f"EMA at 10 times the rate and heavy ball differ by {found:.1e}")
        assert found < 1e-14


def test_nesterov_is_the_heavy_ball_with_a_correction():
    run = descend("beale", "nesterov", (1.0, 1.5), 300, lr=0.005)
    d, g = np.diff(run.path, axis=0), run.received
    correction = 0.005 * 0.9 * (g[1:] - g[:-1])
    assert d[1:] == pytest.approx(0.9 * d[:-1] - 0.005 * g[1:] - correction, abs=1e-14)


@pytest.mark.parametrize(
    ("key", "switches", "shared"),
    [
        ("adam", {}, {"weight_decay": 0.2}),
        ("amsgrad", {"amsgrad": 1.0}, {"weight_decay": 0.2}),
        ("adamw", {"decoupled": 1.0}, {"weight_decay": 0.2}),
        ("adam_notes", {"decoupled": 1.0, "eps_inside": 1.0}, {"weight_decay": 0.2}),
        ("adam_notes", {"eps_inside": 0.0, "correct_first": 0.0}, {"correct_first": 0.0, "eps_inside": 0.0}),
        ("adam_notes", {"correct_second": 0.0, "eps_inside": 1.0}, {"correct_second": 0.0}),
    ],
)
def test_switches_of_adam_lead_to_its_namesakes(key, switches, shared):
    hyper = {"beta1": 0.8, "beta2": 0.95, "eps": 1e-3}
    settings = {"lr": 0.02, "noise": Noise(1.0, 3), "schedule": np.linspace(0.2, 1.0, 300)}
    namesake = descend("beale", key, (1.0, 1.5), 300, hyper=hyper | shared, **settings)
    general = hyper | switches | {k: v for k, v in shared.items() if k == "weight_decay"}
    switched = descend("beale", "adam_general", (1.0, 1.5), 300, hyper=general, **settings)
    assert np.max(np.abs(namesake.path - switched.path)) < 1e-14


# The specs

# One legal value away from its default for every hyper-parameter, so that no term of a formula is idle.
BUSY = {
    "momentum": 0.5,
    "dampening": 0.3,
    "weight_decay": 0.2,
    "beta": 0.8,
    "lr_decay": 0.02,
    "initial_accumulator_value": 0.7,
    "eps": 1e-3,
    "alpha": 0.8,
    "centered": 1.0,
    "rho": 0.8,
    "beta1": 0.8,
    "beta2": 0.97,
    "momentum_decay": 0.1,
    "etaminus": 0.6,
    "etaplus": 1.1,
    "step_size_min": 1e-5,
    "step_size_max": 0.2,
    "lambd": 0.3,
    "t0": 30.0,
    "correct_first": 0.0,
    "correct_second": 0.0,
    "eps_inside": 0.0,
    "amsgrad": 1.0,
    "decoupled": 1.0,
}


@cache
def busy_run(spec: Optimizer) -> Trajectory:
    """Run 200 steps with every hyper-parameter, a schedule, noise and clipping in use."""
    hyper = {h.key: BUSY[h.key] for h in spec.hyper if h.key != "lr"}
    factors = np.linspace(0.2, 1.0, 200)
    lr = 0.5 if spec.key == "adadelta" else 0.02
    return descend("beale", spec, (1.0, 1.5), 200, lr, hyper, factors, Noise(1.0, 3), clip_norm=8.0)


@each(ALL)
def test_explanation_adds_up_to_the_step(spec):
    run = busy_run(spec)
    assert run.status == "running"
    explained = run.explained()
    assert np.max(np.abs(run.path[:-1] + explained["step"] - run.path[1:])) < 1e-12
    assert all(np.all(np.isfinite(values)) for values in explained.values())
    one = run.explain(7)
    assert all(one[name] == pytest.approx(values[6], rel=1e-12) for name, values in explained.items())


def _schedule_free_direction(run, _explained):
    """Between the gradient and the pull of the mean: y moves by (1 - beta) of the step of z, and with the mean."""
    share = 0.9 / np.arange(1, len(run.rate) + 1)[:, None]
    pull = (run.state["z"] - run.state["average"])[:-1] / run.rate[:, None]
    return (0.1 + share) * run.received - share * pull


# What the effective rate multiplies where nothing decays; Adam-like methods multiply m_hat.
DIRECTIONS = {
    "sgd": lambda run, e: run.received,
    "adagrad": lambda run, e: run.received,
    "rmsprop": lambda run, e: run.received,
    "adadelta": lambda run, e: run.received,
    "asgd": lambda run, e: run.received,
    "schedule_free": _schedule_free_direction,
    "adagrad_notes": lambda run, e: run.received,
    "rmsprop_notes": lambda run, e: run.received,
    "momentum": lambda run, e: run.state["v"][1:],
    "ema_momentum": lambda run, e: run.state["m"][1:],
    "nesterov": lambda run, e: run.received + 0.9 * run.state["v"][1:],
    "momentum_faulty": lambda run, e: run.state["v"][:-1] + 0.9 * run.received,
    "rprop": lambda run, e: np.sign(run.state["g_last"][1:]),
    "sign_sgd": lambda run, e: np.sign(run.received),
    "lion": lambda run, e: e["direction"],
}


@each(ALL)
def test_rate_is_what_multiplies_the_direction(spec):
    idle = {h.key: 0.0 for h in spec.hyper if h.key in ("weight_decay", "lambd")}
    run = descend("beale", spec, (1.0, 1.5), 200, hyper=idle)
    explained = run.explained()
    direction = DIRECTIONS[spec.key](run, explained) if spec.key in DIRECTIONS else explained["m_hat"]
    assert np.diff(run.path, axis=0) == pytest.approx(-explained["rate"] * direction, rel=1e-9, abs=1e-14)


@each(ALL)
def test_compiled_step_is_the_formula(spec):
    run = busy_run(spec)
    hyper = spec.prepare(**run.hyper) if spec.prepare else run.hyper
    names = list(inspect.signature(spec.step).parameters)[2:]
    moving = [name for name in names if name in run.state]
    for k in range(200):
        for d in range(2):
            own = {name: a if a.ndim == 1 else a[:, d] for name, a in run.state.items()}
            known = {**hyper, **{name: a[k] for name, a in own.items()}, "lr": run.rate[k]}
            found = spec.step(run.path[k, d], run.received[k, d], *(known[name] for name in names))
            after = [run.path[k + 1, d], *(own[name][k + 1] for name in moving)]
            assert np.atleast_1d(found) == pytest.approx(np.array(after), rel=1e-12, abs=1e-14)


def test_every_file_is_in_a_tuple():
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    keys = [o.key for o in ALL]
    assert sorted(keys) == sorted(files)
    assert [inspect.getmodule(o.step).__name__.split(".")[-1] for o in ALL] == keys


@each(ALL)
def test_spec_declares_what_its_formulas_take(spec):
    hyper = {h.key: h.default for h in spec.hyper}
    hyper = spec.prepare(**hyper) if spec.prepare else hyper
    state = [s.key for s in spec.state]
    names = list(inspect.signature(spec.step).parameters)
    assert names[:2] == ["x", "g"]
    assert sorted(names[2:]) == sorted([*state, *hyper])
    assert next(iter(hyper)) == spec.hyper[0].key == "lr"
    assert set(inspect.signature(spec.explain).parameters) <= set(names)
    assert len({*names}) == len(names)


@each(ALL)
def test_spec_is_complete(spec):
    assert all((spec.key, spec.title, spec.latex, spec.text, spec.source))
    assert spec.text.endswith(".")
    assert (spec.torch is None) == (spec.torch_arguments is None)
    for h in spec.hyper:
        low, high = h.allowed
        assert low <= h.default <= high
        assert low <= h.shown[0] < h.shown[1] <= high
        assert h.symbol
        assert h.text
        assert h.scale in ("linear", "log", "near one", "switch")
        assert h.scale != "log" or h.shown[0] > 0
        assert h.scale != "near one" or h.shown[1] < 1
    assert all(s.symbol and s.text for s in spec.state)


@each(ALL)
def test_hyper_parameters_outside_their_limits_are_refused(spec):
    for h in spec.hyper:
        for value in (np.nan, h.allowed[1] + 1):
            with pytest.raises(ValueError, match=h.key):
                descend("beale", spec, (1.0, 1.5), 5, hyper={h.key: value})


@pytest.mark.parametrize("key", ["Adam", "", None, 3, ["adam"]])
def test_unknown_optimizer_is_refused(key):
    with pytest.raises(ValueError, match=r"optimizer: .* sgd, momentum, .* adam_general"):
        ALL_OPTIMIZERS.find(key)


def test_lookup_finds_every_optimizer():
    assert [ALL_OPTIMIZERS[o.key] for o in ALL] == list(ALL)
    assert len({o.title for o in ALL}) == len(ALL)


# Known first steps and limits. `lengths` feeds given gradients to one coordinate.


def lengths(key: str, gradients, x: float = 0.0, **hyper) -> np.ndarray:
    """Return the steps that one coordinate takes, in learning rates against the gradient."""
    spec = ALL_OPTIMIZERS[key]
    values = {h.key: h.default for h in spec.hyper} | hyper
    prepared = spec.prepare(**values) if spec.prepare else values
    starts = [prepared[s.start] if isinstance(s.start, str) else s.start for s in spec.state]
    state = {s.key: np.float64(start) for s, start in zip(spec.state, starts, strict=True)}
    names = list(inspect.signature(spec.step).parameters)[2:]
    path = [np.float64(x)]
    for g in gradients:
        known = state | prepared
        found = np.atleast_1d(spec.step(path[-1], np.float64(g), *(known[name] for name in names)))
        path.append(found[0])
        state = dict(zip([name for name in names if name in state], found[1:], strict=True))
    return -np.diff(path) / values["lr"]


@pytest.mark.parametrize("alpha", [0.9, 0.99, 0.999])
def test_rmsprop_starts_with_a_long_step(alpha):
    assert lengths("rmsprop", [3.0], alpha=alpha)[0] == pytest.approx(1 / np.sqrt(1 - alpha), rel=1e-6)
    assert lengths("rmsprop_notes", [3.0], alpha=alpha)[0] == pytest.approx(1 / np.sqrt(1 - alpha), rel=1e-6)


@pytest.mark.parametrize(
    ("g", "outside", "inside"),
    [
        (1e-3, 1.0000, 0.995),
        (1e-4, 0.9999, 0.707),
        (1e-5, 0.999, 0.0995),
        (1e-8, 0.5, 1e-4),
        (1e-10, 0.0099, 1e-6),
    ],
)
def test_epsilon_inside_the_root_stops_small_gradients(g, outside, inside):
    assert lengths("adam", [g])[0] == pytest.approx(outside, rel=1e-3)
    assert lengths("adam_notes", [g], eps_inside=0.0)[0] == pytest.approx(outside, rel=1e-3)
    assert lengths("adam_notes", [g], eps_inside=1.0)[0] == pytest.approx(inside, rel=1e-3)
    assert lengths("adagrad_notes", [g])[0] == pytest.approx(inside, rel=1e-3)


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, (1, 1, 1, 1, 1)),
        ({"correct_first": 0.0}, (0.10, 0.19, 0.41, 0.65, 1.00)),
        ({"correct_first": 0.0, "correct_second": 0.0}, (3.16, 4.25, 5.80, 6.53, 3.24)),
        ({"correct_first": 0.0, "correct_second": 0.0, "beta2": 0.9999}, (10, 13.4, 18.3, 20.6, 10.0)),
    ],
)
def test_missing_corrections_change_the_first_steps(switches, expected):
    found = lengths("adam_notes", np.ones(100), **switches)
    assert found[[0, 1, 4, 9, 99]] == pytest.approx(np.array(expected), abs=0.005, rel=3e-3)


@pytest.mark.parametrize(
    ("hyper", "expected"),
    [
        ({}, 846),
        ({"correct_first": 0.0}, 957),
        ({"correct_first": 0.0, "beta2": 0.9999}, 1052),
        ({"correct_first": 0.0, "correct_second": 0.0}, 1369),
        ({"correct_first": 0.0, "correct_second": 0.0, "beta2": 0.9999}, 2430),
    ],
)
def test_missing_corrections_cost_steps_on_rosenbrock(hyper, expected):
    near = Goal("near", 0.01, ((1.0, 1.0),))
    run = descend("rosenbrock", "adam_notes", (-1.5, 2.0), 3000, 0.1, {"eps_inside": 0.0, **hyper}, goal=near)
    assert run.first == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(
    ("key", "lr", "hyper", "travelled"),
    [
        ("sgd", 0.1, {}, (1, 10, 100)),
        ("adam", 0.1, {}, (1, 10, 100)),
        ("rmsprop", 0.1, {}, (5.06, 20.3, 112)),
        ("adagrad", 0.1, {}, (0.50, 1.86, 6.18)),
        ("adadelta", 1.0, {}, (0.034, 0.41, 7.6)),
    ],
)
def test_distance_travelled_down_a_constant_slope(key, lr, hyper, travelled):
    found = lr * np.cumsum(lengths(key, np.ones(1000), lr=lr, **hyper))
    assert found[[9, 99, 999]] == pytest.approx(np.array(travelled), rel=0.015)


def test_adagrad_divides_by_the_root_of_the_step_on_a_constant_slope():
    assert lengths("adagrad", np.full(100, 7.0)) == pytest.approx(1 / np.sqrt(np.arange(1, 101)), rel=1e-9)


def test_without_epsilon_no_gradient_means_no_number():
    with np.errstate(all="ignore"):
        assert np.isnan(lengths("adam_notes", [0.0], eps=0.0)[0])
        assert np.isnan(lengths("rmsprop_notes", [0.0], eps=0.0)[0])
    assert lengths("adam", [0.0])[0] == 0
    assert lengths("rmsprop", [0.0])[0] == 0


def test_dampening_spares_the_first_gradient():
    assert lengths("momentum", [1, 1, 1], dampening=0.9) == pytest.approx(np.array([1, 1, 1]))
    assert lengths("ema_momentum", [1, 1, 1]) == pytest.approx(np.array([0.1, 0.19, 0.271]))
    assert lengths("momentum", [1, 1], momentum=0.0, dampening=0.9) == pytest.approx(np.array([1, 1]))


@pytest.mark.parametrize(
    ("key", "limit"), [("sgd", 2.0), ("momentum", 3.8), ("ema_momentum", 38.0), ("nesterov", 3.8 / 2.8)]
)
def test_stability_limit(key, limit):
    assert _final_distance(key, 0.99 * limit) < 1 < 1e3 < _final_distance(key, 1.01 * limit)


def test_stability_limit_of_the_momentum_with_a_slip():
    assert _final_distance("momentum_faulty", 2.35) < 1 < 1e3 < _final_distance("momentum_faulty", 2.37)


def _final_distance(key: str, limit: float) -> float:
    """Return the distance from the bottom of the ravine (steepest curvature 100) at lr = limit / 100."""
    run = descend("ravine", key, (-10.0, 1.0), 10_000, lr=limit / 100)
    return float(np.max(np.abs(run.path[-1])))


@pytest.mark.parametrize(
    ("key", "lr", "expected"),
    [
        ("momentum", 0.015, 100),
        ("ema_momentum", 0.015, 375),
        ("ema_momentum", 0.15, 100),
        ("momentum_faulty", 0.015, 185),
    ],
)
def test_steps_down_the_ravine(key, lr, expected):
    run = descend("ravine", key, (-10.0, 1.0), 1000, lr=lr, goal=Goal("value below", 1e-4))
    assert run.first == pytest.approx(expected, abs=2)


def test_radam_does_not_divide_in_its_first_five_steps():
    explained = descend("rosenbrock", "radam", (-1.5, 2.0), 20).explained()
    assert np.all(explained["rate"][:5] == 1e-3)
    assert np.all(explained["rate"][5:] != 1e-3)
    assert np.all(explained["rho"][4] < 5)
    assert np.all(explained["rho"][5] > 5)


def test_rate_of_amsgrad_rises_only_while_its_correction_fades():
    rises = {}
    for key in ("adam", "amsgrad"):
        rate = descend("booth", key, steps=2000, lr=0.1, hyper={"beta2": 0.9}).explained()["rate"]
        rises[key] = [np.any(np.diff(part, axis=0) > 1e-15) for part in (rate[:350], rate[350:])]
    assert rises == {"adam": [True, True], "amsgrad": [True, False]}


def test_steps_of_adamax_are_at_most_barely_longer_than_its_rate():
    falling = lengths("adamax", 0.999 ** np.arange(2000))
    wild = lengths("adamax", np.random.default_rng(0).standard_cauchy(2000))
    assert np.max(np.abs(wild)) <= np.max(falling)
    assert 1 < np.max(falling) < (1 - 0.9) / (1 - 0.9 / 0.999)


def test_adamw_halves_a_weight_without_gradient_in_its_half_life():
    found = 1 - 1e-3 * np.cumsum(lengths("adamw", np.zeros(1386), x=1.0, weight_decay=0.5))
    assert found[-1] == pytest.approx(0.5, rel=1e-3)


# (variant, with these switches, is) this optimizer
SAME = [
    ("adam_notes", {"eps_inside": 0.0}, "adam", {}),
    ("adam_notes", {"eps_inside": 0.0, "weight_decay": 0.3}, "adamw", {"weight_decay": 0.3}),
    ("rmsprop_notes", {"eps_inside": 0.0}, "rmsprop", {"alpha": 0.9}),
    ("adagrad_notes", {"eps_inside": 0.0}, "adagrad", {"eps": 1e-8}),
]


@pytest.mark.parametrize(("variant", "switches", "key", "hyper"), SAME)
def test_variant_holds_the_original(variant, switches, key, hyper):
    a = descend("beale", variant, (1.0, 1.5), 200, 0.01, switches)
    b = descend("beale", key, (1.0, 1.5), 200, 0.01, hyper)
    assert difference(a.path, b.path) < 1e-12
    changed = descend("beale", variant, (1.0, 1.5), 200, 0.01, {"eps": 1e-2})
    assert difference(changed.path, b.path) > 1e-9


@pytest.mark.parametrize("value", [0.5, 1e-300, 0.999999999, np.nextafter(1.0, 0.0)])
def test_a_switch_is_on_or_off(value: float) -> None:
    """Whatever scale "switch" declares; half a switch would be a formula that nobody has printed."""
    for spec in (*OPTIMIZERS, *VARIANTS):
        for h in spec.hyper:
            if h.scale != "switch":
                continue
            with pytest.raises(ValueError, match=f"^{h.key}: got .*allowed are 0 and 1: it is a switch$"):
                descend("beale", spec, (1.0, 1.0), 3, 1e-3, {h.key: value})
            with pytest.raises(ValueError, match="it is a switch"):
                descend_many("beale", spec, np.ones((2, 2)), 3, 1e-3, {h.key: np.array([1.0, value])})
            for on in (0, 1, 0.0, 1.0, True, False):
                descend("beale", spec, (1.0, 1.0), 3, 1e-3, {h.key: on})
