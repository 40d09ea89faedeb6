"""The whole study as one document, which becomes the PDF, is as sound as its pages."""

import pytest

from tests.browser import checks
from tr_analysis.site.pdf import one_document


@pytest.fixture(scope="module")
def opened(browser, site, tmp_path_factory):
    path = tmp_path_factory.mktemp("document") / "study.html"
    path.write_text(one_document(sorted(site.glob("*.html"))), "utf-8")
    browser.open(path)
    return path


def test_it_loads_in_silence_and_asks_for_nothing_else(browser, opened):
    assert checks.loading(browser, opened) == []


def test_every_link_leads_somewhere_in_it(browser, opened):
    found = browser.run("anchors")
    assert len(found["links"]) > 500
    assert checks.anchors(opened.parent, {opened.name: found}) == []


def test_nothing_in_it_is_wider_than_the_paper(browser, opened):
    assert checks.paper(browser) == []
