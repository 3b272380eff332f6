"""Start the app in a container, whose file system may be read-only.

Numba refuses a cache folder that it cannot write to, even one that holds every kernel already. So the
folder baked into the image is copied to memory first, which takes milliseconds. The kernels are loaded
before the server says that it is healthy: the first visitor waits for none of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

BAKED = Path(__file__).parent.parent / ".numba"
MEMORY = Path("/dev/shm")


def unpack_kernels() -> Path:
    """Copy the kernels of the image to a folder in memory and return it."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="numba-", dir=parent))
    return Path(shutil.copytree(BAKED, folder, dirs_exist_ok=True))


def leave(number: int, frame: FrameType | None) -> None:
    """End with status 0: a container that is told to stop and stops has not failed."""
    sys.exit(0)


if __name__ == "__main__":
    os.environ["NUMBA_CACHE_DIR"] = str(unpack_kernels())
    signal.signal(signal.SIGTERM, leave)  # uvicorn shuts down first, then raises the signal again

    from core.warm import warm
    from surfaces import DATA_SURFACES, SURFACES

    warm(SURFACES + DATA_SURFACES)

    from streamlit.web.cli import main

    main(["run", "app.py"])
