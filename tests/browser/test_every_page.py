"""What holds for every page and only a browser shows: cold deep links, and pages that leave one another alone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor, running_app
from ui.frame import PAGES
from ui.i18n import translation


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.url)
def test_first_visitor_of_a_process_may_come_by_a_deep_link(browser, row):
    with running_app() as address:
        context = browser.new_context(reduced_motion="reduce")
        visitor = Visitor(context.new_page()).open(f"{address}/{row.url}?lang=中文", player=False)
        title = translation("zh").gettext(row.title)
        expect(visitor.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(visitor.page.get_by_role("dialog")).to_have_count(0)
        assert not [url for url in visitor.requests if not url.startswith((address, "data:", "blob:"))]
        context.close()


def test_another_page_begins_with_its_own_settings(visit):
    page = visit("race?surface=Beale&x=0.5&y=1.5&sigma=0.1", reduced_motion="reduce").page
    page.get_by_text("Landscape", exact=True).click()
    page.get_by_text("Gradient compass", exact=True).first.click()
    expect(page.get_by_role("heading", level=1, name="Gradient compass")).to_be_visible(timeout=20_000)
    expect(page.locator("input[value='Rosenbrock']")).to_have_count(1)
    expect(page.locator("input[aria-label='Start x']")).to_have_value("-1")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    assert page.url.endswith("/compass")
