"""One colour and line style per optimizer, the same on every page.

Colours are those of Okabe and Ito (2008), told apart by all common kinds of colour vision, darkened where they are too
pale for a white ground. There are more optimizers than such colours, so relatives share a colour and differ in style.
"""

from typing import NamedTuple


class Ink(NamedTuple):
    """How an optimizer is drawn."""

    color: str
    dash: str
    """Name of the style in Plotly."""

    @property
    def pixels(self) -> tuple[int, ...]:
        """The same style on a canvas: pixels on, pixels off."""
        return {"solid": (), "dash": (9, 5), "dot": (2, 4), "dashdot": (9, 4, 2, 4)}[self.dash]


_BLUE, _ORANGE, _GREEN, _VERMILION = "#0072b2", "#d98f00", "#009e73", "#d55e00"
_PURPLE, _SKY, _OLIVE, _GREY = "#b8579b", "#3fa2dc", "#a89a00", "#808890"

INKS = {
    "sgd": Ink(_BLUE, "solid"),
    "momentum": Ink(_ORANGE, "solid"),
    "ema_momentum": Ink(_ORANGE, "dash"),
    "nesterov": Ink(_PURPLE, "solid"),
    "adagrad": Ink(_SKY, "solid"),
    "rmsprop": Ink(_GREEN, "solid"),
    "adadelta": Ink(_SKY, "dash"),
    "adam": Ink(_VERMILION, "solid"),
    "amsgrad": Ink(_VERMILION, "dash"),
    "adamw": Ink(_VERMILION, "dot"),
    "nadam": Ink(_PURPLE, "dash"),
    "radam": Ink(_VERMILION, "dashdot"),
    "adamax": Ink(_GREEN, "dash"),
    "rprop": Ink(_GREY, "solid"),
    "asgd": Ink(_BLUE, "dash"),
    "schedule_free": Ink(_BLUE, "dot"),
    "lion": Ink(_OLIVE, "solid"),
    "sign_sgd": Ink(_OLIVE, "dash"),
    "newton": Ink(_PURPLE, "dashdot"),
    "adam_torch": Ink(_VERMILION, "solid"),
    "adam_m": Ink(_BLUE, "solid"),
    "adam_none": Ink(_ORANGE, "solid"),
    "adam_long": Ink(_PURPLE, "solid"),
    "adam_inside": Ink(_GREEN, "dash"),
    "adam_ams": Ink(_SKY, "dash"),
    "my_adam": Ink(_OLIVE, "dot"),
    "constant": Ink(_GREY, "solid"),
    "warm_up": Ink(_GREY, "dash"),
    "multi_step": Ink(_BLUE, "solid"),
    "step": Ink(_BLUE, "dash"),
    "exponential": Ink(_ORANGE, "solid"),
    "drawn": Ink(_ORANGE, "dash"),
    "time_based": Ink(_GREEN, "solid"),
    "plateau": Ink(_GREEN, "dash"),
    "cosine": Ink(_VERMILION, "solid"),
    "warm_cosine": Ink(_VERMILION, "dash"),
    "short_cosine": Ink(_VERMILION, "dot"),
    "cosine_restarts": Ink(_PURPLE, "solid"),
    "cyclic": Ink(_PURPLE, "dash"),
    "linear": Ink(_SKY, "solid"),
    "polynomial": Ink(_SKY, "dash"),
    "one_cycle": Ink(_OLIVE, "solid"),
    "adam_sgd": Ink(_PURPLE, "solid"),
    "adam_sgd_high": Ink(_PURPLE, "dash"),
    "adam_adam": Ink(_VERMILION, "dash"),
    "rmsprop_sgd": Ink(_GREEN, "solid"),
    "sgd_sgd": Ink(_BLUE, "dash"),
    "small": Ink(_SKY, "solid"),
    "middle": Ink(_SKY, "dash"),
    "large": Ink(_BLUE, "solid"),
    "alternating": Ink(_ORANGE, "solid"),
    "growing": Ink(_GREEN, "solid"),
    "shrinking": Ink(_GREEN, "dash"),
    "falling": Ink(_VERMILION, "solid"),
    "ema": Ink(_VERMILION, "solid"),
    "ema_longer": Ink(_VERMILION, "dash"),
    "tail": Ink(_GREEN, "solid"),
    "momentum_tenth": Ink(_ORANGE, "dash"),
    "unclipped": Ink(_BLUE, "solid"),
    "clip_norm": Ink(_GREEN, "solid"),
    "clip_wide": Ink(_GREEN, "dash"),
    "clip_value": Ink(_VERMILION, "solid"),
    "small_rate": Ink(_BLUE, "dash"),
    "sgd_cosine": Ink(_BLUE, "dashdot"),
    "adam_cosine": Ink(_VERMILION, "dashdot"),
}

ACTIVATION_INKS = {
    "identity": Ink(_GREY, "solid"),
    "sigmoid": Ink(_BLUE, "solid"),
    "tanh": Ink(_ORANGE, "solid"),
    "hard_sigmoid": Ink(_BLUE, "dash"),
    "softsign": Ink(_ORANGE, "dash"),
    "relu": Ink(_VERMILION, "solid"),
    "leaky_relu": Ink(_VERMILION, "dash"),
    "prelu": Ink(_VERMILION, "dot"),
    "elu": Ink(_GREEN, "solid"),
    "selu": Ink(_GREEN, "dash"),
    "softplus": Ink(_VERMILION, "dashdot"),
    "silu": Ink(_PURPLE, "solid"),
    "gelu": Ink(_SKY, "solid"),
    "gelu_tanh": Ink(_SKY, "dash"),
    "mish": Ink(_OLIVE, "solid"),
    "hard_swish": Ink(_PURPLE, "dash"),
}
"""Activations, on pages of their own; relatives share a colour."""

VALLEY = "#2f5f94"
"""Low ground of a drawn surface."""
HEIGHT = "#d3dde9"
"""High ground."""
MARK = "#6b7684"
"""Lines and marks that belong to no optimizer, legible on light and dark."""


def ink(key: str) -> Ink:
    """Return how to draw an optimizer; grey and dashed where it has no ink of its own, as variants of the notes."""
    return INKS.get(key, Ink(_GREY, "dash"))


def activation_ink(key: str) -> Ink:
    """Return how to draw an activation; grey and dashed where it has no ink of its own."""
    return ACTIVATION_INKS.get(key, Ink(_GREY, "dash"))
