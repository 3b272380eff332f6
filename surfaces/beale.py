"""Beale's function: a minimum at (3, 1/2), and a false valley that falls forever towards y = 1.

E. M. L. Beale, "On an iterative method for finding a local minimum of a function of more than one
variable", Technical Report 25, Statistical Techniques Research Group, Princeton University, 1958. Also
problem 5 of J. J. Moré, B. S. Garbow, K. E. Hillstrom, "Testing unconstrained optimization software", ACM
Transactions on Mathematical Software 7 (1981) 17-41, doi:10.1145/355934.355936.
"""

from core.engine.spec import Surface
from core.text import T


def value(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def gradient(x, y):
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    return 2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1)), 2 * x * (a + 2 * b * y + 3 * c * y**2)


def hessian(x, y):
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    a_x, b_x, c_x = y - 1, y**2 - 1, y**3 - 1
    return (
        2 * (a_x**2 + b_x**2 + c_x**2),
        2 * (a + 2 * b * y + 3 * c * y**2) + 2 * x * (a_x + 2 * b_x * y + 3 * c_x * y**2),
        2 * x * (x + 2 * b + 4 * x * y**2 + 6 * c * y + 9 * x * y**4),
    )


BEALE = Surface(
    key="beale",
    title="Beale",
    formulas=(value, gradient, hessian),
    latex=r"\left(\tfrac{3}{2}-x+xy\right)^2 + \left(\tfrac{9}{4}-x+xy^2\right)^2 "
    r"+ \left(\tfrac{21}{8}-x+xy^3\right)^2",
    domain=(-4.5, 4.5, -4.5, 4.5),
    minima=((3.0, 0.5),),
    minimum=0.0,
    starts=((1.0, 1.5), (-2.0, 2.0)),
    rates={"sgd": 0.01, "momentum": 0.002, "adam": 0.1},
    teaches=T("A plateau and a false valley: a run caught in it falls forever and never arrives."),
    source="Beale 1958; Moré, Garbow & Hillstrom 1981, doi:10.1145/355934.355936",
    colour="log",
    isolated=3,
    proof=T("f_x is linear in x; with its root f_y becomes a polynomial in y, whose real roots are counted (Sturm)."),
)
