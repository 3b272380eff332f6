"""Play optimizer trajectories as moving canvases over still Plotly charts.

The charts are ordinary ``st.plotly_chart`` elements that never change while a run is played. ``player.js``
draws the paths over them and owns play, scrub, speed, keyboard and legend; Python sends the numbers.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import streamlit as st

from core.text import T

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "player": T("Player"),
        "to_start": T("To start"),
        "back": T("Step back"),
        "play": T("Play"),
        "pause": T("Pause"),
        "forward": T("Step forward"),
        "to_end": T("To end"),
        "scrub": T("Step"),
        "position": T("Step {step} of {steps}"),
        "speed": T("Speed"),
        "loop": T("Loop"),
        "gradient": T("Downhill"),
        "momentum": T("Momentum"),
        "gradient_help": T("Show minus the gradient at each head"),
        "momentum_help": T("Show the momentum at each head"),
        "legend": T("Paths"),
        "toggle": T("{label}: show or hide"),
        "start": T("Start point: drag to move"),
        "keys": T("Space plays; left, right: one step, with shift ten; home, end; L loops; +, -: speed."),
        "degraded": T("This browser or version cannot animate the paths, so they are drawn whole."),
        "empty": T("No path to show: choose at least one optimizer."),
    }
)
"""Every text the player shows, in English. Braces are filled in by the player."""

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


_HERE = Path(__file__).parent
_CALL = """
export default function call(component) {
  if (window.trajectoryPlayer) return window.trajectoryPlayer.render(component);
  let destroy = () => {};
  const begin = () => { destroy = window.trajectoryPlayer.render(component); };
  window.addEventListener("trajectory-player", begin, { once: true });
  return () => { window.removeEventListener("trajectory-player", begin); destroy(); };
}
"""
PARTS = ("numbers", "axes", "draw", "views", "curves", "panel", "player")
"""The browser's side, in the order in which its parts need one another."""


def script(*parts: str) -> str:
    """Return parts of the browser's side as one script: Streamlit takes a single one, so imports and exports go."""
    text = "\n".join((_HERE / f"{part}.js").read_text(encoding="utf-8") for part in parts)
    text = re.sub(r"^import \{[^}]*\} from \"\./\w+\.js\";\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^export (?!default)", "", text, flags=re.MULTILINE)


# Two components, because Streamlit sends the source again whenever the data beside it change: 58 kB a click.
# Style isolation (the default) would break the modebar, legend and hover of the charts on the same page.
_CODE = st.components.v2.component(
    "trajectory_player_code",
    css=(_HERE / "player.css").read_text(encoding="utf-8"),
    js=script(*PARTS),
    isolate_styles=False,
)
_COMPONENT = st.components.v2.component("trajectory_player", js=_CALL, isolate_styles=False)


@dataclass(frozen=True)
class Track:
    """One run, ready to draw: F frames, of which frame k is step ``k * stride``.

    Values that are not finite are not drawn. A run that ended early has fewer frames than the others: its
    path stays visible and its head rests on the last frame, marked with a cross if it ``failed``. Tracks with
    the same key, the same optimizer in two planes for example, share one entry of the legend.
    """

    key: str
    label: str
    color: str  # "#rrggbb", or a colour of the theme: see ui/palette.py
    dash: tuple[int, ...]  # pixels on, pixels off, ...; () is solid
    path: np.ndarray | None = None  # (F, 2): x, y in data units; None: only curves
    height: np.ndarray | None = None  # (F,): z in the data units of the 3-D chart; None: not drawn there
    series: Mapping[str, np.ndarray] = field(default_factory=dict)  # chart name -> (F,) its y values
    clock: Mapping[str, np.ndarray] = field(default_factory=dict)  # chart name -> (F,) its x values, never falling
    arrows: Mapping[str, np.ndarray] = field(default_factory=dict)  # "gradient", "momentum" or Arrow.key -> (F, 2)
    plane: str | None = None  # key of the plane where the path is drawn; None: in every plane
    outcome: str = ""  # short translated text for the legend
    failed: bool | None = None  # None: whenever the run has fewer frames than the player


@dataclass(frozen=True)
class Arrow:
    """A kind of arrow with a button that shows and hides it, on every track that has vectors under its key.

    It begins at the point of the frame, or at the tip of the arrow ``after`` which it comes, and is drawn to
    scale: the vector is in data units. Not ``to_scale`` it is 20 to 70 pixels long and moves with the head.
    """

    key: str
    label: str  # translated
    help: str = ""  # translated
    color: str = ""  # "#rrggbb"; "ink" is the colour of text, "" that of the track
    dashed: bool = False
    to_scale: bool = True
    after: str = ""  # key of an arrow listed earlier; "" is none
    shown: bool = True  # when the player appears


def player(
    tracks: Sequence[Track],
    *,
    key: str,
    steps: int,
    stride: int,
    plane: str | Sequence[str] = (),
    space: str | None = None,
    linked: Mapping[str, str] | None = None,
    value_name: str = "",
    arrows: Sequence[Arrow] = (),
    start: tuple[float, float] | None = None,
    target_step: int | None = None,
    labels: Mapping[str, str] = LABELS,
    autoplay: bool = True,
    speed: float = 1.0,
    context: Mapping[str, str] = MappingProxyType({}),
    current: Callable[[], Mapping[str, str]] = dict,
    on_start: Callable[[], None] | None = None,
    on_step: Callable[[], None] | None = None,
) -> None:
    """Show the controls and draw ``tracks`` over the charts with the given keys.

    ``plane``, ``space`` and the values of ``linked`` are keys of ``st.plotly_chart`` elements: the 2-D
    contour or map (or several side by side), the 3-D surface, and one empty chart per series name (linear or
    log axes; x is the step, or what ``Track.clock`` says). Any of them may be missing. The first of ``linked``,
    or else the first series of the first track, also gives the values in the legend, and ``value_name`` (translated)
    says there what they are. In a linked chart a click
    scrubs, and so does a drag where ``layout.dragmode`` is false; elsewhere a drag keeps Plotly's meaning.
    ``arrows`` declares the kinds beyond "gradient" (drawn as its negative) and "momentum".

    ``start`` is marked in every plane; None is no marker, and clicks on a plane then mean nothing.
    ``on_start`` runs when a plane is clicked or the start marker dragged, and reads
    ``st.session_state[key].start``, a dict with ``x`` and ``y``. ``on_step`` runs when the player comes
    to rest, and reads ``st.session_state[key].step["step"]``. A message calls nobody when the player is gone, or
    when ``context``, which it was drawn with, is no longer what ``current`` returns. A new
    ``target_step`` moves the player there and pauses it. ``autoplay`` and ``speed`` (one of ``SPEEDS``) apply
    once, when the player appears; with reduced motion it shows the last frame instead of playing.

    Call this before the charts are written (into a container where it should stand elsewhere): Streamlit
    sends elements as they are written, so the paths then do not wait for the figures.

    Raises ValueError when ``steps`` or ``stride`` is below 1, when ``speed`` is not on offer, when a track or
    an arrow names a plane or an arrow that is not there, or when the arrays of a track differ in length.
    """
    if steps < 1 or stride < 1:
        raise ValueError(f"steps and stride must be at least 1, got steps={steps}, stride={stride}")
    if speed not in SPEEDS:
        raise ValueError(f"speed must be one of {SPEEDS}, got {speed}")
    planes = [plane] if isinstance(plane, str) else list(plane)
    kinds = [*_own_arrows(labels), *arrows]
    _check(tracks, planes, kinds)
    packed, blocks = zip(*(_pack(track, steps, stride) for track in tracks), strict=True) if tracks else ((), ())
    with st.container(gap=None):
        _CODE(key=f"{key}_code")
        _COMPONENT(
            key=key,
            data=_message(
                {
                    "version": _fingerprint(packed, blocks, steps, stride),
                    "tracks": packed,
                    "steps": steps,
                    "stride": stride,
                    "planes": planes,
                    "space": space,
                    "linked": dict(linked or {}),
                    "valueName": value_name,
                    "kinds": [asdict(kind) for kind in kinds],
                    "start": None if start is None else [float(start[0]), float(start[1])],
                    "targetStep": target_step,
                    "labels": {**LABELS, **labels},
                    "autoplay": autoplay,
                    "speed": speed,
                    "speeds": SPEEDS,
                    "context": dict(context),
                },
                blocks,
            ),
            on_start_change=lambda: _deliver(key, "start", on_start, current),
            on_step_change=lambda: _deliver(key, "step", on_step, current),
            on_fallback_change=lambda: _remember_fallback(key),
        )


def degraded(key: str) -> bool:
    """Say whether the player with this key cannot draw, so that the surfaces must carry the full paths."""
    return bool(st.session_state.get(_fallback_key(key), False))


def _own_arrows(labels: Mapping[str, str]) -> tuple[Arrow, ...]:
    texts = {**LABELS, **labels}
    names = {kind: (texts[kind], texts[f"{kind}_help"]) for kind in ("gradient", "momentum")}
    return (
        Arrow("gradient", *names["gradient"], color="ink", to_scale=False),
        Arrow("momentum", *names["momentum"], dashed=True, to_scale=False),
    )


def _check(tracks: Sequence[Track], planes: Sequence[str], kinds: Sequence[Arrow]) -> None:
    """Raise ValueError where a name leads nowhere."""
    known = [kind.key for kind in kinds]
    for k, kind in enumerate(kinds):
        if kind.after and kind.after not in known[:k]:
            raise ValueError(f"arrow {kind.key} comes after {kind.after}, which is not listed before it")
    for track in tracks:
        if track.plane is not None and track.plane not in planes:
            raise ValueError(f"{track.key}: plane {track.plane} is not one of {planes}")
        if unknown := set(track.arrows) - set(known):
            raise ValueError(f"{track.key}: no arrow is declared under {sorted(unknown)}")
        if unknown := set(track.clock) - set(track.series):
            raise ValueError(f"{track.key}: a clock without a series: {sorted(unknown)}")


def _pack(track: Track, steps: int, stride: int) -> tuple[dict[str, Any], bytes]:
    columns = _columns(track)
    if not columns:
        raise ValueError(f"{track.key}: nothing to draw, neither a path nor a series")
    frames = len(next(iter(columns.values())))
    for name, column in columns.items():
        if np.shape(column) != (frames,):
            raise ValueError(f"{track.key}: {name} has shape {np.shape(column)}, expected ({frames},)")
    full = -(-steps // stride) + 1
    with np.errstate(over="ignore"):  # beyond float32 a diverged run becomes inf, which is not drawn
        block = np.array(list(columns.values()), dtype="<f4")
    return {
        "key": track.key,
        "label": track.label,
        "color": track.color,
        "dash": list(track.dash),
        "plane": track.plane,
        "outcome": track.outcome,
        "failed": frames < full if track.failed is None else track.failed,
        "frames": frames,
        "columns": list(columns),
    }, block.tobytes()


def _columns(track: Track) -> dict[str, np.ndarray]:
    columns = {f"series:{name}": values for name, values in track.series.items()}
    columns |= {f"clock:{name}": values for name, values in track.clock.items()}
    if track.path is not None:
        columns |= {"x": track.path[:, 0], "y": track.path[:, 1]}
    if track.height is not None:
        columns["height"] = track.height
    for name, vectors in track.arrows.items():
        drawn = _within_float32(vectors)
        drawn = -drawn if name == "gradient" else drawn  # what a reader looks for is the way down
        columns |= {f"{name}:x": drawn[:, 0], f"{name}:y": drawn[:, 1]}
    return columns


def _within_float32(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of the same directions whose lengths float32 can hold: at rest they are tiny, yet they point."""
    size = np.abs(vectors).max(axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        return np.where(size > 0, vectors / size, vectors) * np.where(size > 0, np.clip(size, 1e-30, 1e30), 1.0)


def _fingerprint(packed: Sequence[dict[str, Any]], blocks: Sequence[bytes], steps: int, stride: int) -> str:
    """Name these numbers, so that the player can tell new paths from a translation or a change of theme."""
    digest = hashlib.blake2b(f"{steps} {stride}".encode(), digest_size=8)
    for track, block in zip(packed, blocks, strict=True):
        digest.update(f"{track['key']} {track['plane']} {track['columns']}".encode())
        digest.update(block)
    return digest.hexdigest()


def _message(header: dict[str, Any], blocks: Sequence[bytes]) -> bytes:
    """Return what the player decodes: length of the header, the header as JSON, then the float32 columns of the tracks.

    Bytes, because Streamlit sends them as they are: no base64, which is a third longer, and no JSON around it.
    """
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)  # the columns must begin at a multiple of 4
    return b"".join([len(text).to_bytes(4, "little"), text, *blocks])


def _deliver(
    key: str, name: str, callback: Callable[[], None] | None, current: Callable[[], Mapping[str, str]]
) -> None:
    """Call back, unless the player is gone by now or its message belongs to a picture that is gone."""
    message = getattr(st.session_state.get(key), name, None)
    if callback is not None and message is not None and message["context"] == dict(current()):
        callback()


def _remember_fallback(key: str) -> None:
    if key in st.session_state:
        st.session_state[_fallback_key(key)] = st.session_state[key].fallback


def _fallback_key(key: str) -> str:
    return f"{key}_degraded"
