"""Cohorts and days as the Ministry prints them, in the one form the study writes them in."""

import datetime
import re
from collections.abc import Iterable
from typing import NamedTuple

from tr_analysis.official.words.cells import plain_text

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY = r"(?:\b\d{1,2}(?:st|nd|rd|th)?\s+)?"
_YEAR = r"((?:19|20)\d\d)(?!\d)"
_SHORT = r"(?:(?:19|20)|['’]\s?)?(\d\d)(?!\d)"
_TO = r"\s*(?:-|to|until|through|and|/)\s*"
_LOOSE = r"(?:\s*(?:-|to|until|through|and|/)\s*|\s*)"


class Cohort(NamedTuple):
    """The months in which a cohort was entered.

    Attributes
    ----------
    first, last
        Months counted from January of the year 0, both included.
    """

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
            return f"{self.start} to {self.end}"
        first, last = (f"{m // 12}Q{m % 12 // 3 + 1}" for m in (self.first, self.last))
        return first if first == last else f"{first} to {last}"

    @property
    def start(self) -> str:
        """First month, such as ``2012-04``."""
        return f"{self.first // 12}-{self.first % 12 + 1:02d}"

    @property
    def end(self) -> str:
        """Last month."""
        return f"{self.last // 12}-{self.last % 12 + 1:02d}"


def _month(name: str) -> int:
    return MONTHS.index(name[:3])


def _full(year: str) -> int:
    """Return the year of two or four digits; two digits are of this century unless above 60."""
    if len(year) == 4:
        return int(year)
    return 2000 + int(year) if int(year) < 60 else 1900 + int(year)


def _span(first: tuple[int, int], last: tuple[int, int]) -> Cohort | None:
    """Return the months between two (year, month), if they are in order and no more than three years."""
    start, end = first[0] * 12 + first[1], last[0] * 12 + last[1]
    return Cohort(start, end) if 0 < end - start < 36 else None


def _within(m: str, n: str, y: str) -> Cohort | None:
    year = _full(y)
    return _span((year - (_month(m) > _month(n)), _month(m)), (year, _month(n)))


def _financial(y: str, z: str) -> Cohort | None:
    """Return April to March, where the second year follows the first."""
    first = _full(y)
    return _span((first, 3), (first + 1, 2)) if (first + 1) % 100 == int(z) % 100 else None


def _quarter(y: str, q: str) -> Cohort:
    start = _full(y) * 12 + 3 * (int(q) - 1)
    return Cohort(start, start + 2)


def _ending(m: str, y: str) -> Cohort:
    end = _full(y) * 12 + _month(m)
    return Cohort(end - 11, end)


def _runs(y: str, q: str, z: str, r: str) -> Cohort | None:
    first, last = _quarter(y, q), _quarter(z, r)
    return Cohort(first.first, last.last) if first.first < last.first < first.first + 36 else None


# The first form that fits at a place decides, so the longer come first.
_FORMS = (
    (
        rf"(?<!to )(?<!-)(?<!- ){_DAY}\b{_NAME}\s*{_YEAR}{_TO}{_DAY}{_NAME}\s*{_YEAR}",
        lambda m, y, n, z: _span((_full(y), _month(m)), (_full(z), _month(n))),
    ),
    (
        rf"\b{_NAME}\s*{_SHORT}{_TO}{_NAME}\s*{_SHORT}",
        lambda m, y, n, z: _span((_full(y), _month(m)), (_full(z), _month(n))),
    ),
    (rf"{_DAY}\b{_NAME}{_TO}{_DAY}{_NAME},?\s*{_YEAR}", _within),
    (rf"\b{_NAME}{_LOOSE}{_NAME},?\s*{_SHORT}", _within),
    (rf"\b{_YEAR}[\s:,(]*{_NAME}{_TO}{_NAME}", lambda y, m, n: _within(m, n, y)),
    (rf"\b{_YEAR}\s*q([1-4]){_TO}{_YEAR}\s*q([1-4])", _runs),
    (rf"\bq([1-4])\s*{_YEAR}{_TO}q([1-4])\s*{_YEAR}", lambda q, y, r, z: _runs(y, q, z, r)),
    (rf"\b{_YEAR}[\s-]*q([1-4])\b(?!\d)", _quarter),
    (rf"\bq([1-4])[\s-]*{_YEAR}", lambda q, y: _quarter(y, q)),
    (rf"\b(?:year|12 months|twelve months)\s+(?:ending|ended|to)\s+{_DAY}{_NAME}\s*{_YEAR}", _ending),
    (rf"\b{_YEAR}\s*[/-]\s*{_SHORT}(?![-/\d])", _financial),
)
_COMPILED = tuple((re.compile(form), make) for form, make in _FORMS)


def cohorts_in(text: object, most: int = 400) -> list[Cohort]:
    """Find the periods of a quarter or longer that a text names, in their order, each once.

    Parameters
    ----------
    text
        A cell, a title, the name of a sheet. Single months and bare years are no cohorts: a title may also say
        when it was published and that the baseline is 2011.
    most
        Characters of the text that are looked at.
    """
    return scan(text, most)[0]


def scan(text: object, most: int = 400) -> tuple[list[Cohort], str]:
    """Find the periods that a text names, and return them with the rest of the text in small letters."""
    line = plain_text(text)[:most].lower().replace("_", " ")
    found: list[tuple[int, Cohort, bool]] = []
    for form, make in _COMPILED:
        while match := form.search(line):
            line = line[: match.start()] + "\0" * (match.end() - match.start()) + line[match.end() :]
            if cohort := make(*match.groups()):
                found.append((match.start(), cohort, make is _financial))
    if not all(bare for _, _, bare in found):  # "2015/16 (October 2015 to March 2016)": the months decide
        found = [f for f in found if not f[2]]
    return list(dict.fromkeys(cohort for _, cohort, _ in sorted(found))), " ".join(
        line.replace("\0", " ").split()
    )


def only_cohort(texts: Iterable[object]) -> Cohort | None:
    """Return the cohort of the first text that names exactly one; None where none does.

    Parameters
    ----------
    texts
        Such as titles, the nearest first.
    """
    for text in texts:
        if len(found := cohorts_in(text)) == 1:
            return found[0]
    return None


_DAYS = (
    (re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d\d)(?: 0{1,2}:00(?::00)?)?"), (2, 1, 0)),
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]0{1,2}:00(?::00)?)?"), (0, 1, 2)),
    (re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[ -]({'|'.join(MONTHS)})[a-z]*[ -](\d{{4}}|\d\d)"), (2, 1, 0)),
)


def parse_date(cell: object) -> datetime.date | None:
    """Read a day, the day before the month: a date of a spreadsheet, ``30/06/2019``, ``2019-06-30`` or ``30 June 2019``; else None."""
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    text = plain_text(cell).lower() if isinstance(cell, str) else ""
    for form, order in _DAYS:
        if match := form.fullmatch(text):
            year, month, day = (match.groups()[i] for i in order)
            number = int(month) if month.isdigit() else MONTHS.index(month) + 1
            try:
                return datetime.date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
            except ValueError:
                return None
    return None
