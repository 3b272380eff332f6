"""Find a Chromium for the browser tests, or install one: `python -m tests.browser.chromium` prints its path.

Debian's comes first, because it brings the libraries and fonts that it needs; then Playwright's own. A browser counts
as found only when it launches: a file may be there whose libraries are not.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")
"""The browser, and a font with Chinese characters."""
BY_HAND = f"apt-get install {' '.join(PACKAGES)}"


def found() -> str | None:
    """Return the path of a Chromium that launches, or None."""
    return next((path for path in _candidates() if launches(path)), None)


def _candidates() -> Iterator[str]:
    if named := os.environ.get("CHROMIUM"):
        yield named
    yield from filter(None, map(shutil.which, NAMES))
    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def launches(path: str) -> bool:
    """Say whether this browser starts and shows an empty page."""
    command = [path, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return shown.returncode == 0 and "<html" in shown.stdout


def install_from_debian() -> None:
    """Install Debian's Chromium, where there is apt and the right to use it."""
    right = _right()
    if right is None:
        return
    _say(f"No Chromium launches here: installing Debian's ({' '.join((*right, BY_HAND))}).")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update", "-q"), ("install", "-y", "-q", "--no-install-recommends", *PACKAGES)):
        command = [*right, "apt-get", *arguments]
        if subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, stdin=subprocess.DEVNULL).returncode:
            return


def _right() -> tuple[str, ...] | None:
    """Return what stands before apt-get: nothing for root, sudo where it asks no password; None without the right."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ()
    may = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    return ("sudo", "-n") if may else None


def install_from_playwright() -> None:
    """Download Playwright's own Chromium into its folder in the home directory."""
    _say("No Chromium launches here: downloading Playwright's own (playwright install chromium).")
    command = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
    subprocess.run(command, stdout=subprocess.DEVNULL)


def main() -> int:
    """Print the path of a Chromium that launches, installed where there was none; return 1 where there is no way."""
    for install in (lambda: None, install_from_debian, install_from_playwright):
        install()
        if path := found():
            print(path)
            return 0
    _say(f"The browser tests need a Chromium that launches. On Debian: {BY_HAND}")
    _say("Elsewhere: install Chromium or Chrome, and name it with CHROMIUM=/path/to/it")
    return 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
