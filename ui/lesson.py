"""What every page has around its experiment: prediction, claims, the code that ran."""

import inspect
from collections.abc import Callable, Sequence

import streamlit as st

from core.engine.spec import Optimizer
from core.text import T
from teaching.contract import UNCONFIRMED, Claim, Question
from teaching.presets import Preset, preset, presets
from ui.controls import drawer
from ui.i18n import _
from ui.server import aside

_BADGES = {
    "shown": ("green", "check"),
    T("only if"): ("orange", "rule"),
    "contradicted": ("red", "close"),
    UNCONFIRMED: ("gray", "question_mark"),
}


def header(title: str, question: str) -> None:
    """Show the title of a page and the one question it answers."""
    st.title(title)
    st.markdown(f"*{question}*")


def section(title: str, caption: str = "") -> None:
    """Begin a part of the page below its experiment; `caption` says what is shown."""
    st.markdown(f"### {title}")
    if caption:
        st.caption(caption)


def predict_first(questions: Sequence[Question]) -> None:
    """Ask before the answer is drawn; never in the way."""
    with drawer(_("Predict first"), "drawer_predict", ":material/psychology:") as is_open:
        for question in questions if is_open else ():
            st.radio(
                f"**{_(question.text)}**",
                list(range(len(question.options))),
                index=None,
                format_func=[_(option) for option in question.options].__getitem__,
                key=f"predict_{question.key}",
                persist_state="session",
            )
            chosen = st.session_state.get(f"predict_{question.key}")
            if chosen is not None:
                _show_answer(question, chosen)


def _show_answer(question: Question, chosen: int) -> None:
    """Say whether the measured numbers give the chosen option, and if not, which they give."""
    numbers = _measured(question.measured)
    because, right = _(question.because, **numbers), question.right(**numbers)
    if right is None:
        st.warning(_("No option is confirmed on this machine. {because}", because=because), icon=":material/help:")
    elif chosen == right:
        st.success(_("Right. {because}", because=because), icon=":material/check:")
    else:
        answer = _(question.options[right])
        st.info(_("It is: {answer}. {because}", answer=answer, because=because), icon=":material/lightbulb:")


def set_widgets(claim: Claim) -> None:
    """Set the widgets of the page as the claim says; what it does not name stays."""
    for key, value in claim.settings.items():
        st.session_state[key] = value


def claims(rows: Sequence[Claim], load: Callable[[Claim], None] = set_widgets) -> None:
    """Show what the notes claim, each with its verdict, its measured numbers and a button that shows them."""
    title = _("Claims under test")
    texts = [f"### {title}"]
    _measure_all([row.measure for row in rows])
    for k, row in enumerate(rows, start=1):
        numbers = _measured(row.measure)
        badge = row.badge(numbers)
        color, icon = _BADGES[badge]
        verdict = f":{color}-badge[:material/{icon}: {_(badge)}]"
        source = _("Not in the notes.") if row.ours else ""
        condition, reading = (_(text, **numbers) for text in (row.condition, row.reading))
        texts.append(f"{k}. **{_(row.text)}** {verdict}\\\n   {condition} {reading} {source}")
    st.markdown("\n".join(texts))

    def load_chosen() -> None:
        chosen = st.session_state["load_claim"]
        st.session_state["load_claim"] = None
        if chosen is not None:
            load(rows[chosen - 1])

    st.pills(
        _("Load the experiment of a claim"),
        list(range(1, len(rows) + 1)),
        key="load_claim",
        on_change=load_chosen,
        help=_("Every number is measured now, by the same code, and asserted in the test suite."),
    )


def preset_picker(load: Callable[[Preset], None]) -> None:
    """Offer every preset that ships with the app, with the number it must show and the number it shows now."""

    def load_chosen() -> None:
        if st.session_state["preset"]:
            load(preset(st.session_state["preset"]))

    with drawer(_("All presets"), "drawer_presets", ":material/bookmarks:") as is_open:
        if not is_open:
            return
        ids = [candidate.id for candidate in presets()]
        chosen = st.selectbox(_("Preset"), ids, index=None, key="preset", on_change=load_chosen)
        if chosen:
            picked = preset(chosen)
            measured = _measured(picked.show)
            st.markdown(
                _(
                    "Measured now: {measured}. Expected: {expected}, give or take {tolerance}.",
                    measured=measured["measured"],
                    expected=picked.expected,
                    tolerance=_("anything, because rounding decides") if picked.tolerance is None else picked.tolerance,
                )
            )


def code_that_ran(optimizer: Optimizer) -> None:
    """Show the formula of an optimizer, its source text as it ran, and where it comes from."""
    st.markdown(_(optimizer.text))
    formula(optimizer.latex, (optimizer.step,), optimizer.source)


def formula(latex: str, functions: Sequence[Callable], source: str) -> None:
    """Show a formula, the source text of the functions that compute it, and where it comes from."""
    st.latex(rf"\begin{{gathered}}{latex.strip()}\end{{gathered}}")
    st.code("\n\n".join(map(inspect.getsource, functions)), language="python")
    st.caption(_("Source: {source}", source=source))


def _measure_all(measures: Sequence[Callable[[], dict]]) -> None:
    """Measure what nobody has measured in this process, and show how far that is."""
    new = [measure for measure in measures if measure not in _MEASURED]
    if not new:
        return
    place = st.empty()
    for k, measure in enumerate(new):
        place.progress(k / len(new), _("Measuring the claims, once: {done} of {count}", done=k, count=len(new)))
        _measured(measure)
    place.empty()


_MEASURED: dict[Callable[[], dict], dict] = {}


def _measured(measure: Callable[[], dict]) -> dict:
    """Return what `measure` returns, measured once per process, and then without leaving the gate."""
    if measure not in _MEASURED:
        with aside():
            _MEASURED[measure] = measure()
    return _MEASURED[measure]
