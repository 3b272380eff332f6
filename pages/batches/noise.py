"""What the noise of batches is: the cloud of their gradients, and how far from the minimum it keeps a run for ever."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.analysis import gradient_noise
from core.analysis.curvature import eigenvalues, stable_rate
from core.analysis.gradient_noise import batch_covariance, gradient_cloud, row_covariance
from pages.batches import drawing as draw
from pages.batches import measure as lab
from pages.batches.common import code_of, finish, star
from pages.batches.measure import Plan
from ui import compute, figures, lesson, runs, scene
from ui.figures import Curve
from ui.i18n import _
from ui.page import fragment
from ui.palette import MARK

CLOUD_STEPS, STATIONARY_STEPS = 200, 600


# The cloud of gradients.


@fragment
def cloud_stage(plan: Plan) -> None:
    """Show the gradients of batches at the start, and how their spread falls with the size."""
    left, right = st.columns(2, gap="small")
    with left:
        picture, playing = st.container(), st.container()
    start = scene.choose_start()
    with compute.compiling():
        walks = [lab.walk(plan, k, start, CLOUD_STEPS) for k in range(len(plan.sizes))]
    tracks = draw.walk_tracks(plan, walks, "updates", CLOUD_STEPS, ["batches_cloud_plane"])
    with playing:
        scene.play(tracks, steps=CLOUD_STEPS, stride=1, plane="batches_cloud_plane", start=start)
    with picture:
        figure = draw.panel(plan.surface, star(), "", 400, draw.axes_of(plan.surface))
        scene.show_plane(plan.surface, "batches_cloud_plane", tracks, figure=figure)
    dealt = "replacement" if plan.sampling == "replacement" else "reshuffled"
    with right:
        alt = _("The gradients of single batches at the start, for every size")
        figures.show(draw.cloud(plan, start, dealt), "batches_cloud", alt)
        st.caption(
            _(
                "A dot is the gradient of one batch at the start, which a click on the surface moves; the cross is the "
                "gradient of all data. Ellipses: two standard deviations, from theory."
            )
        )
    if plan.sampling == "fixed":
        st.caption(_("In a fixed order nothing is random; shown are batches of random rows."))
    show_spread(plan, start)
    code_of(
        r"\mathbb{E}\,\lVert g_B - \nabla f \rVert^2 = \frac{\sigma^2}{B} \cdot \frac{N - B}{N - 1}",
        (row_covariance, batch_covariance, gradient_cloud),
        "Cochran, Sampling Techniques, Wiley 1977, chapter 2",
    )


def show_spread(plan: Plan, point: tuple[float, float]) -> None:
    """Show the measured spread of the gradient at a point over the batch size, beside theory."""
    found = lab.spreads(plan, point)
    random = {size: one for size, one in found.items() if one.theory > 0}
    if not random:
        st.info(_("Every row has the same gradient at this point, so every batch has it too."))
        return
    sizes, values = np.array(list(random)), list(random.values())
    theory = _("Theory: σ²/B") if plan.sampling == "replacement" else _("Theory: σ²/B · (N − B)/(N − 1)")
    measured = _("Measured, {count} batches", count=values[0].batches)
    lines = [
        Curve(sizes, np.array([one.theory for one in values]), theory, MARK, "dash"),
        Curve(sizes, np.array([one.measured.value for one in values]), measured, draw.WARM, mode="markers"),
    ]
    errors = {measured: [one.measured.error for one in values]}
    figure = draw.over_sizes(lines, _("Mean squared error of the gradient"), errors, log_y=True)
    left, right = st.columns([3, 2], gap="small")
    with left:
        figures.show(figure, "batches_spread", _("Spread of the gradient over the batch size, with theory"))
    rows = [
        (f"{s}", draw.with_error(one.measured), f"{one.theory:.3g}", f"{one.angle:.3g}°") for s, one in found.items()
    ]
    with right:
        heads = ("B", _("Measured"), _("Theory"), _("Angle to the true one, median"))
        runs.table(heads, rows, _("Spread of the gradient"))
    table = [(size, *one.measured, one.theory, one.angle) for size, one in found.items()]
    finish("gradient_cloud", _("Gradient cloud"), ("batch", "measured", "error", "theory", "angle"), table, figure)


# Around the minimum.


@fragment
def stationary_stage(plan: Plan) -> None:
    """Show how far from the minimum each size stays for ever."""
    if not plan.surface.minima:
        st.info(_("These data have no minimum: a threshold separates the labels, and the weight grows for ever."))
        return
    limit = float(stable_rate(eigenvalues(*plan.surface.hessian(*plan.surface.minima[0]))[1]))
    steady = plan.with_sizes(lambda _size, rate: 0 < rate < limit)
    if steady != plan:
        st.info(
            _(
                "Outside the rates from 0 to 2/λₘₐₓ = {limit:.4g} there is no ball; these sizes are left out.",
                limit=limit,
            )
        )
    if not steady.sizes:
        return
    left, right = st.columns(2, gap="small")
    with left:
        play_stationary(steady)
    modes = {
        "replacement": (_("With replacement"), draw.WARM),
        "reshuffled": (_("Reshuffled epochs"), draw.COOL),
        "fixed": (_("Fixed order"), MARK),
    }
    theory = [float(np.trace(lab.stationary_covariance(plan.surface, rate, size))) for size, rate in steady.each()]
    found = lab.stationary_radii(steady, tuple(modes))
    with right:
        figure = radius_figure(steady, theory, found, modes)
        figures.show(figure, "batches_radius", _("Squared radius of the ball over the batch size, with theory"))
    rows = []
    for k, (size, rate) in enumerate(steady.each()):
        heat = rate / size
        cells = (draw.with_error(lab.Estimate(*np.array(found[mode][k]) / heat)) for mode in modes)
        rows.append((draw.named(plan, k), f"{rate:.4g}", f"{theory[k] / heat:.3f}", *cells))
    name = _("Squared radius divided by η/B")
    lesson.section(
        name, _("{runs} runs from seed {seed} on, after a burn-in.", runs=lab.STATIONARY_RUNS, seed=plan.seed)
    )
    runs.table(("B", _("Rate"), _("Theory"), *(title for title, _color in modes.values())), rows, name)
    table = [(mode, *pair, *one) for mode in modes for pair, one in zip(steady.each(), found[mode], strict=True)]
    finish("noise_ball", _("Noise ball"), ("sampling", "batch", "rate", "radius2", "error"), table, figure)
    code_of(
        r"S = (I - \eta H)\,S\,(I - \eta H) + \eta^2 \frac{C}{B}",
        (lab.stationary_covariance, gradient_noise.stationary_covariance, lab.stationary_radius2),
        "Mandt, Hoffman & Blei 2017, arXiv:1704.04289",
    )


def play_stationary(plan: Plan) -> None:
    """Show runs that begin in the minimum, in a window as large as their noise."""
    widest = max(float(np.trace(lab.stationary_covariance(plan.surface, rate, size))) for size, rate in plan.each())
    near = draw.near_minimum(plan.surface, float(f"{4 * np.sqrt(widest) + 1e-9:.2g}"))
    steps = [min(STATIONARY_STEPS, lab.most_updates(size)) for size in plan.sizes]
    with compute.compiling():
        walks = [lab.walk(plan, k, plan.surface.minima[0], most) for k, most in enumerate(steps)]
    tracks = draw.walk_tracks(plan, walks, "updates", STATIONARY_STEPS, ["batches_ball"])
    picture = st.container()
    scene.play(tracks, steps=STATIONARY_STEPS, stride=1, plane="batches_ball")
    with picture:
        scene.show_plane(near, "batches_ball", tracks, figure=draw.around_minimum(plan, near, star()))
    text = _("Runs that begin in the minimum. Ellipses: two standard deviations of theory for rows with replacement.")
    st.caption(text)


def radius_figure(
    plan: Plan, theory: Sequence[float], found: dict[str, tuple[lab.Estimate, ...]], modes: dict[str, tuple[str, str]]
) -> go.Figure:
    """Draw the squared radius of the noise ball over the batch size for every way to draw rows, and theory."""
    sizes = np.array(plan.sizes)
    lines = [Curve(sizes, np.array(theory), _("Theory, with replacement"), MARK, "dash")]
    errors = {}
    for mode, (name, color) in modes.items():
        radius2, error = np.array(found[mode]).T
        # A full batch stays where it is, up to rounding.
        lines.append(Curve(sizes, np.where(radius2 > 1e-25, radius2, np.nan), name, color, mode="lines+markers"))
        errors[name] = error
    return draw.over_sizes(lines, _("Mean squared distance from the minimum"), errors, log_y=True, height=400)
