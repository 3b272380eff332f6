"""The race: up to eight optimizers on one surface, from one start, under one rule of fairness."""

import streamlit as st

from core import OPTIMIZERS, SCHEDULES, Goal, Noise, descend
from core.engine import MAX_STEPS, REACH
from core.lessons import race as lesson_data
from core.optimizers import optimizer
from core.presets import Preset
from core.schedules import schedule
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
MOST_TUNING_STEPS = 2000
LINKED = {"gap": "race_gap", "gradient": "race_gradient", "length": "race_length"}
SURFACE_TITLES = {s.key: s.title for s in SURFACES}
OPTIMIZER_TITLES = {o.key: o.title for o in OPTIMIZERS}
SCHEDULE_TITLES = {"none": "None"} | {s.key: s.title for s in SCHEDULES}


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
    """Take the step at which the player came to rest."""
    st.session_state["step"] = int(st.session_state["player"].step)


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


lesson.header(_("Optimizer race"), _("Who gets down first, and is the race fair?"))
complaints = st.container()
lesson.predict_first(lesson_data.QUESTIONS)
stage = st.container()

with st.sidebar:
    chosen = surface(controls.choice(_("Surface"), SURFACE_TITLES, "surface", "rosenbrock", on_change=begin_anew))
    if chosen.parameters:
        chosen = chosen.with_parameters(
            **{
                p.key: controls.number(f"${p.symbol}$ {_(p.text)}", f"{chosen.key}_{p.key}", p.default, *p.allowed)
                for p in chosen.parameters
            }
        )
    st.caption(_(chosen.teaches))
    left, right = st.columns(2, gap="small")
    with left:
        x = controls.number(_("Start x"), "x", chosen.starts[0][0], -REACH, REACH)
    with right:
        y = controls.number(_("Start y"), "y", chosen.starts[0][1], -REACH, REACH)
    left, right = st.columns(2, gap="small", vertical_alignment="bottom")
    with left:
        controls.number(_("Seed"), "start_seed", 0, 0, 2**31, help=_("Seed of the random start"))
    right.button(_("Random"), icon=":material/casino:", on_click=draw_start, width="stretch")
    fairness = controls.choice(
        _("Fairness"),
        {"own": _("Own rates"), "same": _("Same rate"), "defaults": _("Defaults"), "tuned": _("Tuned")},
        "fairness",
        "own",
        widget=st.segmented_control,
        required=True,
        width="stretch",
    )
    field = controls.choices(_("Optimizers"), OPTIMIZER_TITLES, "race", FIELD, most=8)
    rivals = [optimizer(key) for key in field]
    hypers: dict[str, dict] = {}
    if fairness == "same":
        everyone = optimizer("sgd").hyper[0]
        same_rate = controls.rate_widget(_("Everyone"), "everyone", chosen.rates["sgd"], everyone, exact=True)
    exact = fairness == "own" and controls.switch(_("Type exact rates"), "exact", controls.asked("lr_"))
    for rival in rivals:
        if fairness == "own":
            hypers[rival.key] = {"lr": controls.rate(rival, first_rate(chosen, rival), exact=exact)}
        elif fairness == "same":
            hypers[rival.key] = {"lr": same_rate}
        else:
            hypers[rival.key] = {"lr": rival.hyper[0].default}
    if fairness != "defaults":
        with controls.drawer(_("Hyper-parameters"), "drawer_hyper", ":material/tune:") as is_open:
            titles = {rival.key: rival.title for rival in rivals if len(rival.hyper) > 1}
            adjusted = None
            if is_open and titles:
                adjusted = controls.choice(_("Optimizer"), titles, "adjust", next(iter(titles)))
            for rival in rivals:
                hypers[rival.key] |= controls.hyper_numbers(rival, shown=rival.key == adjusted)
    label = _("Steps, schedule, noise, clipping")
    with controls.drawer(label, "drawer_run", ":material/timeline:") as is_open:
        steps = controls.number(_("Steps"), "steps", 500, 1, MAX_STEPS, step=100, shown=is_open)
        name = _("Goal: this far above the minimum")
        goal_level = controls.number(name, "goal", 1e-3, 1e-12, 1e6, step=1e-3, shown=is_open)
        plan_key = controls.choice(_("Schedule"), SCHEDULE_TITLES, "schedule", "none", shown=is_open)
        plan = None
        if plan_key != "none":
            rows = schedule(plan_key).settings
            plan = (plan_key, {s.key: controls.setting_number(plan_key, s, shown=is_open) for s in rows})
        sigma = controls.number(_("Gradient noise, standard deviation"), "sigma", 0.0, 0.0, 1e6, shown=is_open)
        seed = controls.number(_("Seed of the noise"), "seed", 0, 0, 2**31, shown=is_open)
        noise = Noise(sigma, seed) if sigma else None
        name = _("Clip the gradient to this length (0: never)")
        clip = controls.number(name, "clip", 0.0, 0.0, 1e12, shown=is_open) or None
        arrows = controls.switch(_("Arrows at the head: gradient and momentum"), "arrows", shown=is_open)

goal = Goal("value below", figures.lowest(chosen) + goal_level)
sweeps = []
rule = {
    "own": _("Each runs at its own rate, set beside the picture. The rates are not tuned, so this ranks nobody."),
    "same": _("Everyone runs at the same rate, which means something different for each of them."),
    "defaults": _("Each runs at its library's defaults. They are made for networks and are mostly too small here."),
    "tuned": _(
        "Each runs at the best of {rates} rates, judged from {starts} random starts with {steps} steps each.",
        rates=len(RATES),
        starts=STARTS,
        steps=min(steps, MOST_TUNING_STEPS),
    ),
}[fairness]

with stage:
    st.caption(f":material/balance: {rule}")
    finished = []
    try:
        if fairness == "tuned" and chosen.minimum is None:
            st.info(
                _("This surface has no minimum to reach, so there is nothing to tune for; each runs at its first rate.")
            )
            for rival in rivals:
                hypers[rival.key]["lr"] = first_rate(chosen, rival)
        elif fairness == "tuned":
            bar = st.empty()
            for k, rival in enumerate(rivals):
                bar.progress(k / len(rivals), _("Tuning {name}", name=rival.title))
                hyper = {name: value for name, value in hypers[rival.key].items() if name != "lr"}
                with aside():
                    tuned = runs.tuned(chosen, rival, goal, min(steps, MOST_TUNING_STEPS), hyper, plan, noise, clip)
                sweeps.append((rival.key, rival.title, tuned))
                hypers[rival.key]["lr"] = tuned.best_rate
            bar.empty()
        with frame.work(_("Compiling the formulas (only after an update)")):
            finished = [
                descend(
                    chosen,
                    rival,
                    (x, y),
                    steps,
                    hyper=hypers[rival.key],
                    schedule=plan,
                    noise=noise,
                    clip_norm=clip,
                    goal=goal,
                )
                for rival in rivals
            ]
    except ValueError as error:
        st.error(_("These settings contradict one another: {reason}", reason=str(error)))
    tracks = [runs.track(run, steps, arrows=arrows) for run in finished]
    pictures = st.container()
    # First in the stream, though below in the page: the paths need not wait for the figures.
    player(
        tracks,
        key="player",
        steps=steps,
        stride=runs.stride(steps),
        plane="race_plane",
        space="race_space",
        linked=LINKED,
        start=(x, y),
        labels={name: _(text) for name, text in LABELS.items()},
        on_start=move_start,
        on_step=show_step,
    )
    with pictures:
        figure = figures.plane(chosen, _("Global minimum"))
        if degraded("player"):
            sentence = LABELS["degraded"]
            st.info(_(sentence))
            figure = figures.with_paths(figure, tracks)
        left, right = st.columns(2, gap="small")
        with left:
            figures.show(
                figure,
                "race_plane",
                _("{name} from above with the paths of all optimizers", name=chosen.title),
                zoom=True,
            )
        with right:
            figures.show(
                figures.space(chosen),
                "race_space",
                _("{name} as a landscape with the paths of all optimizers", name=chosen.title),
            )
    titles = {"gap": _("Value above the minimum"), "gradient": _("Gradient norm"), "length": _("Step length")}
    for column, (name, key) in zip(st.columns(3, gap="small"), LINKED.items(), strict=True):
        with column:
            alt = _("{what} of every optimizer over the steps", what=titles[name])
            figures.show(figures.still_axes(titles[name], _("Step"), log=True), key, alt, bar=False)

if finished:
    runs.results(finished)
if sweeps:
    st.subheader(_("How the rates were chosen"), anchor="tuning")
    figures.show(
        figures.rate_sweeps(
            sweeps, min(steps, MOST_TUNING_STEPS), _("Learning rate"), _("Steps to the goal, mean over the starts")
        ),
        "race_sweeps",
        _("Steps to the goal against the learning rate, the chosen rate of each optimizer marked"),
    )
    st.caption(
        _(
            "A start that misses the goal counts as the whole budget, the dotted line. "
            "Hover shows how many starts reach it."
        )
    )

if finished:
    st.subheader(_("Step inspector"), anchor="inspector")
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        titles = {run.optimizer.key: run.optimizer.title for run in finished}
        inspected = controls.choice(
            _("Optimizer"), titles, "inspect", "adam" if "adam" in titles else next(iter(titles))
        )
        hint = _("Pausing or scrubbing the player sets the step.")
        step = controls.number(_("Step"), "step", 1, 0, MAX_STEPS, help=hint)
    run = next(run for run in finished if run.optimizer.key == inspected)
    with right:
        runs.inspector(run, step)
    name = _("The code that ran: {name}", name=run.optimizer.title)
    with controls.drawer(name, "drawer_code", ":material/code:") as is_open:
        if is_open:
            lesson.code_that_ran(run.optimizer)

lesson.claims(lesson_data.CLAIMS, load)

if finished:
    sentence = _("The address of this page holds every setting and seed: copy it, and the same race opens anywhere.")
    st.markdown(f"### {_('Take it away')}\n{sentence}")
    with st.container(horizontal=True):
        st.download_button(
            _("CSV"),
            lambda: runs.as_csv(finished),
            "race.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/table:",
        )
        page_title = _("Optimizer race")
        st.download_button(
            _("Web page"),
            lambda: runs.as_html(finished, page_title),
            "race.html",
            "text/html",
            on_click="ignore",
            icon=":material/public:",
        )
    name = _("Copy as PyTorch: {name}", name=run.optimizer.title)
    with controls.drawer(name, "drawer_torch", ":material/content_copy:") as is_open:
        if is_open:
            script = torch_script(
                chosen,
                run.optimizer,
                start=(x, y),
                steps=steps,
                hyper=run.hyper,
                schedule=plan[0] if plan else None,
                schedule_settings=plan[1] if plan else None,
                noise=noise,
                clip_norm=clip,
            )
            st.code(script, language="python")

with complaints:
    controls.complain()
