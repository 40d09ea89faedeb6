"""What the home page shows: key findings, the scorecard's counts, the reform's dates, chapters, and the 28 providers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from tr_analysis.data import load
from tr_analysis.digits import to_count
from tr_analysis.errors import ChapterError
from tr_analysis.ledger.results import NAMED, KeyFinding, home_findings, home_sentences, number_words
from tr_analysis.order import in_order
from tr_analysis.report.finding import Finding
from tr_analysis.site.cells import drawing
from tr_analysis.site.chapter import Chapter
from tr_analysis.site.search import rows_of

TILES = Path(__file__).parent / "tiles.csv"
"""Where each provider stands on the tile map, its short name there, and the NPS division that shared its area."""
# Published totals of the second round, which name nobody: how many of a kind had a rating.
_TOTALS = {("CRC", "Good"): "F0657", ("CRC", "Requires improvement"): "F0658", ("NPS", "Good"): "F0659"}
_OPEN = "not inspected, or not named"
_CALLED_OFF = "none"  # an inspection that ended before it was rated
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
    """Return the dated events in order, each with its year, and its day or month in words."""
    dated = in_order(table.dropna(subset="date"), "date", "event_id").astype({"date": str})
    words = {"year": dated["date"].str[:4], "day": dated["date"].map(_in_words)}
    return rows_of(dated.assign(**words))


def _in_words(date: str) -> str:
    """Write ``2015-02-01`` as 1 February 2015, and ``2019-02`` as February 2019."""
    form = "{day} %B %Y" if date.count("-") == 2 else "%B %Y"
    stamp = pd.Timestamp(date)
    return stamp.strftime(form).format(day=stamp.day)


def providers(chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    """Return one row for each provider: owners, ratings, its ``page``, ``tile``, and the ``words`` that find it.

    Words are those of the larger places and councils of its area and, of a CRC, its owner's partners.
    """
    about = [chapter for chapter in chapters if not chapter.is_numbered]
    page = {str(value): chapter.page for chapter in about for value in chapter.parameters.values()}
    ratings, trusts = load("inspection_ratings"), load("probation_trusts")
    covered = trusts.groupby("successor_crc")["trust"].agg(list).to_dict()
    tiles = pd.read_csv(TILES).set_index("provider")
    places = load("places")
    places = pd.concat([places, places.assign(crc=places["crc"].map(tiles["division"]))])
    words = (places.groupby("crc")[["place", "county"]].agg(list)).sum(axis=1).map(dict.fromkeys)
    rows = in_order(load("providers"), "provider").to_dict("records")
    rated = {(one["provider"], one["inspection_round"]): one for one in ratings.to_dict("records")}
    unnamed_kinds = set(unnamed(ratings).index.get_level_values(0))
    return [
        {
            **{str(column): cell for column, cell in row.items()},
            "page": page.get(row["provider"]),
            "owners": _owners(row),
            "ratings": [
                _rating(rated.get((row["provider"], number)), row["provider_type"] in unnamed_kinds)
                for number in (1, 2)
            ],
            "tile": tiles.loc[row["provider"]].to_dict(),
            "words": " ".join(_given([*words[row["provider"]], row["owner_partners"]])),
            "covers": covered.get(row["provider"], []),
        }
        for row in rows
    ]


def _given(cells: Iterable[Any]) -> list[str]:
    return [str(cell) for cell in cells if pd.notna(cell)]


def _owners(row: Mapping[Any, Any]) -> list[str]:
    """Return the owners of a provider in turn, the first with what is said of it."""
    note = f" ({row['owner_note']})" if pd.notna(row["owner_note"]) else ""
    return [f"{row['owner']}{note}", *_given([row["later_owner"]])]


def unnamed(ratings: pd.DataFrame) -> pd.Series:
    """Count the ratings of the second round that published totals give and nothing names, by kind and rating."""
    figures = load("published_figures").set_index("figure_id")["value"]
    second = ratings[(ratings["inspection_round"] == 2) & ratings["provider"].notna()]
    named = second.groupby(["provider_type", "overall_rating"]).size()
    totals = pd.Series({key: to_count(figures[figure]) for key, figure in _TOTALS.items()})
    left = totals - named.reindex(totals.index, fill_value=0)
    return left[left > 0]


def second_round(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return, for the CRCs, how many have ``none`` named in the second round, and of them how many were ``rated``, as what."""
    left = unnamed(load("inspection_ratings"))
    left = left[left.index.get_level_values(0) == "CRC"]
    none = sum(row["provider_type"] == "CRC" and row["ratings"][1] == _OPEN for row in rows)
    return {"none": none, "rated": int(left.sum()), "as": " or ".join(left.index.get_level_values(1))}


def _rating(found: Mapping[Any, Any] | None, may_be_unnamed: bool) -> str:
    """Return how a provider was rated in one round of inspections, of which the row may be found."""
    if found is None:
        return _OPEN if may_be_unnamed else "not inspected"
    if pd.isna(found["overall_rating"]):
        return "not rated" if found["rating_evidence"] == _CALLED_OFF else "not known"
    return f"{found['overall_rating']}{' (inferred)' if found['rating_evidence'] == 'derived' else ''}"


def tile_map(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tiles by kind in the order of the map, with ``owner``, a number, and the ``owners`` by that number."""
    owners = list(dict.fromkeys(row["owners"][0] for row in rows if row["provider_type"] == "CRC"))
    owners += [row["owners"][0] for row in rows if row["owners"][0] not in owners][:1]
    placed = sorted(rows, key=lambda row: (row["tile"]["row"], row["tile"]["column"]))
    tiles = [{**row, **row["tile"], "owner": 1 + owners.index(row["owners"][0])} for row in placed]
    kinds = {kind: [tile for tile in tiles if tile["provider_type"] == kind] for kind in ("CRC", "NPS")}
    return {"kinds": kinds, "owners": owners}
