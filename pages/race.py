"""The race: up to eight optimizers on one surface, from one start, under one rule of fairness."""

from typing import NamedTuple

import streamlit as st

from core import OPTIMIZERS, SCHEDULES, Goal, Noise, Trajectory, descend
from core.engine import MAX_STEPS, REACH
from core.lessons import race as lesson_data
from core.optimizers import optimizer
from core.presets import Preset
from core.schedules import schedule
from core.spec import Optimizer, Surface
from core.torch_script import torch_script
from core.tuning import RATES, STARTS, first_rate, random_starts
from surfaces import SURFACES, surface
from ui import controls, figures, frame, lesson, runs
from ui.i18n import _
from ui.player import LABELS, degraded, player
from ui.server import aside

frame.enter()
controls.read_link()

FIELD = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "lion", "rprop")
LINKED = {"gap": "race_gap", "gradient": "race_gradient", "length": "race_length"}
STEPS = 500
MOST_TUNING_STEPS = 2000
SURFACE_TITLES = {s.key: s.title for s in SURFACES}
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
    chosen = surface(st.session_state["surface"])
    st.session_state["x"], st.session_state["y"] = chosen.starts[0]
    for o in OPTIMIZERS:
        controls.set_rate(o.key, first_rate(chosen, o))


def move_start() -> None:
    """Take the point that was clicked on the surface."""
    point = st.session_state["player"].start
    st.session_state["x"], st.session_state["y"] = float(f"{point['x']:.6g}"), float(f"{point['y']:.6g}")


def draw_start() -> None:
    """Take a random point of the window and show its seed."""
    st.session_state["start_seed"] += 1
    x, y = random_starts(st.session_state["surface"], 1, st.session_state["start_seed"])[:, 0]
    st.session_state["x"], st.session_state["y"] = round(float(x), 4), round(float(y), 4)


def show_step() -> None:
    """Take the step at which the player came to rest, and open the inspector unless that is simply the end."""
    st.session_state["step"] = int(st.session_state["player"].step)
    if st.session_state["step"] < st.session_state.get("steps", STEPS):
        st.session_state["drawer_inspect"] = True


def load(presets: tuple[Preset, ...]) -> None:
    """Set every widget to what the presets run."""
    first = presets[0]
    st.session_state["surface"] = first.surface
    begin_anew()
    st.session_state["x"], st.session_state["y"] = map(float, first.start)
    st.session_state["steps"] = first.steps
    st.session_state["race"] = [p.optimizer for p in presets]
    st.session_state["fairness"] = "own"
    st.session_state["schedule"] = first.schedule[0] if first.schedule else "none"
    for name, value in (first.schedule[1] if first.schedule else {}).items():
        st.session_state[f"{first.schedule[0]}_{name}"] = value
    st.session_state["sigma"], st.session_state["clip"] = 0.0, 0.0
    for p in presets:
        for h in optimizer(p.optimizer).hyper[1:]:
            value = p.hyper.get(h.key, h.default)
            st.session_state[f"{p.optimizer}_{h.key}"] = bool(value) if h.scale == "switch" else float(value)
        controls.set_rate(p.optimizer, p.hyper["lr"])
    st.session_state["exact"] = True


def choose_surface() -> Surface:
    chosen = surface(controls.choice(_("Surface"), SURFACE_TITLES, "surface", "rosenbrock", on_change=begin_anew))
    if chosen.parameters:
        values = {}
        for p in chosen.parameters:
            label = f"${p.symbol}$ {_(p.text)}"
            values[p.key] = controls.number(label, f"{chosen.key}_{p.key}", p.default, *p.allowed)
        chosen = chosen.with_parameters(**values)
    st.caption(_(chosen.teaches))
    return chosen


def choose_rates(chosen: Surface, fairness: str, rivals: list[Optimizer]) -> dict[str, dict[str, float]]:
    """Return every hyper-parameter of everyone; a tuned rate is found later."""
    if fairness == "same":
        everyone = optimizer("sgd").hyper[0]
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
    chosen = choose_surface()
    modes = {"own": _("Own rates"), "same": _("Same rate"), "defaults": _("Defaults"), "tuned": _("Tuned")}
    style = {"widget": st.segmented_control, "required": True, "width": "stretch"}
    fairness = controls.choice(_("Fairness"), modes, "fairness", "own", **style)
    rivals = [optimizer(key) for key in controls.choices(_("Optimizers"), OPTIMIZER_TITLES, "race", FIELD, most=8)]
    hyper = choose_rates(chosen, fairness, rivals)
    label = _("Steps, schedule, noise, clipping")
    with controls.drawer(label, "drawer_run", ":material/timeline:") as is_open:
        steps = controls.number(_("Steps"), "steps", STEPS, 1, MAX_STEPS, step=100, shown=is_open)
        name = _("Goal: this far above the minimum")
        level = controls.number(name, "goal", 1e-3, 1e-12, 1e6, step=1e-3, shown=is_open)
        plan_key = controls.choice(_("Schedule"), SCHEDULE_TITLES, "schedule", "none", shown=is_open)
        plan = None
        if plan_key != "none":
            rows = schedule(plan_key).settings
            plan = (plan_key, {s.key: controls.setting_number(plan_key, s, shown=is_open) for s in rows})
        sigma = controls.number(_("Gradient noise, standard deviation"), "sigma", 0.0, 0.0, 1e6, shown=is_open)
        seed = controls.number(_("Seed of the noise"), "seed", 0, 0, 2**31, shown=is_open)
        name = _("Clip the gradient to this length (0: never)")
        clip = controls.number(name, "clip", 0.0, 0.0, 1e12, shown=is_open)
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
            "Each runs at the best of {rates} rates, judged from {starts} random starts with {steps} steps each.",
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


def choose_start(chosen: Surface) -> tuple[float, float]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = controls.number(_("Start x"), "x", chosen.starts[0][0], -REACH, REACH)
        y = controls.number(_("Start y"), "y", chosen.starts[0][1], -REACH, REACH)
        controls.number(_("Seed"), "start_seed", 0, 0, 2**31, help=_("Seed of the random start"))
        st.button(_("Random"), icon=":material/casino:", on_click=draw_start)
    return x, y


def show_pictures(race: Race, tracks: list) -> None:
    figure = figures.plane(race.surface, _("Global minimum"))
    if degraded("player"):
        sentence = LABELS["degraded"]
        st.info(_(sentence))
        figure = figures.with_paths(figure, tracks)
    name = race.surface.title
    left, right = st.columns(2, gap="small")
    with left:
        alt = _("{name} from above with the paths of all optimizers", name=name)
        figures.show(figure, "race_plane", alt, zoom=True)
    with right:
        alt = _("{name} as a landscape with the paths of all optimizers", name=name)
        figures.show(figures.space(race.surface), "race_space", alt)


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


def inspect_step(finished: list[Trajectory]) -> Trajectory:
    """Show the numbers of one step of one run; return the run."""
    titles = {run.optimizer.key: run.optimizer.title for run in finished}
    first = "adam" if "adam" in titles else next(iter(titles))
    label = _("Step inspector: every number of the formula")
    with controls.drawer(label, "drawer_inspect", ":material/search:") as is_open:
        with st.container(horizontal=True):
            chosen = controls.choice(_("Optimizer"), titles, "inspect", first, shown=is_open)
            hint = _("Pausing or scrubbing the player sets the step.")
            step = controls.number(_("Step"), "step", 1, 0, MAX_STEPS, help=hint, shown=is_open)
        run = next(run for run in finished if run.optimizer.key == chosen)
        if is_open:
            runs.inspector(run, step)
    name = _("The code that ran: {name}", name=run.optimizer.title)
    with controls.drawer(name, "drawer_code", ":material/code:") as is_open:
        if is_open:
            lesson.code_that_ran(run.optimizer)
    return run


def take_away(race: Race, finished: list[Trajectory], run: Trajectory) -> None:
    sentence = _("The address of this page holds every setting and seed: copy it, and the same race opens anywhere.")
    heading = _("Take it away")
    st.markdown(f"### {heading}\n{sentence}")
    title = _("Optimizer race")
    files = (
        (_("CSV"), lambda: runs.as_csv(finished), "race.csv", "text/csv", ":material/table:"),
        (_("Web page"), lambda: runs.as_html(finished, title), "race.html", "text/html", ":material/public:"),
    )
    with st.container(horizontal=True):
        for label, content, name, kind, icon in files:
            st.download_button(label, content, name, kind, on_click="ignore", icon=icon)
    name = _("Copy as PyTorch: {name}", name=run.optimizer.title)
    with controls.drawer(name, "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            script = torch_script(
                race.surface,
                run.optimizer,
                start=tuple(run.path[0].tolist()),
                steps=race.steps,
                hyper=run.hyper,
                schedule=race.plan[0] if race.plan else None,
                schedule_settings=race.plan[1] if race.plan else None,
                noise=race.noise,
                clip_norm=race.clip,
            )
            st.code(script, language="python")


@st.fragment
def stage(race: Race) -> None:
    """Run the race and show it. A fragment: a click that moves the start draws only this anew."""
    show_rule(race)
    sweeps = tune(race) if race.fairness == "tuned" else []
    # In the stream the paths come before the figures, though below them in the page, and need not wait for them.
    pictures, playing = st.container(), st.container()
    start = choose_start(race.surface)
    settings = {"schedule": race.plan, "noise": race.noise, "clip_norm": race.clip, "goal": race.goal}
    finished = []
    try:
        with frame.work(_("Compiling the formulas (only after an update)")):
            for rival in race.rivals:
                finished.append(
                    descend(race.surface, rival, start, race.steps, hyper=race.hyper[rival.key], **settings)
                )
    except ValueError as error:
        st.error(_("These settings contradict one another: {reason}", reason=str(error)))
    tracks = [runs.track(run, race.steps, arrows=race.arrows) for run in finished]
    with playing:
        player(
            tracks,
            key="player",
            steps=race.steps,
            stride=runs.stride(race.steps),
            plane="race_plane",
            space="race_space",
            linked=LINKED,
            start=start,
            labels={name: _(text) for name, text in LABELS.items()},
            on_start=move_start,
            on_step=show_step,
        )
    with pictures:
        show_pictures(race, tracks)
    show_curves()
    if sweeps:
        show_sweeps(sweeps, min(race.steps, MOST_TUNING_STEPS))
    if finished:
        runs.results(finished)
        take_away(race, finished, inspect_step(finished))


lesson.header(_("Optimizer race"), _("Who gets down first, and is the race fair?"))
complaints = st.container()
lesson.predict_first(lesson_data.QUESTIONS)
with st.sidebar:
    race = choose_race()
stage(race)
lesson.claims(lesson_data.CLAIMS, load)
lesson.preset_picker(load)
with complaints:
    controls.complain()
