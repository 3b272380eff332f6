"""Record what torch.nn computes, for the tests to compare with. From a clean checkout:

    pip install torch==2.13.0
    python tests/reference/record_networks.py

writes networks.npz beside this file. This script imports nothing of the project: gradients come from autograd, numbers
are doubles, and every module is built from the source text that stands here - the tests ask that the project names
the same text.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("networks.npz")

# Around zero, at kinks, and where exponentials saturate; torch itself fails further out for some of these.
POINTS = np.unique([*np.linspace(-12, 12, 97), *np.linspace(-3.5, 3.5, 57), -300.0, -40.0, 40.0, 300.0])

# Our key: parameters and the source of torch's module.
UNITS = {
    "identity": [({}, "torch.nn.Identity()")],
    "sigmoid": [({}, "torch.nn.Sigmoid()")],
    "tanh": [({}, "torch.nn.Tanh()")],
    "hard_sigmoid": [({}, "torch.nn.Hardsigmoid()")],
    "softsign": [({}, "torch.nn.Softsign()")],
    "relu": [({}, "torch.nn.ReLU()")],
    "leaky_relu": [({}, "torch.nn.LeakyReLU(0.01)"), ({"alpha": 0.3}, "torch.nn.LeakyReLU(0.3)")],
    "prelu": [({}, "torch.nn.PReLU(init=0.25)"), ({"alpha": -0.4}, "torch.nn.PReLU(init=-0.4)")],
    "elu": [({}, "torch.nn.ELU(alpha=1.0)"), ({"alpha": 2.5}, "torch.nn.ELU(alpha=2.5)")],
    "selu": [({}, "torch.nn.SELU()")],
    "softplus": [
        ({}, "torch.nn.Softplus(beta=1.0, threshold=40)"),
        ({"beta": 3.0}, "torch.nn.Softplus(beta=3.0, threshold=40)"),
    ],
    "silu": [({}, "torch.nn.SiLU()"), ({"beta": 1.7}, "lambda x: x * torch.sigmoid(1.7 * x)")],
    "gelu": [({}, "torch.nn.GELU()")],
    "gelu_tanh": [({}, "torch.nn.GELU(approximate='tanh')")],
    "mish": [({}, "torch.nn.Mish()")],
    "hard_swish": [({}, "torch.nn.Hardswish()")],
}

WIDTHS, BATCH, STEPS = (3, 5, 4, 2), 6, 5
NORMS = {"batch": "BatchNorm1d({n})", "layer": "LayerNorm({n})", "rms": "RMSNorm({n}, eps=1e-05)"}
# (activation, normalisation, place): every activation plain, every normalisation in both places.
NETWORKS = [(unit, "none", "before") for unit in UNITS] + [
    ("tanh", norm, place) for norm in NORMS for place in ("before", "after")
] + [("prelu", "batch", "before")]  # fmt: skip
LOSSES = {"squared error": "torch.nn.MSELoss()", "cross entropy": "torch.nn.BCEWithLogitsLoss()"}
METHODS = {
    "sgd": "torch.optim.SGD(p, lr=0.1)",
    "momentum": "torch.optim.SGD(p, lr=0.05, momentum=0.9)",
    "adam": "torch.optim.Adam(p, lr=0.02)",
}

IMAGES = (3, 4, 2, 5)
IMAGE_NORMS = {
    "batch": ({}, "torch.nn.BatchNorm2d(4, eps=1e-05, momentum=0.1)"),
    "layer": ({}, "torch.nn.LayerNorm([4, 2, 5], eps=1e-05)"),
    "instance": ({}, "torch.nn.InstanceNorm2d(4, eps=1e-05, affine=True)"),
    "group": ({}, "torch.nn.GroupNorm(2, 4, eps=1e-05)"),
    "group of one": ({"groups": 4}, "torch.nn.GroupNorm(4, 4, eps=1e-05)"),
    "rms": ({}, "torch.nn.RMSNorm([4, 2, 5], eps=1e-05)"),
}

FAN_OUT, FAN_IN = 300, 200
STARTS = {
    "normal": "torch.nn.init.normal_(weight, std=0.01)",
    "uniform": "torch.nn.init.uniform_(weight, -0.05, 0.05)",
    "torch_default": "",
    "xavier": "torch.nn.init.xavier_normal_(weight, gain=1.0)",
    "he": "torch.nn.init.kaiming_normal_(weight, nonlinearity='relu')",
    "lecun": "torch.nn.init.kaiming_normal_(weight, nonlinearity='linear')",
    "orthogonal": "torch.nn.init.orthogonal_(weight, gain=1.0)",
    "constant": "torch.nn.init.constant_(weight, 0.1)",
}


def name_of(*parts) -> str:
    """Name a recorded array."""
    return " ".join(str(part) for part in parts)


def record() -> dict:
    """Return every recorded array, and the version of torch."""
    import torch

    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)

    def built(source: str, **names):
        return eval(source, {"torch": torch, **names})  # noqa: S307  the text above, no one else's

    found = {"torch": torch.__version__.split("+")[0]}
    for key, cases in UNITS.items():
        for parameters, source in cases:
            x = torch.tensor(POINTS, requires_grad=True)
            value = built(source)(x)
            value.sum().backward()
            found[name_of("unit", key, parameters)] = np.stack([value.detach().numpy(), x.grad.numpy()])

    for k, case in enumerate(NETWORKS):
        for loss in LOSSES if case[0] in ("tanh", "prelu") else ["squared error"]:
            found |= network(torch, built, case, built(LOSSES[loss]), name_of(*case, loss), k)

    rng = np.random.default_rng(0)
    found["images"], found["images gradient"] = rng.standard_normal((2, *IMAGES)) * 2 + 1
    for key, (_, source) in IMAGE_NORMS.items():
        module = built(source)
        x = torch.tensor(found["images"], requires_grad=True)
        value = module(x)
        value.backward(torch.tensor(found["images gradient"]))
        found[name_of("images", key)] = np.stack([value.detach().numpy(), x.grad.numpy()])
        if key == "batch":
            found["images running"] = np.stack([module.running_mean.numpy(), module.running_var.numpy()])
            found["images evaluated"] = module.eval()(x).detach().numpy()

    for key, source in STARTS.items():
        layer = torch.nn.Linear(FAN_IN, FAN_OUT)
        if source:
            with torch.no_grad():
                built(source, weight=layer.weight)
        weight = layer.weight.detach().numpy()
        found[name_of("start", key)] = np.array([weight.mean(), weight.std(), np.abs(weight).max()])
    found["start bias"] = layer.bias.detach().numpy()
    return found


def network(torch, built, case, loss, name: str, seed: int) -> dict:
    """Return output, gradient, and the parameters after five steps of every method, of one small network."""
    unit, norm, place = case
    rng = np.random.default_rng(seed)
    x = torch.tensor(rng.standard_normal((BATCH, WIDTHS[0])))
    target = torch.tensor(rng.integers(0, 2, (BATCH, WIDTHS[-1])).astype(float))
    first = None
    found = {}
    for method, source in METHODS.items():
        layers = []
        for fan_in, fan_out in pairwise(WIDTHS[:-1]):
            own = [built(UNITS[unit][0][1])]
            if norm != "none":
                own.insert(0 if place == "before" else 1, built("torch.nn." + NORMS[norm].format(n=fan_out)))
            layers += [torch.nn.Linear(fan_in, fan_out), *own]
        model = torch.nn.Sequential(*layers, torch.nn.Linear(*WIDTHS[-2:]))
        if first is None:
            first = rng.uniform(-0.8, 0.8, sum(p.numel() for p in model.parameters()))
        torch.nn.utils.vector_to_parameters(torch.tensor(first), model.parameters())
        p = list(model.parameters())
        optimizer = built(source, p=p)
        for step in range(STEPS):
            optimizer.zero_grad()
            output = model(x)
            value = loss(output, target)
            value.backward()
            if step == 0 and method == "sgd":
                found[name_of(name, "x")], found[name_of(name, "target")] = x.numpy(), target.numpy()
                found[name_of(name, "first")] = first
                found[name_of(name, "names")] = np.array([key for key, _ in model.named_parameters()])
                found[name_of(name, "output")] = output.detach().numpy()
                found[name_of(name, "loss")] = value.item()
                found[name_of(name, "gradient")] = np.concatenate([w.grad.numpy().ravel() for w in p])
            optimizer.step()
        found[name_of(name, method)] = np.concatenate([w.detach().numpy().ravel() for w in p])
    if norm == "batch":
        found[name_of(name, "evaluated")] = model.eval()(x).detach().numpy()  # after Adam
    return found


if __name__ == "__main__":
    np.savez_compressed(FILE, **record())
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
