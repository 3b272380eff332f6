"""The layers and losses of small networks: a forward and a backward function each, on stacks of networks at once.

Arrays carry a leading axis of networks: inputs (networks, batch, units), weights (networks, outputs, inputs) as
torch.nn.Linear keeps them. A backward function takes the gradient of the loss with respect to the outputs and returns
those with respect to whatever its forward function took. Normalisation layers stand in core.networks.normalisation.
"""

import numpy as np

from core.networks.activations import sigmoid


def dense(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return x W^T + b, (networks, batch, outputs)."""
    return x @ weight.swapaxes(-1, -2) + bias[..., None, :]


def dense_backward(
    gradient: np.ndarray, x: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to x, weight and bias."""
    return gradient @ weight, gradient.swapaxes(-1, -2) @ x, gradient.sum(-2)


def scaled(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return scale * x + shift, one of each per unit: what follows a normalisation."""
    return x * scale[..., None, :] + shift[..., None, :]


def scaled_backward(
    gradient: np.ndarray, x: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients with respect to x, scale and shift."""
    return gradient * scale[..., None, :], (gradient * x).sum(-2), gradient.sum(-2)


def squared_error(output: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean squared error (networks,) and its gradient, as torch.nn.MSELoss."""
    error = output - target
    count = error.shape[-1] * error.shape[-2]
    return np.square(error).sum((-1, -2)) / count, 2 * error / count


def cross_entropy(output: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean binary cross-entropy (networks,) of logits and labels 0 or 1, and its gradient.

    As torch.nn.BCEWithLogitsLoss: ln(1 + e^o) - o t, written so that e^o cannot overflow and a network that is sure
    still has a loss.
    """
    count = output.shape[-1] * output.shape[-2]
    loss = (1 - target) * np.logaddexp(0, output) + target * np.logaddexp(0, -output)
    return loss.sum((-1, -2)) / count, ((1 - target) * sigmoid(output) - target * sigmoid(-output)) / count


LOSSES = {"squared error": squared_error, "cross entropy": cross_entropy}
