"""What the home page shows: key findings, the scorecard's counts, the reform's dates, chapters, providers."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from tr_analysis.data import load
from tr_analysis.errors import ChapterError
from tr_analysis.ledger.results import NAMED, KeyFinding, home_findings, home_sentences, number_words
from tr_analysis.order import in_order
from tr_analysis.report.finding import Finding
from tr_analysis.site.cells import drawing
from tr_analysis.site.chapter import Chapter
from tr_analysis.site.providers import second_round, tile_map

# How published numbers fared: the names of the scorecard's counts, and how a reader says them.
_COUNTED = {
    "published_back": "reproduced",
    "contradicted": "contradicted by recalculation",
    "matched": "matched by a second source",
    "differs_in_a_second_source": "different in a second source",
    "input_could_not_be_obtained": "not recalculated: we could not obtain their input",
}


def home(chapters: Sequence[Chapter], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the home page's template shows of all pages of the study, in reading order, and of all `providers`."""
    numbered = [chapter for chapter in chapters if chapter.is_numbered]
    return {
        "chapters": numbered,
        "cards": {
            chapter.run: {**drawing(chapter.charts[0], "narrow"), "title": chapter.charts[0]["title"]}
            for chapter in numbered
            if chapter.charts and not chapter.origin
        },
        "answers": answers({chapter.name: chapter for chapter in numbered}),
        "counted": _COUNTED,
        "score": next((chapter for chapter in numbered if "published_back" in chapter.findings), None),
        "events": events(load("events")),
        "providers": rows,
        "second_round": second_round(rows),
        "map": tile_map(rows),
    }


def key_number(chapter: Chapter, name: str) -> Finding:
    """Return a key number of a chapter, which knows how it is written."""
    if chapter.origin:
        raise ChapterError(
            f"{chapter.run}: the key number {name!r} is {chapter.origin}, and the home page shows observed ones only: "
            "take it out of notebooks/home.toml, or bring the official tables with `tr-analysis fetch`"
        )
    return Finding(name, **chapter.findings[name])


def answers(chapters: Mapping[str, Chapter]) -> list[dict[str, Any]]:
    """Return the key findings by question, those shown first and the others; none where no chapter is there."""
    found, sentences = [], home_sentences()
    for question, names in home_findings().items():
        there = [
            each
            for each in names
            if each.chapter in chapters and each.name in chapters[each.chapter].findings
        ]
        if there:
            about = {
                "question": question,
                "sentence": sentence(sentences[question], chapters),
                "chapter": chapters[there[0].chapter],
                "leads": [_listed(chapters, each) for each in there if each.first],
                "rest": [_listed(chapters, each) for each in there if not each.first],
            }
            found.append(about)
    return found


def _listed(chapters: Mapping[str, Chapter], each: KeyFinding) -> tuple[Chapter, Finding, str]:
    """Return a number with its chapter, and the part of it that lists show."""
    chapter = chapters[each.chapter]
    return chapter, key_number(chapter, each.name), "signed" if each.signed else "value"


def sentence(template: str, chapters: Mapping[str, Chapter]) -> Markup:
    """Fill a sentence with numbers, each key number a link to where it is listed; empty where one of them is not there."""
    for chapter, name, _ in NAMED.findall(template):
        if chapter not in chapters or name not in chapters[chapter].findings:
            return Markup()

    def shown(found: re.Match[str]) -> str:
        chapter, name = chapters[found[1]], found[2]
        finding = key_number(chapter, name)
        words = number_words(found, finding)
        if not finding.key:
            return words
        return Markup('<a href="{}#number-{}">{}</a>').format(chapter.page, name, words)

    return Markup(NAMED.sub(shown, str(escape(template))))


def events(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the dated events by year, each with its day or month in words."""
    dated = in_order(table.dropna(subset="date"), "date", "event_id")
    rows = [
        {"year": str(row["date"])[:4], "day": _in_words(str(row["date"])), **row}
        for row in dated.to_dict("records")
    ]
    return [
        {"year": year, "events": list(of_year)} for year, of_year in groupby(rows, lambda row: row["year"])
    ]


def _in_words(date: str) -> str:
    """Write ``2015-02-01`` as 1 February 2015, and ``2019-02`` as February 2019."""
    form = "{day} %B %Y" if date.count("-") == 2 else "%B %Y"
    stamp = pd.Timestamp(date)
    return stamp.strftime(form).format(day=stamp.day)
