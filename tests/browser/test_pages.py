"""Every page loads by itself, without a word from the console, and everything it links to is there."""

import pytest

from tests.browser import checks


@pytest.fixture(scope="module")
def visited(browser, site):
    """Each page of the site, opened once: the faults in loading it, and its anchors."""
    faults, found = {}, {}
    for page in sorted(site.glob("*.html")):
        browser.open(page)
        faults[page.name] = checks.loading(browser, page)
        found[page.name] = browser.run("anchors")
    return faults, found


def test_the_site_has_every_kind_of_page_and_all_providers(visited):
    faults, _ = visited
    assert {f"{kind}.html" for kind in checks.KINDS} <= faults.keys()
    assert len([name for name in faults if name.startswith("provider-")]) == 28


def test_every_page_loads_in_silence_and_asks_for_nothing_else(visited):
    faults, _ = visited
    assert [f"{name}: {fault}" for name, found in faults.items() for fault in found] == []


def test_every_link_download_and_anchor_leads_somewhere(visited, site):
    _, found = visited
    assert sum(len(parts["links"]) for parts in found.values()) > 10 * len(found)
    assert checks.anchors(site, found) == []
