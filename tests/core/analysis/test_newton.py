"""Newton's method from many starts against walks one by one, known shares and a border known by theory."""

import numpy as np
import pytest

from core.analysis.critical_points import find, newton_walk
from core.analysis.newton import newton_many, newton_map, newton_shares
from core.analysis.tuning import random_starts


def test_newton_walks_agree_one_by_one():
    starts = random_starts("himmelblau", 50, seed=3)
    final, rest = newton_many("himmelblau", starts)
    for k, start in enumerate(starts.T):
        walk = newton_walk("himmelblau", tuple(start), 100)
        if walk.converged:
            assert rest[k] >= 0 and final[:, k] == pytest.approx((walk.end.x, walk.end.y), abs=1e-6)


def test_newton_likes_saddles():
    starts = random_starts("himmelblau", 2000, seed=0)
    got = newton_shares("himmelblau", starts)
    error = np.sqrt(0.25 / 2000)
    for kind, share in (("minimum", 0.631), ("saddle", 0.320), ("maximum", 0.049)):
        assert got[kind] == pytest.approx(share, abs=3 * error)
    # On the strict saddle the border is y = 1 / sqrt(5), where the step is -2 y.
    y = np.array([0.4471, 0.4473])
    final, _rest = newton_many("saddle_bounded", np.stack([np.ones(2), y]))
    assert abs(final[1, 0]) < 1e-9 < abs(final[1, 1])


def test_newton_map_names_the_ends():
    atlas = find("himmelblau")
    found = newton_map(atlas, 40)
    share = {k: sum(found.share(i) for i, p in enumerate(atlas.points) if p.kind == k) for k in ("minimum", "saddle")}
    assert share["minimum"] == pytest.approx(0.63, abs=0.05) and share["saddle"] == pytest.approx(0.32, abs=0.05)
    i, k = 20, 7
    walk = newton_walk("himmelblau", (float(found.x[k]), float(found.y[i])), 50)
    assert atlas.points[found.end[i, k]].kind == walk.end.kind
