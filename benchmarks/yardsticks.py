"""Plain implementations of the same work, without the core: in C, in NumPy, with torch, and a bare start of Numba."""

import ctypes
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
GCC = ("gcc", "-O3", "-march=native", "-ffast-math", "-fPIC", "-c")


class Missing(Exception):
    """A yardstick needs something that is not installed; the message says what."""


def in_c(function: str, b1: float = 0.9, b2: float = 0.999):
    """Compile optimizers.c and return `function`(x, y, steps, lr), which moves both arrays in place."""
    if not shutil.which("gcc"):
        raise Missing("gcc is not installed")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "optimizers.so"
        # Linked without -ffast-math: with it, loading the library would round tiny numbers to zero in all of Python.
        subprocess.run([*GCC, "-o", library.with_suffix(".o"), HERE / "optimizers.c"], check=True)
        subprocess.run(["gcc", "-shared", "-o", library, library.with_suffix(".o"), "-lm"], check=True)
        compiled = ctypes.CDLL(str(library))[function]
    array = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    compiled.argtypes = [array, array, ctypes.c_size_t, ctypes.c_int, *[ctypes.c_double] * 4]
    compiled.restype = None

    def run(x, y, steps, lr):
        compiled(x, y, len(x), steps, lr, b1, b2, 1e-8)

    return run


def himmelblau_momentum_in_numpy(starts: np.ndarray, steps: int, lr: float, momentum: float) -> np.ndarray:
    """Run heavy ball on Himmelblau from `starts` (2, N), all runs in one array operation; return the ends (2, N)."""
    x, y = starts.copy()
    u, v = np.zeros_like(starts)
    for _ in range(steps):
        a = x * x + y - 11
        b = x + y * y - 7
        u = momentum * u + (4 * x * a + 2 * b)
        v = momentum * v + (2 * a + 4 * y * b)
        x = x - lr * u
        y = y - lr * v
    return np.stack([x, y])


def line_fits_in_numpy(rows: np.ndarray, start: tuple[float, float], rates: np.ndarray, batches: np.ndarray):
    """Run SGD on the squared error of a line, all runs in one array operation.

    `rows` (N, 2); `rates` (steps, K) of K schedules; `batches` (S, steps, size) rows that each of S seeds draws. Return
    the ends (2, S, K) and the loss of all rows before every step (S, K, steps).
    """
    x, y = rows[batches, 0], rows[batches, 1]
    w, b = (np.full((len(batches), rates.shape[1]), coordinate) for coordinate in start)
    losses = np.empty((*w.shape, len(rates)))
    for t in range(len(rates)):
        losses[..., t] = 0.5 * ((w[..., None] * rows[:, 0] + b[..., None] - rows[:, 1]) ** 2).mean(axis=-1)
        x_t, y_t = x[:, t, None, :], y[:, t, None, :]
        error = w[..., None] * x_t + b[..., None] - y_t
        w = w - rates[t] * (error * x_t).mean(axis=-1)
        b = b - rates[t] * error.mean(axis=-1)
    return np.stack([w, b]), losses


def tanh_signal_in_numpy(x: np.ndarray, weights: list[np.ndarray], end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Send a batch forward and a gradient back through tanh layers; return the deviations and the gradients' sizes."""
    activations = [x]
    for w in weights:
        activations.append(np.tanh(activations[-1] @ w.T))
    gradients = [end]
    for w, h in zip(weights[::-1], activations[:0:-1], strict=True):
        gradients.append((gradients[-1] * (1 - h**2)) @ w)
    return np.array([h.std() for h in activations]), np.array([np.sqrt((g**2).mean()) for g in gradients[::-1]])


def rosenbrock_adam_in_torch(start: tuple[float, float], steps: int, lr: float) -> np.ndarray:
    """Run torch.optim.Adam as a tutorial writes it; return the end (2,)."""
    if importlib.util.find_spec("torch") is None:
        raise Missing("torch is not installed: pip install torch==2.13.0")
    import torch

    torch.set_num_threads(1)
    point = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([point], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        x, y = point
        value = (1 - x) ** 2 + 100 * (y - x**2) ** 2
        value.backward()
        optimizer.step()
    return point.detach().numpy()


def seconds_in_new_process(script: str) -> float:
    """Run `script`, which prints seconds, in a new Python process."""
    return float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout)


BARE_START = """
from time import perf_counter
begin = perf_counter()
import numba
from benchmarks.trivial import add
add(1.0, 2.0)
print(perf_counter() - begin)
"""
WARM_START = """
from time import perf_counter
from core.warm import warm
from surfaces import SURFACES
begin = perf_counter()
warm(SURFACES)
print(perf_counter() - begin)
"""


def himmelblau_roots_in_scipy(axis: np.ndarray) -> np.ndarray:
    """Find the zeros of Himmelblau's gradient from a grid of starts over `axis`, one by one; return (2, N) of them."""
    from scipy.optimize import root

    def gradient(point):
        x, y = point
        a, b = x * x + y - 11, x + y * y - 7
        return 4 * x * a + 2 * b, 2 * a + 4 * y * b

    def hessian(point):
        x, y = point
        return [[12 * x * x + 4 * y - 42, 4 * (x + y)], [4 * (x + y), 4 * x + 12 * y * y - 26]]

    found = [root(gradient, (x, y), jac=hessian, tol=1e-12) for x in axis for y in axis]
    return np.unique(np.round([one.x for one in found if one.success], 6), axis=0).T
