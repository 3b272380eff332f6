"""What every experiment has in the sidebar: the loss and its data, a file of the visitor's own, sizes and rates."""

import streamlit as st

from core.engine.data import BadFile, read_csv
from pages.batches.measure import Plan
from pages.batches.setup import GROUNDS, OWN, asked_sizes, loss_in, own_rows, plan_in, rows_in
from ui import controls, page
from ui.i18n import _
from ui.page import state


def begin_anew() -> None:
    """Take start, rate and epochs from the loss just chosen."""
    page.reset("x", "y", "lr_sgd", "epochs")


def take_file() -> None:
    """Read the file just chosen; a bad one, or none, leaves the data as they are."""
    file = st.session_state["own_file"]
    st.session_state["file_error"] = ""
    if file is None:  # also on the way from one file to the next
        return
    try:
        rows = read_csv(file.getvalue())
    except BadFile as fault:
        st.session_state["file_error"] = _(fault.text, **fault.values)
    else:
        st.session_state[OWN] = rows
        page.update(own=True)
        begin_anew()


def offer_drawn_data() -> None:
    st.button(_("Back to drawn data"), on_click=draw_data)


def draw_data() -> None:
    """Take drawn data; the rows stay in the session for those who go back in the history."""
    page.reset("own", "raw")
    begin_anew()


def choose_loss() -> None:
    """Show the loss and what shapes its data."""
    key = controls.show("surface", then=begin_anew)
    own = own_rows(state())
    with controls.drawer(_("Data: drawn or your own"), "drawer_data", ":material/table:") as is_open:
        if own is None:
            for name in ("rows", f"scatter_{key}", "outliers", "correlation", "data_seed"):
                controls.show(name, drawn=is_open)
        if is_open or own is not None:
            label = _("Your data: a CSV file of two columns, input and target")
            st.file_uploader(label, ["csv", "tsv", "txt"], key="own_file", on_change=take_file, max_upload_size=1)
        if own is not None:
            st.caption(_("{rows} rows of your own, which a link cannot hold.", rows=len(own)))
            controls.show("raw", then=begin_anew)
            st.caption(_("Standardised: less the mean, divided by the standard deviation. Labels stay what they are."))
            offer_drawn_data()
    if st.session_state.get("file_error"):
        st.error(_("This file is not used. {reason}", reason=st.session_state["file_error"]))
    for complaint in loss_in(state()).complaints:
        st.info(complaint)
    if own is None and state()["own"]:
        offer_drawn_data()


def choose_sizes() -> None:
    """Show the batch sizes and say which of them the data cannot fill."""
    keys, rows = controls.chosen("batch"), rows_in(state())
    if rows == 0:
        if "N" in keys:
            st.info(_("There are no rows behind the noise here, so N is left out."))
        return
    for size in (size for size in asked_sizes(state()) if size > rows):
        st.info(_("A batch of {size} is larger than the data ({rows} rows); it is left out.", size=size, rows=rows))


def choose_plan(experiment: str) -> Plan:
    """Show what every experiment has and return it."""
    if experiment not in GROUNDS:
        choose_loss()
    choose_sizes()
    exact = controls.show("exact")
    controls.rate("sgd", exact=exact)
    if controls.show("rule") != "same":
        controls.show("most_rate")
    if experiment != "escape":
        controls.show("sampling")
    controls.show("batch_seed")
    return plan_in(state())
