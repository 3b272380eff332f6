"""Side by side: every batch size from one start, over updates, samples and seconds, and when each arrives."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.engine.batches import clocks
from pages.batches import drawing as draw
from pages.batches import measure as lab
from pages.batches.common import code_of, finish, number_text, say_short, star
from pages.batches.measure import Plan, Walk
from pages.batches.setup import loss_in, middle_size, own_rows
from ui import compute, controls, figures, lesson, runs, scene
from ui.figures import Curve
from ui.i18n import _
from ui.page import fragment, state
from ui.player.player import Track


class Budget(NamedTuple):
    """How long everyone runs, on which time axis, and when a run has arrived."""

    axis: str
    amount: float
    goal: float
    model: tuple[float, float]
    together: bool


def choose_budget() -> Budget:
    """Show how long everyone runs and what a step costs."""
    axis = controls.show("clock", widget=st.segmented_control, required=True, width="stretch")
    amount = controls.show({"updates": "steps", "samples": "epochs", "seconds": "seconds"}[axis])
    together = controls.show("together")
    with controls.drawer(_("Goal and cost of a step"), "drawer_run", ":material/timeline:") as is_open:
        goal, least, throughput = (controls.show(key, drawn=is_open) for key in ("goal", "least_ms", "throughput"))
        if is_open:
            st.caption(
                _("A model, not a measurement: B samples take the least time, or B / throughput if that is more.")
            )
    return Budget(axis, amount, goal, (least / 1000, throughput), together)


def stage(plan: Plan) -> None:
    """Show what the sidebar sets here, and the experiment."""
    with st.sidebar:
        budget = choose_budget()
    show_race(plan, budget)


@fragment
def show_race(plan: Plan, budget: Budget) -> None:
    """Show every size beside the others, on three time axes."""
    pictures, playing = st.container(), st.container()
    start = scene.choose_start()
    steps = tuple(lab.updates_within(budget.axis, budget.amount, size, plan.rows, *budget.model) for size in plan.sizes)
    say_short(plan, steps)
    with compute.compiling():
        walks = [lab.walk(plan, k, start, most, *budget.model) for k, most in enumerate(steps)]
    planes = [f"batches_plane_{k}" for k in range(1 if budget.together else len(walks))]
    with playing:
        tracks = play_walks(plan, walks, budget, planes, start)
    with pictures:
        show_planes(plan, tracks, planes)
    show_time_axes()
    show_own_rows(plan, walks)
    show_arrivals(plan, budget, start, steps)
    chosen = inspect(plan, walks)
    runs.torch_drawer(walks[chosen].run, steps[chosen], batches=plan.batches(chosen))
    lines = [
        Curve(
            one.times.samples[: len(one.run.value)],
            figures.above(plan.surface, one.run.value),
            *draw.look(plan, k)[:3],
        )
        for k, one in enumerate(walks)
    ]
    figure = figures.curves(lines, _("Samples"), _("Value above the minimum"), log_x=True, log_y=True)
    heads = ("batch", "update", "samples", "seconds", "x", "y", "value")
    finish("batches", _("Noise and batch size"), heads, [row for one in walks for row in numbers_of(one)], figure)
    code_of(
        r"\theta_{t+1} = \theta_t - \frac{\eta}{B} \sum_{i \in \mathcal{B}_t} \nabla f_i(\theta_t) \\"
        r"t(B) = \max(t_0,\ B / \mathrm{throughput})",
        (lab.scaled_rate, lab.updates_within, clocks),
        "Goyal et al. 2017, arXiv:1706.02677; Krizhevsky 2014, arXiv:1404.5997",
    )


def play_walks(plan: Plan, walks: Sequence[Walk], budget: Budget, planes: Sequence[str], start) -> list[Track]:
    """Put the player there, whose frames are moments of the chosen time axis; return its tracks."""
    texts = {
        "updates": _("Update {step} of {steps}"),
        "samples": _("Sample {step} of {steps}"),
        "seconds": _("{step} of {steps} ms"),
    }
    whole = {"updates": 1, "samples": plan.rows, "seconds": 1000}[budget.axis]
    total, unit = max(1, round(budget.amount * whole)), 1e-3 if budget.axis == "seconds" else 1.0
    tracks = draw.walk_tracks(plan, walks, budget.axis, total, planes, unit)
    scene.play(
        tracks,
        steps=total,
        stride=runs.stride(total),
        plane=planes,
        linked={name: f"batches_{name}" for name in lab.TIME_AXES},
        value_name=_("Loss by updates"),
        start=start,
        labels={"position": texts[budget.axis]},
    )
    return tracks


def show_planes(plan: Plan, tracks: Sequence[Track], planes: Sequence[str]) -> None:
    """Show the surface once for every plane, two or three in a row."""
    alone = len(planes) == 1
    wide = 1 if alone else 2 if len(planes) in (2, 4) else 3
    places = [place for _row in range(-(-len(planes) // wide)) for place in st.columns(wide, gap="small")]
    for k, (key, place) in enumerate(zip(planes, places, strict=False)):
        name = _("every size") if alone else tracks[k].label
        figure = draw.panel(
            plan.surface, star(), "" if alone else name, 400 if alone else 270, draw.axes_of(plan.surface)
        )
        alt = _("{surface} from above with the path of {name}", surface=plan.surface.title, name=name)
        with place:
            own = tracks if alone else [tracks[k]]
            scene.show_plane(plan.surface, key, own, figure=figure, alt=alt)


def show_own_rows(plan: Plan, walks: Sequence[Walk]) -> None:
    """Show the visitor's rows with the line of every size, where the loss is theirs."""
    rows, scale = own_rows(state()), loss_in(state()).scale
    if rows is not None and scale is not None:
        figure = draw.own_rows(plan, walks, rows, scale)
        figures.show(figure, "batches_rows", _("Your data, and the line where every batch size ended"), bar=False)


def show_time_axes() -> None:
    titles = {
        "updates": (_("Loss by updates"), _("Updates")),
        "samples": (_("Loss by samples"), _("Samples")),
        "seconds": (_("Loss by seconds (a model)"), _("Seconds of the model")),
    }
    for column, (name, (title, x_title)) in zip(st.columns(3, gap="small"), titles.items(), strict=True):
        with column:
            alt = _("Value above the minimum of every batch size. {title}", title=title)
            figures.show(figures.time_axes(title, x_title), f"batches_{name}", alt, bar=False)


def show_arrivals(plan: Plan, budget: Budget, start: tuple[float, float], steps: tuple[int, ...]) -> None:
    """Show when each size arrives, over seeds, on all three time axes."""
    low = figures.lowest(plan.surface)
    found = lab.arrivals(plan, start, steps, low + budget.goal)
    rows = []
    for k, (rate, most, one) in enumerate(zip(plan.rates, steps, found, strict=True)):
        cells = [_("not reached"), "–", "–"]
        if np.isfinite(one.median):
            told, at = clocks(np.full(most, plan.sizes[k]), *budget.model), int(one.median)
            band = f" ({number_text(one.low)} … {number_text(one.high)})" if one.seeds > 1 else ""
            cells = [f"{one.median:g}{band}", f"{told.samples[at]}", f"{told.seconds[at]:.3g}"]
        rows.append((draw.named(plan, k), f"{rate:.4g}", *cells, f"{most}", draw.with_error(one.final, low)))
    name = _("When they arrive")
    caption = _(
        "Median of {seeds} seeds from {seed} on, in brackets the first and the last decile. A full batch draws nothing "
        "and runs once. Seconds are those of the model.",
        seeds=max(one.seeds for one in found),
        seed=plan.seed,
    )
    lesson.section(name, caption)
    heads = ("B", _("Rate"), _("Updates to the goal"), _("Samples"), _("Seconds"), _("Updates in all"))
    runs.table((*heads, _("Final gap, mean ± error")), rows, name)


def numbers_of(one: Walk) -> list[tuple]:
    """Return a row of numbers for every point of a run."""
    count = len(one.run.path)
    told = (values[:count] for values in one.times)
    return list(zip([one.size] * count, *told, *one.run.path.T, one.run.value, strict=True))


def inspect(plan: Plan, walks: Sequence[Walk]) -> int:
    """Show every number of one step of one size; return its place in the plan."""
    names = {str(size): str(size) for size in plan.sizes}
    with controls.drawer(
        _("Step inspector: every number of the formula"), "drawer_inspect", ":material/search:"
    ) as is_open:
        with st.container(horizontal=True):
            size = controls.pick("inspect_size", names, drawn=is_open) or middle_size(state())
            step = controls.show("step", drawn=is_open)
        chosen = list(names).index(size)
        if is_open:
            runs.inspector(walks[chosen].run, step)
    return chosen
