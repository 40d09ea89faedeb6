"""The value of a point of a chart: on hover, and with the arrow keys."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.driver import NARROW, WIDE

CHART = "#figure-side-by-side"
FIRST, SECOND = "CRCs, first quarter: −1.9", "CRCs, first year: −2.1"


def told(browser):
    """Return what is told now, and nothing when nothing is."""
    return " ".join(one.text for one in browser.find(".points .value"))


def over(browser, across, down):
    """Move the pointer over the first chart, to these shares of its width and height."""
    chart = browser.find(f"{CHART} .points")[0]
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
    size = chart.size
    offset = round((across - 0.5) * size["width"]), round((down - 0.5) * size["height"])
    ActionChains(browser.driver).move_to_element_with_offset(chart, *offset).perform()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_hover_tells_the_nearest_point_and_leaves_with_the_pointer(browser, site, width):
    browser.open(site / "02-reoffending.html", width)
    browser.find(f"{CHART} .points")[0].send_keys(Keys.ARROW_RIGHT)
    ring = browser.find(".points .point")[0].get_attribute("style")
    left, top = (float(part.split(":")[1].strip(" %")) / 100 for part in ring.split(";")[:2])
    over(browser, left, top)
    assert told(browser) == FIRST
    box, tip = browser.find(f"{CHART} .points")[0].rect, browser.find(".points .value")[0].rect
    assert box["x"] <= tip["x"] and tip["x"] + tip["width"] <= box["x"] + box["width"]
    over(browser, 0.01, 0.99)
    assert not told(browser)


def test_arrow_keys_go_from_point_to_point_and_escape_ends_it(browser, site):
    browser.open(site / "02-reoffending.html")
    chart = browser.find(f"{CHART} .points")[0]
    assert chart.aria_role == "group" and "arrow keys" in chart.accessible_name
    heard = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_LEFT, Keys.END, Keys.ARROW_RIGHT, Keys.ESCAPE):
        chart.send_keys(key)
        heard.append(told(browser))
    assert [heard[0], heard[1], heard[2], heard[4], heard[5]] == [FIRST, SECOND, FIRST, FIRST, ""]
    assert heard[3] not in {FIRST, SECOND, ""}
    assert browser.find("output.value") == []


def test_a_chart_that_is_drawn_again_tells_its_new_values(browser, site):
    browser.open(site / "02-reoffending.html")
    WebDriverWait(browser.driver, 60).until(lambda _: browser.find("#choices:not([hidden])"))
    browser.driver.execute_script("document.getElementById('choices').open = true")
    select = Select(browser.find("#choices select[name=baseline_error]")[0])
    select.select_by_value("1.0")
    image = browser.find(f"{CHART} img")[0]
    WebDriverWait(browser.driver, 60).until(lambda _: image.get_property("complete"))
    browser.find(f"{CHART} .points")[0].send_keys(Keys.HOME)
    assert told(browser).startswith("CRCs, first quarter: ") and told(browser) != FIRST
    select.select_by_value("0.0")
    browser.find(f"{CHART} .points")[0].send_keys(Keys.HOME)
    WebDriverWait(browser.driver, 60).until(lambda _: told(browser) == FIRST)
