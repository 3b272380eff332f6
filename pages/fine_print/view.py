"""Adam's fine print: one formula with switches; what each does to first steps, ends, decay and solutions."""

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import Goal, Trajectory, descend
from core.engine.spec import Optimizer, Surface
from core.memory import remembered
from core.text import T
from pages.fine_print import measure as lab
from teaching.rows import hyper_in
from ui import compute, controls, figures, lesson, page, runs, scene
from ui.figures import Curve
from ui.i18n import _
from ui.page import fragment, state
from ui.palette import MARK, ink
from ui.player.player import Track

BARS = 20
LINKED = {name: f"fine_print_{name}" for name in ("gap", "rate_x", "rate_y")}


class Plan(NamedTuple):
    """What the sidebar sets."""

    surface: Surface
    variants: list[Optimizer]
    hyper: dict[str, dict[str, float]]
    scale: float
    steps: int


def begin_anew() -> None:
    """Take start and rate from the surface just chosen."""
    page.reset("x", "y", "lr_everyone")


def choose_plan() -> Plan:
    """Show the sidebar and return what it sets."""
    surface = scene.choose_surface(then=begin_anew, about=False)
    keys = controls.chosen("variants")
    variants = [o for o in lab.FAMILY if o.key in keys]
    st.caption(
        _("m̂→m: the mean is not corrected for its start. v̂→v: nor is the mean square. √(v̂+ε): ε is inside the root.")
    )
    lr = controls.rate("everyone", exact=controls.show("exact"))
    scale = controls.slider("gradient_scale")
    with controls.drawer(_("MyAdam: switch by switch"), "drawer_own", ":material/tune:") as is_open:
        for setting in lab.OWN.hyper[1:]:
            controls.show(f"{lab.OWN.key}_{setting.key}", drawn=is_open)
    with controls.drawer(_("Steps"), "drawer_run", ":material/timeline:") as is_open:
        steps = controls.show("steps", drawn=is_open)
    hyper = {o.key: {h.key: h.default for h in o.hyper} | {"lr": lr} for o in variants}
    own = hyper_in(state(), lab.OWN)
    if own != {h.key: h.default for h in lab.OWN.hyper[1:]}:
        variants.append(lab.OWN)
        hyper[lab.OWN.key] = own | {"lr": lr}
    return Plan(surface, variants, hyper, scale, steps)


def track(run: Trajectory, steps: int) -> Track:
    """Return a run for the player, with its value and the rate of each coordinate."""
    drawn, shown = runs.track(run, steps, arrows=False), runs.frames(run, steps)
    rate = np.vstack([[np.nan, np.nan], run.explained()["rate"]])[shown]
    series = {"gap": drawn.series["gap"], "rate_x": rate[:, 0], "rate_y": rate[:, 1]}
    return Track(**{**vars(drawn), "series": series})


def show_bars(plan: Plan) -> None:
    """Show the first steps on a constant gradient."""
    given = tuple((o.key, o.title, tuple(plan.hyper[o.key].items())) for o in plan.variants)
    title, names = _("First steps on a constant gradient"), (_("Step"), _("Length in rates"))
    figures.show(bars(given, plan.scale, title, names), "fine_print_bars", title, bar=False)


@remembered(64)
def bars(given: tuple, scale: float, title: str, names: tuple[str, str]) -> go.Figure:
    lengths = {key: lab.first_steps(lab.at_scale(dict(hyper), scale), BARS) for key, _name, hyper in given}
    every = np.concatenate([[1.0], *lengths.values()])
    # Bars stand on the lower edge of the chart: from 1, those of exactly 1 would have no height on a logarithmic axis.
    floor = min(0.05, 0.5 * every[every > 0].min())
    top = max(30.0, 2 * every.max())
    figure = go.Figure()
    for key, name, _hyper in given:
        steps = lengths[key]
        figure.add_bar(
            x=np.arange(1, BARS + 1),
            y=steps - floor,
            base=floor,
            name=name,
            customdata=steps,
            marker={"color": ink(key).color, "pattern": {"shape": ink(key).pattern, "size": 6}},
            hovertemplate=f"{name}<br>%{{x}}: %{{customdata:.4g}}<extra></extra>",
        )
    figure.update_layout(title={"text": title, "x": 0, "y": 0.98, "font": {"size": 14}}, height=430, bargap=0.25)
    figure.update_layout(margin=figures.MARGIN | {"l": 56, "b": 40, "t": 70})
    figure.update_layout(legend=figures.LEGEND | {"y": 0.92})
    figure.add_hline(y=1, line={"color": MARK, "width": 1.5})
    figure.update_xaxes(title=names[0])
    figure.update_yaxes(title=names[1], range=np.log10([floor, top]), **figures.log_axis([floor, top]))
    return figures.Still(figure)


def show_curves() -> None:
    titles = {
        "gap": _("Value above the minimum"),
        "rate_x": _("Effective rate of x"),
        "rate_y": _("Effective rate of y"),
    }
    scene.show_linked(LINKED, titles, lambda what: _("{what} of every formula over the steps", what=what))


def say_bursts(finished: list[Trajectory]) -> None:
    """Say which runs were done and left again."""
    lines = []
    for run in finished:
        burst = lab.burst(run)
        if burst.back > 0:
            text = _(
                "{name} is below 1e-10 at step {done} and back above 0.05 at step {back}, up to {highest}: its rate "
                "grew while the gradients were small.",
                name=f"**{run.optimizer.title}**",
                done=burst.done,
                back=burst.back,
                highest=f"{burst.highest:.2f}",
            )
            lines.append(f"- {controls.swatch(run.optimizer.key)} {text}")
    st.markdown("\n".join(lines))


@fragment
def stage(plan: Plan) -> None:
    """Run the formulas and show them. A fragment: a click that moves the start draws only this anew."""
    pictures, playing = st.container(), st.container()
    start = scene.choose_start()
    goal = Goal("value below", figures.lowest(plan.surface) + 1e-3)
    with compute.compiling():
        finished = [
            descend(plan.surface, o, start, plan.steps, hyper=lab.at_scale(plan.hyper[o.key], plan.scale), goal=goal)
            for o in plan.variants
        ]
    tracks = [track(run, plan.steps) for run in finished]
    with playing:
        scene.play(
            tracks,
            steps=plan.steps,
            stride=runs.stride(plan.steps),
            plane="fine_print_plane",
            linked=LINKED,
            value_name=_("Value above the minimum"),
            start=start,
            on_step=runs.show_step,
        )
    with pictures:
        left, right = st.columns(2, gap="small")
        with left:
            scene.show_plane(plan.surface, "fine_print_plane", tracks)
        with right:
            show_bars(plan)
    show_curves()
    if finished:
        say_bursts(finished)
        runs.results(finished)
        take_away(plan, finished, runs.inspect(finished))


def take_away(plan: Plan, finished: list[Trajectory], run: Trajectory) -> None:
    scene.take_away_runs(finished, _("Adam's fine print"))
    runs.torch_drawer(run, plan.steps)


def show_epsilon(plan: Plan) -> None:
    lesson.section(
        _("ε: how small may a gradient be?"),
        _(
            "Adam compares its gradients with nothing but ε: gradients times c are ε divided by c, or inside the root "
            "by c². Left: the first step. Right: how far the path on Beale's function moves when all its gradients "
            "are rescaled; the dotted line is the scale in the sidebar."
        ),
    )
    left, right = st.columns(2, gap="small")
    with left:
        title = _("First step, in rates")
        figures.show(epsilon_figure(False, None, _("Size of the gradient"), title), "fine_print_eps", title, bar=False)
    with right:
        title = _("Largest change of the path")
        figure = epsilon_figure(True, plan.scale, _("All gradients times c"), title)
        figures.show(figure, "fine_print_scale", title, bar=False)


@remembered(64, T("Rescaling all gradients"))
def epsilon_figure(rescaled: bool, scale: float | None, x_title: str, y_title: str) -> go.Figure:
    measure, x = (lab.deviation_by_scale, lab.SCALES) if rescaled else (lab.step_by_gradient, lab.GRADIENTS)
    rows = [
        Curve(x, measure(1e-8, inside), name, ink(key).color, ink(key).dash)
        for key, inside, name in (("adam_torch", False, "√v̂ + ε"), ("adam_inside", True, "√(v̂ + ε)"))
    ]
    figure = figures.curves(rows, x_title, y_title, log_x=True, log_y=True)
    if scale:
        figure.add_vline(x=scale, line={"color": MARK, "width": 1.5, "dash": "dot"})
    return figures.Still(figure)


def show_counter_example() -> None:
    lesson.section(
        _("A sum that Adam gets wrong"),
        _(
            "Once in a while a large gradient pushes towards −1, all others push a little towards +1. On average −1 is "
            "best. The rate falls like 1/√t, and the point stays between −1 and 1."
        ),
    )
    example = controls.show("example", widget=st.segmented_control, required=True)
    alt = _("Point of Adam and of AMSGrad over the steps")
    figure = counter_figure(example, _("Step"), _("Point; the best is −1"))
    figures.show(figure, "fine_print_counter", alt, bar=False)


@remembered(8, T("Adding up what Adam gets wrong"))
def counter_figure(example: str, x_title: str, y_title: str) -> go.Figure:
    case = {"small": lab.SMALL, "large": lab.LARGE}[example]
    steps = np.unique(np.geomspace(1, case.steps, 600).astype(int))
    rows = [
        Curve(steps, lab.counter_example(case, amsgrad)[steps], name, ink(key).color, ink(key).dash)
        for key, amsgrad, name in (("adam_torch", False, "Adam"), ("adam_ams", True, "AMSGrad"))
    ]
    figure = figures.curves(rows, x_title, y_title, log_x=True)
    figure.update_yaxes(range=[-1.1, 1.1])
    return figures.Still(figure)


def show_decay() -> None:
    lesson.section(
        _("Weight decay: in the gradient, or beside it"),
        _(
            "Two weights that nothing needs start at 1. Their gradients are noise, quiet (0.1) for one and loud (10) "
            "for the other: mean of {count} seeds. Adam divides an L2 penalty by the size of the noise as well.",
            count=lab.DECAY_RUNS,
        ),
    )
    left, middle, right = st.columns(3)
    with left:
        strength = controls.slider("weight_decay")
    with middle:
        lr = controls.slider("decay_lr")
    with right:
        seed = controls.show("decay_seed")
    decays = lab.decays(lr, strength, seed)
    names = (_("Quiet weight"), _("Loud weight"))
    columns = st.columns(3, gap="small")
    for d, (column, name) in enumerate(zip(columns, names, strict=False)):
        with column:
            alt = _("{what}: its mean for each method over the steps", what=name)
            figures.show(decay_figure(strength, lr, seed, d, _("Step"), name), f"fine_print_decay{d}", alt, bar=False)
    with columns[2]:
        figure = box_figure(strength, _("w, steep"), _("b, flat"), _("Exact minimum"))
        figures.show(figure, "fine_print_box", _("Where each method ends as the decay grows"), bar=False)
    theory = lab.half_life(lr, strength)
    heads = (_("Half-life"), *names)
    rows = [(f"{controls.swatch(key)} {name}", *map(as_half_life, *halves(decays[key]))) for name, key in lab.DECAYS]
    rows.append((r"$\ln\frac12 / \ln(1-\eta\lambda)$", *[f"{theory:.0f}"] * 2))
    runs.table(heads, rows, _("Half-lives"))
    st.caption(
        _(
            "Right: both weights should be 1, the steep one a hundred times as much. As λ grows, an L2 penalty leads "
            "both methods along the exact minimum. AdamW keeps every weight within 1/λ, the square, whatever its "
            "curvature."
        )
    )


def halves(decay: lab.Decay) -> tuple:
    return decay.half_life, decay.error


def as_half_life(steps: float, error: float) -> str:
    return f"{steps:.0f} ± {error:.0f}" if np.isfinite(steps) else rf"\> {lab.DECAY_STEPS}"  # ">" alone is a quote


@remembered(64)
def decay_figure(strength: float, lr: float, seed: int, d: int, x_title: str, y_title: str) -> go.Figure:
    steps = np.arange(0, lab.DECAY_STEPS + 1, 40)
    rows = [
        Curve(steps, lab.decays(lr, strength, seed)[key].mean[steps, d], name, ink(key).color, ink(key).dash)
        for name, key in lab.DECAYS
    ]
    figure = figures.curves(rows, x_title, y_title, height=320)
    figure.add_hline(y=0.5, line={"color": MARK, "width": 1, "dash": "dot"})
    figure.update_yaxes(range=[-0.05, 1.05])
    return figures.Still(figure)


@remembered(64, T("Looking where the decay of weights leads"))
def box_figure(strength: float, x_title: str, y_title: str, exact: str) -> go.Figure:
    nearest = int(np.argmin(np.abs(np.log(lab.STRENGTHS / strength))))
    w, b = lab.ridge(lab.STRENGTHS)
    rows = [Curve(w, b, exact, MARK, "dash")]
    for name, key in lab.DECAYS:
        w, b = lab.ends_by_strength(key)
        rows.append(Curve(w, b, name, ink(key).color, ink(key).dash))
        rows.append(
            Curve(w[[nearest]], b[[nearest]], f"{name}, λ = {lab.STRENGTHS[nearest]:g}", ink(key).color, mode="markers")
        )
    figure = figures.curves(rows, x_title, y_title, legend=False, height=320)
    side = 1 / lab.STRENGTHS[nearest]
    figure.add_shape(type="rect", x0=0, y0=0, x1=side, y1=side, line={"color": MARK, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(range=[0, 1.15])
    figure.update_yaxes(range=[0, 1.15])
    return figures.Still(figure)


def show_equals() -> None:
    lesson.section(
        _("Which of many solutions?"),
        _(
            "One row of data, two weights: every point of the line 3w + b = 1 has a loss of 0. SGD goes straight to "
            "the nearest. A method that gives each coordinate a step of the same length goes along the diagonal."
        ),
    )
    keys = controls.chosen("equals")
    finished = [lab.solutions()[key] for key in keys]
    figure = equals_figure(tuple(keys), _("Global minimum"))
    figures.show(figure, "fine_print_equals", _("Paths to a solution"), bar=False)
    heads = (_("Optimizer"), "w", "b", _("Length"), _("Largest weight"), _("Loss"))
    rows = []
    for run in finished:
        w, b = run.path[-1]
        numbers = (
            f"{w:.4f}",
            f"{b:.4f}",
            f"{np.hypot(w, b):.4f}",
            f"{max(abs(w), abs(b)):.4f}",
            f"{run.value[-1]:.0e}",
        )
        rows.append((f"{controls.swatch(run.optimizer.key)} {run.optimizer.title}", *numbers))
    if rows:
        runs.table(heads, rows, _("Solutions"))


@remembered(64)
def equals_figure(keys: tuple[str, ...], title: str) -> go.Figure:
    tracks = [runs.track(run, len(run.rate), arrows=False) for run in map(lab.solutions().__getitem__, keys)]
    plane = figures.plane(lab.underdetermined(), title)
    figure = figures.with_paths(plane, tracks)
    for k, path in enumerate(figure.data[len(plane.data) :]):
        path.line.width = 2 + 1.4 * (len(tracks) - 1 - k)  # so that paths on one another are all seen
    return figures.Still(figure)


def show_memories() -> None:
    lesson.section(
        _("How long to remember"),
        _("Adam at rate 0.05 on Rosenbrock's function from (−1.5, 2), 5000 steps."),
    )
    heads = ("$\\beta_1$", "$\\beta_2$", _("Near at step"), _("Final value"), _("Turns of x in 400 steps"))
    rows = []
    for (beta1, beta2), run in lab.memories().items():
        near = str(run.near) if run.near >= 0 else _("not reached")
        rows.append((f"{beta1:g}", f"{beta2:g}", near, f"{run.value:.2g}", str(run.reversals)))
    runs.table(heads, rows, _("How long to remember"))


def show_early() -> None:
    lesson.section(
        _("The first ten steps in pure noise"),
        _(
            "How far noise without any slope scatters a method in ten steps, in rates: {count} runs.",
            count=lab.SPREAD_RUNS,
        ),
    )
    spreads = lab.early_spread(controls.show("early_seed"))
    names = ("Adam", "RAdam", _("Adam, warm-up of ten steps"))
    rows = [(name, f"{spread:.2f} ± {error:.2f}") for name, (spread, error) in zip(names, spreads, strict=True)]
    runs.table((_("Method"), _("Standard deviation")), rows, _("The first ten steps in pure noise"))


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        plan = choose_plan()
    stage(plan)
    show_epsilon(plan)
    show_counter_example()
    show_decay()
    show_equals()
    show_memories()
    show_early()
