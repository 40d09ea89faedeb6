"""Nothing sticks out or is cut off, on a phone or on a laptop; unfolded code neither."""

import pytest

from tests.browser import checks
from tests.browser.driver import NARROW, WIDE


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("kind", checks.KINDS)
def test_nothing_overflows(browser, site, kind, width):
    browser.open(site / f"{kind}.html", width)
    folded = checks.overflow(browser)
    browser.run("unfold")
    assert folded + checks.overflow(browser) == []
