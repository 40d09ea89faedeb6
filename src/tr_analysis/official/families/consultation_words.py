"""Words of the tables of national cohorts: whom, which measure, which column, which cohort."""

import datetime
import re
from collections.abc import Hashable
from functools import lru_cache
from typing import NamedTuple

from tr_analysis.official.words import meanings
from tr_analysis.official.words.cells import plain_text, without_notes
from tr_analysis.official.words.cohorts import Cohort, only_cohort, scan

COUNTS = ("offenders", "reoffenders", "reoffences")
PERCENTS = ("binary_rate", "ogrs", "adjusted_rate")
NUMERIC = (*COUNTS, *PERCENTS, "frequency_rate")
GROUPS = {
    "adults": r"\badults?\b",
    "juveniles": r"\bjuveniles?\b|\bchild(?:ren)?\b|\byoung (?:people|offenders)\b|\byouths?\b",
}
VERSIONS = {
    "old": r"\b(?:old|current|existing|previous|former)\b",
    "new": r"\b(?:new|proposed|revised|future)\b",
}
_COLUMNS = {  # a table with one row a group and measure says them in columns
    "group": r"(?:offender |age )?group|adults? (?:or |and )?(?:juveniles?|child(?:ren)?|young people)|offender type",
    "version": r"measures?(?: version| type)?|method(?:ology)?|(?:old|current) (?:or |and )?(?:new|proposed)(?: measure)?",
    "kind": r"cohort type|type of cohort|cohort length|period type",
}
QUARTER = re.compile(r"q(?:uarter)?\s*([1-4])|([1-4])")


class Key(NamedTuple):
    """What a numeric column holds; group and version are empty where its header does not say them."""

    column: str
    group: str
    version: str


def said(text: str, words: dict[str, str]) -> str:
    """Return the one of some words that a text says; nothing if it says none or several."""
    found = [name for name, form in words.items() if re.search(form, text.lower().replace("_", " "))]
    return found[0] if len(found) == 1 else ""


@lru_cache(maxsize=4096)
def meaning(text: str) -> Hashable | None:
    """Return the column that a normalised header names, with the group and the measure where it names them."""
    if name := next((name for name, form in _COLUMNS.items() if re.fullmatch(form, text)), None):
        return name
    rest = text
    for words in (GROUPS, VERSIONS):
        for form in words.values():
            rest = re.sub(rf"(?:{form})(?: (?:measure|method|methodology|basis|definition))?", " ", rest)
    rest = " ".join(re.sub(r"\b(?:measure|proven|offenders? cohort)\b", " ", rest).split())
    if cohort := meanings.cohort_column(scan(rest)[1]):
        return "year" if re.fullmatch(r"(?:calendar )?year", rest) else cohort
    column = meanings.measure(rest)
    return Key(column, said(text, GROUPS), said(text, VERSIONS)) if column in NUMERIC else None


def cohort_of(cell: object, year: str, quarters: bool) -> Cohort | None:
    """Read a cohort: its months, a quarter of a year that stands beside it, a day it began on, or a whole year."""
    if isinstance(cell, datetime.date):
        start = cell.year * 12 + cell.month - 1
        return Cohort(start, start + 2) if start % 3 == 0 else None
    text = without_notes(plain_text(cell)).removesuffix(".0")
    if found := only_cohort([text]) or (only_cohort([f"{text} {year}"]) if year else None):
        return found
    if year and quarters and (match := QUARTER.fullmatch(text.lower())):
        return only_cohort([f"{year}Q{match[1] or match[2]}"])
    if re.fullmatch(r"(?:19|20)\d\d", text):
        return Cohort(int(text) * 12, int(text) * 12 + 11)
    return None
