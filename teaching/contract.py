"""What the pages teach, as data: questions with their answers and claims with their verdicts.

Nothing here is a typed-in result. A claim measures its numbers when it is asked, and says which numbers would prove
it; the tests ask every one of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.text import T
from teaching.controls import State, Table
from teaching.presets import preset

VERDICTS = (T("shown"), T("only if"), T("contradicted"))
UNCONFIRMED = T("not confirmed on this machine")
"""What a page says instead where the measured numbers do not support the verdict."""


@dataclass(frozen=True)
class Claim:
    """A sentence of the study notes, put to the test."""

    key: str
    text: str
    """The claim, as the notes make it; our own where `ours`."""
    verdict: str
    """One of VERDICTS; shown only where the measured numbers support it."""
    condition: str
    """When it holds, or why not, with {names} for the numbers of `measure`."""
    reading: str
    """The measured numbers in words, with {names} for the numbers of `measure`."""
    presets: tuple[str, ...] = ()
    """The runs that prove it, where the button of a page loads presets."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """Widgets and their values, where the button sets these: what a page needs to show it."""
    drawers: tuple[str, ...] = ()
    """Drawers that the button opens."""
    ours: bool = False
    """Whether it stands in no note, and is our own."""
    holds: Callable[..., bool] = field(kw_only=True)
    """Whether the measured numbers support the verdict; takes them by name."""
    measured: Callable[[], dict] | None = None
    """Where the numbers come from, if not from the presets one by one."""
    errors: Mapping[str, float] = field(default_factory=dict)
    """By how much a number may come out otherwise on another machine, where that is more than rounding."""

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict: got {self.verdict!r}, allowed are {', '.join(VERDICTS)}")

    def measure(self) -> dict:
        """Return the numbers by name; those of presets are named by their ids, with _ for every other character."""
        if self.measured:
            return self.measured()
        return {name_of(id): preset(id).measure(preset(id).run()) for id in self.presets}

    def badge(self, numbers: Mapping) -> str:
        """Return the verdict that these numbers support, UNCONFIRMED where they do not support the claimed one."""
        return self.verdict if self.holds(**numbers) else UNCONFIRMED


@dataclass(frozen=True)
class Question:
    """A prediction to make before the answer is drawn."""

    key: str
    text: str
    options: tuple[str, ...]
    answer: int
    """Index in `options` that is expected; a page shows the one that `right` gives."""
    because: str
    """The measured numbers in words, with {names} for the numbers of `measure`."""
    measured: Callable[[], dict]
    right: Callable[..., int | None]
    """The index that the measured numbers give, None where they support no option; takes them by name."""
    errors: Mapping[str, float] = field(default_factory=dict)
    """As those of a claim."""


def name_of(id: str) -> str:
    """Return the name under which the number of a preset stands in a reading."""
    return "".join(c if c.isalnum() else "_" for c in id)


@dataclass(frozen=True, eq=False)
class Lesson:
    """A page of the course: what the reader meets, as data."""

    key: str
    """Name of its folder and its address."""
    title: T
    question: T
    """The one question it answers."""
    icon: str
    show: Callable[[], None] = field(kw_only=True)
    """Draw the experiment."""
    controls: Table = field(kw_only=True, default_factory=Table)
    """Everything that can be set."""
    panels: Mapping[str, Callable[[], Mapping]] = field(default_factory=dict)
    """What the page shows of many runs and takes long, recorded as the claims are."""
    questions: tuple[Question, ...] = ()
    claims: tuple[Claim, ...] = ()
    settings: Callable[[Claim], Mapping[str, object]] = lambda claim: claim.settings
    """What the button of a claim sets, where that is more than it says."""

    def __post_init__(self) -> None:
        for claim in self.claims if self.controls else ():
            self.state_of(claim)

    def state_of(self, claim: Claim) -> State:
        """Return the state that a claim sets. Raises ValueError for what the page does not have or take."""
        return self.controls.state(self.settings(claim))
