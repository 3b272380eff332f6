"""Colours: legible in both themes, told apart by everyone, the same in the theme's settings and in this project."""

import re
import tomllib
from base64 import b64decode
from itertools import combinations, product

import pytest

from core.analysis.schedule_trials import TRIALS, VARIANTS
from core.optimizers import OPTIMIZERS
from pages.batches.measure import Plan
from pages.fine_print import measure as fine_print
from pages.recipes import measure as recipes
from surfaces import ALL_SURFACES
from teaching.language import ROOT
from tests.vision import VISIONS, contrast, distance
from ui import batches, controls
from ui.palette import ACTIVATION_INKS, INKS, LINES, MARK, SCALE, SHADES, TEXTS, Ink, ink, shades

THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
TINTS = {
    "light": ["#fff1f2", "#fff6ed", "#fffae5", "#edf5ff", "#f1fbf6", "#f8f2ff", "#f5f4f2"],
    "dark": ["#412023", "#342414", "#302917", "#1e2a3d", "#0e2f24", "#332244", "#2c2925"],
}
"""Streamlit's grounds of badges and alerts: red, orange, yellow, blue, green, violet, gray."""
HUES = dict(zip(("red", "orange", "yellow", "blue", "green", "violet", "gray"), range(7), strict=True))


def grounds(theme: str) -> list[str]:
    """Return the page, on which figures are drawn as well, and the sidebar."""
    return [THEME[theme]["backgroundColor"], THEME[theme]["secondaryBackgroundColor"]]


def test_contrast_and_distance_are_those_of_their_authors() -> None:
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert distance("#ff0000", "#00ff00") == pytest.approx(86.6, abs=0.1)
    assert distance("#0000ff", "#0000f0") < 5
    assert distance("#d98f00", "#a89a00", "protan") < 5 < distance("#d98f00", "#a89a00")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_has_the_colours_of_the_palette(theme: str) -> None:
    own = THEME[theme]
    for names, setting in ((LINES, "chartCategoricalColors"), (SCALE, "chartSequentialColors")):
        assert own[setting] == [getattr(SHADES[name], theme) for name in names]
    assert [own[f"{hue}TextColor"] for hue in TEXTS] == [getattr(shade, theme) for shade in TEXTS.values()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_have_three_to_one(theme: str) -> None:
    for color, ground in product((*SHADES, MARK), grounds(theme)):
        assert contrast(getattr(shades(color), theme), ground) >= 3, (color, ground)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_have_four_and_a_half_to_one(theme: str) -> None:
    own = THEME[theme]
    plain = [own["textColor"], own["primaryColor"], own.get("linkColor", TEXTS["blue"].light)]
    for color, ground in product(plain, grounds(theme)):
        assert contrast(color, ground) >= 4.5, (color, ground)
    for hue, shade in TEXTS.items():
        for ground in (*grounds(theme), TINTS[theme][HUES[hue]]):
            assert contrast(getattr(shade, theme), ground) >= 4.5, (hue, ground)


def test_swatch_is_the_line_that_is_drawn() -> None:
    for key, (color, dash) in INKS.items():
        picture = b64decode(controls.swatch(key).split("base64,")[1].rstrip(")")).decode()
        assert re.findall(r"stroke:(#\w+)", picture) == list(shades(color)), key
        pixels = re.search(r'stroke-dasharray="([^"]*)"', picture)
        assert pixels and tuple(map(int, pixels[1].split())) == Ink(color, dash).pixels, key


def test_no_two_styles_draw_the_same() -> None:
    for look in ("pixels", "pattern"):
        every = {
            getattr(Ink(MARK, dash), look) for dash in ("solid", "dash", "longdash", "dashdot", "longdashdot", "dot")
        }
        assert len(every) == 6


def recipe_rows() -> dict[str, tuple[recipes.Recipe, ...]]:
    return {f"recipes, {e.key}": e.build(**{k.key: k.default for k in e.knobs}) for e in recipes.EXPERIMENTS}


FORMULAS = [o.key for o in (*fine_print.FAMILY, fine_print.OWN)]
TOGETHER = {
    "race": [o.key for o in OPTIMIZERS],
    "step size": [*(o.key for o in OPTIMIZERS), "sgd_again"],
    "momentum": ["sgd", "momentum", "ema_momentum", "nesterov", "momentum_faulty"],
    "formulas": FORMULAS,
    "decays": [key for _title, key in fine_print.DECAYS],
    "solutions": list(fine_print.EQUALS_RATES),
    "schedules": [row.key for row in VARIANTS],
    **{name: [recipe.key for recipe in rows] for name, rows in recipe_rows().items()},
}
"""Every set of lines that a visitor can bring together."""


@pytest.mark.parametrize("keys", TOGETHER.values(), ids=TOGETHER)
def test_lanes_that_can_be_shown_together_never_look_alike(keys: list[str]) -> None:
    looks = [ink(key) for key in keys]
    assert len(set(looks)) == len(looks)
    assert (MARK, "solid") not in looks, "the line of marks"
    assert "dot" not in {look.dash for look in looks}, "the line of theory"


def test_activations_never_look_alike() -> None:
    assert len(set(ACTIVATION_INKS.values())) == len(ACTIVATION_INKS)


def test_formulas_of_adam_borrow_no_colour_of_another_optimizer_on_their_page() -> None:
    others = {ink(key).color for key in fine_print.EQUALS_RATES if key != "adam"}
    assert not others & {ink(key).color for key in FORMULAS}


@pytest.mark.parametrize("key", [e.key for e in recipes.EXPERIMENTS])
def test_recipe_has_the_colour_of_an_optimizer_only_where_it_begins_with_it(key: str) -> None:
    rows = {recipe.key: recipe for recipe in recipe_rows()[f"recipes, {key}"]}
    rows.pop("schedule_free", None)  # a relative of SGD, in its colour on every page
    own = {ink(name).color: name for name in rows if name in {o.key for o in OPTIMIZERS}}
    for name, recipe in rows.items():
        assert own.get(ink(name).color, recipe.phases[0].optimizer) == recipe.phases[0].optimizer, name


@pytest.mark.parametrize("sizes", [(4, 16, 64), (1, 4, 16, 64), (1, 2, 4, 8, 16), (64, 128, 256), (256, 512, 1024)])
def test_batch_sizes_never_look_alike(sizes: tuple[int, ...]) -> None:
    plan = Plan(ALL_SURFACES["linear_regression"], sizes, (0.1,) * len(sizes), "replacement", 0, 256)
    looks = [batches.look(plan, k).ink for k in range(len(sizes))]
    assert len(set(looks)) == len(sizes)
    assert not {look.color for look in looks} & {ink(o.key).color for o in OPTIMIZERS}


def apart(one: Ink, other: Ink) -> bool:
    """Say whether everyone can tell two lines apart in both themes: by their dashes or by their colours."""
    pairs = list(zip(shades(one.color), shades(other.color), strict=True))
    return one.dash != other.dash or all(distance(*pair, vision) >= 10 for pair in pairs for vision in VISIONS)


FIRST = {
    "race": ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "lion", "rprop"),
    **{f"schedules, {trial.key}": trial.variants for trial in TRIALS},
    **{name: tuple(recipe.key for recipe in rows) for name, rows in recipe_rows().items()},
}
"""Lines that a page brings together by itself."""


@pytest.mark.parametrize("keys", FIRST.values(), ids=FIRST)
def test_lines_that_a_page_begins_with_are_told_apart_by_everyone(keys: tuple[str, ...]) -> None:
    for one, other in combinations(keys, 2):
        assert apart(ink(one), ink(other)), (one, other)
