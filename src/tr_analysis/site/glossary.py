"""The glossary, and the links to it from the first use of each term on a page."""

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tr_analysis.text import slugify

_FILE = Path(__file__).with_name("glossary.toml")
_TAG = re.compile(r"(<[^>]*>)")
_CLOSED = ("a", "code", "pre", "h1", "h2", "h3", "h4")  # what takes no link


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
