"""What the search page lists, prebuilt: chapters, key numbers, providers, claims, published figures, sources."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.data.fields import Frames
from tr_analysis.data.schemas.register import VERDICTS
from tr_analysis.site.cells import without_tags
from tr_analysis.site.chapter import Chapter
from tr_analysis.text import headings

CLAIMS = "12-claims"
_VERDICTS = {verdict.replace(" ", "-"): verdict for verdict in VERDICTS}
_WORDED = {"none", "date"}  # units of what was printed in words alone


class Entry(NamedTuple):
    """A thing that can be found: its ``page``, what it is called, what is said of it, and further ``words`` that find it."""

    page: str
    name: str
    about: str
    words: str = ""


def search_page(
    chapters: Sequence[Chapter], tables: Frames, providers: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the page of search shows: the entries by kind, in the order in which they are listed."""
    numbered = [chapter for chapter in chapters if chapter.is_numbered]
    kinds = {
        "Chapters": [_chapter(chapter) for chapter in numbered],
        "Key numbers": [
            Entry(f"{chapter.page}#number-{number.name}", number.label, number.show(), chapter.title)
            for chapter in numbered
            for number in chapter.numbers
        ],
        "Providers": [_provider(row) for row in providers if row["page"]],
        "Claims": [
            entry for chapter in numbered if chapter.name == CLAIMS for entry in _claims(chapter, tables)
        ],
        "Published figures": list(_figures(tables["published_figures"])),
        "Sources": list(_sources(tables["sources"])),
    }
    return {"kinds": {kind: entries for kind, entries in kinds.items() if entries}}


def _chapter(chapter: Chapter) -> Entry:
    """List a chapter by its title and question; its answer, headings and charts find it too."""
    prose = [cell.source for cell in chapter.notebook.cells if cell.cell_type == "markdown"]
    words = [without_tags(chapter.answer), *chain(*map(headings, prose))]
    words += [chart["title"] for chart in chapter.charts]
    return Entry(chapter.page, chapter.title, without_tags(chapter.question), " ".join(words))


def _provider(row: Mapping[str, Any]) -> Entry:
    about = (
        f"{row['provider_type']} run by {', later '.join(row['owners'])}. First round: {row['ratings'][0]}"
    )
    return Entry(row["page"], row["provider"], about, f"{row['words']} ran probation")


def _claims(chapter: Chapter, tables: Frames) -> Iterator[Entry]:
    """List the claims with their verdicts; each leads to the table of the first: the cell is called after it."""
    verdicts = {one.cell: one.data["text/csv"] for one in chapter.shown if one.cell in _VERDICTS}
    for row in tables["claims"].to_dict("records"):
        stands = re.compile(rf"\b{row['claim_id']}[:,] ")  # with the aspect that is judged, or without
        cells = [cell for cell, listed in verdicts.items() if stands.search(listed)]
        place = f"#cell-{cells[0]}" if cells else ""
        about = "; ".join([row["claimant"], *(_VERDICTS[cell] for cell in cells)])
        yield Entry(
            f"{chapter.page}{place}", f"{row['claim_id']}: {row['paraphrase']}", about, row["subject"]
        )


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows, an unknown as an empty text."""
    return [
        {str(name): "" if pd.isna(cell) else cell for name, cell in row.items()}
        for row in frame.to_dict("records")
    ]


def value_and_unit(figure: Mapping[str, Any]) -> tuple[str, str]:
    """Write the number of a published figure, where it has one, and its unit, where it is no mere word or date."""
    number = f"{figure['value']:,.10f}".rstrip("0").rstrip(".") if figure["value"] != "" else ""
    return number, "" if figure["unit"] in _WORDED else figure["unit"]


def with_plain_years(text: str) -> str:
    """Write financial years the way the pages do, 2018/19 as 2018-19."""
    return re.sub(r"\b((?:19|20)\d\d)/(\d\d)\b", r"\1-\2", text)


def _figures(figures: pd.DataFrame) -> Iterator[Entry]:
    for row in rows_of(figures):
        of = f" ({row['population']})" if row["population"] else ""
        number, unit = value_and_unit(row)
        shown = (
            row["as_printed"] if row["value_in_words"] else f"{number or row['as_printed']} {unit}".strip()
        )
        about = ", ".join(str(part) for part in (shown, with_plain_years(row["period"])) if part)
        words = f"{row['figure_id']} {row['topic']} {row['source_id']} {number}"
        yield Entry(f"figures.html#{row['figure_id']}", f"{row['measure']}{of}", about, words)


def _sources(sources: pd.DataFrame) -> Iterator[Entry]:
    for row in rows_of(sources):
        yield Entry(f"sources.html#{row['source_id']}", row["title"], str(row["published"]), row["source_id"])
