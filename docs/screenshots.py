"""Take the pictures of the README from the running app: `make screenshots`."""

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, Visitor, running_app

HERE = Path(__file__).parent


def take(name: str, query: str) -> None:
    """Write docs/<name>.png: the page at `query`, 120 steps after the start."""
    with running_app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1010}, reduced_motion="reduce")
        visitor = Visitor(page).open(f"{address}/{query}")
        page.keyboard.press("Home")
        for _press in range(12):
            page.keyboard.press("Shift+ArrowRight")
        visitor.wait_for("p.frame === 120")
        page.wait_for_timeout(1500)
        page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    take("race", "race")
    take("microscope", "microscope")
