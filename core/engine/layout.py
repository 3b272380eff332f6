"""Where the numbers of an optimizer stand in a workspace: its state from row STATE on, then its hyper-parameters."""

from core.engine.kernels import STATE, update_kernel
from core.engine.spec import Optimizer


class Layout:
    """The rows of one optimizer: state per coordinate (two rows each), shared state, hyper-parameters."""

    def __init__(self, optimizer: Optimizer):
        self._optimizer = optimizer
        self.own = tuple(s.key for s in optimizer.state if not s.shared)
        self.shared = tuple(s.key for s in optimizer.state if s.shared)
        self.first_shared = STATE + 2 * len(self.own)
        self.rate = self.first_shared + len(self.shared)
        """The learning rate is the first of the hyper-parameters."""
        self.states = self.rate - STATE
        self.start = [s.start for s in optimizer.state for _ in range(2 - s.shared)]
        """What the rows of state hold before the first step."""
        self.rows = {key: STATE + 2 * k for k, key in enumerate(self.own)}
        self.rows |= {key: self.first_shared + k for k, key in enumerate(self.shared)}
        """The first row of every state."""

    def kernel(self, hyper: tuple[str, ...]):
        """Return the address of the update, given the names of what its formula takes from the user."""
        return update_kernel(self._optimizer.step, self.own, self.shared, hyper)
