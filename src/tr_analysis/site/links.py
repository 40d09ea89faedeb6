"""Links in a chapter's prose: from numbers to their rows or sources, from codes to sources, from terms to the glossary."""

import ast
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from nbformat import NotebookNode

from tr_analysis.report import ANSWER
from tr_analysis.text import slugify

Numbers = Mapping[str, Mapping[str, Any]]
"""The numbers of a chapter, by name."""
_CODE = re.compile(r"\bS\d{3}\b")
_FILE = Path(__file__).with_name("glossary.toml")
_TAG = re.compile(r"(<[^>]*>)")
_CLOSED = ("a", "code", "pre", "h1", "h2", "h3", "h4")  # what takes no link


def link_numbers(cell: NotebookNode, text: str, findings: Numbers, *, linked: bool) -> str:
    """Return the text of a cell, its own or what it says with other parameters, with links from its numbers.

    A key number leads to its row on the page, another to the page of sources if it has one and the page is ``linked``.
    The cell's template tells which numbers they are. Of another text only those numbers are links that the cell has
    too: the rows on the page are those of the chapter.
    """
    for template in _templates(cell.metadata.get("tr_analysis", {}).get("code", "")):
        parts = [(words, name) for words, name, _, _ in Formatter().parse(template.strip())]
        pattern = "".join(re.escape(words) + ("(.*?)" if name else "") for words, name in parts)
        _, own = _filled(pattern, cell.source)
        heading, found = _filled(pattern, text)
        if own and found:
            names = [name.partition(".")[0] for _, name in parts if name]
            shown = [
                _link(value, name, findings, linked) if value == here else value
                for name, value, here in zip(names, found.groups(), own.groups(), strict=True)
            ]
            return heading + "".join(words + (shown.pop(0) if name else "") for words, name in parts)
    return text


def _filled(pattern: str, source: str) -> tuple[str, re.Match[str] | None]:
    """Match a text with its template; the answer has a heading before it."""
    heading = f"{ANSWER}\n" if source.startswith(f"{ANSWER}\n") else ""
    return heading, re.fullmatch(pattern, source.removeprefix(heading), re.DOTALL)


@cache  # the providers' pages share their code
def _templates(code: str) -> list[str]:
    """Return the texts in the call that wrote a cell."""
    constants = (node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant))
    return [value for value in constants if isinstance(value, str)]


def _link(text: str, name: str, findings: Numbers, linked: bool) -> str:
    """Return a number as a link; words, and what holds markup, stay as they are."""
    finding = findings.get(name, {})
    if not re.search(r"\d", text) or re.search(r"[\[\]<>*`#]", text) or finding.get("value") is None:
        return text
    if finding["key"]:
        return f'<a class="number" href="#number-{name}">{text}</a>'
    if linked and finding["sources"]:
        return f'<a class="number" href="sources.html#{finding["sources"][0]}">{text}</a>'
    return text


def with_sources(text: str) -> str:
    """Lead the ids of sources in words, HTML without links, to the page that lists them."""
    return _CODE.sub(lambda found: f'<a href="sources.html#{found[0]}">{found[0]}</a>', text)


@cache
def glossary() -> list[dict[str, Any]]:
    """Return the terms in order: ``term``, ``means``, ``also`` and the ``place`` on its page."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return [
        {"term": term, "place": slugify(term), "also": said.get("also", []), "means": said["means"]}
        for term, said in sorted(content.items(), key=lambda item: item[0].lower())
    ]


@cache
def _words() -> tuple[Mapping[str, str], re.Pattern[str]]:
    """Return the place of each form of a term, and what finds them, the longest first."""
    places = {form: one["place"] for one in glossary() for form in (one["term"], *one["also"])}
    places |= {form[:1].upper() + form[1:]: place for form, place in places.items()}
    forms = "|".join(map(re.escape, sorted(places, key=lambda form: (-len(form), form))))
    return places, re.compile(rf"(?<![\w-])(?:{forms})(?![\w-])")


def linker() -> Callable[[str], str]:
    """Return a function that links each term to the glossary where it first stands in the prose of a page, HTML."""
    places, pattern = _words()
    seen: set[str] = set()

    def link(found: re.Match[str]) -> str:
        place = places[found[0]]
        if place in seen:
            return found[0]
        seen.add(place)
        return f'<a class="term" href="glossary.html#{place}">{found[0]}</a>'

    def linked(html: str) -> str:
        closed, parts = 0, []
        for part in _TAG.split(html):
            if part.startswith("<"):
                name = part.strip("</>").split()[0].lower() if part.strip("</>") else ""
                closed += (name in _CLOSED) * (-1 if part.startswith("</") else 1)
            elif not closed:
                part = pattern.sub(link, part)
            parts.append(part)
        return "".join(parts)

    return linked
