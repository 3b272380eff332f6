"""Warming up: every kernel is ready afterwards, the next process only loads, and nobody is disturbed."""

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core import OPTIMIZERS, descend
from core.optimizers import VARIANTS
from core.warm import warm
from surfaces import DATA_SURFACES
from surfaces import SURFACES as PLAIN
from tests.process import python

SURFACES = PLAIN + DATA_SURFACES
KERNELS = 2 + len(OPTIMIZERS + VARIANTS) + len({s.formulas for s in SURFACES})

SECOND_START = """
from numba.core import event
from core import OPTIMIZERS, descend
from core.engine.kernels import surface_kernel, update_kernel
from core.optimizers import VARIANTS
from core.warm import warm
from surfaces import DATA_SURFACES
from surfaces import SURFACES as PLAIN

SURFACES = PLAIN + DATA_SURFACES

def made():
    return surface_kernel.cache_info().misses, update_kernel.cache_info().misses

with event.install_recorder("numba:run_pass") as compiled:
    count = warm(SURFACES)
ready = made()
for surface in SURFACES:
    surface.gradient(*surface.starts[0]), surface.hessian(*surface.starts[0])
    descend(surface, "adam", steps=2)
for optimizer in OPTIMIZERS + VARIANTS:
    descend(SURFACES[-1], optimizer, steps=2)
print(count, len(compiled.buffer), sum(ready), made() == ready)
"""


def test_command_says_how_many_kernels_are_ready():
    said = python("-m", "core.warm")
    assert re.fullmatch(rf"{KERNELS} kernels ready after \d+\.\d s\n", said)


def test_second_start_compiles_nothing_and_nothing_is_left_for_later():
    python("-m", "core.warm")
    assert python("-c", SECOND_START).split() == [str(KERNELS), "0", str(KERNELS - 2), "True"]


def test_runs_go_on_while_a_thread_warms_up():
    expected = descend("rosenbrock", "adam", steps=50).path
    with ThreadPoolExecutor(1) as executor:
        warming = executor.submit(warm, SURFACES)
        while not warming.done():
            np.testing.assert_array_equal(descend("rosenbrock", "adam", steps=50).path, expected)
    assert warming.result() == KERNELS
