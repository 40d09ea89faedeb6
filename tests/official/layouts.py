"""Workbooks in the layouts of the official files, made up: no number of theirs was published."""

import csv
from pathlib import Path

from openpyxl import Workbook

from tr_analysis import paths
from tr_analysis.official.workbooks import Sheet

with (paths.raw() / "providers.csv").open(newline="", encoding="utf-8") as file:
    PROVIDERS = [(row["provider_type"], row["provider"]) for row in csv.DictReader(file)]
CRCS = tuple(name for kind, name in PROVIDERS if kind == "CRC")
NPS = tuple(name.removeprefix("NPS ") for kind, name in PROVIDERS if kind == "NPS")
INTERIM = (
    "CRC name",
    "Number of\noffenders in the\neligible cohort",
    "Number of offenders\nin the measurable\ncohort",
    "Number of\nreoffenders",
    "Number of\nreoffences",
    "Proportion of\noffenders who\nreoffend (%)",
    "Average number of\nreoffences per\nreoffender",
)
FINAL = (
    "CRC name",
    "Number of offenders in the measurable cohort",
    "Number of reoffenders",
    "Number of reoffences",
    "Proportion of offenders who reoffend (%)",
    "OGRS4/G score",
    "Adjusted proportion of offenders who reoffend (%)",
    "2011 baseline OGRS4/G score",
    "2011 baseline proportion of offenders who reoffend (%)",
    "Difference (percentage points)",
    "Statistically significant?",
    "Average number of reoffences per reoffender",
    "2011 baseline average number of reoffences per reoffender",
    "Difference in average number of reoffences per reoffender",
)


def counts(i: int, shift: int = 0) -> tuple[int, int, int, int]:
    """Eligible, measurable, reoffenders, reoffences of the i-th provider."""
    people = 900 + 137 * i + shift
    again = int(people * (0.36 + 0.007 * i))
    return people + 60 + i, people, again, int(again * (3.9 + 0.05 * i))


def interim_row(name: str, i: int, shift: int = 0) -> list[object]:
    eligible, people, again, offences = counts(i, shift)
    rates = round(100 * again / people, 1), round(offences / again, 2)
    return [name, eligible, people, again, offences, *rates]


def interim_sheet(title: str = "Oct to Dec 2015 cohort", name: str = "2", shift: int = 0) -> Sheet:
    above = f"Table {name}: Interim proven reoffending of the CRCs, {title}"
    rows: list[list[object]] = [[above], [], list(INTERIM)]
    rows += [interim_row(crc.replace(" and ", " & "), i, shift) for i, crc in enumerate(CRCS)]
    rows += [[], ["Notes:"], ["1. Offenders who could be matched to the police's records, 2015 & 2016."]]
    return Sheet(name, square(rows))


def final_row(name: str, i: int) -> list[object]:
    _, people, again, offences = counts(i)
    rate, ogrs, base_ogrs = round(100 * again / people, 1), round(40 + 0.3 * i, 1), 41.5
    adjusted, base = round(rate + base_ogrs - ogrs, 1), round(47.5 - 0.2 * i, 1)
    gap = round(adjusted - base, 1)
    sure = "Yes" if abs(gap) > 2 else "No"
    frequency, base_frequency = round(offences / again, 2), 4.2
    more = round(frequency - base_frequency, 2)
    binary = rate, ogrs, adjusted, base_ogrs, base, gap, sure
    return [name, people, again, offences, *binary, frequency, base_frequency, more]


def final_sheet(title: str = "October to December 2015 cohort", name: str = "Table 1") -> Sheet:
    rows: list[list[object]] = [[f"Final proven reoffending results, {title}"], [], list(FINAL)]
    rows += [final_row(crc, i) for i, crc in enumerate(CRCS)]
    return Sheet(name, square(rows))


def square(rows: list[list[object]]) -> list[list]:
    """Rows in full width, as a file gives them."""
    width = max(map(len, rows))
    return [row + [None] * (width - len(row)) for row in rows]


def save(path: Path, *sheets: Sheet) -> Path:
    """Write sheets as a workbook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.sheet_state = "hidden" if sheet.hidden else "visible"
        for row in sheet.rows:
            page.append(row)
            for cell in page[page.max_row]:
                if cell.data_type == "f":
                    cell.data_type = "s"  # the text, not the formula that openpyxl takes it for
    book.save(path)
    return path
