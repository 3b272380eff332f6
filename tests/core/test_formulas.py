"""Every printed formula, read as it stands and computed with, gives the numbers of the code, at limits and ties too."""

from __future__ import annotations

import math
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np
import pytest

from core import OPTIMIZERS, SCHEDULES, Noise, descend
from core.analysis.averages import exponential_average, tail_average
from core.networks.activations import ACTIVATIONS
from core.networks.initialisation import INITIALISATIONS
from core.networks.normalisation import EPS, NORMALISATIONS, normalise_images
from core.networks.parameters import parameters_of, with_parameters
from core.optimizers import VARIANTS
from core.schedules import drawn_schedule, rates
from pages.recipes.measure import AVERAGES
from surfaces import DATA_SURFACES, SURFACES
from tests.latex import Statement, read, statements

SETTLED = ("running", "converged")


class Names(dict):
    """The names of a formula: given ones, and those that its statements explain, as numbers, functions or sequences."""

    def __init__(self, latex: str, given: Mapping):
        super().__init__({re.sub(r"_\{(.+)\}", r"_\1", name): value for name, value in given.items()})
        self.laws: dict[str, Statement] = {}
        for part in statements(latex):
            if "=" in part.signs or r"\approx" in part.signs:
                self.explain(part)

    def explain(self, part: Statement) -> None:
        name, index = part.name
        if "(" in part.sides[0] and not index:
            self[name] = self.function(part)
        elif index in ("t", "i", "i+1"):
            self.laws.setdefault(name + "_", part)
            self.setdefault(name + "_", self.sequence(name + "_", index))
        elif index in self:
            self[f"{name}_{self[index]}"] = part
        else:
            self[name + ("_" + index if index else "")] = part

    def __getitem__(self, name: str):
        found = super().__getitem__(name)
        return found.right()(self) if isinstance(found, Statement) else found

    def function(self, part: Statement):
        parameters = [token for token in part.sides[0][1:] if token.isalpha()]
        return lambda *values: part.right()(ChainMap(dict(zip(parameters, values, strict=True)), self))

    def sequence(self, name: str, index: str):
        def at(place: int, env: Mapping):
            first = f"{name}{place}"
            if first in self:
                return self[first]
            if index == "i+1":  # the law gives the next one
                return self.laws[name].right()(ChainMap({"i": place - 1}, env))
            return self.laws[name].right()(ChainMap({index: place}, env))

        return at


# Surfaces.


@pytest.mark.parametrize("row", SURFACES, ids=lambda row: row.key)
def test_surface(row) -> None:
    x_low, x_high, y_low, y_high = row.domain
    points = [*np.random.default_rng(0).uniform((x_low, y_low), (x_high, y_high), (30, 2)).tolist(), [0.0, 0.0]]
    own = {p.symbol: p.default for p in row.parameters}
    own = {symbol: math.radians(v) if symbol == r"\varphi" else v for symbol, v in own.items()}
    for x, y in points + [list(point) for point in (*row.minima, *row.starts)]:
        names = Names(row.latex, {"x": x, "y": y, **own})
        value = statements(row.latex)[0].right()(names)
        assert float(row.value(x, y)) == pytest.approx(value, rel=1e-12, abs=1e-10)


@pytest.mark.parametrize("row", DATA_SURFACES, ids=lambda row: row.key)
def test_loss(row) -> None:
    data = row.data
    rows = {"x_": lambda i, env: data.x[i - 1], "y_": lambda i, env: data.y[i - 1]}
    x_low, x_high, y_low, y_high = row.domain
    for w, b in np.random.default_rng(0).uniform((x_low, y_low), (x_high, y_high), (8, 2)).tolist():
        given = {"w": w, "b": b, "N": len(data), r"\sigma": lambda z: 1 / (1 + math.exp(-z)), **rows}
        value = statements(row.latex)[0].right()(Names(row.latex, given))
        assert float(row.value(w, b)) == pytest.approx(value, rel=1e-9)


# Schedules.


def settings_of(row) -> Iterator[dict]:
    """Give the defaults, every setting at both ends of its slider and of what is allowed, and ties."""
    yield {}
    for h in row.settings:
        for value in (*h.shown, *h.allowed):
            if h.key not in ("warm_up", "first", "second"):
                yield {h.key: int(value) if isinstance(h.default, int) else value}
    if row.key == "multi_step":
        yield from (
            {"first": a, "second": b} for a, b in ((0.5, 1.0), (0.1, 0.3), (0.25, 0.75), (0.0, 0.0), (0.7, 0.9))
        )
    if row.key == "one_cycle":
        yield from ({"pct_start": part} for part in (0.5, 0.2, 0.1, 0.0999, 1 / 3))


@pytest.mark.parametrize("row", [row for row in SCHEDULES if row.factor], ids=lambda row: row.key)
@pytest.mark.parametrize("steps", [1, 2, 5, 10, 12])
def test_schedule(row, steps: int) -> None:
    for settings in settings_of(row):
        values = {h.key: settings.get(h.key, h.default) for h in row.settings}
        if "warm_up" in values and row.key != "warm_up":
            values["warm_up"] = 0
        if row.key == "warm_up":
            values["warm_up"] = min(values["warm_up"], steps)
        given = {h.symbol: Fraction(repr(values[h.key])) for h in row.settings}
        length = given.get("T") or steps
        given |= {"T": length, r"\eta": 1, "s_0": 0}
        found = rates(row, steps, values)
        for t in range(steps):
            names = Names(row.latex, {**given, "t": t})
            if row.key == "cosine_restarts":
                names["i"] = period_of(row.latex, names)
            assert found[t] == pytest.approx(float(names[r"\eta_"](t, names)), rel=1e-12, abs=1e-15), (settings, t)


def period_of(latex: str, names: Names) -> int:
    """Return the first i of which the condition on t holds."""
    condition = next(part for part in statements(latex) if r"\le" in part.sides[0])
    names.laws["s_"] = condition
    names["s_"] = names.sequence("s_", "i+1")
    holds = read(condition.sides[0])
    return next(i for i in range(1000) if holds(ChainMap({"i": i}, names)))


def test_plateau() -> None:
    """The rule as printed, step by step; a drop of less than 1e-8 is not made, as in torch."""
    row = next(row for row in SCHEDULES if row.reads_loss)
    drop, progress = statements(row.latex)[0].right(), statements(row.latex)[2]
    settings = {"factor": 0.5, "patience": 3, "threshold": 1e-2, "min_lr": 1e-4}
    run = descend(SEPARABLE, "sgd", START, 60, 0.01, schedule=("plateau", settings), noise=Noise(30.0, seed=1))
    names = {h.symbol: settings.get(h.key, h.default) for h in row.settings} | {r"\eta": 0.01}
    names = Names("", names) | {r"f_\textbest": math.inf}
    without = 0
    for t in range(60):
        assert run.rate[t] == pytest.approx(names[r"\eta"], rel=1e-12), t
        names["f_t"] = run.value[t]
        if progress.right()(names):
            names[r"f_\textbest"], without = run.value[t], 0
        else:
            without += 1
        if without == names["p"] + 1:
            names[r"\eta"], without = drop(names), 0
    assert len(set(run.rate.tolist())) > 2


def test_drawn_schedule() -> None:
    row = drawn_schedule(((0.0, 1.0), (0.5, 0.25), (1.0, 0.5)))
    names = Names(row.latex, {r"\eta": 1, "T": 40, r"\ell": lambda u: np.interp(u, [0.0, 0.5, 1.0], [1.0, 0.25, 0.5])})
    for t, factor in enumerate(rates(row, 40)):
        assert factor == pytest.approx(names[r"\eta_"](t, names), rel=1e-12)


# Optimizers.

SEPARABLE = next(s for s in SURFACES if s.key == "styblinski")
"""Its coordinates do not see one another, so that a formula for one of them can run alone."""
START = (-1.2, 2.1)
STEPS = 14


def hypers_of(row) -> Iterator[dict]:
    """Give the defaults, everything at once away from them, and every number at its limits."""
    yield {}
    yield {h.key: h.shown[0] + 0.3 * (h.shown[1] - h.shown[0]) for h in row.hyper[1:] if h.scale == "linear"}
    for h in row.hyper[1:]:
        for value in {*h.shown, *(v for v in h.allowed if abs(v) <= 1)}:
            yield {h.key: value}
        if h.scale == "switch" and any(other.key == "weight_decay" for other in row.hyper):
            yield {h.key: 1 - h.default, "weight_decay": 0.3}


@pytest.mark.parametrize("row", [*OPTIMIZERS, *VARIANTS], ids=lambda row: row.key)
def test_optimizer(row) -> None:
    for hyper in hypers_of(row):
        run = descend(SEPARABLE, row, START, STEPS, 0.004, hyper)
        names = Run(row, {h.symbol: hyper.get(h.key, h.default) for h in row.hyper} | {r"\eta": 0.004})
        for t in range(1, len(run.path) if run.status in SETTLED else run.stopped_at):
            point = names.step(t)
            assert run.path[t, 0] == pytest.approx(point, rel=1e-9, abs=1e-12), (hyper, t)
        for state in row.state:
            if state.symbol + "_" in names.laws and run.status in SETTLED:
                kept = np.broadcast_to(run.state[state.key][-1], 2)[0]
                assert kept == pytest.approx(names.past[state.symbol + "_"][len(run.path) - 1], rel=1e-9, abs=1e-12)


class Run(Names):
    """An optimizer that follows its printed formula along one coordinate."""

    def __init__(self, row, given: Mapping):
        super().__init__(row.latex, {**given, "g_": None})
        self.parts = statements(row.latex)
        self.path = "y_" if "y_" in self.laws else "x_"
        self.past: dict[str, dict[int, float]] = {name: {} for name in (*self.laws, "g_")}
        self.past[self.path][0] = START[0]
        self["g"] = lambda point: float(SEPARABLE.gradient(point, START[1])[0])
        for name in self.past:
            self[name] = self.remembered(name)

    def remembered(self, name: str):
        def at(place: int, env: Mapping):
            if place in self.past[name]:
                return self.past[name][place]
            if f"{name}{place}" in self:
                return self[f"{name}{place}"]
            return 0.0 if place < 1 else self.laws[name].right()(ChainMap({"t": place}, env))

        return at

    def step(self, t: int) -> float:
        self["t"] = t
        self.past["g_"][t] = self["g"](self.past[self.path][t - 1])
        for part in self.parts:
            name, index = part.name if part.signs and part.signs[0] != r"\sim" else ("", "")
            if index == "t":
                first = self.get(f"{name}_{t}")
                right = first.right() if isinstance(first, Statement) else part.right()
                self.past[f"{name}_"][t] = right(self)
        return self.past[self.path][t]


# Networks.


@pytest.mark.parametrize("row", ACTIVATIONS, ids=lambda row: row.key)
def test_activation(row) -> None:
    normal = {r"\Phi": lambda x: math.erfc(-x / math.sqrt(2)) / 2, r"\sigma": lambda z: 1 / (1 + math.exp(-z))}
    places = [*np.linspace(-9, 9, 73).tolist(), *row.breaks, -30.0, 30.0]
    parameters = [{}] + [{h.key: value} for h in row.parameters for value in (*h.allowed, *h.shown)]
    rel = 1e-4 if r"\approx" in row.latex else 1e-12  # two constants are printed with five digits
    for own in parameters:
        chosen = with_parameters(row, **own)
        symbols = {h.symbol: parameters_of(chosen)[h.key] for h in row.parameters}
        for x in places:
            names = Names(row.latex, {**normal, **symbols, "x": x})
            first = statements(row.latex)[0]
            for side in range(1, len(first.sides)):
                assert float(chosen.value(x)) == pytest.approx(first.right(side)(names), rel=rel, abs=1e-14), (own, x)


AXES = {"n": 0, "c": 1, "i": 2, "j": 3}


@pytest.mark.parametrize("row", NORMALISATIONS, ids=lambda row: row.key)
def test_normalisation(row) -> None:
    """The letters under a mean say for which images and channels there is one of its own."""
    x = np.random.default_rng(0).normal(2.0, 3.0, (3, 4, 2, 2))
    groups = int(parameters_of(row).get("groups", 0))
    given = {r"\varepsilon": EPS, "x_ncij": x}
    for letters in ("c", "n", "nc", "ng(c)"):
        kept = letters.replace("g(c)", "")
        split = x.reshape(3, groups or 1, -1, 2, 2) if "g" in letters else x
        axes = (2, 3, 4) if "g" in letters else tuple(axis for letter, axis in AXES.items() if letter not in kept)
        mean, variance = (
            np.broadcast_to(f(split, axis=axes, keepdims=True), split.shape).reshape(x.shape) for f in (np.mean, np.var)
        )
        given |= {rf"\mu_{letters}": mean, rf"\sigma_{letters}": np.sqrt(variance)}
    given[r"\overline x_n^2"] = np.broadcast_to(np.square(x).mean((1, 2, 3), keepdims=True), x.shape)
    output = statements(row.latex)[0].right()(given)
    np.testing.assert_allclose(normalise_images(row, x).value, output, rtol=1e-12)


@pytest.mark.parametrize("row", INITIALISATIONS, ids=lambda row: row.key)
def test_initialisation(row) -> None:
    """The variance of the printed distribution is that of the theory and that of what is drawn."""
    fan_out, fan_in = 300, 200
    given = {h.symbol: parameters_of(row)[h.key] for h in row.parameters} | {
        r"n_\textin": fan_in,
        r"n_\textout": fan_out,
    }
    first = next((part for part in statements(row.latex) if r"\sim" in part.signs), None)
    drawn = row.weights(np.random.default_rng(0), fan_out, fan_in)
    if first is None:  # no distribution is printed, but what holds of every draw
        printed = {"orthogonal": drawn.T @ drawn - np.eye(fan_in), "constant": drawn - given.get("c", 0.0)}
        np.testing.assert_allclose(printed[row.key], 0, atol=1e-12)
        return
    kind, inside = first.sides[-1][0], first.sides[-1][2:-1]
    cut = next(k for k, token in enumerate(inside) if token == ",")
    low, high = read(inside[:cut])(given), read(inside[cut + 1 :])(given)
    variance = high if kind == "N" else (high - low) ** 2 / 12
    assert (low == 0) if kind == "N" else (low == -high)
    assert row.variance(fan_out, fan_in, **parameters_of(row)) == pytest.approx(variance, rel=1e-12)
    assert drawn.var() == pytest.approx(variance, rel=0.02)


def test_averages() -> None:
    path = np.random.default_rng(0).normal(size=(12, 2))
    for key, given, found in (
        ("ema", {"d": 0.8}, exponential_average(path, 0.8)[:, 0]),
        ("tail", {"t_0": 1}, tail_average(path, 1)[:, 0]),
    ):
        given |= {"x_": lambda t, env: path[t, 0]}
        names = Names(AVERAGES[key][1], given)
        for t in range(1, 12):
            assert found[t] == pytest.approx(names["a_"](t, names), rel=1e-12)
