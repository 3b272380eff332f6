"""The race: up to eight optimizers on one surface, from one start, under one rule of fairness."""

from typing import NamedTuple

import streamlit as st

from core import OPTIMIZERS, Goal, Noise, Trajectory, descend
from core.analysis.tuning import RATES, STARTS, first_rate
from core.engine.checks import CLIP_LIMITS
from core.engine.limits import MAX_STEPS
from core.engine.spec import Optimizer, Surface
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import SCHEDULES
from surfaces import ALL_SURFACES
from teaching.contract import Claim
from teaching.presets import Preset, preset
from ui import compute, controls, figures, lesson, runs, scene
from ui.i18n import _
from ui.server import aside

FIELD = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "lion", "rprop")
LINKED = {"gap": "race_gap", "gradient": "race_gradient", "length": "race_length"}

MOST_TUNING_STEPS = 2000
OPTIMIZER_TITLES = {o.key: o.title for o in OPTIMIZERS}
SCHEDULE_TITLES = {"none": "None"} | {s.key: s.title for s in SCHEDULES}


class Race(NamedTuple):
    """What the sidebar sets."""

    surface: Surface
    fairness: str
    rivals: list[Optimizer]
    hyper: dict[str, dict[str, float]]
    steps: int
    goal: Goal
    plan: tuple[str, dict] | None
    noise: Noise | None
    clip: float | None
    arrows: bool


def begin_anew() -> None:
    """Take start and rates from the surface just chosen."""
    scene.begin_anew()
    chosen = ALL_SURFACES[st.session_state["surface"]]
    for o in OPTIMIZERS:
        controls.set_rate(o.key, first_rate(chosen, o))


def load(*presets: Preset) -> None:
    """Set every widget to what the presets run."""
    first = presets[0]
    st.session_state["surface"] = first.surface
    begin_anew()
    scene.set_start(first.start)
    st.session_state["steps"] = first.steps
    st.session_state["race"] = [p.optimizer for p in presets]
    st.session_state["fairness"] = "own"
    st.session_state["schedule"] = first.schedule[0] if first.schedule else "none"
    for name, value in (first.schedule[1] if first.schedule else {}).items():
        st.session_state[f"{first.schedule[0]}_{name}"] = value
    st.session_state["sigma"], st.session_state["clip"] = 0.0, 0.0
    for p in presets:
        for h in ALL_OPTIMIZERS[p.optimizer].hyper[1:]:
            value = p.hyper.get(h.key, h.default)
            st.session_state[f"{p.optimizer}_{h.key}"] = bool(value) if h.scale == "switch" else float(value)
        controls.set_rate(p.optimizer, p.hyper["lr"])
    st.session_state["exact"] = True


def choose_rates(chosen: Surface, fairness: str, rivals: list[Optimizer]) -> dict[str, dict[str, float]]:
    """Return every hyper-parameter of everyone; a tuned rate is found later."""
    if fairness == "same":
        everyone = ALL_OPTIMIZERS["sgd"].hyper[0]
        same = controls.rate_widget(_("Everyone"), "everyone", chosen.rates["sgd"], everyone, exact=True)
        hyper = {rival.key: {"lr": same} for rival in rivals}
    elif fairness == "own":
        exact = controls.switch(_("Type exact rates"), "exact", controls.asked("lr_"))
        hyper = {rival.key: {"lr": controls.rate(rival, first_rate(chosen, rival), exact=exact)} for rival in rivals}
    else:
        hyper = {rival.key: {"lr": rival.hyper[0].default} for rival in rivals}
    if fairness == "defaults":
        return hyper
    with controls.drawer(_("Hyper-parameters"), "drawer_hyper", ":material/tune:") as is_open:
        titles = {rival.key: rival.title for rival in rivals if len(rival.hyper) > 1}
        adjusted = None
        if is_open and titles:
            adjusted = controls.choice(_("Optimizer"), titles, "adjust", next(iter(titles)))
        for rival in rivals:
            hyper[rival.key] |= controls.hyper_numbers(rival, shown=rival.key == adjusted)
    return hyper


def choose_race() -> Race:
    """Show the sidebar and return what it sets."""
    chosen = scene.choose_surface("rosenbrock", on_change=begin_anew)
    modes = {"own": _("Own rates"), "same": _("Same rate"), "defaults": _("Defaults"), "tuned": _("Tuned")}
    style = {"widget": st.segmented_control, "required": True, "width": "stretch"}
    fairness = controls.choice(_("Fairness"), modes, "fairness", "own", **style)
    rivals = [ALL_OPTIMIZERS[key] for key in controls.choices(_("Optimizers"), OPTIMIZER_TITLES, "race", FIELD, most=8)]
    hyper = choose_rates(chosen, fairness, rivals)
    label = _("Steps, schedule, noise, clipping")
    with controls.drawer(label, "drawer_run", ":material/timeline:") as is_open:
        steps = controls.number(_("Steps"), "steps", runs.STEPS, 1, MAX_STEPS, step=100, shown=is_open)
        name = _("Goal: this far above the minimum")
        level = controls.number(name, "goal", 1e-3, 1e-12, 1e6, step=1e-3, shown=is_open)
        plan_key = controls.choice(_("Schedule"), SCHEDULE_TITLES, "schedule", "none", shown=is_open)
        plan = None
        if plan_key != "none":
            rows = SCHEDULES[plan_key].settings
            plan = (plan_key, {s.key: controls.setting_number(plan_key, s, shown=is_open) for s in rows})
        sigma = controls.number(_("Gradient noise, standard deviation"), "sigma", 0.0, 0.0, 1e6, shown=is_open)
        seed = controls.number(_("Seed of the noise"), "seed", 0, 0, 2**31, shown=is_open)
        name = _("Clip the gradient to this length (0: never)")
        clip = controls.number(name, "clip", 0.0, *CLIP_LIMITS, zero=True, shown=is_open)
        arrows = controls.switch(_("Arrows at the head: gradient and momentum"), "arrows", shown=is_open)
    return Race(
        surface=chosen,
        fairness=fairness,
        rivals=rivals,
        hyper=hyper,
        steps=steps,
        goal=Goal("value below", figures.lowest(chosen) + level),
        plan=plan,
        noise=Noise(sigma, seed) if sigma else None,
        clip=clip or None,
        arrows=arrows,
    )


def show_rule(race: Race) -> None:
    """Say in one line under which rule the race is run."""
    if race.fairness == "own":
        rule = _("Each runs at its own rate, set beside the picture. The rates are not tuned, so this ranks nobody.")
    elif race.fairness == "same":
        rule = _("Everyone runs at the same rate, which means something different for each of them.")
    elif race.fairness == "defaults":
        rule = _("Each runs at its library's defaults. They are made for networks and are mostly too small here.")
    elif race.surface.minimum is None:
        rule = _("This surface has no minimum to reach, so there is nothing to tune for; each runs at its first rate.")
    else:
        rule = _(
            "Each runs at the best of {rates} rates: the one that reaches the goal from most of {starts} random starts "
            "with {steps} steps each, and of those the fastest.",
            rates=len(RATES),
            starts=STARTS,
            steps=min(race.steps, MOST_TUNING_STEPS),
        )
    st.caption(f":material/balance: {rule}")


def tune(race: Race) -> list[tuple]:
    """Give every rival its best rate in `race.hyper`; return (key, title, sweep) of each."""
    if race.surface.minimum is None:
        for rival in race.rivals:
            race.hyper[rival.key]["lr"] = first_rate(race.surface, rival)
        return []
    sweeps = []
    bar = st.empty()
    steps = min(race.steps, MOST_TUNING_STEPS)
    for k, rival in enumerate(race.rivals):
        bar.progress(k / len(race.rivals), _("Tuning {name}", name=rival.title))
        hyper = {name: value for name, value in race.hyper[rival.key].items() if name != "lr"}
        with aside():
            sweep = runs.tuned(race.surface, rival, race.goal, steps, hyper, race.plan, race.noise, race.clip)
        sweeps.append((rival.key, rival.title, sweep))
        race.hyper[rival.key]["lr"] = sweep.best_rate
    bar.empty()
    return sweeps


def show_curves() -> None:
    titles = {"gap": _("Value above the minimum"), "gradient": _("Gradient norm"), "length": _("Step length")}
    for column, (name, key) in zip(st.columns(3, gap="small"), LINKED.items(), strict=True):
        with column:
            alt = _("{what} of every optimizer over the steps", what=titles[name])
            figures.show(figures.still_axes(titles[name], _("Step"), log=True), key, alt, bar=False)


def show_sweeps(sweeps: list[tuple], budget: int) -> None:
    st.subheader(_("How the rates were chosen"), anchor="tuning")
    x_title, y_title = _("Learning rate"), _("Steps to the goal, mean over the starts")
    alt = _("Steps to the goal against the learning rate, the chosen rate of each optimizer marked")
    figures.show(figures.rate_sweeps(sweeps, budget, x_title, y_title), "race_sweeps", alt)
    st.caption(
        _(
            "A start that misses the goal counts as the whole budget, the dotted line. "
            "Hover shows how many starts reach it."
        )
    )


def take_away(race: Race, finished: list[Trajectory], run: Trajectory) -> None:
    title = _("Optimizer race")
    scene.take_away(
        scene.File(lambda: runs.as_csv(finished), "race.csv"),
        scene.File(lambda: runs.as_html(finished, title), "race.html"),
    )
    runs.torch_drawer(
        run,
        race.steps,
        schedule=race.plan[0] if race.plan else None,
        schedule_settings=race.plan[1] if race.plan else None,
        noise=race.noise,
        clip_norm=race.clip,
    )


@st.fragment
def stage(race: Race) -> None:
    """Run the race and show it. A fragment: a click that moves the start draws only this anew."""
    show_rule(race)
    sweeps = tune(race) if race.fairness == "tuned" else []
    runs.say_where_no_rate_works(sweeps)
    # In the stream the paths come before the figures, though below them in the page, and need not wait for them.
    pictures, playing = st.container(), st.container()
    start = scene.choose_start(race.surface.starts[0])
    settings = {"schedule": race.plan, "noise": race.noise, "clip_norm": race.clip, "goal": race.goal}
    finished = []
    try:
        with compute.compiling():
            for rival in race.rivals:
                finished.append(
                    descend(race.surface, rival, start, race.steps, hyper=race.hyper[rival.key], **settings)
                )
    except ValueError as error:
        st.error(_("These settings contradict one another: {reason}", reason=str(error)))
    tracks = [runs.track(run, race.steps, arrows=race.arrows) for run in finished]
    with playing:
        scene.play(
            tracks,
            steps=race.steps,
            stride=runs.stride(race.steps),
            plane="race_plane",
            space="race_space",
            linked=LINKED,
            value_name=_("Value above the minimum"),
            start=start,
            on_step=runs.show_step,
        )
    with pictures:
        left, right = st.columns(2, gap="small")
        with left:
            scene.show_plane(race.surface, "race_plane", tracks)
        with right:
            scene.show_space(race.surface, "race_space")
    show_curves()
    if sweeps:
        show_sweeps(sweeps, min(race.steps, MOST_TUNING_STEPS))
    if finished:
        runs.results(finished, sweeps)
        take_away(race, finished, runs.inspect(finished))


def load_claim(claim: Claim) -> None:
    """Load the presets that prove a claim."""
    load(*map(preset, claim.presets))


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        race = choose_race()
    stage(race)
    lesson.preset_picker(load)
