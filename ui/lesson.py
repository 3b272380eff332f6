"""What every page has around its experiment: prediction, claims, the code that ran."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.engine.spec import Optimizer
from teaching import record
from teaching.contract import UNCONFIRMED, Lesson, Question
from teaching.presets import Preset, measured, preset, presets
from ui import page
from ui.controls import drawer
from ui.i18n import _

_BADGES = {
    "shown": ("green", "check"),
    "only if": ("orange", "rule"),
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


def predict_first(lesson: Lesson) -> None:
    """Ask before the answer is drawn; never in the way."""
    with drawer(_("Predict first"), "drawer_predict", ":material/psychology:") as is_open:
        for question in lesson.questions if is_open else ():
            st.radio(
                f"**{_(question.text)}**",
                list(range(len(question.options))),
                index=None,
                format_func=[_(option) for option in question.options].__getitem__,
                key=f"predict_{question.key}",
                persist_state="session",
            )
            answer = st.session_state.get(f"predict_{question.key}")
            if answer is not None:
                _show_answer(lesson, question, answer)


def _show_answer(lesson: Lesson, question: Question, answer: int) -> None:
    """Say whether the measured numbers give the chosen option, and if not, which they give."""
    numbers = record.numbers(lesson.key, f"question {question.key}", question.measured)
    because, right = _(question.because, **numbers), question.right(**numbers)
    if right is None:
        st.warning(_("No option is confirmed on this machine. {because}", because=because), icon=":material/help:")
    elif answer == right:
        st.success(_("Right. {because}", because=because), icon=":material/check:")
    else:
        named = _(question.options[right])
        st.info(_("It is: {answer}. {because}", answer=named, because=because), icon=":material/lightbulb:")


def claims(lesson: Lesson) -> None:
    """Show what the notes claim, each with its verdict, its measured numbers and a button that shows them.

    The numbers are those that are recorded beside the lesson; measured again here, both are shown.
    """
    title, ours, measured_again = _("Claims under test"), _("Not in the notes."), _("Measured again here:")
    again = record.again(lesson) if st.session_state.get(_AGAIN) == lesson.key else {}
    texts = [f"### {title}"]
    for k, claim in enumerate(lesson.claims, start=1):
        recorded = record.numbers(lesson.key, f"claim {claim.key}", claim.measure)
        numbers = again.get(claim.key, recorded)
        badge = claim.badge(numbers)
        color, icon = _BADGES[badge]
        verdict = f":{color}-badge[:material/{icon}: {_(badge)}]"
        text = f"{_(claim.condition, **recorded)} {_(claim.reading, **recorded)}"
        text += f" {ours}" if claim.ours else ""
        if again:
            text += f"\\\n   {measured_again} {_(claim.reading, **numbers)}"
        texts.append(f"{k}. **{_(claim.text)}** {verdict}\\\n   {text}")
    st.markdown("\n".join(texts))
    _load_buttons(lesson)
    if lesson.claims:
        st.button(_("Measure again here"), icon=":material/refresh:", on_click=_measure_again, args=(lesson.key,))


_AGAIN = "_measured_again"


def _measure_again(key: str) -> None:
    st.session_state[_AGAIN] = key


def _load_buttons(lesson: Lesson) -> None:
    def load_chosen() -> None:
        number = st.session_state["load_claim"]
        st.session_state["load_claim"] = None
        if number is not None:
            claim = lesson.claims[number - 1]
            page.open_with(lesson.settings(claim))
            st.session_state.update(dict.fromkeys(claim.drawers, True))

    st.pills(
        _("Load the experiment of a claim"),
        list(range(1, len(lesson.claims) + 1)),
        key="load_claim",
        on_change=load_chosen,
        help=_("Every number was measured by the code of this page, and is asserted in the test suite."),
    )


def preset_picker(settings: Callable[[Preset], Mapping[str, Any]]) -> None:
    """Offer every preset that ships with the app, with the number it must show and the number it shows now.

    `settings` is what a preset sets on this page.
    """

    def load_chosen() -> None:
        if st.session_state["preset"]:
            page.open_with(settings(preset(st.session_state["preset"])))

    with drawer(_("All presets"), "drawer_presets", ":material/bookmarks:") as is_open:
        if not is_open:
            return
        ids = [candidate.id for candidate in presets()]
        chosen = st.selectbox(_("Preset"), ids, index=None, key="preset", on_change=load_chosen)
        if chosen:
            picked = preset(chosen)
            st.markdown(
                _(
                    "Measured now: {measured}. Expected: {expected}, give or take {tolerance}.",
                    measured=measured(chosen),
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
