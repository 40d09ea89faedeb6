"""What the home page shows: key findings, the scorecard's counts, the reform's dates, chapters, providers."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import pandas as pd

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.errors import ChapterError
from tr_analysis.ledger.results import home_findings
from tr_analysis.order import in_order
from tr_analysis.report.finding import Finding
from tr_analysis.site.cells import drawing
from tr_analysis.site.chapter import Chapter

_ASKED = {"Did reoffending fall?": "02-reoffending.html", "What happened to recall?": "03-recall.html"}
# How published numbers fared: the names of the scorecard's counts, and how a reader says them.
_COUNTED = {
    "published_back": "reproduced",
    "contradicted": "contradicted by recalculation",
    "printed_alike_elsewhere": "matched by a second source",
    "printed_otherwise_elsewhere": "different in a second source",
    "input_not_held": "not recalculated: we could not obtain their input",
}
_PENDING = "none"  # an inspection that was called off before it was rated


def home(chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Return what the home page's template shows of all pages of the study, in reading order."""
    numbered = [chapter for chapter in chapters if chapter.run == chapter.name]
    about = [chapter for chapter in chapters if chapter.run != chapter.name]
    return {
        "asked": {q: page for q, page in _ASKED.items() if page in {chapter.page for chapter in numbered}},
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
        "providers": providers(about),
        "released": _released(),
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
    found = []
    for question, names in home_findings().items():
        there = [
            (chapters[chapter], key_number(chapters[chapter], name), first)
            for chapter, name, first in names
            if chapter in chapters and name in chapters[chapter].findings
        ]
        if there:
            leads = [(chapter, number) for chapter, number, lead in there if lead]
            rest = [(chapter, number) for chapter, number, lead in there if not lead]
            found.append({"question": question, "leads": leads, "rest": rest, "chapter": there[0][0]})
    return found


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


def providers(pages: Sequence[Chapter]) -> list[dict[str, Any]]:
    """Return one row for each provider: who ran it, how it was rated, which areas it took over."""
    page = {str(value): chapter.page for chapter in pages for value in chapter.parameters.values()}
    ratings, trusts = load("inspection_ratings"), load("probation_trusts")
    covered = trusts.groupby("successor_crc")["trust"].agg(list).to_dict()
    places = load("places").groupby("crc")
    towns = places["place"].agg(" ".join) + " " + places["county"].agg(lambda names: " ".join(names.unique()))
    rows = in_order(load("providers"), "provider").to_dict("records")
    return [
        {
            **{str(column): cell for column, cell in row.items()},
            "page": page.get(row["provider"]),
            "owners": [owner for owner in (row["owner"], row["later_owner"]) if pd.notna(owner)],
            "ratings": [_rating(ratings, row["provider"], number) for number in (1, 2)],
            "towns": towns.get(row["provider"], ""),
            "covers": covered.get(row["provider"], []),
        }
        for row in rows
    ]


def _rating(ratings: pd.DataFrame, provider: str, number: int) -> str:
    """Return how a provider was rated in one round of inspections."""
    here = ratings[(ratings["provider"] == provider) & (ratings["inspection_round"] == number)]
    if here.empty:
        return "no rating found"
    (row,) = here.to_dict("records")
    if pd.isna(row["overall_rating"]):
        return "not rated" if row["rating_evidence"] == _PENDING else "not known"
    return f"{row['overall_rating']}{' (inferred)' if row['rating_evidence'] == 'derived' else ''}"


def _released() -> str:
    """Return the date of this version, as the citation file has it."""
    file = paths.root() / "CITATION.cff"
    found = (
        re.search(r'date-released: "?([\d-]+)', file.read_text(encoding="utf-8")) if file.exists() else None
    )
    return found[1] if found else ""
