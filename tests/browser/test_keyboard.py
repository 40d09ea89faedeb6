"""Everything can be done without a mouse."""

import pytest

from tests.browser import checks


@pytest.mark.parametrize(
    "kind", ["index", "02-reoffending", "provider-northumbria", "sources", "dictionary", "404"]
)
def test_tab_reaches_everything_in_order_and_shows_where_it_is(browser, site, kind):
    browser.open(site / f"{kind}.html")
    assert checks.keyboard(browser) == []
