"""Pages come out of a printer whole, and without what only a screen can do."""

import pytest

from tests.browser import checks


@pytest.mark.parametrize("kind", checks.KINDS)
def test_nothing_is_cut_off(browser, site, kind):
    browser.open(site / f"{kind}.html")
    assert checks.printing(browser) == []


def test_paper_shows_neither_code_nor_controls(browser, site):
    browser.open(site / "02-reoffending.html")
    summaries = {summary.text for summary in browser.find("summary")}
    assert "Show all code" in browser.find("main")[0].text
    browser.run("unfold")
    words = "".join(page.extract_text() for page in browser.print().pages)
    assert "Answer" in words
    for screen in (*summaries, "Show all code", "import load", "Skip to the text", "(CSV)", "On this page"):
        assert screen not in words


def test_paper_shows_a_table_without_its_filter(browser, site):
    browser.open(site / "index.html")
    (label,) = browser.find("label[for=filter-0]")
    words = " ".join("".join(page.extract_text() for page in browser.print().pages).split())
    assert "Kent, Surrey and Sussex" in words
    assert label.text not in words
