"""Which schedules the page compares, and how many steps a warm-up may take."""

from collections.abc import Iterable

from core.analysis.schedule_trials import VARIANTS

TITLES = {row.key: row.title for row in VARIANTS}
PARTS = (0, 20, 40, 60, 80, 100)
"""Percent of the run at which the drawn schedule has a point."""
DRAWN = (0.1, 1.0, 1.0, 0.3, 0.1, 0.0)
LENGTHS = tuple(range(0, 301, 5))
"""Warm-ups to compare, in steps."""
PLATEAUS = 40
"""Seeds that show when the plateau rule drops."""


def adjustable(keys: Iterable[str]) -> dict[str, str]:
    """Return those of these schedules that have settings: key -> title."""
    return {key: TITLES[key] for key in keys if key != "constant"}
