"""The pages of the site as one document: links between pages become links inside it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tr_analysis import __version__
from tr_analysis.data import load
from tr_analysis.errors import ChapterError
from tr_analysis.git_state import git_state
from tr_analysis.site.cells import TEMPLATES

_COVER = "index"
_LEFT_OUT = (_COVER, "404")
_REFERENCES = ("id", "for", "headers", "aria-labelledby", "aria-describedby", "aria-controls")
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_TITLE = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
_LICENCES = re.compile(r'<h2 id="licences">.*?</h2>(.*?)</section>', re.DOTALL)  # in the foot of every page
_QUESTION = re.compile(r"</h1>\s*<p\b[^>]*>(.*?)</p>", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """A page as a part of the document: its place there, its title and its text as HTML."""

    place: str
    title: str
    body: str


def one_document(pages: Sequence[Path]) -> str:
    """Join pages into one HTML document: cover, contents, chapters, providers, reference.

    A link to another of the pages leads to its part of the document; one to a file beside them is text, for
    the document stands alone.

    Parameters
    ----------
    pages
        Pages that `tr_analysis.site.write_site` wrote, the home page among them, in reading order.

    Raises
    ------
    ChapterError
        If a page has no text or no title, or the home page is missing.
    """
    from jinja2 import Environment, FileSystemLoader

    whole = {page.stem: page.read_text(encoding="utf-8") for page in pages}
    if _COVER not in whole:
        raise ChapterError("the pages have no index.html; make them again with `tr-analysis site`")
    texts = {stem: _found(_MAIN, text, stem) for stem, text in whole.items()}
    parts = [_part(stem, text, texts) for stem, text in texts.items() if stem not in _LEFT_OUT]
    question = _QUESTION.search(texts[_COVER])
    frame = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return frame.get_template("document.html.j2").render(
        title=_found(_TITLE, texts[_COVER], _COVER),
        question=question[1] if question else "",
        sections=_sections(parts),
        licences=_found(_LICENCES, whole[_COVER], _COVER),
        version=__version__,
        commit=git_state(),
        published=max(load("sources")["published"].dropna().astype(str)),
    )


def _sections(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Sort the parts under the headings of the list of contents; a heading without any is left out."""
    sections: dict[str, list[Part]] = {"Chapters": [], "Annex: one provider at a time": [], "Reference": []}
    for part in parts:
        numbered, provider = part.place[0].isdigit(), part.place.startswith("provider-")
        heading = list(sections)[0 if numbered else 1 if provider else 2]
        sections[heading].append(part)
    return {heading: found for heading, found in sections.items() if found}


def _found(pattern: re.Pattern[str], text: str, page: str) -> str:
    found = pattern.search(text)
    if not found:
        raise ChapterError(f"{page}.html is not a page of the study; make it again with `tr-analysis site`")
    return found[1]


def _part(page: str, text: str, pages: Mapping[str, Any]) -> Part:
    rewriter = _Rewriter(page, pages)
    rewriter.feed(text)
    rewriter.close()
    return Part(page, re.sub("<[^>]+>", "", _found(_TITLE, text, page)), "".join(rewriter.written))


class _Rewriter(HTMLParser):
    """Copies a page's text with the places in it named after the page, so that no two are called alike."""

    def __init__(self, page: str, pages: Mapping[str, Any]) -> None:
        super().__init__(convert_charrefs=False)
        self.page, self.pages = page, pages
        self.written: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Copy an element's start, with its names and its link as they are in the document."""
        text = self.get_starttag_text() or ""
        for name, value in attrs:
            if value and name in _REFERENCES:
                renamed = " ".join(f"{self.page}--{word}" for word in value.split())
                text = re.sub(rf'(\s{name}=)"[^"]*"', rf'\1"{renamed}"', text, count=1)
            elif value and name == "href" and (target := self._target(value)) != value:
                text = re.sub(r'\shref="[^"]*"', f' href="{target}"' if target else "", text, count=1)
        self.written.append(text)

    def _target(self, address: str) -> str:
        """Return where a link leads in the document, or nothing when that is no part of it."""
        if re.match(r"https?:|mailto:", address):
            return address
        file, _, place = address.partition("#")
        page = file.removesuffix(".html") if file else self.page
        if page not in self.pages or page == "404":
            return ""
        if place == "licences":
            return "#licences"
        return f"#{page}--{place}" if place and page != _COVER else f"#{page}"

    def handle_endtag(self, tag: str) -> None:
        """Copy an element's end."""
        self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Copy text."""
        self.written.append(data)

    def handle_entityref(self, name: str) -> None:
        """Copy a named character."""
        self.written.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """Copy a numbered character."""
        self.written.append(f"&#{name};")
