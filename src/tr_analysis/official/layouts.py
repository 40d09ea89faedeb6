"""The layouts of the official tables: their columns and units, and, by ``layouts.toml``, what headers and titles mean."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from tr_analysis.official.parsing import DATA, Cohort, plain_text, scan_cohorts, without_notes

Unit = Literal["count", "percent", "points", "average", "change", "test"]
"""What a column holds: people or offences, percentages, percentage points, averages, their changes, tests."""

COUNTS = ("offenders", "reoffenders", "reoffences")
LISTS = ("suppressed", "not_applicable")
"""Columns that list others: an empty cell of theirs says that there is none, not that it is unknown."""

_WORDS = {word: meant for meant, words in DATA["words"].items() for word in words.split()}
_HEADERS = [
    (column, frozenset(must.split()), frozenset(f"{must} {may}".split()))
    for column, headers in DATA["headers"].items()
    for must, may in (header.split("|") for header in headers)
]
TITLE = {name: re.compile(form) for name, form in DATA["title"].items()}


@dataclass(frozen=True, eq=False)
class Layout:
    """One kind of official table: its tidy table, and what must be true of its numbers."""

    family: str  # name of its tidy table
    key: tuple[str, ...]  # columns that together name a row, but for the release
    about: tuple[str, ...]  # others that say what it is about
    columns: Mapping[str, Unit]  # its numbers and tests

    @property
    def types(self) -> dict[str, str]:
        """Type of each column of the tidy table, in its order."""
        kinds = {"count": "Int64", "test": "str"}
        return {
            **{"release": "str", "file": "str", "sheet": "str", "row": "Int64"},
            **dict.fromkeys((*self.key, *self.about), "str"),
            **{column: kinds.get(unit, "float64") for column, unit in self.columns.items()},
            **dict.fromkeys(LISTS, "str"),
        }


LAYOUTS = {family: Layout(family, **layout) for family, layout in DATA["layouts"].items()}
RESULTS, BASELINES = LAYOUTS["crc_results"], LAYOUTS["crc_baselines"]

BASELINE_OF: Mapping[str, str] = DATA["baseline_of"]
"""What the columns of the table of baselines are called beside results."""

UNITS: Mapping[str, Unit] = {**dict.fromkeys(BASELINE_OF.values(), "count"), **RESULTS.columns}
"""What each column of numbers or tests that a header can name holds; baselines that results lack are counts."""

NAMED = {"provider", "provider_type", "cohort", *UNITS}  # the columns that a header can name
THRESHOLD = "a threshold"  # what the other columns of a table of baselines are

RANGES: Mapping[Unit, tuple[float, float]] = {"percent": (10, 90), "average": (1, 10)}
"""Where rates of a provider lie: no percentage can be taken for a number of reoffences per reoffender."""

# What must hold in a row; each is explained where it stands, in ``layouts.toml``.
RATIOS: Mapping[str, tuple[str, str, int]] = DATA["ratios"]
DIFFERENCES: Mapping[str, tuple[str, str]] = DATA["differences"]
RISING: Sequence[Sequence[str]] = DATA["rising"]


def normalise(cell: object) -> str:
    """Return a header or a title in small letters, without footnote marks and punctuation."""
    text = without_notes(plain_text(cell))[:300].lower()
    text = re.sub(r"\((?:note )?\d{1,2}\)|\[[^\]]{1,12}\]|[\u00b9\u00b2\u00b3\u2070-\u2079]", " ", text)
    text = text.replace("&", " and ").replace("%", " percent ").replace("per cent", "percent")
    text = " ".join(re.findall(r"[a-z]+|\d+", text))
    for phrase, word in DATA["phrases"].items():
        text = re.sub(phrase, word, text)
    return text


@lru_cache(maxsize=8192)
def meaning(printed: str) -> str:
    """Return what a header names: one of `NAMED`; what it is, if that is known and not kept; else nothing.

    Nothing if any word of it is not known, or if it names a cohort.
    """
    cohorts, rest = scan_cohorts(printed)
    text = normalise(rest)
    if cohorts or "period" in text:
        if text == "cohort period":
            return "cohort"
        return "" if cohorts and not TITLE["compares"].search(text) else "a comparison"
    aside = next((why for form, why in DATA["aside"].items() if re.search(form, text)), "")
    return aside or _column(frozenset(_WORDS.get(word, word) for word in text.split()) - {""})


def _column(words: frozenset[str]) -> str:
    """Return the column whose header has these words: all that it must have, and none that it may not."""
    found = next((column for column, must, may in _HEADERS if must <= words <= may), "")
    if found or "baseline" not in words:
        return found
    return BASELINE_OF.get(_column(words - {"baseline"}), "")


class Title(NamedTuple):
    """What a text above a table, or the name of its sheet, says of it; nothing if it is not clean and says more."""

    clean: bool = False
    cohort: Cohort | None = None
    names_cohort: bool = False  # whether it calls it the cohort
    stage: str = ""
    baseline: bool = False


@lru_cache(maxsize=4096)
def read_title(text: str) -> Title:
    """Read a text that may be a title; one with a word that no title needs, such as "published", is a note."""
    cohorts, rest = scan_cohorts(text)
    words = TITLE["of_2011"].sub("2011", normalise(rest)).split()
    if len(text) > 200 or len(cohorts) > 1 or not all(map(TITLE["words"].fullmatch, words)):
        return Title()
    stages = {"interim", "final"} & set(words)
    cohort, stage = next(iter(cohorts), None), "".join(stages) if len(stages) == 1 else ""
    return Title(True, cohort, not {"cohort", "cohorts"}.isdisjoint(words), stage, "2011" in words)
