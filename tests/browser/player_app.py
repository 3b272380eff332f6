"""What the browser tests of the player look at: several planes, clocks, arrows; curves alone; a plane alone."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from ui.player.player import Arrow, Track, player

STEPS = 40
BETA = 0.8
BATCHES = {"small": (1, 0.05, "#0072b2"), "large": (16, 0.1, "#d55e00")}  # samples a step, rate, colour
ARROWS = (
    Arrow("carried", "βΔ", "What is left of the last step", color="#009e73"),
    Arrow("downhill", "−ηg", "The new part", color="#cc79a7", after="carried"),
)


def descend(rate):
    """Run momentum on (x² + 4 y²) / 2; return the points and the two parts of each step."""
    points = np.full((STEPS + 1, 2), np.nan)
    carried, downhill = points.copy(), points.copy()
    points[0], delta = st.session_state["start"], np.zeros(2)
    for k in range(STEPS):
        carried[k], downhill[k] = BETA * delta, -rate * points[k] * (1, 4)
        delta = carried[k] + downhill[k]
        points[k + 1] = points[k] + delta
    return points, carried, downhill


def track(key, plane=None, parts=True):
    batch, rate, color = BATCHES[key]
    points, carried, downhill = descend(rate)
    loss = (points**2 @ (1, 4)) / 2
    return Track(
        key=key,
        label=f"Batch {batch}",
        color=color,
        dash=(),
        path=points,
        plane=plane,
        series={"loss": loss, "loss_by_samples": loss},
        clock={"loss_by_samples": np.arange(STEPS + 1.0) * batch},
        arrows={"gradient": points * (1, 4)} | ({"carried": carried, "downhill": downhill} if parts else {}),
    )


def move(key):
    st.session_state["start"] = st.session_state[key].start["x"], st.session_state[key].start["y"]


def show(figure, key):
    figure.update_layout(height=260, margin={"l": 40, "r": 8, "t": 8, "b": 28}, showlegend=False, dragmode="pan")
    st.plotly_chart(figure, key=key, config={"scrollZoom": True})


def landscape(kind):
    x, y = np.linspace(-4, 4, 41), np.linspace(-3, 3, 31)
    return go.Figure(kind(x=x, y=y, z=(x**2 + 4 * y[:, None] ** 2) / 2, showscale=False))


def axes(log_x=False):
    figure = go.Figure()
    figure.update_xaxes(type="log" if log_x else "linear", rangemode="nonnegative")
    return figure.update_yaxes(type="log")


def curve(name, times):
    return Track(name, name, "#0072b2", (), series={"error": np.exp(-times)}, clock={"error": times})


st.set_page_config(layout="wide")
st.title("Players")
st.session_state.setdefault("start", (-3.0, 2.0))
shared = {"steps": STEPS, "stride": 1, "start": st.session_state["start"]}
player(
    [track("small"), track("large", plane="right")],
    key="many",
    plane=("left", "right"),
    linked={"loss": "by_step", "loss_by_samples": "by_samples"},
    arrows=ARROWS,
    on_start=lambda: move("many"),
    **shared,
)
for column, name, figure in zip(
    st.columns(4),
    ("left", "right", "by_step", "by_samples"),
    (landscape(go.Contour), landscape(go.Heatmap), axes(), axes(log_x=True)),
    strict=True,
):
    with column:
        show(figure, name)

player([curve("slow", np.linspace(0, 1, STEPS + 1))], key="curves", linked={"error": "only"}, steps=STEPS, stride=1)
show(axes(), "only")
twins = [track("small", parts=False)] * 2  # one key, one entry of the legend
player(twins, key="alone", plane="plane_alone", on_start=lambda: move("alone"), **shared)
show(landscape(go.Contour), "plane_alone")
