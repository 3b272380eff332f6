"""Quadratic bowls with a condition number and an angle: every lesson on curvature starts here.

f = 1/2 (a x^2 + 2 b x y + c y^2) with eigenvalues 1 and `condition`, the flat direction turned by `angle`
degrees.

B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
Mathematics and Mathematical Physics 4 (1964) 1-17, doi:10.1016/0041-5553(64)90137-5.
"""

import numpy as np

from core.engine.spec import Parameter, Surface
from core.text import T


def value(x, y, a, b, c):
    return 0.5 * (a * x**2 + 2 * b * x * y + c * y**2)


def gradient(x, y, a, b, c):
    return a * x + b * y, b * x + c * y


def hessian(x, y, a, b, c):
    return a, b, c


def coefficients(condition, angle):
    """Return (a, b, c) of the bowl with eigenvalue 1 along `angle` (degrees) and `condition` across it."""
    turn = np.radians(angle)
    cosine, sine = np.cos(turn), np.sin(turn)
    return cosine**2 + condition * sine**2, (1 - condition) * cosine * sine, sine**2 + condition * cosine**2


def _family(condition: float, angle: float) -> tuple[Parameter, Parameter]:
    return (
        Parameter("condition", condition, r"\kappa", T("Condition number"), (1.0, 1e6), "log"),
        Parameter("angle", angle, r"\varphi", T("Angle of the flat direction in degrees"), (-180.0, 180.0)),
    )


LATEX = r"\tfrac12 (u^2 + \kappa v^2), \; u = x\cos\varphi + y\sin\varphi, \; v = y\cos\varphi - x\sin\varphi"
PROOF = T("The gradient is linear with a regular matrix, so that it vanishes at one point only.")
SOURCE = "Polyak 1964, doi:10.1016/0041-5553(64)90137-5"

BOWL = Surface(
    key="bowl",
    title="Bowl",
    formulas=(value, gradient, hessian),
    latex=LATEX,
    domain=(-3.0, 3.0, -3.0, 3.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((2.5, -2.0),),
    rates={"sgd": 0.3, "momentum": 0.06, "adam": 0.1},
    teaches=T("Equally curved all around: gradient descent walks straight to the minimum."),
    source=SOURCE,
    parameters=_family(1.0, 0.0),
    prepare=coefficients,
    isolated=1,
    proof=PROOF,
)

RAVINE = Surface(
    key="ravine",
    title="Ravine",
    formulas=(value, gradient, hessian),
    latex=LATEX,
    domain=(-12.0, 3.0, -2.0, 2.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-10.0, 1.0),),
    rates={"sgd": 0.0185, "momentum": 0.0185, "adam": 0.3},
    teaches=T("Far more curved across than along: gradient descent zigzags, momentum glides."),
    source=SOURCE,
    colour="log",
    parameters=_family(100.0, 0.0),
    prepare=coefficients,
    isolated=1,
    proof=PROOF,
)

RAVINE45 = Surface(
    key="ravine45",
    title="Ravine at 45 degrees",
    formulas=(value, gradient, hessian),
    latex=LATEX,
    domain=(-12.0, 6.0, -12.0, 6.0),
    minima=((0.0, 0.0),),
    minimum=0.0,
    starts=((-7.778, -6.364),),
    rates={"sgd": 0.0185, "momentum": 0.0185, "adam": 0.3},
    teaches=T("The same ravine, turned: gradient descent does not notice, a rate per coordinate does."),
    source=SOURCE,
    colour="log",
    parameters=_family(100.0, 45.0),
    prepare=coefficients,
    isolated=1,
    proof=PROOF,
)
