"""What the pages' script does, done with the keyboard: folding, sorting, filtering, skipping."""

import re

import pytest
from selenium.webdriver.common.keys import Keys

CHAPTER, TABLES = "02-reoffending", ["index", "sources", "figures"]


def sort_keys(browser, table, column):
    """Return what a column of a table is sorted by, row by row."""
    script = """
        const cells = [...arguments[0].tBodies[0].rows].map((row) => row.cells[arguments[1]]);
        return cells.map((cell) => cell.dataset.sort ?? cell.textContent.trim());"""
    return browser.driver.execute_script(script, table, column)


def shown_rows(browser):
    """Return the words of each row to be seen that a field may filter, those that only the field knows among them."""
    script = """
        const words = (row) => [...row.cells].map((cell) => cell.textContent).concat(row.dataset.words ?? "");
        const rows = [...document.querySelectorAll("table[data-filter] tbody tr")];
        return rows.filter((row) => row.checkVisibility()).map((row) => words(row).join(" "));"""
    return browser.driver.execute_script(script)


@pytest.fixture
def table(browser, site, request):
    browser.open(site / f"{request.param}.html")
    return browser.find("table.sortable[data-filter]")[0]


@pytest.mark.parametrize("table", TABLES, indirect=True)
@pytest.mark.parametrize("column", [0, 1])
def test_enter_and_space_sort_a_table_and_say_so(browser, table, column):
    headers = table.find_elements("css selector", "thead th")
    before = sort_keys(browser, table, column)
    button = headers[column].find_element("css selector", "button")
    button.send_keys(Keys.ENTER)
    assert [header.get_attribute("aria-sort") for header in headers].count("ascending") == 1
    assert headers[column].get_attribute("aria-sort") == "ascending"
    rising = sort_keys(browser, table, column)
    button.send_keys(Keys.SPACE)
    assert headers[column].get_attribute("aria-sort") == "descending"
    falling = sort_keys(browser, table, column)
    assert sorted(before) == sorted(rising) == sorted(falling)
    assert falling != rising
    assert falling[0] == rising[-1] and falling[-1] == rising[0]
    assert browser.driver.switch_to.active_element == button


def test_numbers_are_sorted_as_numbers(browser, site):
    browser.open(site / "sources.html")
    table = browser.find("table.sortable")[0]
    given = (
        "return [...arguments[0].tBodies[0].rows[0].cells].map((cell) => Number(cell.dataset.sort ?? NaN))"
    )
    column = next(i for i, key in enumerate(browser.driver.execute_script(given, table)) if key is not None)
    table.find_elements("css selector", "thead button")[column].send_keys(Keys.ENTER)
    keys = [float(key) for key in sort_keys(browser, table, column)]
    assert keys == sorted(keys)
    assert len(set(map(len, map(str, keys)))) > 1


@pytest.mark.parametrize("table", TABLES, indirect=True)
def test_the_filter_leaves_the_rows_that_hold_the_words_and_counts_them(browser, table):
    field, count = browser.find("input[id^=filter]")[0], browser.find("[role=status]")[0]
    assert browser.find(f"label[for='{field.get_attribute('id')}']")[0].text
    every = shown_rows(browser)
    word = every[-1].split()[0]
    field.send_keys(word.upper())
    left = shown_rows(browser)
    assert 0 < len(left) < len(every)
    start = re.compile(rf"(?<![^\W_]){re.escape(word)}", re.IGNORECASE)
    assert left == [row for row in every if start.search(row)]
    assert str(len(left)) in count.text and str(len(every)) in count.text
    field.clear()
    field.send_keys("qqq zzz")
    assert shown_rows(browser) == []
    assert "0" in count.text
    field.clear()
    field.send_keys(" ")
    assert shown_rows(browser) == every


def test_the_home_page_searches_everything(browser, site):
    browser.open(site / "index.html")
    (field,) = browser.find("#everything")
    field.send_keys("leeds", Keys.ENTER)
    assert browser.driver.current_url.endswith("search.html?q=leeds")
    links = [link.text for link in browser.find(".found tbody a") if link.is_displayed()]
    assert links == ["NPS North East", "West Yorkshire"]
    (field,) = browser.find("input[type=search]")
    for sought, kind in {
        "homelessness": "Key numbers",
        "short sentence": "Claims",
        "S001": "Sources",
    }.items():
        field.clear()
        field.send_keys(sought)
        assert kind in [caption.text for caption in browser.find("caption") if caption.is_displayed()]


@pytest.fixture
def search(browser, site):
    """Type words on the search page; the links to be seen, and what is said of how many there are."""
    browser.open(site / "search.html")
    (field,) = browser.find("input[type=search]")

    def search(words):
        field.clear()
        field.send_keys(words)
        links = browser.driver.execute_script(
            "return [...document.querySelectorAll('.found tbody a')]"
            ".filter((a) => a.checkVisibility()).map((a) => a.textContent)"
        )
        return links, browser.find("[role=status]")[0].text

    return search


def test_a_question_is_searched_by_the_words_that_tell(search):
    links, _ = search("Who ran probation in Leeds?")
    assert links == ["NPS North East", "West Yorkshire"]


def test_a_number_is_found_with_and_without_its_comma(search):
    links, _ = search("8737")
    assert "People in prison on recall, February 2020" in links
    assert search("8,737")[0] == links


def test_where_no_row_has_all_words_the_rarest_are_used_and_named(search):
    links, said = search("recall in Leeds on Mars")
    assert links == ["NPS North East", "West Yorkshire"]
    assert said.startswith("No row has all these words. With “leeds”: 2 of ")


def test_the_tiles_change_their_colour(browser, site):
    browser.open(site / "index.html")
    tile = browser.find(".tiles .good")[0]
    before = tile.value_of_css_property("background-color")
    browser.find("#by-owner")[0].send_keys(Keys.SPACE)
    assert tile.value_of_css_property("background-color") != before


def test_one_click_selects_a_citation_as_a_whole(browser, site):
    browser.open(site / f"{CHAPTER}.html")
    for place in browser.find(".copied"):
        place.click()
        assert browser.driver.execute_script("return getSelection().toString().trim()") == place.text.strip()
    assert place.text.startswith("@misc{tr-analysis-")


def test_code_unfolds_one_by_one_and_as_a_whole(browser, site):
    browser.open(site / f"{CHAPTER}.html")
    folded = browser.find("details.code")
    assert len(folded) > 5
    assert not any(one.get_attribute("open") for one in folded)
    summary = folded[0].find_element("css selector", "summary")
    summary.send_keys(Keys.ENTER)
    assert folded[0].find_element("css selector", ".highlight").is_displayed()
    (button,) = browser.find("#unfold")
    for label, opened in {"Hide all code": True, "Show all code": False}.items():
        button.send_keys(Keys.SPACE)
        assert button.text == label
        assert {bool(one.get_attribute("open")) for one in folded} == {opened}


def test_the_first_stop_skips_to_the_text(browser, site):
    browser.open(site / f"{CHAPTER}.html")
    browser.tab()
    skip = browser.driver.switch_to.active_element
    assert skip.get_attribute("class") == "skip"
    assert skip.rect["x"] >= 0
    browser.press(Keys.ENTER)
    browser.tab()
    inside = "return document.querySelector('main').contains(document.activeElement)"
    assert browser.driver.execute_script(inside)


def test_without_a_script_everything_is_there_to_read(browser, site):
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(site / "index.html")
        rows = browser.find("table[data-filter] tbody tr")
        assert len(rows) == 28
        assert browser.find("input[id^=filter], thead button") == []
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
