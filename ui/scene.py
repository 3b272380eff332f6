"""What every page with paths on a surface shows: the surface, the start that a click moves, the pictures, the files."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from core.analysis.tuning import random_starts
from core.engine.descend import Trajectory
from core.engine.spec import Surface
from teaching.rows import MOST_SEED, surface_in
from ui import controls, figures, page, runs
from ui.controls import Change
from ui.i18n import _
from ui.page import state
from ui.player.player import LABELS, Track, degraded, player

SCENES = ("surface", "newton_on", "trap", "trial", "part", "experiment", "lab", "ground", "diagram")
"""Choices that bring another picture: a click on the one before means nothing there."""


def choose_surface(*, then: Change | None = None, about: bool = True, sliders: bool = False) -> Surface:
    """Show the choice of a surface and the parameters of its family; return it. `about` says what to see there.

    The parameters are numbers to type or, where they are what a page plays with, `sliders`. A new surface brings its
    own start; a page that also sets rates does both in `then`.
    """
    controls.show("surface", then=then or begin_anew)
    chosen = surface_in(state())
    for parameter in chosen.parameters:
        (controls.slider if sliders else controls.show)(f"{chosen.key}_{parameter.key}")
    if about:
        st.caption(_(chosen.teaches))
    return surface_in(state())


def begin_anew() -> None:
    """Take the start from the surface just chosen."""
    page.reset("x", "y")


def set_start(point: Sequence[float]) -> None:
    """Put the start here."""
    page.update(x=float(point[0]), y=float(point[1]))


def move_start(key: str = "player") -> None:
    """Take the point that was clicked on the player with this key."""
    point = st.session_state[key].start
    set_start([float(f"{point[name]:.6g}") for name in ("x", "y")])


def draw_start() -> None:
    """Take a random point of the window and show its seed."""
    seed = (state()["start_seed"] + 1) % (MOST_SEED + 1)
    x, y = random_starts(state()["surface"], 1, seed)[:, 0]
    page.update(start_seed=seed, x=round(float(x), 4), y=round(float(y), 4))


def choose_start() -> tuple[float, float]:
    """Show the start as two numbers, the keyboard's way to it, and a button that draws one; return it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = controls.show("x"), controls.show("y")
        if "start_seed" in state():
            controls.show("start_seed")
            st.button(_("Random"), icon=":material/casino:", on_click=draw_start)
    return start


def play(
    tracks: Sequence[Track], *, key: str = "player", labels: Mapping[str, str] = MappingProxyType({}), **options: Any
) -> None:
    """Show the player in the reader's language; a click on the surface moves the start. Options as `player`."""
    texts = {name: _(text) for name, text in LABELS.items()}
    settings: dict[str, Any] = {"on_start": lambda: move_start(key), "context": picture()} | options
    player(tracks, key=key, labels=texts | dict(labels), current=picture, **settings)


def picture() -> dict[str, str]:
    """Return the choices that make the picture what it is: a message about another one means nothing here."""
    return {name: state()[name] for name in SCENES if name in state()} | {"page": page.key()}


def show_plane(
    chosen: Surface,
    key: str,
    tracks: Sequence[Track],
    *,
    figure: go.Figure | None = None,
    alt: str = "",
    player: str = "player",
) -> None:
    """Show a surface from above, the chart over which the player with the key `player` draws `tracks`.

    `figure` replaces the usual contour, by a map of basins for example, and `alt` then says what it shows.
    """
    figure = figure or figures.plane(chosen, _("Global minimum"))
    if degraded(player):
        sentence = LABELS["degraded"]
        st.info(_(sentence))
        figure = figures.with_paths(figure, [track for track in tracks if track.plane in (None, key)])
    alt = alt or _("{name} from above with the paths of all optimizers", name=chosen.title)
    figures.show(figure, key, alt, zoom=True)
    if not figures.is_to_scale(chosen):
        st.caption(_("Not to scale: the window is too long for equal units on both axes."))


def show_space(chosen: Surface, key: str) -> None:
    """Show a surface as a landscape."""
    alt = _("{name} as a landscape with the paths of all optimizers", name=chosen.title)
    figures.show(figures.space(chosen), key, alt)


class File(NamedTuple):
    """Something to take away. `content` is called when the visitor asks for it."""

    content: Callable[[], str]
    name: str


_KINDS = {"csv": ("text/csv", ":material/table:"), "html": ("text/html", ":material/public:")}


def show_linked(
    linked: Mapping[str, str],
    titles: Mapping[str, str],
    alt: Callable[[str], str],
    *,
    columns: Iterable[Any] | None = None,
    x_title: str = "",
    linear: Container[str] = (),
) -> None:
    """Show the charts that the player fills, side by side; `alt` says what a chart of this title shows.

    `linked` and `titles` go by the series; those in `linear` have no logarithmic axis.
    """
    for column, (name, key) in zip(columns or st.columns(len(linked), gap="small"), linked.items(), strict=True):
        with column:
            axes = figures.still_axes(titles[name], x_title or _("Step"), log=name not in linear)
            figures.show(axes, key, alt(titles[name]), bar=False)


def of_every_optimizer(what: str) -> str:
    """Say that a chart shows this of every optimizer."""
    return _("{what} of every optimizer over the steps", what=what)


def take_away_runs(finished: Sequence[Trajectory], title: str) -> None:
    """Offer the link and the files of the runs that a page shows."""
    name = page.key()
    take_away(
        File(lambda: runs.as_csv(finished), f"{name}.csv"), File(lambda: runs.as_html(finished, title), f"{name}.html")
    )


def take_away(*files: File) -> None:
    """Offer the link and files (.csv, .html) of what is on the page."""
    heading = _("Take it away")
    sentence = _("The address of this page holds every setting and seed: copy it, and the same page opens anywhere.")
    st.markdown(f"### {heading}\n{sentence}")
    labels = {"csv": _("CSV"), "html": _("Web page")}
    with st.container(horizontal=True):
        for file in files:
            ending = file.name.rpartition(".")[2]
            mime, icon = _KINDS[ending]
            st.download_button(labels[ending], file.content, file.name, mime, on_click="ignore", icon=icon)
