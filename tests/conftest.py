"""Before anything imports Numba: one throw-away cache for this session, its workers and its subprocesses.

Numba's cache does not notice every edit, so a test must never meet a kernel that an older source left behind.
"""

import os
import shutil
import sys
import tempfile

from hypothesis import settings

assert "numba" not in sys.modules, "the cache folder must be known before Numba is imported"

OWN_CACHE = None
if "NUMBA_CACHE_DIR" not in os.environ:
    # pytest-xdist's workers inherit this environment, and with it the folder.
    OWN_CACHE = os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="descent-lab-numba-")

# No deadline: the first example of a kernel compiles it. The same examples in every run: a red test must stay red.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


def pytest_unconfigure():
    if OWN_CACHE:
        shutil.rmtree(OWN_CACHE, ignore_errors=True)
