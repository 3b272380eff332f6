"""Two wells of different depth: momentum can roll into the better one, and out of it again.

The tilted double well of S. H. Strogatz, "Nonlinear dynamics and chaos", Addison-Wesley 1994, section 3.6,
with a bowl in the second direction.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return x**4 - 2 * x**2 + 0.3 * x + y**2


def gradient(x, y):
    return 4 * x**3 - 4 * x + 0.3, 2 * y


def hessian(x, y):
    return 12 * x**2 - 4, 0.0, 2.0


DOUBLEWELL = Surface(
    key="doublewell",
    title="Double well",
    formulas=(value, gradient, hessian),
    latex=r"x^4 - 2x^2 + 0.3\,x + y^2",
    domain=(-2.0, 2.0, -1.5, 1.5),
    minima=((-1.0355787140888537, 0.0),),
    minimum=-1.305428483743916,
    starts=((1.8, 0.5), (-2.0, 0.5)),
    rates={"sgd": 0.01, "momentum": 0.01, "adam": 0.05},
    teaches=T("Momentum rolls out of the worse well from one side, and out of the better one from the other."),
    source="Strogatz 1994, section 3.6",
    isolated=3,
    proof=T("f is a sum of a part in x and a part in y, whose slopes have three roots (Sturm) and one."),
)
