"""A reader changes the choices of a chapter: by keyboard, by address, and back."""

import base64
import json
import re
import zlib
from urllib.parse import unquote

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.driver import NARROW, WIDE
from tr_analysis import paths
from tr_analysis.sweep.choices import read_choices

CHAPTERS = [each.target.name for each in read_choices()]


@pytest.fixture
def panel(browser, site):
    """Open the panel of a chapter when it has been unpacked; it must have been computed."""

    def panel(chapter, anchor="", width=WIDE):
        if not (paths.reports() / "sweeps" / "choices" / chapter / "choices.json").exists():
            pytest.fail("no choices were computed: make study")
        browser.open(site / f"{chapter}.html", width, anchor)
        WebDriverWait(browser.driver, 60).until(lambda _: browser.find("#choices:not([hidden])"))
        browser.driver.execute_script("document.getElementById('choices').open = true")
        return [Select(one) for one in browser.find("#choices select")]

    return panel


def answer(browser):
    return browser.find(".answer .prose")[0].text


def packed(browser):
    return json.loads(
        zlib.decompress(base64.b64decode(browser.find("#choices")[0].get_attribute("data-packed")))
    )


def drawing(browser, name):
    """Return the drawing that a figure of the panel or of the chapter shows."""
    image = browser.find(f"#chosen-{name} img, .answer #figure-{name} img")[0]
    address = image.get_attribute("src")
    kind, _, data = address.partition(",")
    return base64.b64decode(data).decode() if kind.endswith("base64") else unquote(data)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_choice_shows_what_was_computed_for_it(browser, panel, chapter):
    selects = panel(chapter)
    own, shown = answer(browser), packed(browser)
    seen = set()
    for place, select in enumerate(selects):
        for value in [option.get_attribute("value") for option in select.options]:
            select.select_by_value(value)
            at = 0
            for one in selects:
                at = at * len(one.options) + one.options.index(one.first_selected_option)
            assert not shown["refused"][at]
            words = re.sub("<[^>]+>", "", shown["answers"][at])
            assert " ".join(words.split())[:200].split(" ")[:8] == answer(browser).split()[:8], (place, value)
            for name, (_, wide, _) in shown["charts"].items():
                assert drawing(browser, name) == wide[at][0]
            seen.add(answer(browser))
        browser.find("#choices button[type=reset]")[0].click()
    WebDriverWait(browser.driver, 10).until(lambda _: answer(browser) == own)
    assert len(seen) > len(selects)
    assert browser.console() == [] and len(browser.requests()) == 1


def test_a_choice_has_an_address_that_can_be_shared(browser, panel, site):
    selects = panel("03-recall")
    own = answer(browser)
    selects[1].select_by_value("2018-02")
    address, chosen = browser.driver.current_url, answer(browser)
    assert chosen != own and "end=2018-02" in address
    assert "5,670" in [link.text for link in browser.find(".answer .prose a.number")]  # as in the study
    assert browser.find(".answer .prose a.term")
    panel("03-recall", "#" + address.partition("#")[2])
    assert answer(browser) == chosen
    assert "-p end 2018-02" in browser.find(".answer .variant code")[0].text
    panel("03-recall", "#choose:end=2039-01&colour=red")  # no such values: the study's own
    assert answer(browser) == own


def test_the_keyboard_changes_a_choice_and_the_answer_is_announced(browser, panel):
    panel("04-inspection")
    before = answer(browser)
    browser.find("#choices select")[0].send_keys(Keys.DOWN)
    assert answer(browser) != before
    assert browser.find(".answer .prose")[0].get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_overflows_while_choices_are_changed(browser, panel, width):
    for select in panel("03-recall", width=width):
        select.select_by_index(len(select.options) - 1)
    assert browser.run("overflow") == []
