"""Single cells of the Ministry's tables: numbers, cohorts, providers and results of tests; what is in doubt is none."""

import csv
import datetime
import os
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem

State = Literal["value", "missing", "suppressed", "not applicable", "not understood"]

_TRANSLATION = {
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f\u2002\u2003\u2006\t\r\n\x0b\x0c"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad")),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-"),
}
# What the Government Statistical Service and the Ministry print in place of a number.
_STATES: dict[str, State] = {
    **dict.fromkeys(["*", "**", "~", "[c]", "(c)", "c", "suppressed", "[suppressed]"], "suppressed"),
    **dict.fromkeys(["[z]", "(z)", "z", ".", "n/a", "na", "not applicable"], "not applicable"),
    **dict.fromkeys(["", "..", "...", "…", "[x]", "(x)", "x", "-", "--", ":"], "missing"),
    **dict.fromkeys(["not available", "[w]", "missing"], "missing"),
}
_FEW = re.compile(r"(?:<|<=|≤|fewer than|less than|under)\s*\d{1,2}|\d{1,2} or (?:fewer|less)")
_NOTE = re.compile(
    r"\s*(?:\[(?:note\s*)?[\w, ]{1,12}\]|\((?:note\s*)?\d{1,2}(?:\s*,\s*\d{1,2})*\)|\([rpe]\)"
    r"|[\u00b9\u00b2\u00b3\u2070-\u2079]+)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?P<sign>[-+]?)\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d{1,12})?(?P<decimals>\.\d{1,9})?"
    r"\s*(?P<unit>%|pp|ppts?|percent|per cent|percentage points?|points?)?",
    re.IGNORECASE | re.ASCII,
)
_LONGEST = 80  # characters of a number with its footnotes, or of a name
_WORDY = 300  # characters of a title or a header; what is longer is prose


class Number(NamedTuple):
    """A cell that should hold a number, as printed: ``45.4%`` is 45.4 with one decimal, in percent."""

    value: float | None
    state: State
    places: int = 0
    percent: bool = False


def plain_text(cell: object) -> str:
    """Return a cell as one line: every kind of space as one, every dash as ``-``, nothing around it."""
    return "" if cell is None else " ".join(str(cell).translate(_TRANSLATION).split())


def without_notes(text: str) -> str:
    """Take footnote marks off the end: ``(1)``, ``[note 2]``, ``[r]``, raised digits."""
    while len(text) <= _WORDY and (cut := _NOTE.sub("", text).rstrip()) != text and cut:
        text = cut
    return text


def parse_number(cell: object) -> Number:
    """Read a cell that should hold a number.

    Thousands may be set apart by commas or spaces. A dash is *missing*, never zero. A decimal comma, brackets for a
    minus, a mark beside the number (``-5.4*``, ``~1,000``) or anything else is not understood.

    Examples
    --------
    >>> parse_number("4 240 [note 2]").value, parse_number("45.4%").places
    (4240.0, 1)
    >>> parse_number("fewer than 10").state, parse_number("45,4").state
    ('suppressed', 'not understood')
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if not abs(cell) < 1e12:
            return Number(None, "not understood")
        shown = f"{round(cell, 9):.9f}".rstrip("0")  # without the noise of binary fractions
        return Number(float(shown) + 0.0, "value", len(shown.partition(".")[2]))
    text = plain_text(cell)
    if not (cell is None or isinstance(cell, str)) or len(text) > _LONGEST:
        return Number(None, "not understood")
    bare = without_notes(text)
    state = _STATES.get(text.lower()) or _STATES.get(bare.lower())
    if state or _FEW.fullmatch(bare.lower()):
        return Number(None, state or "suppressed")
    found = _NUMBER.fullmatch(bare)
    if not found or not (found["whole"] or found["decimals"]):
        return Number(None, "not understood")
    decimals = found["decimals"] or ""
    value = float(f"{found['sign']}{found['whole'] or '0'}{decimals}".replace(",", "").replace(" ", ""))
    percent = (found["unit"] or "").lower() in ("%", "percent", "per cent")
    return Number(value + 0.0, "value", len(decimals[1:]), percent)


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST = 2015 * 12 + 9  # month of the first cohort under payment by results
_LAST = 2021 * 12 + 5  # month in which it ended: the CRCs were closed


class Cohort(NamedTuple):
    """The months in which a cohort was entered: the first and the last, counted from January of the year 0."""

    first: int
    last: int

    @property
    def kind(self) -> str:
        """``quarter`` for a calendar quarter, ``year`` for two to four of them."""
        return "quarter" if self.last - self.first == 2 else "year"

    @property
    def name(self) -> str:
        """The cohort as the study writes it: ``2015Q4``, ``2015Q4 to 2016Q3``."""
        return " to ".join(dict.fromkeys(f"{m // 12}Q{m % 12 // 3 + 1}" for m in self))

    @property
    def end(self) -> str:
        """Its last month, such as ``2015-12``."""
        return f"{self.last // 12}-{self.last % 12 + 1:02d}"


def _full(year: str) -> int:
    """Return the year of two or four digits; two digits are of this century."""
    return int(year) + (0 if len(year) == 4 else 2000)


def _between(month: str, year: str | None, last: str, last_year: str) -> tuple[int, int]:
    first, end = MONTHS.index(month[:3]), 12 * _full(last_year) + MONTHS.index(last[:3])
    return (12 * _full(year) + first if year else end - (end - first) % 12), end


def _dates(day: str, month: str, year: str, last_day: str, last: str, last_year: str) -> tuple[int, int]:
    """Return the months from the first day of one to the last day of another; of other dates a period of no cohort.

    The last day of a month is the number of none, so that day and month cannot be taken for each other.
    """
    known = int(day) == 1 and 0 < int(month) < 13 and 0 < int(last) < 13
    if not known or int(last_day) != monthrange(_full(last_year), int(last))[1]:
        return 0, 1
    return 12 * _full(year) + int(month) - 1, 12 * _full(last_year) + int(last) - 1


def _quarters(year: str, quarter: str, last_year: str | None, last: str | None) -> tuple[int, int]:
    start = 12 * _full(year) + 3 * (int(quarter) - 1)
    return start, 12 * _full(last_year) + 3 * int(last) - 1 if last_year and last else start + 2


def _financial(year: str, after: str, quarter: str | None = None) -> tuple[int, int]:
    start = 12 * _full(year) + 3 * int(quarter or 1)
    follows = (_full(year) + 1) % 100 == int(after)
    return start, start + (2 if quarter else 11) if follows else start


_MONTH = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:\b\d{1,2}(?:st|nd|rd|th)?\s+)?"
_YEAR = r"((?:19|20)\d\d)(?!\d)"
_SHORT = r"(?:(?:19|20)|['’]\s?)?(\d\d)(?!\d)"
_TO = r"\s*(?:-|to|until|through|and|/)\s*"
_AFTER = r"\s*[/-]\s*(?:(?:19|20)|['’]\s?)?(\d\d)(?![-/\d])"
_DATE = r"(?<!\d)(\d\d?)[/.-](\d\d?)[/.-]((?:20)?\d\d)(?![\d/])"
_Q = r"\bq(?:uarter\s*)?([1-4])\b"
# Each form, and what turns its groups into the first month and the last; the first form that fits at a place decides.
_FORMS: tuple[tuple[str, Callable[..., tuple[int, int]]], ...] = (
    (_DATE + _TO + _DATE, _dates),
    (rf"{_DAY}\b{_MONTH}[\s-]*(?:(?:{_SHORT})?{_TO}{_DAY})?{_MONTH}[\s,-]*{_SHORT}", _between),
    (rf"{_Q}[\s,of-]*{_YEAR}{_AFTER}", lambda q, y, z: _financial(y, z, q)),
    (rf"\b{_YEAR}{_AFTER}[\s,:-]*{_Q}", _financial),
    (rf"\b{_YEAR}[\s-]*q([1-4])\b(?:{_TO}{_YEAR}[\s-]*q([1-4])\b)?", _quarters),
    (rf"{_Q}[\s-]*{_YEAR}(?:{_TO}q([1-4])[\s-]*{_YEAR})?", lambda q, y, r, z: _quarters(y, q, z, r)),
    (rf"\b{_YEAR}{_AFTER}", _financial),
)


@lru_cache(maxsize=4096)
def scan_cohorts(text: str) -> tuple[tuple[Cohort, ...], str]:
    """Find the cohorts of payment by results that a text names, each once, and the rest of it in small letters.

    A cohort is one to four whole quarters from October 2015 on. Other periods, single months and bare years are
    none, and are left in the rest as ``period`` where they have both ends. Of the year 2015/16 only the last two
    quarters were paid by results. Where months stand beside a financial year, as in "2015/16 (October 2015 to March
    2016)", they decide.

    Examples
    --------
    >>> [c.name for c in scan_cohorts("Final results, Oct-15 to Dec-15")[0]], scan_cohorts("Q3 2015/16")[0][0].name
    (['2015Q4'], '2015Q4')
    """
    line = plain_text(text)[:_WORDY].lower().replace("_", " ")
    found: list[tuple[int, Cohort, bool]] = []
    for form, make in _FORMS:
        while match := re.search(form, line):
            first, last = make(*match.groups())
            cohort = Cohort(max(first, _FIRST) if make is _financial else first, last)
            whole = cohort.first % 3 == 0 and cohort.last % 3 == 2 and 0 < cohort.last - cohort.first < 12
            known = whole and cohort.first >= _FIRST and cohort.last <= _LAST
            word = "\0" if known else "\1" if last > first else "\2"
            line = line[: match.start()] + word * (match.end() - match.start()) + line[match.end() :]
            if known:
                found.append((match.start(), cohort, make is _financial and cohort.kind == "year"))
    if not all(bare for _, _, bare in found):
        found = [f for f in found if not f[2]]
    rest = re.sub("\1+", " period ", re.sub("[\0\2]+", " ", line))
    return tuple(dict.fromkeys(c for _, c, _ in sorted(found))), " ".join(rest.split())


_CRC = re.compile(r"\b(?:community rehabilitation compan(?:y|ies)|crcs?)\b")
_NPS = re.compile(r"\b(?:national probation service|nps)\b")
_EMPTY = re.compile(r"and|the|of|ltd|limited|divisions?|areas?|cpa|probation|providers?|service|name")
_TOTAL = re.compile(r"\b(?:(?:sub)?totals?|all|overall|combined|both|sum|national|england|region(?:al)?)\b")
_OF_ALL = frozenset(("total", "totals", "sum", "grand", "all", "overall", "combined", "both", "national"))
_COMPASS = {"n": "north", "s": "south", "w": "west", "e": "east"}


def kind_in(text: object) -> str:
    """Return ``CRC`` or ``NPS`` where a text names one of the two alone, else nothing."""
    line = plain_text(text).lower()
    crc, nps = bool(_CRC.search(line)), bool(_NPS.search(line))
    return "" if crc == nps else "CRC" if crc else "NPS"


class Name(NamedTuple):
    """A provider as in providers.csv and its kind, ``CRC`` or ``NPS``; ``either`` where it could be of both."""

    provider: str
    kind: str


@cache
def _providers(_folder: Path, _root: str | None) -> Mapping[tuple[str, frozenset[str]], str]:
    """Return the providers of providers.csv by their kind and the words of their names."""
    path = paths.raw() / "providers.csv"
    if not path.is_file():
        raise DataError([Problem(str(path), "is missing; it lists the providers of the official tables")])
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {(row["provider_type"], name_words(row["provider"])): row["provider"] for row in rows}


def name_words(text: str) -> frozenset[str]:
    """Return the words that name an area; ``&``, commas, the kind of provider and its legal form do not."""
    line = _NPS.sub(" ", _CRC.sub(" ", text.lower().replace("&", " and ")))
    words = (word for word in re.findall(r"[a-z]+", line) if not _EMPTY.fullmatch(word))
    return frozenset(_COMPASS.get(word, word) for word in words)


def _name_text(cell: object) -> str:
    text = without_notes(plain_text(cell)).strip("*†‡#^ ").lower() if isinstance(cell, str) else ""
    return re.sub(r"(?<=[a-z])\d{1,2}$", "", text) if len(text) <= 2 * _LONGEST else ""


def parse_provider(cell: object, kind: str = "") -> Name | None:
    """Find the provider that a cell names, such as ``Dorset, Devon & Cornwall CRC(1)``.

    London and Wales are both a CRC and an NPS division: the cell decides, else the kind that the table around it
    names, else neither. Other NPS divisions are called as regions are, so that they need the kind as well.

    Examples
    --------
    >>> parse_provider("London"), parse_provider("London", "NPS"), parse_provider("Midlands")
    (Name(provider='London', kind='either'), Name(provider='NPS London', kind='NPS'), None)
    """
    text = _name_text(cell)
    if not (words := name_words(text)):
        return None
    own = kind_in(text) or kind
    known = _providers(Path.cwd(), os.environ.get(paths.ROOT))
    crc, nps = (known.get((k, words)) for k in ("CRC", "NPS"))
    if own == "NPS" or not crc:
        return Name(nps, "NPS") if nps and own == "NPS" else None
    return Name(crc, "either" if nps and not own else "CRC")


def count_providers(kind: str) -> int:
    """Return how many providers of a kind there are."""
    return sum(own == kind for own, _ in _providers(Path.cwd(), os.environ.get(paths.ROOT)))


def total_of(cell: object) -> str:
    """Return of what a cell names a total; nothing if it names none.

    ``CRC``, ``NPS`` or ``all`` of the country; ``table`` and ``section`` of a bare total and subtotal; ``part`` of a
    region or an owner; ``average`` of whatever it is one.

    Examples
    --------
    >>> [total_of(name) for name in ("All CRCs", "England & Wales", "Total", "North East total", "Essex")]
    ['CRC', 'all', 'table', 'part', '']
    """
    text = _name_text(cell)
    own, words = kind_in(text), name_words(text)
    if re.search(r"\b(?:average|median|mean)\b", text):
        return "average"
    if not _TOTAL.search(text) and (words or not own):
        return ""
    rest = words - _OF_ALL
    if rest == {"england", "wales"}:
        return own or "all"
    if rest - {"sub", "subtotal", "subtotals"}:
        return "part"
    return own or ("section" if rest else "table" if words <= {"total", "totals", "sum"} else "all")


_SIGNIFICANT = r"(?:yes,? ?-? ?)?(?:a )?(?:statistically )?(?:significant(?:ly)? )?"
_TESTS = {
    "no": r"no?|false|n/?s|(?:no|not|non-?)(?: a)?(?: statistically)? ?significant(?: change| difference)?|no change",
    "yes": r"y(?:es)?|true|(?:yes,? )?(?:statistically )?significant",
    "reduction": _SIGNIFICANT + "(?:reduction|decrease|lower|improvement|better)",
    "increase": _SIGNIFICANT + "(?:increase|higher|worse)",
}


def parse_test(cell: object) -> tuple[str, State]:
    """Read a statistical test: ``yes``, ``no``, ``reduction`` or ``increase``; else nothing, and why.

    A star could mark what is significant or what is suppressed, and 1, 0 or 0.03 an outcome or a probability: they
    are not understood, nor are the words of the payment rule.

    Examples
    --------
    >>> parse_test("Yes")[0], parse_test("Not significant")[0], parse_test("*")[1]
    ('yes', 'no', 'not understood')
    """
    text = without_notes(plain_text(cell)).lower()
    if isinstance(cell, (int, float, datetime.date)) and not isinstance(cell, bool):
        return "", "not understood"
    found = next((name for name, form in _TESTS.items() if re.fullmatch(form, text)), "")
    state = "not understood" if text.startswith(("*", "~")) else _STATES.get(text, "not understood")
    return found, "value" if found else state
