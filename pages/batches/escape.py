"""What noise is good for: it drives runs out of a well, and off a saddle."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import Noise, descend
from core.analysis.gradient_noise import row_noise
from pages.batches import drawing as draw
from pages.batches import measure as lab
from pages.batches.common import code_of, finish, number_text, star
from pages.batches.measure import Plan
from pages.batches.setup import SGD
from ui import compute, controls, figures, runs, scene
from ui.figures import Curve
from ui.i18n import _
from ui.page import fragment

SADDLE_STEPS = 400


def escape_stage(plan: Plan) -> None:
    """Show what the sidebar sets here, and the experiment."""
    with st.sidebar:
        sigma, steps = controls.show("sigma"), controls.show("escape_steps")
    show_escape(plan, sigma, steps)


@fragment
def show_escape(plan: Plan, sigma: float, steps: int) -> None:
    """Show which part of the runs leaves its well, from the shallow one and from the deep one."""
    left, right = st.columns(2, gap="small")
    taken = lab.same_time(plan, steps)
    with left:
        well = controls.show("well", widget=st.segmented_control, required=True, width="stretch")
        play_escape(plan, well, taken, sigma)
    names = {"shallow": _("Shallow to deep"), "deep": _("Deep to shallow")}
    found = lab.crossings(plan, taken, sigma)
    percent = {name: 100 * np.array(found[start]) for start, name in names.items()}
    sizes = np.array(plan.sizes)
    lines = [
        Curve(sizes, percent[name][:, 0], name, color, dash, mode="lines+markers")
        for name, color, dash in zip(percent, (draw.COOL, draw.WARM), ("solid", "dash"), strict=True)
    ]
    with right:
        errors = {name: row[:, 1] for name, row in percent.items()}
        figure = draw.over_sizes(lines, _("Ends in the other well, %"), errors, log_y=False)
        figures.show(figure, "batches_escape", _("Part of the runs that ends in the other well, by batch size"))
        show_ends(plan, well, taken, sigma)
    st.caption(
        _(
            "{runs} runs each from seed {seed} on; bars are two standard errors. Where the rates differ, everyone runs "
            "for the same time η × updates.",
            runs=lab.ESCAPE_RUNS,
            seed=plan.seed,
        )
    )
    rows = [
        (
            draw.named(plan, k),
            f"{r:.4g}",
            f"{r / s:.4g}",
            f"{taken[k]}",
            *(f"{v[k, 0]:.0f} ± {v[k, 1]:.0f} %" for v in percent.values()),
        )
        for k, (s, r) in enumerate(plan.each())
    ]
    runs.table(("B", _("Rate"), "η/B", _("Updates"), *names.values()), rows, _("Escapes"))
    table = [(start, *pair, taken[k], *found[start][k]) for start in names for k, pair in enumerate(plan.each())]
    finish("escape", _("Escape"), ("from", "batch", "rate", "updates", "part", "error"), table, figure)
    code_of(
        r"g_t = \nabla f(x_t) + \frac{\sigma}{\sqrt{B}}\,\xi_t \qquad T \propto \eta / B",
        (lab.ends_of, lab.crossed),
        "Jastrzębski et al. 2017, arXiv:1711.04623",
    )


def play_escape(plan: Plan, well: str, taken: Sequence[int], sigma: float) -> None:
    """Show the first run of every size, all at the same time η × updates."""
    tracks, most = [], max(taken)
    moments = np.minimum(np.arange(0, most + runs.stride(most), runs.stride(most)), most)
    for k, (size, rate) in enumerate(plan.each()):
        noise = Noise(sigma / np.sqrt(size), plan.seed)
        with compute.compiling():
            run = descend(plan.surface, SGD, lab.WELLS[well], taken[k], rate, noise=noise)
        shown = moments * taken[k] // most
        shown = shown[shown < len(run.path)]
        tracks.append(draw.size_track(plan, k, run, shown, series={"x": run.path[shown, 0]}))
    picture = st.container()
    scene.play(
        tracks,
        steps=most,
        stride=runs.stride(most),
        plane="batches_well",
        linked={"x": "batches_x"},
        value_name=_("x of the first run of each size"),
    )
    with picture:
        scene.show_plane(plan.surface, "batches_well", tracks, figure=draw.panel(plan.surface, star(), "", 300))
    axes = figures.still_axes(_("x of the first run of each size"), _("Updates of the smallest batch"), log=False)
    figures.show(axes, "batches_x", _("x of every size over the updates"), bar=False)


def show_ends(plan: Plan, well: str, taken: Sequence[int], sigma: float) -> None:
    """Show where the runs of each size end, as a histogram."""
    edges = np.linspace(*plan.surface.domain[:2], 61)
    lines = []
    for k, pair in enumerate(plan.each()):
        ends = lab.ends_of(well, *pair, taken[k], sigma, plan.seed)
        part = 100 * np.histogram(ends[np.isfinite(ends)], edges)[0] / lab.ESCAPE_RUNS
        lines.append(Curve((edges[1:] + edges[:-1]) / 2, part, *draw.look(plan, k)[:3]))
    figure = figures.curves(lines, _("x at the end"), _("Runs, %"), height=260)
    figures.show(figure, "batches_ends", _("Where the runs of every batch size end"), bar=False)


@fragment
def saddle_stage(plan: Plan) -> None:
    """Show how long each size stays at a saddle when it begins exactly on the axis of symmetry."""
    left, right = st.columns(2, gap="small")
    with left:
        play_saddle(plan)
    first = lab.leavings(plan, SADDLE_STEPS)
    median = np.array([np.median(steps[steps >= 0]) if np.any(steps >= 0) else np.nan for steps in first])
    sizes = np.array(plan.sizes)
    lines = [
        Curve(sizes, median, _("Updates"), draw.COOL, mode="lines+markers"),
        Curve(sizes, median * sizes, _("Samples"), draw.WARM, "dash", mode="lines+markers"),
    ]
    figure = draw.over_sizes(lines, _("Until |y| > 0.5, median"), {}, log_y=True)
    with right:
        figures.show(figure, "batches_leaving", _("Updates and samples to leave the saddle, by batch size"))
        axes = figures.still_axes(_("|y|, distance from the axis"), _("Update"), log=True)
        figures.show(axes, "batches_away", _("|y| of every size over the updates"), bar=False)
    st.caption(
        _(
            "{rows} rows whose deviations from the gradient add up to zero; {seeds} seeds and {steps} updates from "
            "(1, 0). The full batch sees the exact gradient, which never points off the axis.",
            rows=lab.SADDLE_ROWS,
            seeds=lab.SEEDS,
            steps=SADDLE_STEPS,
        )
    )
    rows = [
        (draw.named(plan, k), f"{r:.4g}", f"{np.count_nonzero(n >= 0)} / {len(n)}", number_text(m), number_text(m * s))
        for k, ((s, r), n, m) in enumerate(zip(plan.each(), first, median, strict=True))
    ]
    heads = ("B", _("Rate"), _("Runs that leave"), _("Updates"), _("Samples"))
    runs.table(heads, rows, _("Steps to leave the saddle"))
    table = [(*pair, k, int(n)) for pair, steps in zip(plan.each(), first, strict=True) for k, n in enumerate(steps)]
    finish("saddle", _("Saddle"), ("batch", "rate", "run", "left_at"), table, figure)
    code_of(
        r"g_t = \nabla f(x_t) + \frac1B \sum_{i \in \mathcal{B}_t} \xi_i \qquad \sum_{i=1}^N \xi_i = 0",
        (row_noise, lab.saddle_rows, lab.leaving),
        "Lee et al. 2016, arXiv:1602.04915",
    )


def play_saddle(plan: Plan) -> None:
    """Show the first run of every size."""
    tracks = []
    for k, rate in enumerate(plan.rates):
        noise = row_noise(lab.saddle_rows(), plan.batches(k), SADDLE_STEPS, 1)[0]
        with compute.compiling():
            run = descend(plan.surface, SGD, lab.SADDLE_START, SADDLE_STEPS, rate, noise=noise)
        away = np.abs(run.path[:, 1])
        series = {"away": np.where(away > 0, away, np.nan)}
        tracks.append(draw.size_track(plan, k, run, np.arange(len(away)), series=series))
    picture = st.container()
    scene.play(
        tracks,
        steps=SADDLE_STEPS,
        stride=1,
        plane="batches_saddle",
        linked={"away": "batches_away"},
        value_name=_("|y|, distance from the axis"),
    )
    with picture:
        scene.show_plane(plan.surface, "batches_saddle", tracks, figure=draw.panel(plan.surface, star(), "", 400))
