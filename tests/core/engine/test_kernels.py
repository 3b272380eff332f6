"""Lifting formulas to kernels, and what the cache on disk remembers of them."""

import ctypes
import json
import shutil

import numpy as np
import pytest

from core import OPTIMIZERS, descend
from core.engine.kernels import (
    EVENT,
    GRADIENT,
    HESSIAN,
    LANES,
    LIMITS,
    PARAMETERS,
    PITCH,
    PREVIOUS,
    ROWS,
    STATE,
    VALUE,
    X,
    surface_kernel,
    update_kernel,
)
from core.optimizers import VARIANTS
from surfaces import DATA_SURFACES, SURFACES
from tests.process import ROOT, python
from tests.toys import bowl, bowl_gradient, bowl_hessian


def call(address: int, *numbers: int, workspace: np.ndarray) -> None:
    """Call a kernel through its address, as the engine does."""
    integers = [ctypes.c_ssize_t] * len(numbers)
    ctypes.CFUNCTYPE(None, *integers, ctypes.c_void_p)(address)(*numbers, workspace.ctypes.data)


def shuffled_step(x, g, rate, count, m, decay):
    """Arguments in no particular order: one coordinate state, one shared, two hyper-parameters."""
    return x - rate * m - count, count + 1, decay * m + g


def away_from_it(x, g, lr):
    return x + lr * g


def towards_it(x, g, lr):
    return x - lr * g


def test_update_moves_each_lane_and_coordinate_by_its_own_numbers():
    rng = np.random.default_rng(0)
    workspace = rng.normal(size=(ROWS, PITCH))
    before = workspace.copy()
    lanes = LANES - 1
    call(update_kernel(shuffled_step, ("m",), ("count",), ("decay", "rate")), lanes, 0, workspace=workspace)
    m, count, decay, rate = STATE, STATE + 2, STATE + 3, STATE + 4
    expected = before.copy()
    expected[PREVIOUS : PREVIOUS + 2, :lanes] = before[X : X + 2, :lanes]
    for d in range(2):
        for b in range(lanes):
            numbers = before[rate, b], before[count, b], before[m + d, b], before[decay, b]
            expected[X + d, b], expected[count, b], expected[m + d, b] = shuffled_step(
                before[X + d, b], before[GRADIENT + d, b], *numbers
            )
    np.testing.assert_allclose(workspace, expected, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(workspace[:, lanes:], before[:, lanes:])


def test_update_of_runs_that_are_alike_reads_and_writes_what_they_share_in_column_0():
    before = np.random.default_rng(3).normal(size=(ROWS, PITCH))
    kernel = update_kernel(shuffled_step, ("m",), ("count",), ("decay", "rate"))
    shared = slice(STATE + 2, STATE + 5)
    spread = before.copy()
    spread[shared] = before[shared, :1]  # the same numbers in every column
    call(kernel, LANES, 0, workspace=spread)
    alike = before.copy()
    call(kernel, LANES, 1, workspace=alike)
    np.testing.assert_allclose(alike[: STATE + 2], spread[: STATE + 2], rtol=0, atol=1e-14)
    np.testing.assert_allclose(alike[shared, 0], spread[shared, 0], rtol=0, atol=1e-14)
    np.testing.assert_array_equal(alike[shared, 1:], before[shared, 1:])


def test_update_without_state_writes_the_point_alone():
    workspace = np.zeros((ROWS, PITCH))
    workspace[GRADIENT : GRADIENT + 2] = [[1.0], [-2.0]]
    workspace[STATE] = 0.25
    expected = workspace.copy()
    expected[X : X + 2, :LANES] = [[-0.25], [0.5]]
    call(update_kernel(towards_it, (), (), ("lr",)), LANES, 1, workspace=workspace)
    np.testing.assert_array_equal(workspace, expected)


def test_step_that_takes_other_names_than_its_spec_is_refused():
    with pytest.raises(TypeError, match=r"takes \['lr'\], but its spec declares \['m', 'lr'\]"):
        update_kernel(towards_it, ("m",), (), ("lr",))


def tilted(x, y, a, b):
    return a * x * x + b * x * y


def tilted_gradient(x, y, a, b):
    return 2 * a * x + b * y, b * x


def tilted_hessian(x, y, a, b):
    return 2 * a, b, 0.0


def test_surface_kernel_writes_the_rows_of_its_order_and_no_others():
    rng = np.random.default_rng(1)
    start = rng.normal(size=(ROWS, PITCH))
    x, y, a, b = start[X], start[X + 1], start[PARAMETERS], start[PARAMETERS + 1]
    kernel = surface_kernel((tilted, tilted_gradient, tilted_hessian))
    for order, row, formula in [
        (0, VALUE, tilted),
        (1, GRADIENT, tilted_gradient),
        (2, HESSIAN, tilted_hessian),
    ]:
        workspace, expected = start.copy(), start.copy()
        result = formula(x, y, a, b)
        for k, part in enumerate(result if order else (result,)):
            expected[row + k, :LANES] = (part + 0 * x)[:LANES]
        if order == 1:
            expected[LIMITS, EVENT] = 1.0  # random limits are passed by someone
        call(kernel, LANES, order, workspace=workspace)
        np.testing.assert_allclose(workspace, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("row", "number", "event"),
    [
        (X, 2.9, 0.0),  # inside
        (X, 3.0, 1.0),  # at the border: whoever is told looks again
        (X, 3.1, 1.0),
        (X, -1.1, 1.0),
        (X + 1, -5.1, 1.0),
        (X + 1, 5.1, 1.0),
        (X, np.nan, 1.0),
        (X + 1, np.inf, 1.0),
        (X + 1, -np.inf, 1.0),
        (PARAMETERS, np.nan, 1.0),  # a slope that is none
        (PARAMETERS, 1e9, 1.0),  # one too steep
        (PARAMETERS, 0.0, 1.0),  # one at rest
    ],
)
@pytest.mark.parametrize("lane", [0, 9, LANES - 1])
def test_gradient_tells_whether_any_run_is_beyond_a_limit_or_at_rest(row, number, event, lane):
    workspace = np.zeros((ROWS, PITCH))
    workspace[X], workspace[PARAMETERS] = 1.5, 1.0
    workspace[LIMITS, :EVENT] = 1 / 2, -1 / 2, 1 / 5, 0.0, 1e-12, 1e-16  # -1 <= x <= 3, -5 <= y <= 5, slope < 1e6
    kernel = surface_kernel((tilted, tilted_gradient, tilted_hessian))
    workspace[row, lane] = number
    call(kernel, LANES, 1, workspace=workspace)
    assert workspace[LIMITS, EVENT] == event


def test_two_formulas_of_one_file_get_a_kernel_each():
    """Numba knows a kernel by file, name, line and bytecode, and these lifted loops differ in none of them."""
    moved = []
    for step in (towards_it, away_from_it):
        workspace = np.zeros((ROWS, PITCH))
        workspace[GRADIENT], workspace[STATE] = 1.0, 0.25
        call(update_kernel(step, (), (), ("lr",)), LANES, 0, workspace=workspace)
        moved.append(workspace[X, 0])
    assert moved == [-0.25, 0.25]


def test_two_orders_of_hyper_parameters_get_a_kernel_each():
    moved = []
    for hyper in (("decay", "rate"), ("rate", "decay")):
        workspace = np.zeros((ROWS, PITCH))
        workspace[STATE], workspace[STATE + 3 + hyper.index("rate")] = 1.0, 0.5
        call(update_kernel(shuffled_step, ("m",), ("count",), hyper), LANES, 0, workspace=workspace)
        moved.append(workspace[X, 0])
    assert moved == [-0.5, -0.5]


def test_kernels_are_made_once():
    formulas = (bowl, bowl_gradient, bowl_hessian)
    assert surface_kernel(formulas) == surface_kernel(formulas)


def test_every_optimizer_has_room_in_the_workspace():
    from core.engine.loop import NOTES

    for optimizer in OPTIMIZERS + VARIANTS:
        hyper = {h.key: h.default for h in optimizer.hyper}
        hyper = optimizer.prepare(**hyper) if optimizer.prepare else hyper
        assert STATE + sum(2 - s.shared for s in optimizer.state) + len(hyper) + NOTES <= ROWS, optimizer.key


PATHS = """
import json
from core import OPTIMIZERS, Noise, descend
from core.engine.batches import Batches
from core.engine.kernels import INTERPRETED
from core.optimizers import VARIANTS
from surfaces import DATA_SURFACES, SURFACES
paths = {}
for optimizer in OPTIMIZERS + VARIANTS:
    lr = 1e-3 if optimizer.key == "schedule_free" else None  # at its default of 1 rounding grows too fast here
    run = descend("rosenbrock", optimizer, (-1.3, 1.1), 20, lr, noise=Noise(0.1, 3), clip_norm=50.0, clip_value=40.0)
    paths[optimizer.key] = run.path.tolist()
for surface in SURFACES:
    paths[surface.key] = descend(surface, "momentum", steps=20, lr=1e-4).path.tolist()
for surface in DATA_SURFACES:
    batches = Batches(7, "reshuffled", 2)
    paths[surface.key] = descend(surface, "momentum", steps=20, lr=0.02, batches=batches).path.tolist()
print(json.dumps([INTERPRETED, paths]))
"""


def test_interpreted_engine_takes_the_same_paths():
    """With NUMBA_DISABLE_JIT=1 every line of the engine and of the formulas is plain Python, which coverage can see."""
    interpreted, paths = json.loads(python("-c", PATHS, NUMBA_DISABLE_JIT="1"))
    compiled, expected = json.loads(python("-c", PATHS, NUMBA_DISABLE_JIT="0"))
    assert interpreted
    assert not compiled
    assert paths.keys() == {spec.key for spec in (*OPTIMIZERS, *VARIANTS, *SURFACES, *DATA_SURFACES)}
    for key, path in paths.items():
        np.testing.assert_allclose(path, expected[key], rtol=1e-12, atol=1e-12, err_msg=key)


IMPORTS = """
import sys
from numba.core import event
before = set(sys.modules)  # Numba itself imports scipy where it is installed
with event.install_recorder("numba:run_pass") as recorder:
    import core, teaching.presets, core.warm, surfaces
brought = {name.split(".")[0] for name in set(sys.modules) - before}
print(len(recorder.buffer), sorted(brought & {"scipy", "sympy", "streamlit", "plotly"}))
"""


def test_import_compiles_nothing_and_brings_nothing_heavy():
    assert python("-c", IMPORTS).strip() == "0 []"


HILL = """
def value(x, y):
    return {factor} * (x * x + y * y)

def gradient(x, y):
    return {factor} * 2 * x, {factor} * 2 * y

def hessian(x, y):
    return {factor} * 2.0, 0.0, {factor} * 2.0
"""
RECORD = """
import json
from numba.core import event
from core import descend
from core.optimizers.adam import ADAM
from core.optimizers.sgd import SGD
from tests.toys import toy
import hill, dale
ends = []
with event.install_recorder("numba:run_pass") as recorder:
    for m in (hill, dale):
        for optimizer in (SGD, ADAM):
            run = descend(toy(m.value, m.gradient, m.hessian), optimizer, (1.0, 1.0), 1, lr=0.25)
            ends.append([run.path[-1, 0], run.value[-1]])
compiled = {e.data["module"] for _, e in recorder.buffer}
ours = {m for m in compiled if m.split(".")[0] in ("core", "hill", "dale")}
print(json.dumps([sorted(ours), ends]))
"""


@pytest.fixture
def copy_of_core(tmp_path):
    """A copy of the core with two surfaces beside it, and an empty cache: (run, folder)."""
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "toys.py", tmp_path / "tests")
    for name, factor in (("hill", 1.0), ("dale", 0.5)):
        (tmp_path / f"{name}.py").write_text(HILL.format(factor=factor))

    def run():
        return json.loads(python("-c", RECORD, cwd=tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")))

    return run, tmp_path


def test_cache_serves_the_next_process_and_notices_every_edit(copy_of_core):
    run, folder = copy_of_core
    compiled, ends = run()
    assert compiled == ["core.engine.loop", "core.optimizers.adam", "core.optimizers.sgd", "dale", "hill"]
    files = sorted((folder / "cache").rglob("*.nb?"))
    stamps = [path.stat().st_mtime_ns for path in files]
    assert files

    assert run() == [[], ends]  # a second process compiles nothing ...
    assert sorted((folder / "cache").rglob("*.nb?")) == files  # ... and writes nothing
    assert [path.stat().st_mtime_ns for path in files] == stamps

    (folder / "dale.py").write_text(HILL.format(factor=0.25))
    compiled, edited = run()
    assert compiled == ["dale"]
    assert edited[:2] == ends[:2]
    assert edited[2] == [0.875, 0.25 * (0.875**2 + 0.875**2)]

    # The layout of a block is decided in kernels.py: a kernel that does not notice would read the wrong rows.
    text = (folder / "core" / "engine" / "kernels.py").read_text()
    moved = text.replace("STATE = 0, 3, 7, 9, 11, 12, 14, 16", "STATE = 0, 3, 7, 9, 11, 12, 14, 17")
    assert moved != text
    (folder / "core" / "engine" / "kernels.py").write_text(moved)
    compiled, after = run()
    assert compiled == ["core.engine.loop", "core.optimizers.adam", "core.optimizers.sgd", "dale", "hill"]
    assert after == edited


def test_threads_may_ask_for_the_same_kernel_at_once(tmp_path):
    (tmp_path / "hill.py").write_text(HILL.format(factor=1.0))
    script = """
import sys
from concurrent.futures import ThreadPoolExecutor
from core import descend
from tests.toys import toy
sys.path.append(sys.argv[1])
import hill
def run(_):
    return descend(toy(hill.value, hill.gradient, hill.hessian), "sgd", (1.0, 1.0), 1, lr=0.25).path[-1].tolist()
with ThreadPoolExecutor(8) as pool:
    print(list(pool.map(run, range(8))) == [[0.5, 0.5]] * 8)
"""
    assert python("-c", script, str(tmp_path)).strip() == "True"


def test_descend_leaves_the_terminal_alone(capfd):
    descend("rosenbrock", "adam", steps=5)
    assert capfd.readouterr() == ("", "")
