"""The lesson at /schedules."""

from collections.abc import Iterator
from dataclasses import replace

from core import OPTIMIZERS
from core.analysis import schedule_trials as lab
from core.schedules import SCHEDULES as CATALOGUE
from core.text import T
from pages.schedules import claims, view
from pages.schedules.measure import DRAWN, PARTS, TITLES, adjustable
from teaching.contract import Lesson
from teaching.controls import Choice, Choices, Control, Number, State, Switch, Table
from teaching.rows import goal_row, hyper_row, noise_rows, parameter_row, rate_row, start_rows, steps_row


def trial_in(state: State) -> lab.Trial:
    """Return the trial that was chosen: most defaults are its own."""
    return lab.TRIALS[state["trial"]]


def surface_parameters() -> Iterator[Control]:
    """What picks the member of a family where a trial plays with it."""
    for trial in lab.TRIALS:
        for p in trial.surface.parameters:
            if p.key in trial.parameters:
                yield parameter_row(trial.family, replace(p, default=trial.parameters[p.key]))


def rates_in_trials() -> Iterator[Control]:
    """The rate of each optimizer. The schedules share it, so that its label is the optimizer alone."""
    for optimizer in OPTIMIZERS:
        default = lambda state, optimizer=optimizer: trial_in(state).first_rate(optimizer)  # noqa: E731
        yield rate_row(optimizer.key, default, optimizer.hyper[0], text=optimizer.title)


def settings_of_variants() -> Iterator[Control]:
    """The settings of every schedule, and the points of the one that the reader draws."""
    for variant in lab.VARIANTS[:-1]:
        for setting in CATALOGUE[variant.schedule].settings:
            default = lambda state, variant=variant, setting=setting: (  # noqa: E731
                trial_in(state).defaults(variant).get(setting.key, setting.default)
            )
            yield replace(hyper_row(f"{variant.key}_{setting.key}", setting), default=default)
    for part, factor in zip(PARTS, DRAWN, strict=True):
        yield Number(f"drawn_{part}", T("Factor at {part} % of the run"), factor, low=0.0, high=1.5, step=0.05)


def noise_of_trials() -> Iterator[Control]:
    """Gradient noise, its first seed, and how many seeds there are."""
    sigma, seed = noise_rows()
    yield replace(sigma, default=lambda state: trial_in(state).sigma, step=0.1)
    yield replace(seed, default=lambda state: trial_in(state).seed)
    yield Number("seeds", T("Repetitions"), lab.MOST_SEEDS, low=2, high=lab.MOST_SEEDS, step=50)


CONTROLS = Table(
    Choice("trial", T("Experiment"), lab.TRIALS[0].key, options={row.key: row.title for row in lab.TRIALS}),
    Choices("schedules", T("Schedules"), lambda state: trial_in(state).variants, options=TITLES, most=len(TITLES)),
    Choice("rule", T("Base rate"), "same", options={"same": T("Same rate"), "tuned": T("Tuned")}),
    Choice(
        "optimizer",
        T("Optimizer"),
        lambda state: trial_in(state).optimizer,
        options={row.key: row.title for row in OPTIMIZERS},
    ),
    Switch("exact", T("Type exact rates"), False),
    rates_in_trials(),
    surface_parameters(),
    noise_of_trials(),
    settings_of_variants(),
    Choice("adjust", T("Schedule"), lambda state: next(iter(adjustable(state["schedules"])), "step"), options=TITLES),
    steps_row(lambda state: trial_in(state).steps, lab.MOST_STEPS),
    goal_row(lambda state: trial_in(state).level),
    start_rows(lambda state: trial_in(state).start, random=False),
    Choice("look", T("Look closer at"), lambda state: next(reversed(state["schedules"]), "constant"), options=TITLES),
    Number("step", T("Step"), 1, low=0, high=lab.MOST_STEPS, help=T("Pausing or scrubbing the player sets the step.")),
)

SCHEDULES = Lesson(
    key="schedules",
    title=T("Schedules"),
    question=T("When should the rate shrink?"),
    icon=":material/trending_down:",
    show=view.show,
    controls=CONTROLS,
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
