"""Momentum and Nesterov: what inertia buys, what it costs, and three formulas that share a name."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import Goal, Noise, Trajectory, descend
from core.analysis import stability
from core.analysis.stability import StabilityMap
from core.engine.spec import Surface
from core.memory import remembered
from core.optimizers import ALL_OPTIMIZERS
from core.text import T
from pages.momentum import claims as lesson_data
from pages.momentum import measure as inertia
from pages.momentum.measure import CONDITIONS, FORMS
from ui import compute, controls, figures, maps, page, runs, scene
from ui.i18n import _, language
from ui.page import fragment, state
from ui.palette import GREEN, MARK, SKY, VERMILION, ink
from ui.player.player import Arrow, Track

LINKED = {"gap": "momentum_gap", "across": "momentum_across"}
BUDGET = 500
"""Steps of every run of the diagram."""
PARTS = {"carried": ("βΔ", GREEN), "downhill": ("−ηg", SKY), "correction": ("−ηβ(g − g₋₁)", VERMILION)}


class Plan(NamedTuple):
    """What the sidebar sets."""

    surface: Surface
    steps: int
    goal: Goal
    noise: Noise | None
    dampening: float


def begin_anew() -> None:
    """Take start and rate from the surface just chosen."""
    page.reset("x", "y", "lr_everyone")


def set_both(rate: float, beta: float) -> None:
    """Put exactly this rate and beta into their widgets."""
    page.update(lr_everyone=rate, exact=True, beta=beta)


def take_from_diagram() -> None:
    """Take rate and beta from the point that was clicked on a diagram, whose axis is the method's own rate."""
    point = st.session_state["diagram_player"].start
    beta = round(float(np.clip(point["y"], 0.0, 0.999)), 3)
    page.update(lr_everyone=float(f"{point['x'] / rate_factor(state()['diagram'], beta):.3g}"), beta=beta)


def follow_form() -> None:
    """Show the diagram of the form just chosen."""
    page.update(diagram=FORMS[state()["form"]])


def rate_factor(key: str, beta: float) -> float:
    """Return by how much the rate of this optimizer exceeds the one that is set."""
    return 1 / (1 - beta) if key == "ema_momentum" and state()["matched"] else 1.0


def choose_plan() -> Plan:
    """Show the sidebar and return what it sets."""
    chosen = scene.choose_surface(then=begin_anew, sliders=True)
    with controls.drawer(_("Steps, goal, noise"), "drawer_run", ":material/timeline:") as is_open:
        steps, level, sigma, seed, dampening = (
            controls.show(key, drawn=is_open) for key in ("steps", "goal", "sigma", "seed", "momentum_dampening")
        )
    goal = Goal("value below", figures.lowest(chosen) + level)
    return Plan(chosen, steps, goal, Noise(sigma, seed) if sigma else None, dampening)


def choose_settings(chosen: Surface) -> tuple[str, float, float]:
    """Show which formula is called momentum, the rate and beta, which all runs share; return them."""
    first, second, third = st.columns([1.45, 1, 1], gap="medium")
    with first:
        form = controls.show("form", widget=st.segmented_control, required=True, then=follow_form)
    with second:
        rate = controls.rate("everyone", exact=state()["exact"])
    with third:
        beta = controls.slider("beta")
    with st.container(horizontal=True, vertical_alignment="center"):
        if form == "average":
            controls.show("matched")
        controls.show("exact")
        curvatures = stability.curvatures_at_minimum(chosen)
        if curvatures:
            for key in ("momentum", "nesterov"):
                label = _("Best for {name}", name=ALL_OPTIMIZERS[key].title)
                st.button(label, key=f"best_{key}", on_click=set_both, args=stability.best(key, *curvatures))
    return form, rate, beta


def run_all(plan: Plan, start: tuple[float, float], form: str, rate: float, beta: float) -> dict[str, Trajectory]:
    """Run gradient descent, momentum, Nesterov and the chosen form; return them by key."""
    keys = dict.fromkeys(("sgd", "momentum", FORMS[form], "nesterov"))
    finished = {}
    with compute.compiling():
        for key in keys:
            hyper = stability.settings(key, rate * rate_factor(key, beta), beta)
            hyper |= {"dampening": plan.dampening} if key == "momentum" else {}
            finished[key] = descend(plan.surface, key, start, plan.steps, hyper=hyper, noise=plan.noise, goal=plan.goal)
    return finished


def track(run: Trajectory, steps: int) -> Track:
    """Return a run for the player, with its place across the valley and the parts of a Nesterov step."""
    drawn, shown = runs.track(run, steps, arrows=True), runs.frames(run, steps)
    place, (x_low, x_high, y_low, y_high) = inertia.across(run.surface, run.path)[shown], run.surface.domain
    in_sight = np.abs(place) <= min(x_high - x_low, y_high - y_low)  # a diverged run would press the others flat
    series = {"gap": drawn.series["gap"], "across": np.where(in_sight, place, np.nan)}
    arrows = {name: vectors for name, vectors in drawn.arrows.items() if name == "momentum"}
    if run.optimizer.key == "nesterov":
        arrows |= {name: vectors[shown] for name, vectors in inertia.nesterov_parts(run).items()}
    return replace(drawn, series=series, arrows=arrows)


def part_arrows() -> list[Arrow]:
    """Return the three parts of a Nesterov step, each from the tip of the one before."""
    help = (_("What is kept of the last step"), _("Downhill from here"), _("Correction: brakes where the slope grows"))
    before = ("", *PARTS)
    return [
        Arrow(key, label, text, color, after=after)
        for (key, (label, color)), text, after in zip(PARTS.items(), help, before, strict=False)
    ]


@remembered(48, T("Running 40,000 runs"))
def diagrams_of(chosen: Surface, key: str, level: float) -> tuple[StabilityMap | None, StabilityMap]:
    return stability.diagrams(chosen, key, level, BUDGET)


@remembered(48)
def diagram_figure(
    found: StabilityMap, fewest: float, curvatures: tuple[float, float] | None, _language: str
) -> go.Figure:
    """Draw steps to the goal over rate and beta, with the limit and the best setting that the theory gives.

    Colours begin at `fewest` steps.
    """
    method, steps, rate = found.optimizer, _("Steps to the goal"), _("Rate")
    limits = (float(np.log10(fewest)), float(np.log10(found.budget)))
    figure = maps.field(
        found.rates,
        found.betas,
        np.log10(np.maximum(found.steps, 1.0)),
        steps,
        x_title=rate,
        y_title="β",
        log_x=True,
        limits=limits,
        height=300,
    )
    layers, shown = [found.steps], f"{rate} %{{x:.4g}}<br>β %{{y:.3f}}<br>{steps} %{{customdata[0]:.0f}}"
    if found.radius is not None:
        factor = _("Factor per step")
        layers, shown = [found.steps, found.radius], f"{shown}<br>{factor} %{{customdata[1]:.4f}}"
    marks = [float(mark) for mark in (1, 3, 10, 30, 100, 300) if mark >= fewest]
    bar = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "thickness": 8, "ypad": 2, "title": {"text": ""}}
    bar |= {"ticklabelposition": "outside top", "ticklabeloverflow": "allow", "len": 0.9}
    bar |= {"tickvals": np.log10([*marks, found.budget]), "ticktext": [*map("{:g}".format, marks), f"≥ {found.budget}"]}
    figure.update_traces(customdata=np.stack(layers, axis=-1), hovertemplate=f"{shown}<extra></extra>", colorbar=bar)
    figure.update_xaxes(title={"standoff": 8})
    if curvatures:
        limit = stability.largest_rate(method, found.betas, curvatures[1])
        line = {"color": VERMILION, "width": 2}
        figure.add_scatter(x=limit, y=found.betas, mode="lines", line=line, hoverinfo="skip")
        mark_best(figure, stability.best(method, *curvatures))
    return figures.Still(figure)


def mark_best(figure: go.Figure, place: tuple[float, float] | None) -> None:
    """Mark the best setting of the theory with a star."""
    if place is None:
        return
    marker = {"symbol": "star", "size": 13, "color": "#ffffff", "line": {"width": 1.4, "color": "#1b1f24"}}
    text = _("Best by the theory: rate {rate:.4g}, β {beta:.4g}", rate=place[0], beta=place[1])
    figure.add_scatter(
        x=[place[0]], y=[place[1]], mode="markers", marker=marker, hovertemplate=f"{text}<extra></extra>"
    )


def show_diagrams(plan: Plan, rate: float, beta: float) -> None:
    """Show both diagrams of one method, with a marker at the setting that a click moves."""
    key = controls.show("diagram")
    if plan.surface.minimum is None:
        st.info(_("This surface has no minimum to reach, so steps to it cannot be counted."))
        return
    theory, measured = diagrams_of(plan.surface, key, plan.goal.level - figures.lowest(plan.surface))
    shown = [name for name, found in (("diagram_theory", theory), ("diagram_measured", measured)) if found]
    scene.play(
        [],
        key="diagram_player",
        plane=shown,
        steps=1,
        stride=1,
        start=(rate * rate_factor(key, beta), beta),
        on_start=take_from_diagram,
        labels={"empty": "", "start": _("Rate and β: drag to move")},
    )
    curvatures = theory.curvatures if theory else None
    fewest = float(np.clip(np.nanmin(measured.steps, initial=BUDGET), 1, BUDGET / 10))
    if theory:
        title = _("Computed from the matrix of one step")
        alt = _("Steps to the goal over rate and β, computed, with the limit of stability and the best setting")
        st.markdown(f"**{title}**")
        figures.show(diagram_figure(theory, fewest, curvatures, language()), "diagram_theory", alt, bar=False)
    else:
        st.info(_("The theory needs a minimum that is curved in every direction, which this surface does not have."))
    title = _("Measured by {count} runs", count=measured.steps.size)
    alt = _("Steps to the goal over rate and β, measured, with the limit of stability and the best setting")
    st.markdown(f"**{title}**")
    figures.show(diagram_figure(measured, fewest, curvatures, language()), "diagram_measured", alt, bar=False)
    st.caption(
        _(
            "Click or drag to set rate and β. Colour: steps to the goal; empty: diverges. The line is the limit of the "
            "theory, the star its best setting. Every run starts at ({x:g}, {y:g}) and has {budget} steps.",
            x=plan.surface.starts[0][0],
            y=plan.surface.starts[0][1],
            budget=BUDGET,
        )
    )


def show_curves() -> None:
    titles = {"gap": _("Value above the minimum"), "across": _("Place across the valley")}
    scene.show_linked(LINKED, titles, scene.of_every_optimizer, linear=("across",))


def say_what_happens(finished: dict[str, Trajectory], form: str) -> None:
    """Say in a line what the chosen form of momentum does here."""
    if form == "torch":
        st.caption(_("All runs share rate and β. The arrows at Nesterov's head are the three parts of its next step."))
        return
    other = finished[FORMS[form]]
    st.markdown(
        _(
            "Largest distance between {name} and PyTorch's momentum after equally many steps: **{gap:.3g}**.",
            name=other.optimizer.title,
            gap=inertia.largest_gap(finished["momentum"], other),
        )
    )


def find_the_error() -> None:
    """Show the formula with the slip beside the right one, and the answer on demand."""
    names = {"momentum_faulty": _("From study notes, meant as momentum"), "ema_momentum": _("Momentum as an average")}
    with st.container(border=True):
        for key, name in names.items():
            st.markdown(f"**{name}**")
            lines = ALL_OPTIMIZERS[key].latex.replace(r"\qquad", r"\\")
            st.latex(rf"\begin{{gathered}}{lines}\end{{gathered}}")
        with controls.drawer(_("Show the error"), "drawer_slip", ":material/search:") as is_open:
            if is_open:
                st.markdown(
                    _(
                        "The newest gradient is weighed by β instead of 1 − β, and joins the average only after the "
                        "step: at β = 0 the step ignores it. At β = 0.9 this diverges from a rate of "
                        "{momentum_faulty:.2f}/λ on, PyTorch's momentum from {momentum:.2f}/λ. The sentence beside it "
                        "in the notes, “last movement minus current gradient”, is right.",
                        **lesson_data.limits(),
                    )
                )


def show_swings(finished: dict[str, Trajectory]) -> None:
    """Show how often each run is seen to cross the valley, and how far it is seen to run past the minimum."""
    heads = (_("Optimizer"), _("Zigzags"), _("Overshoot across"), _("Overshoot along"))
    rows = []
    for run in finished.values():
        seen, across = inertia.visible(run.surface), inertia.across(run.surface, run.path)
        x_low, x_high, y_low, y_high = figures.drawn_window(run.surface)
        x, y = run.path.T
        inside = (x >= x_low) & (x <= x_high) & (y >= y_low) & (y <= y_high)
        far = (inertia.overshoot(place, seen) for place in (across, inertia.along(run.surface, run.path)))
        name = f"{controls.swatch(run.optimizer.key)} {run.optimizer.title}"
        cells = [_("diverged") if run.status == "diverged" else f"{value:.3g}" if value else "–" for value in far]
        rows.append((name, str(inertia.zigzags(across[inside], seen)), *cells))
    runs.table(heads, rows, _("Zigzags and overshoot of every optimizer"))
    st.caption(
        _(
            "Counted is what the picture shows: movements of at least a hundredth of its longer side, here {seen:.3g}.",
            seen=inertia.visible(next(iter(finished.values())).surface),
        )
    )


def take_away(plan: Plan, finished: list[Trajectory], run: Trajectory) -> None:
    scene.take_away_runs(finished, _("Momentum and Nesterov"))
    runs.torch_drawer(run, plan.steps, noise=plan.noise)


@fragment
def stage(plan: Plan) -> None:
    """Run everything and show it. A fragment: what a click sets draws only this anew."""
    form, rate, beta = choose_settings(plan.surface)
    left, right = st.columns([1.25, 1], gap="medium")
    with left:
        picture, playing = st.container(), st.container()
        start = scene.choose_start()
    finished = run_all(plan, start, form, rate, beta)
    tracks = [track(run, plan.steps) for run in finished.values()]
    with playing:
        scene.play(
            tracks,
            steps=plan.steps,
            stride=runs.stride(plan.steps),
            plane="momentum_plane",
            linked=LINKED,
            value_name=_("Value above the minimum"),
            arrows=part_arrows(),
            start=start,
            on_step=runs.show_step,
        )
    with picture:
        scene.show_plane(plan.surface, "momentum_plane", tracks)
    with left:
        say_what_happens(finished, form)
        if form == "slip":
            find_the_error()
        show_curves()
    with right:
        show_diagrams(plan, rate, beta)
    runs.results(list(finished.values()))
    show_swings(finished)
    take_away(plan, list(finished.values()), runs.inspect(list(finished.values())))


@remembered(1)
def condition_race() -> inertia.Race:
    return inertia.race_condition_numbers(CONDITIONS)


def show_square_root() -> None:
    """Show how steps grow with the condition number, for each method at its best."""
    title = _("The square root")
    st.markdown(f"### {title}")
    race = condition_race()
    kappa = race.conditions
    rows = [figures.Curve(kappa, race.steps[key], ALL_OPTIMIZERS[key].title, *ink(key)) for key in race.steps]
    for power, key, name in ((1.0, "sgd", "∝ κ"), (0.5, "momentum", "∝ √κ")):
        guide = race.steps[key][-1] * (kappa / kappa[-1]) ** power
        rows.append(figures.Curve(kappa, guide, name, MARK, "dot" if power == 1 else "longdashdot"))
    titles = (_("Condition number κ"), _("Steps to a millionth of the first value"))
    left, right = st.columns(2, gap="small")
    with left:
        alt = _("Steps against the condition number: gradient descent like κ, momentum and Nesterov like its root")
        figure = figures.curves(rows, *titles, log_x=True, log_y=True, height=340)
        figures.show(figure, "momentum_root", alt, bar=False)
    with right:
        heads = ("κ", *(ALL_OPTIMIZERS[key].title for key in race.steps), _("Gain"))
        cells = [
            (f"{kappa[k]:g}", *(str(steps[k]) for steps in race.steps.values()), f"{gain:.3g}")
            for k, gain in ((k, race.steps["sgd"][k] / race.steps["momentum"][k]) for k in range(0, len(kappa), 4))
        ]
        runs.table(heads, cells, _("Steps by condition number"))
        st.caption(
            _(
                "Each method at the setting that theory calls best, from (−10, 1) in a ravine. Fitted exponents: "
                "SGD {sgd:.2f}, momentum {momentum:.2f}, Nesterov {nesterov:.2f}.",
                **{key: race.slope(key) for key in race.steps},
            )
        )


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        plan = choose_plan()
    stage(plan)
    show_square_root()
