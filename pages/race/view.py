"""The race: up to eight optimizers on one surface, from one start, under one rule of fairness."""

from typing import NamedTuple

import streamlit as st

from core import Goal, Noise, Trajectory, descend
from core.analysis.tuning import RATES, STARTS, first_rate
from core.engine.spec import Optimizer, Surface
from core.optimizers import ALL_OPTIMIZERS
from core.schedules import SCHEDULES
from pages.race.claims import settings_of
from teaching.rows import hyper_in, settings_in
from ui import compute, controls, figures, lesson, page, runs, scene
from ui.i18n import _
from ui.page import fragment, state

LINKED = {"gap": "race_gap", "gradient": "race_gradient", "length": "race_length"}

MOST_TUNING_STEPS = 2000


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
    page.reset("x", "y", *(key for key in state() if key.startswith("lr_")))


def choose_rates(chosen: Surface, fairness: str, rivals: list[Optimizer]) -> dict[str, dict[str, float]]:
    """Return every hyper-parameter of everyone; a tuned rate is found later."""
    if fairness == "same":
        same = controls.rate("everyone", exact=True)
        hyper = {rival.key: {"lr": same} for rival in rivals}
    elif fairness == "own":
        exact = controls.show("exact")
        names = {rival.key: f"{controls.swatch(rival.key)} {rival.title}" for rival in rivals}
        hyper = {key: {"lr": controls.rate(key, exact=exact, name=name)} for key, name in names.items()}
    else:
        hyper = {rival.key: {"lr": rival.hyper[0].default} for rival in rivals}
    if fairness == "defaults":
        return hyper
    with controls.drawer(_("Hyper-parameters"), "drawer_hyper", ":material/tune:") as is_open:
        titles = {rival.key: rival.title for rival in rivals if len(rival.hyper) > 1}
        if is_open and titles:
            adjusted = controls.pick("adjust", titles) or next(iter(titles))
            for each in ALL_OPTIMIZERS[adjusted].hyper[1:]:
                controls.show(f"{adjusted}_{each.key}")
    for rival in rivals:
        hyper[rival.key] |= hyper_in(state(), rival)
    return hyper


def choose_race() -> Race:
    """Show the sidebar and return what it sets."""
    chosen = scene.choose_surface(then=begin_anew)
    fairness = controls.show("fairness", widget=st.segmented_control, required=True, width="stretch")
    rivals = [ALL_OPTIMIZERS[key] for key in controls.chosen("race")]
    hyper = choose_rates(chosen, fairness, rivals)
    label = _("Steps, schedule, noise, clipping")
    with controls.drawer(label, "drawer_run", ":material/timeline:") as is_open:
        steps, level, plan_key = (controls.show(key, drawn=is_open) for key in ("steps", "goal", "schedule"))
        plan = None
        if plan_key != "none":
            for setting in SCHEDULES[plan_key].settings:
                controls.show(f"{plan_key}_{setting.key}", drawn=is_open)
            plan = (plan_key, settings_in(state(), SCHEDULES[plan_key]))
        sigma, seed, clip, arrows = (controls.show(key, drawn=is_open) for key in ("sigma", "seed", "clip", "arrows"))
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
    steps = min(race.steps, MOST_TUNING_STEPS)
    rivals = [(rival, race.hyper[rival.key]) for rival in race.rivals]
    sweeps = runs.tuned(race.surface, rivals, race.goal, steps, race.plan, race.noise, race.clip)
    for rival, sweep in zip(race.rivals, sweeps, strict=True):
        race.hyper[rival.key]["lr"] = sweep.best_rate
    return [(rival.key, rival.title, sweep) for rival, sweep in zip(race.rivals, sweeps, strict=True)]


def show_curves() -> None:
    titles = {"gap": _("Value above the minimum"), "gradient": _("Gradient norm"), "length": _("Step length")}
    scene.show_linked(LINKED, titles, scene.of_every_optimizer)


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
    scene.take_away_runs(finished, _("Optimizer race"))
    runs.torch_drawer(
        run,
        race.steps,
        schedule=race.plan[0] if race.plan else None,
        schedule_settings=race.plan[1] if race.plan else None,
        noise=race.noise,
        clip_norm=race.clip,
    )


@fragment
def stage(race: Race) -> None:
    """Run the race and show it. A fragment: a click that moves the start draws only this anew."""
    show_rule(race)
    # In the stream the paths come before the figures, though below them in the page, and need not wait for them.
    tuning, pictures, playing = st.container(), st.container(), st.container()
    start = scene.choose_start()
    settings = {"schedule": race.plan, "noise": race.noise, "clip_norm": race.clip, "goal": race.goal}
    finished, sweeps = [], []
    try:
        with tuning:
            sweeps = tune(race) if race.fairness == "tuned" else []
            runs.say_where_no_rate_works(sweeps)
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


def show() -> None:
    """Show the experiment of the page."""
    with st.sidebar:
        race = choose_race()
    stage(race)
    lesson.preset_picker(settings_of)
