"""Each check bites: a page made with one fault is refused for it, and a sound one is not."""

import re

import pytest

from tests.browser import checks
from tests.browser.driver import NARROW, WIDE

FOCUS = ":focus-visible { outline: 2px solid #000; }"
PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"
SOUND = f"""
<p><a href="#end">To the end</a> <button type="button">Press</button></p>
<div tabindex="0" role="group" aria-label="Wide" style="overflow-x: auto; width: 200px">
<p style="width: 900px">Scrolls</p></div>
<details><summary>More</summary><p>Folded</p></details>
<figure><img alt="A picture" src="{PICTURE}" width="300" height="200"></figure><p id="end">End</p>"""


def test_a_sound_page_passes_every_check_on_phone_and_laptop(browser, written, tmp_path):
    page = written(SOUND, style=FOCUS)
    for width in (NARROW, WIDE):
        browser.open(page, width)
        assert checks.loading(browser, page) == []
        assert checks.overflow(browser) == []
        assert checks.barriers(browser) == []
        assert checks.keyboard(browser) == []
    found = {page.name: browser.run("anchors")}
    assert found[page.name]["links"] == ["#end"]
    assert checks.anchors(tmp_path, found) == []
    assert checks.printing(browser) == []


FIND = {
    "loading": checks.loading,
    "anchors": lambda browser, page: checks.anchors(page.parent, {page.name: browser.run("anchors")}),
    "barriers": lambda browser, _: checks.barriers(browser),
    "keyboard": lambda browser, _: checks.keyboard(browser),
    "overflow": lambda browser, _: checks.overflow(browser),
    "printing": lambda browser, _: checks.printing(browser),
}
FAULTS = {
    "loading": [
        ("<script>missing()</script>", "console: .*missing is not defined"),
        ("<script>console.error('no')</script>", "console: .*no"),
        ("<script>setTimeout(() => { throw Error('late') })</script>", "console: .*late"),
        ('<img alt="" src="beside.png">', "request: file:.*/beside.png"),
        ('<link rel="stylesheet" href="http://127.0.0.1:9/a.css">', "request: http://127.0.0.1:9/a.css"),
        ("<script>fetch('http://127.0.0.1:9/b')</script>", "request: http://127.0.0.1:9/b"),
        (
            "<script>navigator.sendBeacon('http://127.0.0.1:9/c', 'x')</script>",
            "request: http://127.0.0.1:9/c",
        ),
    ],
    "anchors": [
        ('<a href="gone.html">x</a>', "gone.html leads nowhere"),
        ('<a href="#gone">x</a>', "#gone leads nowhere"),
        ('<a href="page.html#gone">x</a>', "page.html#gone leads nowhere"),
        ('<a download href="gone.csv">x</a>', "gone.csv leads nowhere"),
        ('<a href="../page.html">x</a>', "../page.html leads nowhere"),
        ('<p id="a"></p><p id="a"></p>', "two elements are called a"),
    ],
    "barriers": [
        ('<img src="data:,">', "image-alt"),
        ('<p style="color: #999">Pale</p>', "color-contrast"),
        ('<details><summary>More</summary><p style="color: #999">Pale</p></details>', "color-contrast"),
        ('<input type="search">', "label"),
        ('<button style="width: 9px; height: 9px; padding: 0">a</button>' * 2, "target-size"),
    ],
    "keyboard": [
        ('<a href="#a" style="outline: none">a</a>', "shows no focus"),
        ('<a href="#a">a</a><a href="#b" tabindex="1">b</a>', "Tab reaches .*b.* instead of .*a"),
        ('<a href="#a" onkeydown="return false">a</a><a href="#b">b</a>', "after a .*a.* Tab reaches"),
        (
            '<div style="overflow: auto; height: 3em"><p style="height: 9em">Tall</p></div>',
            "Tab reaches div .*Tall.* instead of nothing",
        ),
        (
            '<div style="position: fixed; inset: 0; background: #fff"></div><a href="#a">a</a>',
            "covered when it has the focus",
        ),
    ],
    "overflow": [
        ('<p style="width: 500px">Wide</p>', "the page is 5.. px wide"),
        ("<p>" + "long" * 60 + "</p>", "is cut off by body"),
        ('<div style="overflow: hidden; width: 50px"><p style="width: 400px">Text words</p></div>', "by div"),
        ('<div style="overflow: hidden; height: 1em"><p>One<br>Two</p></div>', "is cut off by div"),
        (f'<img alt="A" width="700" height="9" src="{PICTURE}">', "img, 700 px wide, is cut off by body"),
    ],
    "printing": [
        ('<p style="height: 700px">Text</p><figure style="height: 600px">Tall</figure>', "cut in two"),
        ('<figure style="width: 900px">Wide</figure>', "the page is 9.. px wide"),
        (
            '<div style="overflow-x: auto"><figure style="width: 900px">Wide</figure></div>',
            "does not come out whole",
        ),
        (
            '<figure style="overflow: hidden; width: 50px; height: 50px; white-space: nowrap">A long line</figure>',
            "is cut off by figure",
        ),
    ],
}
CASES = [(check, body, fault) for check, cases in FAULTS.items() for body, fault in cases]


@pytest.mark.parametrize(("check", "body", "fault"), CASES)
def test_each_check_finds_its_faults(browser, written, check, body, fault):
    page = written(body, style=FOCUS if check == "keyboard" else "")
    browser.open(page, NARROW if check == "overflow" else WIDE)
    found = FIND[check](browser, page)
    assert [one for one in found if re.search(fault, one, re.DOTALL)], found
