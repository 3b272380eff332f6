"""The theory of momentum on quadratics agrees with the runs, and both with the published numbers."""

import numpy as np
import pytest

from core import Goal, descend
from core.analysis.stability import (
    METHODS,
    best,
    curvatures_at_minimum,
    diagram_rates,
    iteration_matrix,
    largest_rate,
    measured_limit,
    measured_map,
    settings,
    spectral_radius,
    textbook_nesterov,
    theory_map,
)

RAVINE = (1.0, 100.0)


@pytest.mark.parametrize("key", ["sgd", *METHODS])
@pytest.mark.parametrize(("lr", "beta", "curvature"), [(0.3, 0.9, 1.0), (0.02, 0.5, 7.0), (0.11, 0.0, 3.0)])
def test_matrix_makes_the_steps_of_the_engine(key, lr, beta, curvature):
    run = descend(
        "ravine", key, (0.0, 1.0), 20, hyper=settings(key, lr, beta), parameters={"condition": curvature}, tolerance=0
    )
    memory = run.optimizer.momentum
    points = np.stack([run.path[:, 1], *([run.state[memory][:, 1]] if memory else [])])
    predicted = iteration_matrix(key, lr, beta, curvature) @ points[:, :-1]
    np.testing.assert_allclose(predicted, points[:, 1:], rtol=1e-12, atol=1e-14)


def test_matrices_of_arrays_are_those_of_their_numbers():
    lr, beta = np.array([[0.1], [0.2]]), np.array([0.5, 0.8, 0.9])
    matrices = iteration_matrix("nesterov", lr, beta, 3.0)
    assert matrices.shape == (2, 3, 2, 2)
    np.testing.assert_array_equal(matrices[1, 2], iteration_matrix("nesterov", 0.2, 0.9, 3.0))


@pytest.mark.parametrize("key", ["sgd", *METHODS])
def test_radius_is_the_largest_eigenvalue(key):
    rng = np.random.default_rng(0)
    for lr, beta in rng.uniform((0.001, 0.0), (0.5, 0.99), (50, 2)):
        sizes = [np.abs(np.linalg.eigvals(iteration_matrix(key, lr, beta, c))).max() for c in RAVINE]
        assert spectral_radius(key, lr, beta, RAVINE) == pytest.approx(max(sizes), rel=1e-6)


def test_methods_that_are_not_linear_are_refused():
    with pytest.raises(ValueError, match="'adam' is not linear"):
        iteration_matrix("adam", 0.1, 0.9, 1.0)


@pytest.mark.parametrize("key", ["sgd", *METHODS])
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.5, 0.7, 0.9, 0.95])
def test_radius_passes_one_at_the_limit(key, beta):
    limit = largest_rate(key, beta, 4.0)
    assert spectral_radius(key, 0.9999 * limit, beta, [4.0]) < 1 < spectral_radius(key, 1.0001 * limit, beta, [4.0])


@pytest.mark.parametrize(
    ("key", "published"),
    [("sgd", 2.0), ("momentum", 3.8), ("ema_momentum", 38.0), ("nesterov", 1.357), ("momentum_faulty", 2.36)],
)
def test_limits_found_by_runs_are_the_published_ones(key, published):
    measured = measured_limit(key, 0.0 if key == "sgd" else 0.9)
    assert measured == pytest.approx(published, rel=1e-3)
    assert measured == pytest.approx(float(largest_rate(key, 0.9)), rel=1e-4)


@pytest.mark.parametrize(
    ("key", "factor"),
    [("sgd", 99 / 101), ("momentum", 9 / 11), ("ema_momentum", 9 / 11), ("nesterov", 1 - 2 / np.sqrt(301))],
)
def test_best_setting_has_the_published_factor_and_no_grid_beats_it(key, factor):
    lr, beta = best(key, *RAVINE)
    assert spectral_radius(key, lr, beta, RAVINE) == pytest.approx(factor, rel=1e-6)
    rates, betas = np.geomspace(0.2 * lr, 2 * lr, 301), np.linspace(0, 0.99, 100)
    assert spectral_radius(key, rates[None, :], betas[:, None], RAVINE).min() > factor - 1e-6


def test_setting_of_the_textbook():
    lr, beta = textbook_nesterov(*RAVINE)
    assert (lr, beta) == pytest.approx((0.01, 9 / 11))
    assert spectral_radius("nesterov", lr, beta, RAVINE) == pytest.approx(0.9, rel=1e-6)
    assert best("momentum_faulty", *RAVINE) is None


@pytest.mark.parametrize("key", METHODS)
def test_both_diagrams_of_the_ravine_agree(key):
    rates = diagram_rates("ravine", key)
    theory = theory_map(key, RAVINE, rates, shrink=1e6)
    measured = measured_map("ravine", key, (-10.0, 1.0), rates, Goal("value below", 1e-4))
    assert theory.steps.shape == measured.steps.shape == (200, 200)
    disagree = np.isnan(theory.steps) != np.isnan(measured.steps)
    assert disagree.mean() < 0.015
    assert np.all(np.abs(theory.radius[disagree] - 1) < 0.05), "only where growth is too slow for the budget"
    both = np.isfinite(theory.steps) & np.isfinite(measured.steps)
    assert np.quantile(np.abs(np.log(measured.steps[both] / theory.steps[both])), 0.9) < 0.15
    assert np.nanmin(measured.steps) < 0.2 * np.nanmedian(measured.steps), "there is something to see"
    if place := best(key, *RAVINE):
        assert theory.best == pytest.approx(place, rel=0.1)
        assert measured.best == pytest.approx(place, rel=0.2)


@pytest.mark.parametrize(
    ("key", "curvatures"),
    [("ravine", (1, 100)), ("booth", (2, 18)), ("rosenbrock", (0.39936, 1001.6)), ("bowl", (1, 1))],
)
def test_curvatures_at_the_minimum_are_the_published_ones(key, curvatures):
    assert curvatures_at_minimum(key) == pytest.approx(curvatures, rel=1e-4)


@pytest.mark.parametrize("key", ["saddle", "l1valley", "ackley", "hyperbola"])
def test_no_theory_without_a_minimum_that_is_curved_everywhere(key):
    assert curvatures_at_minimum(key) is None
    assert np.isfinite(diagram_rates(key, "momentum")).all()
