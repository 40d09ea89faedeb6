"""What must hold of a page: each check returns the faults it finds, as sentences."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.browser import tools
from tests.browser.driver import A4, Browser
from tests.site.made import REFERENCE
from tr_analysis import paths

CHAPTERS = tuple(path.stem for path in sorted(paths.reports().glob("[0-9]*.ipynb")))
KINDS = ("index", *CHAPTERS, "provider-northumbria", "provider-nps-wales", *REFERENCE)
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")  # the rules up to WCAG 2.2, level AA
PAPER = 672  # px: what A4 leaves between the side margins of the style sheet, 16 mm each


def loading(browser: Browser, page: Path) -> list[str]:
    """Find what the console complains of, and requests for anything but the page itself."""
    said = [f"console: {message}" for message in browser.console()]
    own = page.as_uri()
    asked = [f"request: {url}" for url in browser.requests() if url.partition("#")[0] != own]
    return said + asked


def anchors(site: Path, found: Mapping[str, Any]) -> list[str]:
    """Find links to files and places that are not there, and identifiers given twice.

    ``found`` is what the script ``anchors`` returns, by the name of the page.
    """
    faults = []
    for page, parts in found.items():
        twice = [name for name, times in Counter(parts["ids"]).items() if times > 1]
        faults += [f"{page}: two elements are called {name}" for name in twice]
        faults += [
            f"{page}: {link} leads nowhere" for link in parts["links"] if not _leads(site, found, page, link)
        ]
    return faults


def _leads(site: Path, found: Mapping[str, Any], page: str, link: str) -> bool:
    target, _, anchor = link.partition("#")
    path = site / (target or page)
    inside = path.resolve().is_relative_to(site.resolve())
    here = path.is_file() and path.stat().st_size > 0
    return inside and here and (not anchor or anchor in found.get(path.name, {"ids": ()})["ids"])


def barriers(browser: Browser) -> list[str]:
    """Find what axe-core finds, folded code included."""
    browser.run("unfold")
    browser.load(tools.AXE)
    return browser.run("axe", WCAG)


def keyboard(browser: Browser) -> list[str]:
    """Find what Tab alone does not reach in the order of the page, and where no focus is to be seen."""
    expected = browser.run("watch-focus")
    browser.tab(len(expected) + 1)  # once more than there are stops: then the focus leaves, or begins again
    focused = browser.driver.execute_script("return focused")
    reached = [stop["name"] for stop in focused]
    faults = [f"{stop['name']} shows no focus" for stop in focused if not stop["marked"]]
    for place, (stop, due) in enumerate(zip_longest(reached, expected)):
        if stop != due and not (place == len(expected) and [stop] == expected[:1]):
            after = expected[place - 1] if place else "the start"
            faults.append(f"after {after} Tab reaches {stop or 'nothing'} instead of {due or 'nothing'}")
            break
    return faults + [f"{stop} is covered when it has the focus" for stop in browser.run("covered")]


def overflow(browser: Browser) -> list[str]:
    """Find what sticks out of the window or is cut off."""
    return browser.run("overflow")


def paper(browser: Browser) -> list[str]:
    """Find what would not fit on paper, or would make the browser print everything smaller so that it does."""
    browser.medium("print")
    browser.resize(PAPER)
    faults = overflow(browser)
    browser.medium("")
    return faults


def printing(browser: Browser) -> list[str]:
    """Find what sticks out of a paper page, and figures that are cut at its end."""
    faults = paper(browser)
    figures = browser.run("mark-figures")
    places: dict[str, tuple[int, float]] = {}

    def note(page: int):
        def visit(text, outer, inner, *_):
            x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
            places.update({mark: (page, x) for mark in re.findall(r"(?:HEAD|FOOT)\d+END", text)})

        return visit

    for number, page in enumerate(browser.print().pages if figures else ()):
        page.extract_text(visitor_text=note(number))
    for i in range(figures):
        head, foot = places.get(f"HEAD{i}END"), places.get(f"FOOT{i}END")
        if head is None or foot is None:
            faults.append(f"figure {i + 1} does not come out whole")
        elif head[0] != foot[0]:
            faults.append(f"figure {i + 1} is cut in two by the end of page {head[0] + 1}")
        elif max(head[1], foot[1]) > A4[0] * 72:
            faults.append(f"figure {i + 1} is wider than the paper")
    return faults
