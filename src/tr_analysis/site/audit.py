"""What no page may do: run or load something, hide a picture from those who cannot see, lead nowhere."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

from tr_analysis.errors import ChapterError


class _Page(HTMLParser):
    """Collects the links and ids of a page, and what it must not contain, with the cell it stands in."""

    def __init__(self, script: str) -> None:
        super().__init__()
        self._own, self._cell, self._running = script, "", False
        self.faults: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.append(given["id"])
            self._cell = given["id"][5:] if given["id"].startswith("cell-") else self._cell
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self._running = tag == "script"
        loaded = given.get("href" if tag == "link" else "src", "data:") + given.get("srcset", "")
        if any(name.startswith("on") for name in given):
            self._add("runs a script; a page must read without")
        if not loaded.startswith("data:"):
            self._add(f"loads {loaded}; put it into the notebook itself")
        if tag == "img" and not given.get("alt", "").strip():
            self._add(
                "shows a picture without alternative text; describe it in the output's metadata "
                '{"image/png": {"alt": ...}}'
            )

    def handle_data(self, data: str) -> None:
        """Refuse any script but the site's own."""
        if self._running and data.strip() != self._own.strip():
            self._add("runs a script; a page must read without")
        self._running = False

    def _add(self, fault: str) -> None:
        self.faults.append(f"cell {self._cell!r} {fault}")


def audit(pages: Mapping[str, str], downloads: Collection[str], script: str) -> None:
    """Refuse pages, HTML by name, that run, load or hide something, or link to what is neither page nor download.

    Raises
    ------
    ChapterError
        Which names each fault with page and cell; ``script`` is the one script that a page may hold.
    """
    read = {name: _Page(script) for name in pages}
    for name, page in read.items():
        page.feed(pages[name])
    ids = {name: set(page.ids) for name, page in read.items()}
    faults = [
        f"{name.removesuffix('.html')}: {fault}"
        for name, page in read.items()
        for fault in [*page.faults, *_lost(name, page, ids, downloads)]
    ]
    if faults:
        raise ChapterError("\n".join(faults))


def _lost(
    name: str, page: _Page, ids: Mapping[str, Collection[str]], downloads: Collection[str]
) -> Iterator[str]:
    """Yield the ids that are there twice, and the links to pages, files and places that are not there."""
    for place, times in Counter(page.ids).items():
        if times > 1:
            yield f"has the id {place!r} twice; give one of the headings or charts another name"
    for link in dict.fromkeys(page.links):
        if ":" in link.partition("/")[0]:
            continue  # leads out of the site
        path, _, place = link.partition("#")
        target = unquote(path) or name
        if target not in ids and target not in downloads:
            yield f"links to {target}, which is not there"
        elif place and unquote(place) not in ids.get(target, ()):
            yield f"links to {link}, where there is no such place"
