"""Single cells of the Ministry's tables: numbers, cohorts, providers and results of tests; what is in doubt is none."""

import csv
import datetime
import os
import re
import tomllib
from calendar import monthrange
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem

State = Literal["value", "missing", "suppressed", "not applicable", "not understood"]

_TOML = Path(__file__).with_name("layouts.toml").read_text(encoding="utf-8")
DATA: Mapping[str, Any] = tomllib.loads(_TOML.replace("\\\n", ""))
"""What ``layouts.toml`` says; a line that ends in a backslash goes on in the next."""

_TRANSLATION = {
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f\u2002\u2003\u2006\t\r\n\x0b\x0c"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad")),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-"),
}
_STATES: dict[str, State] = {text: state for state, texts in DATA["states"].items() for text in texts}
_FEW, _NOTE, _NUMBER = (re.compile(DATA["numbers"][name]) for name in ("few", "note", "number"))
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
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) < 1e12:
        shown = f"{round(cell, 9):.9f}".rstrip("0")  # without the noise of binary fractions
        return Number(float(shown) + 0.0, "value", len(shown.partition(".")[2]))
    text = plain_text(cell) if cell is None or isinstance(cell, str) else None
    if text is None or len(text) > _LONGEST:
        return Number(None, "not understood")
    bare = without_notes(text)
    state = _STATES.get(text.lower()) or _STATES.get(bare.lower())
    if state or _FEW.fullmatch(bare.lower()):
        return Number(None, state or "suppressed")
    found = _NUMBER.fullmatch(bare)
    if not found or not (found["whole"] or found["decimals"]):
        return Number(None, "not understood")
    decimals = found["decimals"] or ""
    value = float(re.sub("[, ]", "", f"{found['sign']}{found['whole'] or '0'}{decimals}"))
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


def _january(year: str) -> int:
    """Return the month in which a year of two or four digits begins; two are of this century."""
    return 12 * (int(year) + (0 if len(year) == 4 else 2000))


def _months(month: str, year: str | None, last: str, last_year: str) -> tuple[int, int]:
    first, end = MONTHS.index(month[:3]), _january(last_year) + MONTHS.index(last[:3])
    return (_january(year) + first if year else end - (end - first) % 12), end


def _dates(day: str, month: str, year: str, last_day: str, last: str, last_year: str) -> tuple[int, int]:
    """Return the months from the first day of one to the last day of another; of other dates a period of no cohort.

    The last day of a month is the number of none, so that day and month cannot be taken for each other.
    """
    known = int(day) == 1 and 0 < int(month) < 13 and 0 < int(last) < 13
    if not known or int(last_day) != monthrange(_january(last_year) // 12, int(last))[1]:
        return 0, 1
    return _january(year) + int(month) - 1, _january(last_year) + int(last) - 1


def _quarters(year: str, quarter: str, last_year: str | None, last: str | None) -> tuple[int, int]:
    start = _january(year) + 3 * (int(quarter) - 1)
    return start, _january(last_year) + 3 * int(last) - 1 if last_year and last else start + 2


def _financial(year: str, after: str, quarter: str | None = None) -> tuple[int, int]:
    start = _january(year) + 3 * int(quarter or 1)
    follows = (_january(year) // 12 + 1) % 100 == int(after)
    return start, start + (2 if quarter else 11) if follows else start


_Maker = Callable[..., tuple[int, int]]
_MAKERS: dict[str, _Maker] = dict(months=_months, dates=_dates, quarters=_quarters, financial=_financial)
_FORMS = [
    (make, re.compile(re.sub("{([A-Z]+)}", lambda part: DATA["periods"]["parts"][part[1]], form)))
    for make, form in DATA["periods"]["forms"]
]


@lru_cache(maxsize=4096)
def scan_cohorts(text: str) -> tuple[tuple[Cohort, ...], str]:
    """Find the cohorts of payment by results that a text names, each once, and the rest of it in small letters.

    A cohort is one to four whole quarters from October 2015 on. Other periods, single months and bare years are
    none, and are left in the rest as ``period`` where they have both ends. Of the year 2015/16 only the last two
    quarters were paid by results. Where months stand beside a financial year, as in "2015/16 (October 2015 to March
    2016)", they decide.
    """
    line = plain_text(text)[:_WORDY].lower().replace("_", " ")
    found: list[tuple[int, Cohort, bool]] = []
    for make, form in _FORMS:
        while match := form.search(line):
            first, last = _MAKERS[make](**match.groupdict())
            cohort = Cohort(max(first, _FIRST) if make == "financial" else first, last)
            whole = cohort.first % 3 == 0 and cohort.last % 3 == 2 and 0 < cohort.last - cohort.first < 12
            known = whole and cohort.first >= _FIRST and cohort.last <= _LAST
            word = "\0" if known else "\1" if last > first else "\2"
            line = line[: match.start()] + word * (match.end() - match.start()) + line[match.end() :]
            if known:
                found.append((match.start(), cohort, make == "financial" and cohort.kind == "year"))
    if not all(bare for _, _, bare in found):
        found = [f for f in found if not f[2]]
    rest = re.sub("\1+", " period ", re.sub("[\0\2]+", " ", line))
    return tuple(dict.fromkeys(c for _, c, _ in sorted(found))), " ".join(rest.split())


_NAMES = {name: re.compile(form) for name, form in DATA["names"].items()}
_OF_ALL = frozenset(("total", "totals", "sum", "grand", "all", "overall", "combined", "both", "national"))
_COMPASS = {"n": "north", "s": "south", "w": "west", "e": "east"}


def kind_in(text: object) -> str:
    """Return ``CRC`` or ``NPS`` where a text names one of the two alone, else nothing."""
    line = plain_text(text).lower()
    kinds = [kind for kind, form in (("CRC", _NAMES["crc"]), ("NPS", _NAMES["nps"])) if form.search(line)]
    return kinds[0] if len(kinds) == 1 else ""


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
    line = _NAMES["nps"].sub(" ", _NAMES["crc"].sub(" ", text.lower().replace("&", " and ")))
    words = (word for word in re.findall(r"[a-z]+", line) if not _NAMES["empty"].fullmatch(word))
    return frozenset(_COMPASS.get(word, word) for word in words)


def _name_text(cell: object) -> str:
    text = without_notes(plain_text(cell)).strip("*†‡#^ ").lower() if isinstance(cell, str) else ""
    return re.sub(r"(?<=[a-z])\d{1,2}$", "", text) if len(text) <= 2 * _LONGEST else ""


def parse_provider(cell: object, kind: str = "") -> Name | None:
    """Find the provider that a cell names, such as ``Dorset, Devon & Cornwall CRC(1)``.

    London and Wales are both a CRC and an NPS division: the cell decides, else the kind that the table around it
    names, else neither. Other NPS divisions are called as regions are, so that they need the kind as well.
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


def is_provider(cell: object) -> bool:
    """Return whether a cell may name a provider of either kind."""
    return bool(parse_provider(cell) or parse_provider(cell, "NPS"))


def count_providers(kind: str) -> int:
    """Return how many providers of a kind there are."""
    return sum(own == kind for own, _ in _providers(Path.cwd(), os.environ.get(paths.ROOT)))


def total_of(cell: object) -> str:
    """Return of what a cell names a total; nothing if it names none.

    ``CRC``, ``NPS`` or ``all`` of the country; ``table`` and ``section`` of a bare total and subtotal; ``part`` of a
    region or an owner; ``average`` of whatever it is one.
    """
    text = _name_text(cell)
    own, words = kind_in(text), name_words(text)
    if _NAMES["average"].search(text):
        return "average"
    if not _NAMES["total"].search(text) and (words or not own):
        return ""
    rest = words - _OF_ALL
    if rest == {"england", "wales"}:
        return own or "all"
    if rest - {"sub", "subtotal", "subtotals"}:
        return "part"
    return own or ("section" if rest else "table" if words <= {"total", "totals", "sum"} else "all")


def parse_test(cell: object) -> tuple[str, State]:
    """Read a statistical test: ``yes``, ``no``, ``reduction`` or ``increase``; else nothing, and why.

    A star could mark what is significant or what is suppressed, and 1, 0 or 0.03 an outcome or a probability: they
    are not understood, nor are the words of the payment rule.
    """
    text = without_notes(plain_text(cell)).lower()
    if isinstance(cell, (int, float, datetime.date)) and not isinstance(cell, bool):
        return "", "not understood"
    found = next((name for name, form in DATA["tests"].items() if re.fullmatch(form, text)), "")
    state = "not understood" if text.startswith(("*", "~")) else _STATES.get(text, "not understood")
    return found, "value" if found else state
