"""The optimizers, in teaching order. A new one is a file beside this one and a name in a tuple below."""

from core.catalogue import Catalogue
from core.optimizers.adadelta import ADADELTA
from core.optimizers.adagrad import ADAGRAD
from core.optimizers.adagrad_notes import ADAGRAD_NOTES
from core.optimizers.adam import ADAM
from core.optimizers.adam_general import ADAM_GENERAL
from core.optimizers.adam_notes import ADAM_NOTES
from core.optimizers.adamax import ADAMAX
from core.optimizers.adamw import ADAMW
from core.optimizers.amsgrad import AMSGRAD
from core.optimizers.asgd import ASGD
from core.optimizers.ema_momentum import EMA_MOMENTUM
from core.optimizers.lion import LION
from core.optimizers.momentum import MOMENTUM
from core.optimizers.momentum_faulty import MOMENTUM_FAULTY
from core.optimizers.nadam import NADAM
from core.optimizers.nesterov import NESTEROV
from core.optimizers.radam import RADAM
from core.optimizers.rmsprop import RMSPROP
from core.optimizers.rmsprop_notes import RMSPROP_NOTES
from core.optimizers.rprop import RPROP
from core.optimizers.schedule_free import SCHEDULE_FREE
from core.optimizers.sgd import SGD
from core.optimizers.sign_sgd import SIGN_SGD

OPTIMIZERS = Catalogue(
    "optimizer",
    (
        SGD,
        MOMENTUM,
        EMA_MOMENTUM,
        NESTEROV,
        ADAGRAD,
        RMSPROP,
        ADADELTA,
        ADAM,
        AMSGRAD,
        ADAMW,
        NADAM,
        RADAM,
        ADAMAX,
        RPROP,
        ASGD,
        SCHEDULE_FREE,
        LION,
        SIGN_SGD,
    ),
)
VARIANTS = Catalogue("optimizer", (MOMENTUM_FAULTY, ADAGRAD_NOTES, RMSPROP_NOTES, ADAM_NOTES, ADAM_GENERAL))
"""Formulas that notes give and that differ from those above, and Adam with a switch for each such difference."""

ALL_OPTIMIZERS = OPTIMIZERS + VARIANTS
