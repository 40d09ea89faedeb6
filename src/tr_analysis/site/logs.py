"""What the pages of assumptions and of revisions show: two logs kept by hand beside the notebooks, and revised figures."""

import tomllib
from collections.abc import Sequence
from typing import Any

from tr_analysis import paths
from tr_analysis.data.fields import Frames
from tr_analysis.errors import StudyError
from tr_analysis.report.finding import Finding
from tr_analysis.site.chapter import Chapter
from tr_analysis.site.search import rows, value_and_unit

RATINGS = ("green", "amber", "red")
_KEYS = {
    "assumptions": {"chapter", "assumption", "quality", "quality_why", "impact", "impact_why", "change"},
    "corrections": {"chapter", "finding", "date", "was", "why"},
}
_ALSO = {"try"}


def read_log(name: str) -> list[dict[str, Any]]:
    """Read the ``assumptions`` or the ``corrections`` from the file beside the notebooks; none where there is no file.

    An entry that lacks something, has something else, or a rating of another name is a `StudyError`.
    """
    file = paths.notebooks() / f"{name}.toml"
    if not file.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = tomllib.loads(file.read_text("utf-8"))[name]
        for entry in entries:
            if wrong := _KEYS[name] ^ (entry.keys() - _ALSO):
                raise ValueError(f"{entry}: lacks, or has beside what it should, {', '.join(sorted(wrong))}")
            for rated in {"quality", "impact"} & entry.keys():
                if entry[rated] not in RATINGS:
                    raise ValueError(f"{entry['assumption']}: {rated} is none of {', '.join(RATINGS)}")
    except (ValueError, KeyError) as error:
        raise StudyError(f"notebooks/{name}.toml: {error}") from None
    return entries


def assumptions_page(chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Return the assumptions of each chapter that was run, with the page that rests on them, and how many are red."""
    first = {chapter.name: chapter for chapter in reversed(chapters)}
    there = [
        entry | _page(first[entry["chapter"]])
        for entry in read_log("assumptions")
        if entry["chapter"] in first
    ]
    worst = sum(entry["quality"] == entry["impact"] == "red" for entry in there)
    return {"assumptions": there, "worst": worst}


def _page(chapter: Chapter) -> dict[str, str]:
    """Name the page of a chapter; of one that has a page for each provider, the first."""
    title = chapter.title if chapter.run == chapter.name else chapter.title.partition(":")[0]
    return {"page": chapter.page, "title": title}


def revisions_page(tables: Frames, chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Return the figures that their publishers revised, both values of each, and the corrections of our own numbers.

    A figure has its words, and a ``first`` and a ``last`` value with unit, ``figure_id``, ``source_id`` and the date of
    the source; a correction what the number ``was`` and what it is ``now``.
    """
    dates = tables["sources"].set_index("source_id")["published"]
    revised: dict[tuple[Any, ...], dict[str, Any]] = {}
    ends = {"first published": "first", "revised": "last"}
    for row in rows(tables["published_figures"]):
        if row["revision"] in ends:
            words = {name: row[name] for name in ("topic", "measure", "population", "period")}
            value = " ".join(value_and_unit(row))
            about = {name: row[name] for name in ("figure_id", "source_id")}
            shown = {"value": value, **about, "published": dates[row["source_id"]]}
            revised.setdefault(tuple(words.values()), words)[ends[row["revision"]]] = shown
    by_name = {chapter.name: chapter for chapter in chapters}
    there = [
        (entry, by_name[entry["chapter"]]) for entry in read_log("corrections") if entry["chapter"] in by_name
    ]
    corrected = []
    for entry, chapter in there:
        if found := chapter.findings.get(entry["finding"]):
            number = Finding(entry["finding"], **found)
            interval = "" if number.low is None else f" ({number.show('span')})"
            now = {"label": number.label, "now": f"{number.show()}{interval}"}
            corrected.append(entry | _page(chapter) | now)
    return {"revised": list(revised.values()), "corrected": corrected}
