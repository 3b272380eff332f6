"""The lesson at /recipes."""

from collections.abc import Iterator
from dataclasses import replace

from core.optimizers import ALL_OPTIMIZERS
from core.text import T
from pages.recipes import claims, view
from pages.recipes import measure as lab
from teaching.contract import Lesson
from teaching.controls import Choice, Control, Number, State, Table
from teaching.rows import goal_row, inspector_rows, noise_rows, parameter_row, start_rows

OPTIMIZERS = ("adam", "sgd", "rmsprop", "momentum", "schedule_free")
"""Everyone who takes a step in a recipe."""


def experiment_in(state: State) -> lab.Experiment:
    """Return the experiment that was chosen: most defaults are its own."""
    return lab.EXPERIMENTS[state["part"]]


def recipes_in(state: State) -> dict[str, lab.Recipe]:
    """Return the recipes as they are set."""
    chosen = experiment_in(state)
    return {row.key: row for row in chosen.build(**{knob.key: state[knob.key] for knob in chosen.knobs})}


def knob_rows() -> Iterator[Control]:
    """What recipes are made of. Experiments share knobs, each with a default of its own."""
    first: dict[str, lab.Knob] = {}
    for experiment in lab.EXPERIMENTS:
        for knob in experiment.knobs:
            first.setdefault(knob.key, knob)
    for key, knob in first.items():
        default = lambda state, key=key, knob=knob: experiment_in(state).defaults.get(key, knob.default)  # noqa: E731
        whole = isinstance(knob.default, int)
        yield Number(key, knob.text, default, low=knob.low, high=knob.high, step=knob.step, whole=whole)


def surface_parameters() -> Iterator[Control]:
    """What picks the member of a family where experiments play with it."""
    first: dict[str, Control] = {}
    for experiment in lab.EXPERIMENTS:
        for p in experiment.surface.parameters:
            if p.key in experiment.parameters:
                row = parameter_row(experiment.family, p)
                default = lambda state, key=p.key, p=p: experiment_in(state).parameters.get(key, p.default)  # noqa: E731
                first.setdefault(row.key, replace(row, default=default))
    yield from first.values()


def noise_of_experiments() -> Iterator[Control]:
    """Gradient noise, its first seed, and how many seeds there are; none where an experiment is without noise."""
    sigma, seed = noise_rows()
    high = lambda state: 1e6 if experiment_in(state).sigma else 0.0  # noqa: E731
    yield replace(sigma, default=lambda state: experiment_in(state).sigma, high=high, step=0.1)
    yield seed
    yield Number("seeds", T("Repetitions"), lab.MOST_SEEDS, low=2, high=lab.MOST_SEEDS)


CONTROLS = Table(
    Choice("part", T("Experiment"), "hand_over", options={row.key: row.title for row in lab.EXPERIMENTS}),
    knob_rows(),
    surface_parameters(),
    noise_of_experiments(),
    goal_row(lambda state: experiment_in(state).level),
    start_rows(lambda state: experiment_in(state).start, random=False),
    Number("gx", T("Gradient in x"), 300.0, low=-1e12, high=1e12),
    Number("gy", T("Gradient in y"), 0.5, low=-1e12, high=1e12),
    Choice(
        "look",
        T("Look closer at"),
        lambda state: list(recipes_in(state))[-1],
        options=lambda state: {key: row.title for key, row in recipes_in(state).items()},
    ),
    Choice(
        "phase",
        T("Part of the run"),
        "0",
        options=lambda state: lab.phase_titles(recipes_in(state)[state["look"]]),
        former={"leg": lambda label: str(int(label.partition(":")[0]) - 1)},
    ),
    inspector_rows({key: ALL_OPTIMIZERS[key].title for key in OPTIMIZERS}),
)

RECIPES = Lesson(
    key="recipes",
    title=T("Averages, hand-overs, safety belts"),
    question=T("What helps a run to end well, besides its schedule?"),
    icon=":material/health_and_safety:",
    show=view.show,
    controls=CONTROLS,
    panels={"board": lab.first_board},
    questions=claims.QUESTIONS,
    claims=claims.CLAIMS,
)
