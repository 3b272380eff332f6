"""One colour and line style per optimizer, the same on every page and in both themes.

The hues are those of Okabe and Ito (2008), told apart by all common kinds of colour vision. No single shade of them is
legible on light and on dark ground, so a colour here is a name that stands for a shade of each theme. The names are
those with which Streamlit's own figures begin, "#000001" for the first colour of the theme: in a figure the browser
puts in the shade of the theme in force, also when the reader switches; the player looks it up in the style sheet, and
`shades` gives both. The shades are set in .streamlit/config.toml; a test keeps it equal to this table.

There are more optimizers than such colours, so relatives share a colour and differ in style. Colours that lie close
for the colour-blind get different styles as well. Dotted is never an optimizer: it is what theory expects.
"""

from typing import NamedTuple


class Shade(NamedTuple):
    """A colour as it is shown in each theme."""

    light: str
    dark: str


LINES = (
    BLUE := "#000001",
    ORANGE := "#000002",
    GREEN := "#000003",
    VERMILION := "#000004",
    PURPLE := "#000005",
    SKY := "#000006",
    OLIVE := "#000007",
    WINE := "#000008",
    INDIGO := "#000009",
    BROWN := "#000010",
)
"""Names of the colours of lines. Indigo and brown are no optimizer's."""
SCALE = tuple(f"#0000{k}" for k in range(11, 21))
"""Names of the colours from one sample to all data: ochre, rust, plum, indigo, teal."""

SHADES = {
    BLUE: Shade("#0068ab", "#4d9fe0"),
    ORANGE: Shade("#b37400", "#e69f00"),
    GREEN: Shade("#00805a", "#1fb589"),
    VERMILION: Shade("#c24d00", "#f07a35"),
    PURPLE: Shade("#a84a8e", "#d884bb"),
    SKY: Shade("#2f8fc9", "#7cc8f2"),
    OLIVE: Shade("#7a7000", "#d0c43c"),
    WINE: Shade("#7d1d3f", "#e0516f"),
    INDIGO: Shade("#5546b0", "#9a8cf0"),
    BROWN: Shade("#6b4423", "#b98b5e"),
    SCALE[0]: Shade("#b87400", "#f0b246"),
    SCALE[1]: Shade("#bd6614", "#f09d4f"),
    SCALE[2]: Shade("#c35828", "#f08758"),
    SCALE[3]: Shade("#bb4d46", "#eb7f79"),
    SCALE[4]: Shade("#ae4267", "#e57aa2"),
    SCALE[5]: Shade("#974085", "#d37ec3"),
    SCALE[6]: Shade("#75479f", "#b58bdd"),
    SCALE[7]: Shade("#5451ae", "#9699ec"),
    SCALE[8]: Shade("#3a6098", "#75abdd"),
    SCALE[9]: Shade("#1f7082", "#54becd"),
}
"""The shades of lines: 3:1 and more against the page, the sidebar and every ground of text."""

TEXTS = {
    "blue": Shade("#0068ab", "#6db5f0"),
    "orange": Shade("#915e00", "#eda723"),
    "green": Shade("#007a56", "#35c397"),
    "red": Shade("#b54800", "#ff9a63"),
    "violet": Shade("#a1458a", "#e39fcb"),
    "yellow": Shade("#716800", "#d0c43c"),
    "gray": Shade("#5c6672", "#a9b2bd"),
}
"""The same hues as text, under Streamlit's names: 4.5:1 and more, also on the tinted ground of a badge or an alert."""

MARK = "#6b7684"
"""Lines and marks that belong to no optimizer, legible on light and dark."""

TEXT, PAPER = "#000037", "#000038"
"""Streamlit's names for strong text and for the page, in a figure."""

_STYLES = {
    "solid": (),
    "dash": (9, 5),
    "longdash": (18, 5),
    "dashdot": (9, 4, 2, 4),
    "longdashdot": (18, 4, 2, 4),
    "dot": (2, 4),
}


class Ink(NamedTuple):
    """How an optimizer is drawn."""

    color: str
    dash: str
    """Name of the style in Plotly."""

    @property
    def pixels(self) -> tuple[int, ...]:
        """The same style on a canvas: pixels on, pixels off."""
        return _STYLES[self.dash]

    @property
    def pattern(self) -> str:
        """The same style in a bar: the shape of Plotly's pattern."""
        return {"solid": "", "dash": "/", "longdash": "-", "dashdot": "x", "longdashdot": "+", "dot": "."}[self.dash]


INKS = {
    "sgd": Ink(BLUE, "solid"),
    "momentum": Ink(ORANGE, "dash"),
    "ema_momentum": Ink(ORANGE, "longdash"),
    "nesterov": Ink(PURPLE, "dash"),
    "adagrad": Ink(SKY, "solid"),
    "rmsprop": Ink(GREEN, "solid"),
    "adadelta": Ink(SKY, "dash"),
    "adam": Ink(VERMILION, "solid"),
    "amsgrad": Ink(VERMILION, "dash"),
    "adamw": Ink(VERMILION, "dashdot"),
    "nadam": Ink(PURPLE, "longdash"),
    "radam": Ink(VERMILION, "longdash"),
    "adamax": Ink(GREEN, "dash"),
    "rprop": Ink(WINE, "longdash"),
    "asgd": Ink(BLUE, "dash"),
    "schedule_free": Ink(BLUE, "dashdot"),
    "lion": Ink(OLIVE, "dashdot"),
    "sign_sgd": Ink(OLIVE, "dash"),
    "newton": Ink(PURPLE, "dashdot"),
    "momentum_faulty": Ink(WINE, "dash"),
    "adam_torch": Ink(VERMILION, "solid"),
    "adam_m": Ink(INDIGO, "solid"),
    "adam_none": Ink(BROWN, "longdash"),
    "adam_long": Ink(INDIGO, "dash"),
    "adam_inside": Ink(PURPLE, "dashdot"),
    "adam_ams": Ink(VERMILION, "dash"),
    "my_adam": Ink(WINE, "dashdot"),
    "constant": Ink(BROWN, "solid"),
    "warm_up": Ink(BROWN, "longdash"),
    "multi_step": Ink(BLUE, "solid"),
    "step": Ink(BLUE, "dash"),
    "exponential": Ink(ORANGE, "solid"),
    "drawn": Ink(ORANGE, "dash"),
    "time_based": Ink(GREEN, "dashdot"),
    "plateau": Ink(GREEN, "dash"),
    "cosine": Ink(VERMILION, "longdash"),
    "warm_cosine": Ink(VERMILION, "dash"),
    "short_cosine": Ink(VERMILION, "dashdot"),
    "cosine_restarts": Ink(PURPLE, "dashdot"),
    "cyclic": Ink(PURPLE, "dash"),
    "linear": Ink(SKY, "solid"),
    "polynomial": Ink(SKY, "dash"),
    "one_cycle": Ink(OLIVE, "dashdot"),
    "adam_sgd": Ink(PURPLE, "longdashdot"),
    "adam_sgd_high": Ink(PURPLE, "longdash"),
    "adam_adam": Ink(VERMILION, "longdash"),
    "rmsprop_sgd": Ink(GREEN, "solid"),
    "sgd_sgd": Ink(BLUE, "dash"),
    "small": Ink(SKY, "solid"),
    "middle": Ink(SKY, "dash"),
    "large": Ink(SKY, "longdash"),
    "alternating": Ink(BROWN, "dashdot"),
    "growing": Ink(GREEN, "solid"),
    "shrinking": Ink(GREEN, "dash"),
    "falling": Ink(OLIVE, "dashdot"),
    "ema": Ink(BROWN, "dash"),
    "ema_longer": Ink(BROWN, "longdashdot"),
    "tail": Ink(WINE, "longdash"),
    "momentum_tenth": Ink(ORANGE, "dashdot"),
    "unclipped": Ink(BLUE, "solid"),
    "clip_norm": Ink(GREEN, "solid"),
    "clip_wide": Ink(GREEN, "dash"),
    "clip_value": Ink(BROWN, "longdash"),
    "small_rate": Ink(BLUE, "dash"),
    "sgd_again": Ink(BLUE, "longdash"),
    "sgd_cosine": Ink(BLUE, "longdash"),
    "adam_cosine": Ink(VERMILION, "dashdot"),
}

ACTIVATION_INKS = {
    "identity": Ink(MARK, "solid"),
    "sigmoid": Ink(BLUE, "solid"),
    "tanh": Ink(ORANGE, "dash"),
    "hard_sigmoid": Ink(BLUE, "dash"),
    "softsign": Ink(ORANGE, "longdash"),
    "relu": Ink(VERMILION, "solid"),
    "leaky_relu": Ink(VERMILION, "dash"),
    "prelu": Ink(VERMILION, "longdash"),
    "elu": Ink(GREEN, "solid"),
    "selu": Ink(GREEN, "dash"),
    "softplus": Ink(VERMILION, "dashdot"),
    "silu": Ink(PURPLE, "longdash"),
    "gelu": Ink(SKY, "solid"),
    "gelu_tanh": Ink(SKY, "dash"),
    "mish": Ink(OLIVE, "longdashdot"),
    "hard_swish": Ink(PURPLE, "dash"),
}
"""Activations, on pages of their own; relatives share a colour."""

VALLEY = "#2f5f94"
"""Low ground of a drawn surface."""
HEIGHT = "#d3dde9"
"""High ground."""


def ink(key: str) -> Ink:
    """Return how to draw an optimizer; grey and dashed where it has no ink of its own, as variants of the notes."""
    return INKS.get(key, Ink(MARK, "dash"))


def activation_ink(key: str) -> Ink:
    """Return how to draw an activation; grey and dashed where it has no ink of its own."""
    return ACTIVATION_INKS.get(key, Ink(MARK, "dash"))


def shades(color: str) -> Shade:
    """Return what a colour looks like in each theme; a colour that is not the theme's is the same in both."""
    return SHADES.get(color, Shade(color, color))
