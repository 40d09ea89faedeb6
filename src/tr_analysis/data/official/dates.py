"""Days as printed, the day before the month."""

import datetime
import re

from tr_analysis.data.official.cells import plain_text
from tr_analysis.data.official.cohorts import MONTHS

_FORMS = (
    (re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d\d)(?: 0{1,2}:00(?::00)?)?"), (2, 1, 0)),
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]0{1,2}:00(?::00)?)?"), (0, 1, 2)),
    (re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?[ -]({'|'.join(MONTHS)})[a-z]*[ -](\d{{4}}|\d\d)"), (2, 1, 0)),
)


def parse_date(cell: object) -> datetime.date | None:
    """Read a day: a date of a spreadsheet, ``30/06/2019``, ``2019-06-30`` or ``30 June 2019``; else None."""
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    text = plain_text(cell).lower() if isinstance(cell, str) else ""
    for form, order in _FORMS:
        if match := form.fullmatch(text):
            year, month, day = (match.groups()[i] for i in order)
            number = int(month) if month.isdigit() else MONTHS.index(month) + 1
            try:
                return datetime.date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
            except ValueError:
                return None
    return None
