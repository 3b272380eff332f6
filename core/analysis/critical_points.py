"""Find the points of a surface where the gradient vanishes, and say by the eigenvalues of the Hessian what they are.

Damped Newton from grids of starts that grow finer until a finer one finds nothing new. A search proves nothing: the
list is called complete only where the surface brings a proof of how many points there are, and that many were found.

J. Nocedal, S. J. Wright, "Numerical Optimization", 2nd edition, Springer 2006, chapter 11,
doi:10.1007/978-0-387-40065-5. Where the Hessian is singular the step is the shortest one to the line of zeros of the
model (the pseudo-inverse).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from core.analysis.curvature import checked_window, directions, eigenvalues, stable_rate
from core.engine.checks import checked_parameters, checked_points, checked_steps
from core.engine.limits import REACH
from core.engine.spec import Surface
from core.resolve import surface_of
from core.text import T

KINDS = ("minimum", "saddle", "maximum", "degenerate")

GRIDS = (40, 80, 160, 320, 640)
"""Starts a side, round by round."""
EVERYWHERE = 80
"""Finer grids than this start only where both slopes change sign between neighbours, as around every regular zero."""
FINE = 320
"""The search ends with the first grid from this on that finds nothing new."""
ITERATIONS = 80
LONGEST = 0.05
"""The longest Newton step in parts of the window: a long one rarely ends at the point that is near."""
ARRIVED = 1e-12
"""A Newton step this short, in parts of the window, has arrived."""
SAME = 1e-7
"""Points that are nearer than this, in parts of the window, are one point."""
ZERO = 1e-9
"""An eigenvalue this small, beside the larger one and the usual curvature of the window, counts as zero."""
SINGULAR = 1e-12
"""A Hessian whose determinant is this small beside its squared norm is taken as singular in a Newton step."""
CELLS = 256
"""Cells a side of the grid on which degenerate points are joined to curves."""
FLAT_CELLS = 64
"""The same where both eigenvalues are zero: no step leads anywhere there, and points stay as sparse as their starts."""
SAMPLES = 8
"""Points of a curve that are listed."""

NO_HESSIAN = T("At a kink the slope jumps, so that no Hessian exists there and no critical point is listed.")


@dataclass(frozen=True)
class CriticalPoint:
    """A point where the gradient vanishes."""

    x: float
    y: float
    value: float
    eigenvalues: tuple[float, float]
    """Of the Hessian, the smaller one first."""
    kind: str
    """One of KINDS; "degenerate" where an eigenvalue is zero, so that the second derivatives decide nothing."""

    @property
    def index(self) -> int | None:
        """How many eigenvalues are negative; None at a degenerate point, where rounding would decide."""
        return None if self.kind == "degenerate" else sum(e < 0 for e in self.eigenvalues)

    @property
    def condition(self) -> float:
        """The larger eigenvalue over the smaller one, in size; infinite at a degenerate point."""
        small, large = sorted(abs(e) for e in self.eigenvalues)
        return np.inf if self.kind == "degenerate" else large / small

    @property
    def stable_rate(self) -> float | None:
        """2 / lambda_max, the rate that gradient descent must stay below to rest here; None except at a minimum."""
        return float(stable_rate(self.eigenvalues[1])) if self.kind == "minimum" else None


@dataclass(frozen=True, eq=False)
class Curve:
    """Critical points without a gap between them: a curve, or a region where the surface is flat to the last digit."""

    kind: str
    """"curve" or "flat region"."""
    samples: tuple[CriticalPoint, ...]
    """At most SAMPLES points, far from each other."""
    points: np.ndarray
    """(2, N), about one in each cell of a fine grid, in no order: for drawing, and to ask how near a point is."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """The critical points of a surface in a window. No point and no curve is a result as well."""

    surface: Surface
    window: tuple[float, float, float, float]
    points: tuple[CriticalPoint, ...]
    """Isolated ones: minima, saddles, maxima, degenerate ones, the lowest of each first."""
    curves: tuple[Curve, ...]
    complete: bool
    """True only where a proof says how many isolated points there are, and as many were found."""
    how: str
    """The proof, or how the search was made."""
    starts: int
    """From how many points the search began."""
    kinks: str = ""
    """Why there is no Hessian at a kink, and where the kinks are; empty for a smooth surface."""
    counts: dict[str, int] = field(init=False, hash=False)
    """How many isolated points of each kind."""

    def __post_init__(self):
        object.__setattr__(self, "counts", {kind: sum(p.kind == kind for p in self.points) for kind in KINDS})

    @property
    def positions(self) -> np.ndarray:
        """(2, N) of the isolated points, in their order."""
        return np.array([[p.x, p.y] for p in self.points]).reshape(-1, 2).T

    @property
    def listed(self) -> tuple[CriticalPoint, ...]:
        """The isolated points, then the samples of the curves."""
        return (*self.points, *(sample for curve in self.curves for sample in curve.samples))

    def nearest(self, x: float, y: float) -> CriticalPoint | None:
        """Return the listed point nearest to (x, y), samples of curves among them; None in an empty atlas."""
        return min(self.listed, key=lambda p: np.hypot(p.x - x, p.y - y), default=None)

    def row(self, x: float, y: float, reach: float) -> int | None:
        """Return which of the listed points is nearest, if it is at most `reach` away, in parts of the window."""
        x_low, x_high, y_low, y_high = self.window
        away = [max(abs(p.x - x) / (x_high - x_low), abs(p.y - y) / (y_high - y_low)) for p in self.listed]
        return int(np.argmin(away)) if away and min(away) <= reach else None

    def drawn(self, seed: int) -> CriticalPoint | None:
        """Return a listed point drawn with this NumPy seed, every kind that occurs as often; None in an empty atlas."""
        if not self.listed:
            return None
        dice = np.random.default_rng(seed)
        kind = dice.choice(sorted({p.kind for p in self.listed}))
        return dice.choice(np.array([p for p in self.listed if p.kind == kind], dtype=object))


def find(
    surface: Surface | str,
    parameters: Mapping[str, float] | None = None,
    *,
    window: tuple[float, float, float, float] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Atlas:
    """Return the Atlas of the surface in its window, or in `window` (x low, x high, y low, y high).

    `parameters` pick a member of a family. Points where the derivatives do not exist are no critical points, whatever
    the formulas say there. Positions are accurate to about 1e-12 of the window where the Hessian is regular.
    `progress` is called with the part that is done. Raises ValueError for unknown parameters and bad windows.
    """
    surface = member(surface_of(surface), parameters)
    window = checked_window(surface, window)
    search = _Search(surface, window)
    isolated, degenerate = np.empty((2, 0)), np.empty((2, 0))
    starts = 0
    for round_, size in enumerate(GRIDS):
        grid = search.grid(size)
        reached, singular = search.reached(grid)
        before = isolated.shape[1]
        isolated = search.merged(np.hstack([isolated, search.smooth(search.merged(reached))]))
        degenerate = np.hstack([degenerate, singular])
        starts += grid.shape[1]
        if progress:
            progress((round_ + 1) / len(GRIDS))
        if size >= FINE and isolated.shape[1] == before:
            break
    lone, curves = search.joined(search.smooth(search.merged(degenerate)))
    points = search.described(np.hstack([isolated, lone]))
    points = sorted(points, key=lambda p: (KINDS.index(p.kind), p.value, p.x, p.y))
    complete = window == surface.domain and surface.isolated is not None and len(points) == surface.isolated
    if progress:
        progress(1.0)
    return Atlas(
        surface=surface,
        window=window,
        points=tuple(points),
        curves=tuple(curves),
        complete=complete,
        how=surface.proof if complete else f"Found by search from {starts} starts; there may be more.",
        starts=starts,
        kinks=surface.kinks and f"{NO_HESSIAN} {surface.kinks}",
    )


def member(surface: Surface, parameters: Mapping[str, float] | None) -> Surface:
    """Return the member of a family of surfaces with these parameters. ValueError for unknown and illegal ones."""
    checked = checked_parameters(surface, dict(parameters or {}))
    return surface.with_parameters(**{key: float(value) for key, value in checked.items()})


class _Search:
    """One surface in one window, in coordinates u in which the window is the unit square."""

    def __init__(self, surface: Surface, window: tuple[float, float, float, float]):
        self.surface = surface
        x_low, x_high, y_low, y_high = window
        self.corner = np.array([[x_low], [y_low]])
        self.size = np.array([[x_high - x_low], [y_high - y_low]])
        u = self.grid(GRIDS[0])
        slope, bend = self.gradient(u), self.hessian(u)
        # The upper quartile: plateaus may cover half of a window.
        self.usual_slope, self.usual_bend = _quartile(np.hypot(*slope)), _quartile(_norm(bend))
        self.usual_curvature = _quartile(_norm(bend / self._squares))

    def place(self, u):
        return self.corner + self.size * u

    def gradient(self, u):
        with np.errstate(all="ignore"):
            return np.array(self.surface.gradient(*self.place(u))) * self.size

    def hessian(self, u):
        with np.errstate(all="ignore"):
            return np.array(self.surface.hessian(*self.place(u))) * self._squares

    @property
    def _squares(self):
        width, height = self.size[:, 0]
        return np.array([[width * width], [width * height], [height * height]])

    def grid(self, size: int) -> np.ndarray:
        """Return the starts (2, N) of a grid, all or those where both slopes change sign.

        They lie off the centres of the cells, where kinks and symmetries like to be.
        """
        along = np.arange(-1, size + 1) if size > EVERYWHERE else np.arange(size)
        u = np.stack(np.meshgrid((along + 0.4142) / size, (along + 0.6180) / size))
        if size > EVERYWHERE:
            changes = _both_change_sign(self.gradient(u.reshape(2, -1)).reshape(u.shape))
            u = u[:, :-1, :-1][:, changes] + 0.5 / size
        return u.reshape(2, -1)

    def reached(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the points (2, N) of the window that Newton reaches: those with a regular Hessian, and the others."""
        u = self.newton(u)
        u = u[:, np.all((u >= -SAME) & (u <= 1 + SAME), axis=0)]
        singular = self.is_degenerate(u)
        return u[:, ~singular], u[:, singular]

    def newton(self, u: np.ndarray) -> np.ndarray:
        """Return where damped Newton arrives; starts that leave the window or get stuck are left out."""
        slope = self.gradient(u)
        part = np.ones(u.shape[1])
        arrived = []
        for _ in range(ITERATIONS):
            bend = self.hessian(u)
            step, at_rest = self.step(slope, bend)
            length = np.hypot(*step)
            done = (length <= ARRIVED) & at_rest
            # What no digit tells from flat ground has arrived as well; Newton would wander about there.
            done |= (np.hypot(*slope) <= 1e-15 * self.usual_slope) & (_norm(bend) <= 1e-18 * self.usual_bend)
            arrived.append((u + np.where(length <= ARRIVED, step, 0))[:, done])
            going = ~done & np.isfinite(length) & (part > 1e-3) & np.all((u > -0.1) & (u < 1.1), axis=0)
            u, slope, step, part, length = u[:, going], slope[:, going], step[:, going], part[going], length[going]
            if u.shape[1] == 0:
                break
            trial = u + step * (part * np.minimum(1, LONGEST / np.maximum(length, ARRIVED)))
            trial_slope = self.gradient(trial)
            better = np.hypot(*trial_slope) < np.hypot(*slope)
            # Where rounding hides any progress, the step is taken on trust once it is short.
            better |= (length <= 1e-8) & at_rest[going] & np.isfinite(trial_slope).all(axis=0)
            u, slope = np.where(better, trial, u), np.where(better, trial_slope, slope)
            part = np.where(better, np.minimum(1, 2 * part), part / 4)
        return np.hstack(arrived)

    def step(self, slope, bend) -> tuple[np.ndarray, np.ndarray]:
        """Return the Newton step, and whether what it leaves of the slope is nothing."""
        (p, q), (a, b, c) = slope, bend
        norm2 = a * a + 2 * b * b + c * c
        with np.errstate(all="ignore"):
            determinant = a * c - b * b
            regular = np.abs(determinant) > SINGULAR * norm2
            full = np.stack([b * q - c * p, b * p - a * q]) / determinant
            shortest = -np.stack([a * p + b * q, b * p + c * q]) / np.where(norm2 > 0, norm2, np.inf)
            at_rest = regular | (p * p + q * q <= 1e-20 * norm2)
        return np.where(regular, full, shortest), at_rest

    def merged(self, u: np.ndarray) -> np.ndarray:
        """Return the points without repetitions. Two equal ones may straddle an edge of one grid, not of all four."""
        for shift in ((0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5)):
            cells = np.floor(u / (4 * SAME) + np.array(shift)[:, None]).astype(np.int64)
            _, first = np.unique(cells[0] * 2**31 + cells[1], return_index=True)
            u = u[:, np.sort(first)]
        return u

    def is_degenerate(self, u: np.ndarray) -> np.ndarray:
        """Say where an eigenvalue is zero beside the larger one and the usual curvature."""
        small, large = np.sort(np.abs(self.curvatures(u)), axis=0)
        return ~(small > ZERO * np.maximum(large, self.usual_curvature))

    def curvatures(self, u: np.ndarray) -> np.ndarray:
        """Return the eigenvalues of the Hessian (2, N), in the coordinates of the surface."""
        return np.stack(eigenvalues(*(self.hessian(u) / self._squares)))

    def smooth(self, u: np.ndarray) -> np.ndarray:
        """Return the points around which slope and Hessian are continuous.

        At a kink the formulas give one value between those on both sides, which may be zero; where two kinks cross, the
        slope may even fade away while the Hessian jumps.
        """
        angle = np.arange(8) * np.pi / 4 + 0.3
        circle = np.stack([np.cos(angle), np.sin(angle)])

        def changes(radius):
            around = (u[:, :, None] + radius * circle[:, None, :]).reshape(2, -1)
            slope = np.hypot(*self.gradient(around)).reshape(-1, len(angle))
            bend = _norm(self.hessian(around) - np.repeat(self.hessian(u), len(angle), axis=1)).reshape(-1, len(angle))
            return slope.max(axis=1, initial=0), bend.max(axis=1, initial=0)

        (slope, bend), (wider_slope, wider_bend) = changes(1e-7), changes(1e-6)
        slope_fades = slope <= np.maximum(0.5 * wider_slope, 1e-13 * self.usual_slope)
        bend_fades = bend <= np.maximum(0.5 * wider_bend, 1e-8 * _norm(self.hessian(u)) + 1e-12 * self.usual_bend)
        return u[:, slope_fades & bend_fades]

    def joined(self, u: np.ndarray) -> tuple[np.ndarray, list[Curve]]:
        """Split degenerate points into lone ones (2, N) and curves."""
        if u.shape[1] == 0:
            return u, []
        u = np.hstack([u, self.beside(u)])
        flat = self.is_flat(u)
        lone, curves = [np.empty((2, 0))], []
        for kind, part, cells in (("curve", u[:, ~flat], CELLS), ("flat region", u[:, flat], FLAT_CELLS)):
            group = _groups(part, cells)
            for members in (part[:, group == number] for number in np.unique(group)):
                if np.ptp(members, axis=1).max() > 2 / CELLS:
                    curves.append(self.curve(kind, members))
                else:
                    lone.append(members[:, [np.argmin(np.hypot(*self.gradient(members)))]])
        return np.hstack(lone), curves

    def beside(self, u: np.ndarray) -> np.ndarray:
        """Return critical points a little further along the curve on which each point may lie, to close its gaps."""
        small, large = directions(*self.hessian(u))
        along = np.where(np.less(*np.abs(eigenvalues(*self.hessian(u)))), small, large)
        shifts = np.array([-3, -2, -1, 1, 2, 3]) / CELLS
        pushed = (u[:, :, None] + along[:, :, None] * shifts).reshape(2, -1)
        moved = pushed
        for _ in range(4):
            moved = moved + self.step(self.gradient(moved), self.hessian(moved))[0]
        with np.errstate(invalid="ignore"):
            stayed = (np.hypot(*(moved - pushed)) < 1 / CELLS) & np.all((moved >= 0) & (moved <= 1), axis=0)
        moved = moved[:, stayed]
        at_rest = np.hypot(*self.gradient(moved)) <= 1e-9 * np.maximum(
            _norm(self.hessian(moved)), 1e-6 * self.usual_bend
        )
        moved = moved[:, at_rest]
        return moved[:, self.is_degenerate(moved)]

    def is_flat(self, u: np.ndarray) -> np.ndarray:
        """Say where both eigenvalues are zero beside the usual curvature."""
        return np.all(np.abs(self.curvatures(u)) <= ZERO * self.usual_curvature, axis=0)

    def curve(self, kind: str, u: np.ndarray) -> Curve:
        cells = np.floor(u * CELLS).astype(np.int64)
        _, first = np.unique(cells[0] * (2 * CELLS) + cells[1], return_index=True)
        thinned = u[:, first]
        chosen = [0]
        distance = np.full(thinned.shape[1], np.inf)
        while len(chosen) < min(SAMPLES, thinned.shape[1]):
            distance = np.minimum(distance, np.hypot(*(thinned - thinned[:, [chosen[-1]]])))
            chosen.append(int(np.argmax(distance)))
        return Curve(kind, tuple(self.described(thinned[:, chosen])), self.place(thinned))

    def described(self, u: np.ndarray) -> list[CriticalPoint]:
        if u.shape[1] == 0:
            return []
        x, y = self.place(u)
        columns = zip(x, y, self.surface.value(x, y), *self.curvatures(u), self.is_degenerate(u), strict=True)
        return [_point(*map(float, column[:5]), degenerate=bool(column[5])) for column in columns]


def _point(x: float, y: float, value: float, small: float, large: float, *, degenerate: bool) -> CriticalPoint:
    kind = "degenerate" if degenerate else "minimum" if small > 0 else "maximum" if large < 0 else "saddle"
    return CriticalPoint(x, y, value, (small, large), kind)


def _norm(bend):
    xx, xy, yy = bend
    return np.sqrt(xx * xx + 2 * xy * xy + yy * yy)


def _quartile(sizes: np.ndarray) -> float:
    sizes = sizes[np.isfinite(sizes)]
    return float(np.quantile(sizes, 0.75)) if sizes.size else 0.0


def _both_change_sign(slope: np.ndarray) -> np.ndarray:
    """Say for which cells (n - 1, n - 1) of a grid (2, n, n) both slopes have different signs at their corners."""
    rises = slope > 0
    corners = np.stack([rises[:, :-1, :-1], rises[:, :-1, 1:], rises[:, 1:, :-1], rises[:, 1:, 1:]])
    return np.all(corners.any(axis=0) & ~corners.all(axis=0), axis=0)


def _groups(u: np.ndarray, side: int) -> np.ndarray:
    """Number points (2, N) so that those in one cell or in neighbouring ones share a number; `side` cells a side."""
    cells = np.floor(u * side).astype(np.int64) + 2
    side += 4
    occupied, cell = np.unique(cells[0] * side + cells[1], return_inverse=True)
    number = np.full(side * side, -1)
    number[occupied] = np.arange(occupied.size)
    ends = [(k, number[occupied + step]) for step in (1, side - 1, side, side + 1) for k in [np.arange(occupied.size)]]
    one = np.concatenate([k[other >= 0] for k, other in ends])
    two = np.concatenate([other[other >= 0] for _, other in ends])
    label = np.arange(occupied.size)
    while True:
        lowest = np.minimum(label[one], label[two])
        joined = label.copy()
        np.minimum.at(joined, label[one], lowest)
        np.minimum.at(joined, label[two], lowest)
        joined = joined[joined]
        if np.array_equal(joined, label):
            return label[cell]
        label = joined


@dataclass(frozen=True)
class Walk:
    """A walk by plain Newton steps, which look for any critical point and do not care of which kind."""

    path: np.ndarray
    """(steps + 1, 2)"""
    where: str
    """One of KINDS where it arrived; else "left the window", "singular", "kink" or "still walking"."""
    end: CriticalPoint | None
    """Where it arrived."""

    @property
    def converged(self) -> bool:
        """Whether it arrived at a critical point inside the window."""
        return self.where in KINDS


def newton_walk(surface: Surface | str, start: tuple[float, float], steps: int = 50) -> Walk:
    """Return the walk x - H^-1 g from `start`: at most `steps` undamped Newton steps.

    It may leave the window and come back, but not a surface that means nothing outside. "singular" is a Hessian
    without inverse on ground that is not level, "kink" a point where the formulas give a slope of zero but there is
    none. Raises ValueError for a bad start or number of steps.
    """
    surface, steps = surface_of(surface), checked_steps(steps)
    at = checked_points("start", start, (2,))
    x_low, x_high, y_low, y_high = surface.domain
    search = _Search(surface, surface.domain)
    size, usual = np.hypot(x_high - x_low, y_high - y_low), search.usual_curvature
    path = [at]

    def inside() -> bool:
        return bool(x_low <= at[0] <= x_high and y_low <= at[1] <= y_high)

    while True:
        (p, q), (xx, xy, yy) = surface.gradient(*at), surface.hessian(*at)
        small, large = (float(e) for e in eigenvalues(xx, xy, yy))
        least, most = sorted((abs(small), abs(large)))
        if least > SINGULAR * most:
            step = -np.array([yy * p - xy * q, xx * q - xy * p]) / small / large
            arrived = np.hypot(*step) <= ARRIVED * size
        else:
            step, arrived = None, np.hypot(p, q) <= ARRIVED * max(most, usual) * size
        if arrived and inside():
            if search.smooth((at[:, None] - search.corner) / search.size).shape[1] == 0:
                return Walk(np.array(path), "kink", None)
            degenerate = not least > ZERO * max(most, usual)
            end = _point(float(at[0]), float(at[1]), surface.value(*at), small, large, degenerate=degenerate)
            return Walk(np.array(path), end.kind, end)
        if arrived or step is None or len(path) > steps:
            where = "left the window" if not inside() else "singular" if step is None else "still walking"
            return Walk(np.array(path), where, None)
        at = at + step
        if not np.all(np.abs(at) <= REACH):
            return Walk(np.array(path), "left the window", None)
        path.append(at)
        if surface.bounded and not inside():
            return Walk(np.array(path), "left the window", None)
