"""Traps: why a run makes no progress. Each trap is an experiment on the same player."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from core import Noise, Trajectory, descend
from core.analysis.critical_points import newton_walk
from core.analysis.newton import newton_many, newton_map, newton_shares
from core.analysis.tuning import random_starts
from core.engine.spec import Optimizer, Surface
from core.memory import remembered
from core.optimizers import OPTIMIZERS
from core.resolve import surface_of
from pages.traps import measure as lab
from pages.traps.experiments import EXPERIMENTS, NEWTON, Trap
from pages.traps.measure import OFFSETS, SEEDS, WELL_STARTS
from ui import compute, controls, figures, lesson, maps, page, runs, scene
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import MARK, ink
from ui.player.player import Track

PLANES = ("traps_plane", "traps_other")
LINKED = {"watch": "traps_watch", "gradient": "traps_gradient"}
CLOSEST = -17
"""Place on the slider that stands for an offset of exactly zero."""
DASH = (6, 4)
"""Runs on the second surface."""


class Plan(NamedTuple):
    """What the sidebar sets."""

    trap: Trap
    field: list[Optimizer]
    rates: dict[str, float]
    steps: int
    noise: Noise | None
    seed: int


def begin_anew() -> None:
    """Take everything from the trap just chosen."""
    page.keep("trap")


def choose_plan(chosen: Trap) -> Plan:
    """Show the sidebar and return what it sets."""
    field = [OPTIMIZERS[key] for key in controls.chosen("field")]
    exact = controls.show("exact")
    rates = {o.key: controls.rate(o.key, exact=exact, label=f"{controls.swatch(o.key)} {o.title}") for o in field}
    sigma = controls.show("sigma")
    with controls.drawer(_("Steps and seed"), "drawer_run", ":material/timeline:") as is_open:
        steps, seed = (controls.show(key, drawn=is_open) for key in ("steps", "seed"))
    return Plan(chosen, field, rates, steps, Noise(sigma, seed) if sigma else None, seed)


def put_offset() -> None:
    """Start as far from the axis as the slider says."""
    place = st.session_state["offset"]
    page.update(y=0.0 if place == CLOSEST else float(f"1e{place}"))


def choose_offset(y: float) -> None:
    """Show how far from the axis the run starts, on a log scale down to exactly zero. The link keeps it as y."""
    place = round(float(np.log10(y))) if y > 0 else CLOSEST
    st.session_state["offset"] = min(max(place, CLOSEST), 0)
    name = _("Offset from the axis: y = {y:.3g}", y=y) if y else _("Offset from the axis: y = 0 exactly")
    st.slider(name, CLOSEST, 0, key="offset", format="10^%d", on_change=put_offset, help=_("Far left is exactly zero."))


def as_tracks(plan: Plan, finished: list[Trajectory], number: int) -> list[Track]:
    """Return the runs on one surface as the player draws them, with the quantity that shows the trap."""
    tracks = []
    for run in finished:
        track, out = runs.track(run, plan.steps, arrows=False), plan.trap.step_out(run)
        watched = plan.trap.watched(run)[runs.frames(run, plan.steps)]
        series = {
            "watch": np.where(watched > 0, watched, np.nan) if plan.trap.log else watched,
            "gradient": track.series["gradient"],
        }
        outcome = _("out at step {step}", step=out) if out >= 0 else track.outcome or _("still held")
        dash = DASH if number else track.dash
        tracks.append(replace(track, series=series, plane=PLANES[number], outcome=outcome, dash=dash))
    return tracks


def theory_tracks(plan: Plan, finished: list[Trajectory]) -> list[Track]:
    """Return the growth of |y| that the linear theory gives, as lines in the chart of |y|."""
    tracks = []
    for run in finished:
        factor, y = lab.growth_in_theory(run), abs(run.path[0, 1])
        if y > 0 and np.isfinite(factor):
            with np.errstate(over="ignore"):
                line = y * factor ** np.arange(0, plan.steps + 1, runs.stride(plan.steps), dtype=float)
            line = {"watch": np.where(line < 2, line, np.nan)}
            color = ink(run.optimizer.key).color
            tracks.append(Track("theory", _("Linear theory"), color, (2, 4), series=line, failed=False))
    return tracks


def show_charts(plan: Plan, columns) -> None:
    titles = {"watch": _(plan.trap.watch), "gradient": _("Gradient norm")}
    linear = () if plan.trap.log else ("watch",)
    scene.show_linked(LINKED, titles, scene.of_every_optimizer, columns=columns, linear=linear)


def show_escapes(plan: Plan, finished: list[list[Trajectory]]) -> None:
    """Show the escape clock: at which step each run has left the trap, on every surface."""
    st.markdown(_("**Escape clock.** Out of the trap is: {left}.", left=_(plan.trap.left)))
    heads = [_("Optimizer"), _("Rate")]
    for member in plan.trap.members():
        name = f"{member.title}: " if len(finished) > 1 else ""
        heads += [name + _("Out at step"), name + _("|∇f| at the start"), name + _("Final value")]
    rows = []
    for k, o in enumerate(plan.field):
        cells = [f"{controls.swatch(o.key)} {o.title}", f"{plan.rates[o.key]:.4g}"]
        for own in finished:
            out = plan.trap.step_out(own[k])
            cells += [str(out) if out >= 0 else _("not reached"), f"{own[k].gradient_norm[0]:.2g}"]
            cells.append(f"{own[k].value[-1]:.4g}")
        rows.append(cells)
    runs.table(heads, rows, _("Escape clock"))


def show_saddle(plan: Plan, finished: list[Trajectory]) -> None:
    """Show growth beside its theory, everyone from four offsets, and how noise frees the exact axis."""
    rows = [
        (run.optimizer.title, f"{lab.growth(run):.4f}", f"{lab.growth_in_theory(run):.4f}")
        for run in finished
        if np.isfinite(lab.growth(run)) and np.isfinite(lab.growth_in_theory(run))
    ]
    if rows:
        st.markdown(_("**Growth of |y| per step** between 100 times its start and 0.01."))
        runs.table((_("Optimizer"), _("Measured"), _("Theory")), rows, _("Growth of |y| per step"))
    with controls.drawer(_("Race table: everyone from four offsets"), "drawer_table", ":material/table:") as is_open:
        if is_open:
            table = lab.race_table()
            cells = [
                (OPTIMIZERS[key].title, *(str(n) if n >= 0 else "∞" for n in steps)) for key, steps in table.items()
            ]
            runs.table((_("Optimizer"), *(f"y = {y:g}" for y in OFFSETS)), cells, _("Steps to leave the saddle"))
            st.caption(_("Steps until |y| > 0.5 from (1, y), everyone at rate 0.05; ∞ is not within 2000 steps."))
    label = _("Noise on the exact axis")
    with controls.drawer(label, "drawer_noise", ":material/grain:") as is_open:
        if is_open:
            found = lab.rescues(plan.seed)
            sigma, median, low, high = np.array([(r.sigma, r.median, r.low, r.high) for r in found]).T
            row = figures.Curve(sigma, median, _("Median step"), ink("sgd").color, low=low, high=high)
            axes = _("Standard deviation of the noise"), _("Steps to leave the saddle")
            figures.show(figures.curves([row], *axes, log_x=True), "traps_noise", label, bar=False)
            st.caption(
                _(
                    "SGD with rate 0.05 from y = 0 exactly, {count} runs each, seeds {seed} to {last}; the band holds "
                    "the median with 95 % confidence. Without noise no run ever leaves.",
                    count=SEEDS,
                    seed=plan.seed,
                    last=plan.seed + SEEDS - 1,
                )
            )


def show_flat() -> None:
    found = lab.distances_and_escapes()
    names = {"strict": _("Strict saddle: logarithm of the distance"), "flat": _("Flat saddle: one over the distance")}
    colors = {"strict": ink("sgd").color, "flat": ink("adam").color}
    rows = [figures.Curve(found["distance"], found[key], names[key], colors[key]) for key in names]
    alt = _("Steps that gradient descent needs to leave a saddle, against the distance of its start")
    axes = _("Distance of the start"), _("Steps to leave the saddle")
    figures.show(figures.curves(rows, *axes, log_x=True, log_y=True), "traps_distances", alt, bar=False)


def show_wells(plan: Plan) -> None:
    """Count whom each method brings into the better well, and out of it; show where the ends lie."""
    rows = []
    for o in plan.field:
        ends = lab.wells(o, plan.rates[o.key])
        shares = (f"{100 * share:.1f} %" for share in (ends.deep, ends.rescued, ends.lost))
        rows.append((f"{controls.swatch(o.key)} {o.title}", *shares))
    st.markdown(
        _(
            "**From {count} starts**, x from −2 to 2: how many end in the deep well, how many of them only thanks to "
            "the method, and how many end in the shallow well because of it, beside SGD with rate 0.01.",
            count=WELL_STARTS,
        )
    )
    runs.table((_("Optimizer"), _("Deep"), _("Rescued"), _("Lost")), rows, _("Rescued and lost starts"))
    with controls.drawer(_("Maps: where each start ends"), "drawer_maps", ":material/map:") as is_open:
        if is_open:
            found, names = [], []
            for o in (OPTIMIZERS["sgd"], OPTIMIZERS["momentum"]):
                rate = state()[f"lr_{o.key}"]
                hyper = {h.key: h.default for h in o.hyper} | {"lr": rate}
                found.append(maps.basins_of(plan.trap.members()[0], o, hyper))
                names.append(f"{o.title}, $\\eta = {rate:.4g}$")
            drawn = [*(maps.basins(m, height=330) for m in found), maps.difference(*found, height=330)]
            for k, (column, name) in enumerate(zip(st.columns(3), [*names, _("Different ends")], strict=True)):
                with column:
                    st.markdown(f"**{name}**")
                    figures.show(drawn[k], f"traps_map_{k}", name, bar=False)


def show_reason(plan: Plan, finished: list[list[Trajectory]]) -> None:
    """Show what belongs to this trap alone."""
    if plan.trap.key == "saddle":
        show_saddle(plan, finished[0])
    elif plan.trap.key == "flat":
        show_flat()
    elif plan.trap.key == "wells":
        show_wells(plan)
    elif plan.trap.key == "valley":
        st.markdown(
            _(
                "As x goes to −∞ and y to 1, f falls to **{floor:.4f}** and never reaches it. "
                "The minimum with f = 0 is elsewhere, at (3, 0.5).",
                floor=lab.valley_floor(),
            )
        )


@fragment
def stage(plan: Plan) -> None:
    """Run everyone and show it. A fragment: a click that moves the start draws only this anew."""
    members = plan.trap.members()
    left, right = st.columns(2, gap="small")
    places = [left, right][: len(members)]
    pictures = [place.container() for place in places]
    playing = left.container() if len(members) == 1 else st.container()
    sliding = st.container()
    start = scene.choose_start()
    if plan.trap.key == "saddle":
        with sliding:
            choose_offset(abs(start[1]))
    with compute.compiling():
        finished = [
            [
                descend(m, o, start, plan.steps, plan.rates[o.key], noise=plan.noise, goal=plan.trap.goal)
                for o in plan.field
            ]
            for m in members
        ]
    tracks = [track for k, own in enumerate(finished) for track in as_tracks(plan, own, k)]
    shown = [*tracks, *theory_tracks(plan, finished[0])] if plan.trap.key == "saddle" else tracks
    with playing:
        scene.play(
            shown,
            steps=plan.steps,
            stride=runs.stride(plan.steps),
            plane=PLANES[: len(members)],
            linked=LINKED,
            value_name=_(plan.trap.watch),
            start=start,
            on_step=runs.show_step,
        )
    for picture, member, key in zip(pictures, members, PLANES, strict=False):
        with picture:
            if len(members) > 1:
                st.markdown(f"**{member.title}**")
            scene.show_plane(member, key, [track for track in tracks if track.plane == key])
    show_charts(plan, [right, right] if len(members) == 1 else st.columns(2, gap="small"))
    if len(members) > 1:
        st.caption(_("In the charts, solid lines belong to the left surface and broken ones to the right."))
    if plan.field:
        show_escapes(plan, finished)
        show_reason(plan, finished)
        take_away(plan, finished, runs.inspect(finished[0]))


def take_away(plan: Plan, finished: list[list[Trajectory]], run: Trajectory) -> None:
    files = []
    for member, own in zip(plan.trap.members(), finished, strict=True):
        files += [
            scene.File(partial(runs.as_csv, own), f"{member.key}.csv"),
            scene.File(partial(runs.as_html, own, _(plan.trap.title)), f"{member.key}.html"),
        ]
    scene.take_away(*files)
    runs.torch_drawer(run, plan.steps, noise=plan.noise)


@remembered(8)
def shares_of(chosen: Surface) -> dict[str, float]:
    return newton_shares(chosen, random_starts(chosen, 2000, 0))


@fragment
def newton_stage(chosen: Surface) -> None:
    """Walk by Newton's method from the start, over the surface and over the map of where all such walks end."""
    left, right = st.columns(2, gap="small")
    pictures, playing = (left.container(), right.container()), st.container()
    start = scene.choose_start()
    walk = newton_walk(chosen, start)
    steps = max(len(walk.path) - 1, 1)
    value = chosen.value(*walk.path.T)
    track = Track("newton", _("Newton's method"), MARK, (), walk.path, figures.height(chosen, value), failed=False)
    with playing:
        scene.play([track], steps=steps, stride=1, plane=PLANES, start=start)
    found = newton_map(maps.atlas_of(chosen))
    shares = shares_of(chosen)
    with pictures[0]:
        scene.show_plane(chosen, PLANES[0], [track])
    with pictures[1]:
        scene.show_plane(chosen, PLANES[1], [track], figure=maps.basins(found))
    if walk.end is None:
        st.info(_("From here the walk ends at no critical point of the window, after {steps} steps.", steps=steps))
    else:
        small, large = walk.end.eigenvalues
        st.markdown(
            _(
                "From here Newton's method ends on a **{kind}** after {steps} steps, at ({x:.4g}, {y:.4g}); the "
                "eigenvalues of the Hessian there are {small:.4g} and {large:.4g}.",
                kind=maps.kind_of(walk.end),
                steps=steps,
                x=walk.end.x,
                y=walk.end.y,
                small=small,
                large=large,
            )
        )
    st.markdown(
        _(
            "Of 2000 random starts (seed 0), **{minimum:.1f} %** end in minima, **{saddle:.1f} %** on saddles and "
            "**{maximum:.1f} %** on maxima. It solves ∇f = 0 and does not ask which way is down.",
            **{kind: 100 * share for kind, share in shares.items()},
        )
    )
    with controls.drawer(_("The code that ran"), "drawer_code", ":material/code:") as is_open:
        if is_open:
            source = "Dauphin et al. 2014, arXiv:1406.2572"
            lesson.formula(r"x_{t+1} = x_t - H(x_t)^{-1}\,\nabla f(x_t)", (newton_many,), source)
    table = pd.DataFrame({"x": walk.path[:, 0], "y": walk.path[:, 1], "value": value})
    scene.take_away(scene.File(lambda: table.to_csv(index=False, float_format="%.17g"), "newton.csv"))


def show() -> None:
    """Show the experiment of the page."""
    key = controls.show(
        "trap", then=begin_anew, widget=st.segmented_control, required=True, label_visibility="collapsed"
    )
    if key == NEWTON:
        st.caption(_("Newton's method looks for any point without slope, be it a minimum, a saddle or a maximum."))
        with st.sidebar:
            chosen = surface_of(controls.show("newton_on", then=scene.begin_anew))
        newton_stage(chosen)
    else:
        st.caption(_(EXPERIMENTS[key].text))
        with st.sidebar:
            plan = choose_plan(EXPERIMENTS[key])
        stage(plan)
