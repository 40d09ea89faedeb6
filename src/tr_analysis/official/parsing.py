"""Single cells of the Ministry's tables: numbers with marks, percentages, cohorts, providers and results of tests."""

import csv
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem, nearest

State = Literal["value", "missing", "suppressed", "not applicable", "not a number"]
ROUNDED = 6
"""Decimals; a cell that shows more was never rounded."""

_TRANSLATION = {
    **dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f\u2002\u2003\u2006\t\r\n\x0b\x0c"), " "),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad")),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-"),
}
# What the Government Statistical Service and the Ministry print in place of a number.
_STATES: dict[str, State] = {
    **dict.fromkeys(["*", "**", "~", "[c]", "(c)", "c", "suppressed", "[suppressed]", "s"], "suppressed"),
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
    r"(?P<sign>[-+]?)\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d{1,15})?(?P<decimals>\.\d{1,17})?"
    r"(?P<power>[eE][-+]?\d{1,2})?\s*(?P<unit>%|pp|ppts?|percent|per cent|percentage points?|points?)?"
    r"\s*(?P<mark>[*†‡#^~]{0,3})",
    re.IGNORECASE,
)
_LONGEST = 80  # characters of a number with its footnotes
_WORDY = 300  # characters of a name or a header; what is longer is prose


class Number(NamedTuple):
    """A cell that should hold a number, as printed: ``45.4%`` is 45.4."""

    value: float | None
    state: State  # "not a number" must be reported
    printed: str
    places: int | None = None  # decimals printed
    percent: bool = False
    mark: str = ""  # what follows the number and is no footnote, such as "*"


def plain_text(cell: object) -> str:
    """Return a cell as one line: every kind of space as one, every dash as ``-``, nothing around it."""
    return "" if cell is None else " ".join(str(cell).translate(_TRANSLATION).split())


def without_notes(text: str) -> str:
    """Take footnote marks off the end: ``(1)``, ``[note 2]``, ``[r]``, raised digits."""
    if len(text) > _WORDY:
        return text
    while (cut := _NOTE.sub("", text).rstrip()) != text and cut:
        text = cut
    return text


def parse_number(cell: object) -> Number:
    """Read a cell that should hold a number.

    Thousands may be set apart by commas or spaces. A dash is *missing*, never zero: whether it stands for nil is
    said, if at all, in a note. A number with a decimal comma is not one.

    Examples
    --------
    >>> parse_number("4 240 [note 2]").value
    4240.0
    >>> parse_number("45.4%")[:2], parse_number("*").state
    ((45.4, 'value'), 'suppressed')
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _stored(cell)
    text = plain_text(cell).removeprefix("'").strip()
    if not (cell is None or isinstance(cell, str)):
        return Number(None, "not a number", text)
    bare = without_notes(text) if len(text) <= _LONGEST else text
    for form in (text, bare):
        if form.lower() in _STATES:
            return Number(None, _STATES[form.lower()], text)
    if _FEW.fullmatch(bare.lower()):
        return Number(None, "suppressed", text)
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", bare)) if len(text) <= _LONGEST else None
    if not found or not (found["whole"] or found["decimals"]):
        return Number(None, "not a number", text)
    digits = (found["whole"] or "0").replace(",", "").replace(" ", "")
    value = float(found["sign"] + digits + (found["decimals"] or "") + (found["power"] or ""))
    if not math.isfinite(value) or abs(value) >= 1e15:
        return Number(None, "not a number", text)
    places = max(len((found["decimals"] or ".")[1:]) - int((found["power"] or "e0")[1:]), 0)
    return Number(value + 0.0, "value", text, places, found["unit"] == "%", found["mark"])


def _stored(cell: float) -> Number:
    """Read a number of a spreadsheet; twelve digits, so that the noise of binary fractions is not printed."""
    try:
        value = float(cell)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value) or abs(value) >= 1e15:
        return Number(None, "not a number", str(value))
    shown = f"{value:.12g}"
    if "e" in shown:
        shown = f"{value:.15f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.0f}"
    return Number(float(shown) + 0.0, "value", shown, len(shown.partition(".")[2]))


class Percent(NamedTuple):
    """A percentage; its value is None, and its scale 0, where nothing tells a fraction (scale 100) from a percentage."""

    value: float | None
    places: int
    scale: int


def percentages(
    numbers: Sequence[Number | None], anchors: Sequence[float | None], common: int | None = None
) -> list[Percent | None]:
    """Read a column of percentages, however they are stored: 45.4, 0.454 or ``45.4%``.

    Parameters
    ----------
    numbers
        Its cells; those without a value stay None.
    anchors
        For each, a percentage it should be near, such as 100 k / n; None where there is none. Between a number and
        its hundredfold a rough one decides.
    common
        Scale of what no anchor decides: 1, 100, or 0 where it cannot be told; None to tell it by the column, which
        is of fractions if none of its numbers is above 1, and of percentages if all are.
    """
    own = [_own_scale(n, a) for n, a in zip(numbers, anchors, strict=True)]
    bare = [abs(n.value) for n in numbers if n and n.value and not n.percent]
    told = {s for n, s in zip(numbers, own, strict=True) if s and n and not n.percent}
    if len(told) > 1 and max(bare) <= 1:  # the counts beside them are of something else
        own, told = [1 if n and n.percent else 0 for n in numbers], set()
    if told:
        common = told.pop() if len(told) == 1 else 0
    elif common is None:
        common = 1 if not bare or min(bare) > 1 else 100 if max(bare) <= 1 else 0
    out: list[Percent | None] = []
    for number, scale in zip(numbers, own, strict=True):
        if number is None or number.value is None or number.places is None:
            out.append(None)
            continue
        scale = scale or (1 if number.percent or abs(number.value) > 1 else common or int(number.value == 0))
        places = max(number.places - 2, 0) if scale == 100 else number.places
        value = round(number.value * 100, places) + 0.0 if scale == 100 else number.value if scale else None
        out.append(Percent(value, places, scale))
    return _evened(numbers, out)


def _own_scale(number: Number | None, anchor: float | None) -> int:
    """Return the scale that a cell tells itself, by its sign or by what it should be near; 0 if it does not."""
    if number is None or not number.value:
        return 0
    if number.percent:
        return 1
    if anchor is None or abs(anchor) < 0.05 or number.value * anchor < 0:
        return 0
    as_percent, as_fraction = (abs(math.log(abs(s * number.value / anchor))) for s in (1, 100))
    return 1 if abs(number.value) > 1 or as_percent <= as_fraction else 100  # no rate is above 100 percent


def _evened(numbers: Sequence[Number | None], out: list[Percent | None]) -> list[Percent | None]:
    """Give stored numbers of a column the same decimals: a spreadsheet keeps 45.0 as 45."""
    even = [
        bool(n and p and not n.percent and p.places <= ROUNDED) for n, p in zip(numbers, out, strict=True)
    ]
    most = {
        s: max(p.places for p, e in zip(out, even, strict=True) if p and e and p.scale == s)
        for s in {p.scale for p, e in zip(out, even, strict=True) if p and e}
    }
    return [p._replace(places=most[p.scale]) if p and e else p for p, e in zip(out, even, strict=True)]


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Cohort(NamedTuple):
    """The months in which a cohort was entered: the first and the last, counted from January of the year 0."""

    first: int
    last: int

    @property
    def kind(self) -> str:
        """``quarter`` for a calendar quarter, ``year`` for two to four of them, else ``other``.

        The first annual cohort of the payment by results, 2015/16, has two quarters only: it began in October.
        """
        if self.first % 3 or self.last % 3 != 2 or self.last - self.first > 11:
            return "other"
        return "quarter" if self.last - self.first == 2 else "year"

    @property
    def name(self) -> str:
        """The cohort as the study writes it: ``2015Q4``, ``2015Q4 to 2016Q3``; months if it is not of quarters."""
        if self.first % 3 or self.last % 3 != 2:
            return " to ".join(f"{m // 12}-{m % 12 + 1:02d}" for m in self)
        return " to ".join(dict.fromkeys(f"{m // 12}Q{m % 12 // 3 + 1}" for m in self))


def _full(year: str) -> int:
    """Return the year of two or four digits; two digits are of this century unless above 60."""
    return int(year) + (0 if len(year) == 4 else 2000 if int(year) < 60 else 1900)


def _between(month: str, year: str | None, last: str, last_year: str) -> tuple[int, int]:
    first, end = MONTHS.index(month[:3]), 12 * _full(last_year) + MONTHS.index(last[:3])
    return (12 * _full(year) + first if year else end - (end - first) % 12), end


def _quarters(year: str, quarter: str, last_year: str | None, last: str | None) -> tuple[int, int]:
    start = 12 * _full(year) + 3 * (int(quarter) - 1)
    return start, 12 * _full(last_year) + 3 * int(last) - 1 if last_year and last else start + 2


def _year_to(month: str, year: str) -> tuple[int, int]:
    end = 12 * _full(year) + MONTHS.index(month[:3])
    return end - 11, end


def _financial(year: str, after: str) -> tuple[int, int]:
    start = 12 * _full(year) + 3
    return start, start + 11 if (_full(year) + 1) % 100 == int(after) else start


_MONTH = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:\b\d{1,2}(?:st|nd|rd|th)?\s+)?"
_YEAR = r"((?:19|20)\d\d)(?!\d)"
_SHORT = r"(?:(?:19|20)|['’]\s?)?(\d\d)(?!\d)"
_TO = r"\s*(?:-|to|until|through|and|/)\s*"
# Each form, and what turns its groups into the first month and the last; the first form that fits at a place decides.
_FORMS: tuple[tuple[str, Callable[..., tuple[int, int]]], ...] = (
    (rf"{_DAY}\b{_MONTH}\s*(?:(?:{_SHORT})?{_TO}{_DAY})?{_MONTH},?\s*{_SHORT}", _between),
    (rf"\b{_YEAR}[\s:,(]*{_MONTH}{_TO}{_MONTH}", lambda y, m, n: _between(m, None, n, y)),
    (rf"\b{_YEAR}[\s-]*q([1-4])\b(?:{_TO}{_YEAR}[\s-]*q([1-4])\b)?", _quarters),
    (rf"\bq([1-4])[\s-]*{_YEAR}(?:{_TO}q([1-4])[\s-]*{_YEAR})?", lambda q, y, r, z: _quarters(y, q, z, r)),
    (rf"\b(?:year|12 months|twelve months)\s+(?:ending|ended|to)\s+{_DAY}{_MONTH}\s*{_YEAR}", _year_to),
    (rf"\b{_YEAR}\s*[/-]\s*(?:(?:19|20)|['’]\s?)?(\d\d)(?![-/\d])", _financial),
)


_LONGEST = 400  # characters of a text in which periods are looked for


def scan_cohorts(text: object) -> tuple[list[Cohort], str]:
    """Find the periods of a quarter or longer that a text names, each once, and the rest of it in small letters.

    Single months and bare years are no cohorts: a title may also say when it was published and that the baseline is
    2011. Where months stand beside a financial year, as in "2015/16 (October 2015 to March 2016)", they decide.

    Examples
    --------
    >>> scan_cohorts("Final results, Oct-Dec 2015")[0][0].name
    '2015Q4'
    """
    line = plain_text(text)[:_LONGEST].lower().replace("_", " ")
    found: list[tuple[int, Cohort, bool]] = []
    for form, make in _FORMS:
        while match := re.search(form, line):
            line = line[: match.start()] + "\0" * (match.end() - match.start()) + line[match.end() :]
            cohort = Cohort(*make(*match.groups()))
            if 0 < cohort.last - cohort.first < 36:
                found.append((match.start(), cohort, make is _financial))
    if not all(bare for _, _, bare in found):
        found = [f for f in found if not f[2]]
    return list(dict.fromkeys(c for _, c, _ in sorted(found))), " ".join(line.replace("\0", " ").split())


ALL = {"CRC": "All CRCs", "NPS": "All NPS", "": "England and Wales"}
_CRC = re.compile(r"\b(?:community rehabilitation compan(?:y|ies)|crcs?)\b")
_NPS = re.compile(r"\b(?:national probation service|nps)\b")
_EMPTY = re.compile(r"and|the|of|ltd|limited|divisions?|region|areas?|cpa|probation|provider|service|name|c")
_TOTAL = re.compile(
    r"all|totals?|overall|nationally|national|england|wales|combined|grand|both|average|companies"
)
_COMPASS = {"n": "north", "s": "south", "w": "west", "e": "east"}


class Name(NamedTuple):
    """A provider as in providers.csv, or a total (All CRCs, All NPS, England and Wales); kind CRC, NPS or total."""

    provider: str
    kind: str


def known_providers() -> Mapping[tuple[str, frozenset[str]], str]:
    """Return the providers of providers.csv by their kind and the words of their names, and as "code" by their code."""
    path = paths.raw() / "providers.csv"
    try:
        return _known(path.read_text(encoding="utf-8"))
    except (OSError, KeyError) as error:
        rule = "needed to name the providers of the official tables; it lists provider, provider_type and area_code"
        raise DataError([Problem(path.name, rule)]) from error


@cache
def _known(text: str) -> Mapping[tuple[str, frozenset[str]], str]:
    rows = list(csv.DictReader(text.splitlines()))
    codes = {
        ("code", frozenset([row["area_code"].lower()])): row["provider"] for row in rows if row["area_code"]
    }
    return codes | {(row["provider_type"], _words(row["provider"])): row["provider"] for row in rows}


def _words(text: str) -> frozenset[str]:
    """Return the words that name an area; ``&``, commas, the kind of provider and its legal form do not."""
    line = _NPS.sub(" ", _CRC.sub(" ", text.lower().replace("&", " and ")))
    words = (word for word in re.findall(r"[a-z]+", line) if not _EMPTY.fullmatch(word))
    return frozenset(_COMPASS.get(word, word) for word in words)


def kind_in(*texts: object) -> str:
    """Return ``CRC`` or ``NPS`` where texts name one of the two alone, else nothing."""
    line = " ".join(plain_text(text).lower() for text in texts)
    crc, nps = bool(_CRC.search(line)), bool(_NPS.search(line))
    return "" if crc == nps else "CRC" if crc else "NPS"


def parse_provider(cell: object, kind: str = "") -> Name | None:
    """Find the provider that a cell names, such as ``Dorset, Devon & Cornwall CRC(1)``, ``C19`` or ``All CRCs``.

    London and Wales are both a CRC and an NPS division: the cell decides, else the kind that the table around it
    names, ``CRC`` or ``NPS``, else it is the CRC.
    """
    text = without_notes(plain_text(cell)).strip("*†‡#^ ").lower()
    if len(text) > 120 or not any(c.isalpha() for c in text):  # a bare number is no code either
        return None
    own, known = kind_in(text), known_providers()
    code = re.fullmatch(r"(?:cpa\s*)?(c?\d{1,2})", text)
    if code and (named := known.get(("code", frozenset([f"c{int(code[1].strip('c')):02d}"])))):
        return Name(named, "CRC")
    words = _words(re.sub(r"(?<=[a-z])\d{1,2}$", "", text))
    for one in [own] if own else sorted(("CRC", "NPS"), key=lambda k: k != kind):
        if provider := known.get((one, words)):
            return Name(provider, one)
    if not words - {"companies"} and own and (own == "NPS" or re.search(r"crcs|companies", text)):
        return Name(ALL[own], "total")
    if not words - {"companies"} or not all(map(_TOTAL.fullmatch, words)):
        return None
    both = bool(_CRC.search(text) and _NPS.search(text)) or (not own and {"england", "wales"} <= words)
    return Name(ALL["" if both else own or kind], "total")


def suggest_provider(cell: object) -> str:
    """Return ``"; did you mean X?"`` with the provider whose name is nearest, or nothing."""
    text = _NPS.sub("NPS", _CRC.sub("", without_notes(plain_text(cell)).lower().replace("&", " and ")))
    return nearest(text[:120].strip(), known_providers().values())


_NO = re.compile(
    r"\b(?:no|not|non|none|n|ns|insignificant|false)\b|^(?:not? sig.*)$|\bno change\b|\bsame\b|\bunchanged\b|\bsimilar\b"
)
_DOWN = re.compile(
    r"\b(?:reduc\w*|decreas\w*|lower|better|improv\w*|down|fall|fell|below|payment|win|negative)\b|[↓▼]"
)
_UP = re.compile(r"\b(?:increas\w*|higher|worse\w*|up|rise|rose|above|deduct\w*|loss|positive)\b|[↑▲]")
_BLANK = {"", "..", "...", "[x]", "[z]", "n/a", "-", "*", "~", "[c]", "not applicable", "not available"}
_YES = re.compile(r"\b(?:yes|y|true|sig|significant|significantly)\b")


def parse_significance(cell: object, difference: float | None) -> tuple[str | None, str]:
    """Read a statistical test: what it found, in the study's three words, and else why there is nothing.

    The difference, rate less baseline, says which way a bare yes points.

    Examples
    --------
    >>> parse_significance("Yes", -2.1)
    ('significant reduction', '')
    """
    text = without_notes(plain_text(cell)).lower()
    if text in _BLANK:
        return None, ""
    if _NO.search(text):
        return "not significant", ""
    down, up = bool(_DOWN.search(text)), bool(_UP.search(text))
    if down and up:
        return None, "says both reduction and increase"
    if not (down or up):
        if not _YES.search(text):
            return None, "no result of a statistical test"
        if not difference:
            return None, "significant, but no difference says in which direction"
        down = difference < 0
    return "significant reduction" if down else "significant increase", ""
