"""A monkey saddle with floors: its three valleys end in three equal minima.

D. Hilbert, S. Cohn-Vossen, "Anschauliche Geometrie", Springer 1932, chapter IV; the quartic that bounds it
is ours.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return x**3 - 3 * x * y**2 + (x**2 + y**2) ** 2


def gradient(x, y):
    s = x**2 + y**2
    return 3 * x**2 - 3 * y**2 + 4 * x * s, -6 * x * y + 4 * y * s


def hessian(x, y):
    return 6 * x + 12 * x**2 + 4 * y**2, -6 * y + 8 * x * y, -6 * x + 4 * x**2 + 12 * y**2


MONKEY_BOUNDED = Surface(
    key="monkey_bounded",
    title="Monkey saddle with three minima",
    formulas=(value, gradient, hessian),
    latex=r"x^3 - 3xy^2 + (x^2 + y^2)^2",
    domain=(-1.5, 1.5, -1.5, 1.5),
    minima=((-0.75, 0.0), (0.375, -0.649519052838329), (0.375, 0.649519052838329)),
    minimum=-0.10546875,
    starts=((0.01, 0.001),),
    rates={"sgd": 0.05, "momentum": 0.05, "adam": 0.05},
    teaches=T("Around a flat saddle the slope vanishes with the square of the distance: leaving it takes long."),
    source="Hilbert & Cohn-Vossen 1932, with a quartic added",
    colour="log",
    colour_offset=0.05,
    isolated=4,
    proof=T("f = r^3 cos 3a + r^4: off the origin sin 3a = 0, and then r = 3/4 with cos 3a = -1, in three directions."),
)
