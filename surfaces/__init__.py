"""Test functions of two variables, one file each, and losses from data; both tuples are in order of teaching."""

from core.catalogue import Catalogue
from core.engine.spec import Surface
from surfaces.ackley import ACKLEY
from surfaces.beale import BEALE
from surfaces.booth import BOOTH
from surfaces.branin import BRANIN
from surfaces.bukin6 import BUKIN6
from surfaces.camel3 import CAMEL3
from surfaces.camel6 import CAMEL6
from surfaces.cliff import CLIFF
from surfaces.crossintray import CROSSINTRAY
from surfaces.doublewell import DOUBLEWELL
from surfaces.dropwave import DROPWAVE
from surfaces.easom import EASOM
from surfaces.eggholder import EGGHOLDER
from surfaces.goldstein import GOLDSTEIN
from surfaces.griewank import GRIEWANK
from surfaces.himmelblau import HIMMELBLAU
from surfaces.holder import HOLDER
from surfaces.hyperbola import HYPERBOLA
from surfaces.l1valley import L1VALLEY
from surfaces.levy13 import LEVY13
from surfaces.linear_regression import LINEAR_REGRESSION
from surfaces.logistic_regression import LOGISTIC_REGRESSION
from surfaces.matyas import MATYAS
from surfaces.mccormick import MCCORMICK
from surfaces.michalewicz import MICHALEWICZ
from surfaces.monkey import MONKEY
from surfaces.monkey_bounded import MONKEY_BOUNDED
from surfaces.neuron import NEURON_ENTROPY, NEURON_SQUARED
from surfaces.quadratic import BOWL, RAVINE, RAVINE45
from surfaces.rastrigin import RASTRIGIN
from surfaces.relu_neuron import DEAD_RELU, LEAKY_RELU
from surfaces.rosenbrock import ROSENBROCK
from surfaces.saddle import SADDLE
from surfaces.saddle_bounded import SADDLE_BOUNDED
from surfaces.schaffer2 import SCHAFFER2
from surfaces.sharpflat import SHARPFLAT
from surfaces.styblinski import STYBLINSKI
from surfaces.widening import WIDENING

SURFACES: Catalogue[Surface] = Catalogue(
    "surface",
    (
        # one minimum, straight valleys
        BOWL,
        RAVINE,
        RAVINE45,
        BOOTH,
        MATYAS,
        # curvature that changes on the way
        ROSENBROCK,
        BEALE,
        WIDENING,
        CLIFF,
        HYPERBOLA,
        # saddles
        SADDLE,
        SADDLE_BOUNDED,
        MONKEY,
        MONKEY_BOUNDED,
        # a few minima
        DOUBLEWELL,
        SHARPFLAT,
        HIMMELBLAU,
        CAMEL3,
        CAMEL6,
        STYBLINSKI,
        BRANIN,
        MCCORMICK,
        GOLDSTEIN,
        # plateaus and many minima
        EASOM,
        MICHALEWICZ,
        GRIEWANK,
        RASTRIGIN,
        ACKLEY,
        LEVY13,
        DROPWAVE,
        SCHAFFER2,
        # kinks and creases
        L1VALLEY,
        CROSSINTRAY,
        HOLDER,
        BUKIN6,
        EGGHOLDER,
    ),
)
DATA_SURFACES: Catalogue[Surface] = Catalogue(
    "surface",
    (
        LINEAR_REGRESSION,
        LOGISTIC_REGRESSION,
        NEURON_SQUARED,
        NEURON_ENTROPY,
        DEAD_RELU,
        LEAKY_RELU,
    ),
)
"""Losses of the two parameters (w, b) of a line or a neuron, over fixed data."""

ALL_SURFACES = SURFACES + DATA_SURFACES
