"""axe-core finds no barrier on any kind of page, on a laptop or on a phone."""

import pytest

from tests.browser import checks
from tests.browser.driver import NARROW, WIDE

PHONE = [kind for kind in checks.KINDS if kind not in checks.CHAPTERS[1:]]  # chapters differ in words alone


@pytest.mark.parametrize(
    ("kind", "width"), [(kind, WIDE) for kind in checks.KINDS] + [(kind, NARROW) for kind in PHONE]
)
def test_no_barrier(browser, site, kind, width):
    browser.open(site / f"{kind}.html", width)
    assert checks.barriers(browser) == []


@pytest.mark.parametrize("kind", ("index", checks.CHAPTERS[1], "provider-northumbria", "search"))
def test_no_barrier_in_the_dark(browser, site, kind):
    browser.medium("", "dark")
    try:
        browser.open(site / f"{kind}.html")
        ground = "return getComputedStyle(document.body).backgroundColor"
        assert browser.driver.execute_script(ground) == "rgb(17, 24, 30)"
        assert checks.barriers(browser) == []
    finally:
        browser.medium("")
