"""Raw files in, analysis tables out; every fault with its file, row, column and value."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tr_analysis.data.fields import NUMERIC, Frames, Table
from tr_analysis.data.periods import FREQUENCY, month_range, periods
from tr_analysis.errors import DataError, Problem

_FOREIGN = {  # what other programs put into a file, and git or a comparison would trip over
    "\ufeff": "has a byte-order mark; save the file as UTF-8 without one",
    "\r": "ends its lines with CR; save the file with LF (Unix) line ends",
}


def read(folder: Path, table: Table) -> pd.DataFrame:
    """Read one raw table from its folder and hold it against its schema.

    It is indexed by line of the file, with columns as in the schema: whole numbers as ``Int64``, numbers as
    ``float64``, all else as text; an empty cell is missing. A `DataError` carries every fault found.
    """
    cells = _cells(folder / f"{table.name}.csv", list(table.columns))
    if problems := _cell_faults(cells, table):
        raise DataError(problems)
    types = {name: NUMERIC.get(table.kind(name), "str") for name in table.columns}
    rows = cells.replace("", pd.NA).astype(types)
    if problems := _row_faults(rows, cells, table):
        raise DataError(problems)
    return rows


def _cells(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return the cells as text, by the line that their row begins on."""
    name = path.name
    records = _records(name, _text(path))
    if len(records) < 2:
        raise DataError([Problem(name, "empty; a header and at least one row are needed")])
    (_, header), *rows = records.items()
    if header != columns:
        own = next((own for own, known in zip_longest(header, columns) if own != known), None)
        raise DataError([Problem(name, f"the columns are {', '.join(columns)}, in this order", 1, value=own)])
    rule = f"{{}} cells, must be {len(columns)}; check commas and quotes"
    ragged = [(line, len(row)) for line, row in rows if len(row) != len(columns)]
    if found := [Problem(name, rule.format(n) if n else "blank line; remove it", line) for line, n in ragged]:
        raise DataError(found)
    return pd.DataFrame([row for _, row in rows], [line for line, _ in rows], columns, dtype="str")


def _text(path: Path) -> str:
    """Return the text of a file, or say why it has none."""
    name = path.name
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise DataError([Problem(name, f"missing; it belongs in {path.parent.name}/")]) from None
    except OSError as error:
        raise DataError([Problem(name, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = f"0x{error.object[error.start]:02x}"
        raise DataError([Problem(name, "not UTF-8; save the file as UTF-8", line, value=found)]) from None
    for sign, rule in _FOREIGN.items():
        if sign in text:
            line = 1 + text.count("\n", 0, text.index(sign))
            raise DataError([Problem(name, rule, line)])
    return text


def _records(name: str, text: str) -> dict[int, list[str]]:
    """Return the cells of each record by the line it starts on; a quoted cell may run over several lines."""
    records: dict[int, list[str]] = {}
    line = 1
    reader = csv.reader(io.StringIO(text, newline=None), strict=True)
    try:
        for record in reader:
            records[line] = record
            line = reader.line_num + 1
    except csv.Error as error:
        rule = f"cannot be split into cells ({error}); check the quotes of this row"
        raise DataError([Problem(name, rule, line)]) from None
    return records


def _cell_faults(cells: pd.DataFrame, table: Table) -> list[Problem]:
    """Find printed cells that break the rule of their column, before any of them is converted."""
    problems = [
        Problem(f"{table.name}.csv", rule, line, name, cell or None)
        for name, column in table.columns.items()
        for line, cell in zip(cells.index, cells[name], strict=True)
        if (rule := column.broken_rule(cell))
    ]
    return sorted(problems, key=lambda problem: problem.row or 0)


def _row_faults(rows: pd.DataFrame, cells: pd.DataFrame, table: Table) -> list[Problem]:
    """Find rows that share their key, or whose cells contradict each other; problems show the printed cells."""
    file, key = f"{table.name}.csv", list(table.key)
    repeated = cells.loc[rows.duplicated(key, keep=False), key]
    problems = [
        Problem(file, "the key must be unique", line, " + ".join(key), ", ".join(values))
        for line, *values in repeated.itertuples()
    ]
    for rule in table.rules:
        broken = cells.loc[~rule.holds(rows), rule.column]
        problems += [
            Problem(file, rule.words, line, rule.column, cell or None)
            for line, cell in zip(broken.index, broken, strict=True)
        ]
    return sorted(problems, key=lambda problem: problem.row or 0)


_QUALIFIERS = (
    "about|almost|approximately|around|as high as|just over|less than|more than|nearly|over|some|up to"
)
_FIGURE = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_NUMBER_WORDS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5}
_SHORT_NAMES = {
    "BeNCH": "Bedfordshire, Northamptonshire, Cambridgeshire and Hertfordshire",
    "BGSW": "Bristol, Gloucestershire, Somerset and Wiltshire",
    "DLNR": "Derbyshire, Leicestershire, Nottinghamshire and Rutland",
    "HLNY": "Humberside, Lincolnshire and North Yorkshire",
    "Cumbria/Lancashire": "Cumbria and Lancashire",
    "Bedfordshire/Cambridgeshire/Northamptonshire": "Bedfordshire, Northamptonshire, Cambridgeshire and Hertfordshire",
}
_MONTHS = {
    "first_month": "first month of the period, where its words fix both ends",
    "last_month": "last month of the period, where its words fix both ends",
}
# The columns that cleaning adds, for the data dictionary; `value` and `qualifier` of the register are filled as well.
ADDED: Mapping[str, Mapping[str, str]] = {
    "proven_reoffending_annual": {
        "binary_rate": "reoffenders / offenders, unrounded, as a proportion",
        "frequency_rate": "reoffences / reoffenders, unrounded",
        "reoffences_per_offender": "reoffences / offenders: the binary rate times the frequency rate",
    },
    "adult_cohort_by_previous_offences": {"share": "the band's share of its cohort, as a proportion"},
    "pbr_results": _MONTHS,
    "crc_published_results": _MONTHS,
    "providers": {
        "caseload": "the printed caseload as a number of people",
        "caseload_qualifier": "the word before it, such as more than",
    },
    "published_figures": {
        "low": "lower end, where a range was printed",
        "high": "upper end, where a range was printed",
        "value_in_words": "whether the value is read from words: a fraction in words is a proportion",
        "provider": "canonical provider, where the population is one",
        **_MONTHS,
    },
    "inspection_ratings": {"owner": "owner from February 2015, by the list of providers"},
    "quality_impact_judgements": {"provider": "canonical provider, where the source names one"},
}


class Quantity(NamedTuple):
    """A printed quantity: its value, or its ends where a range was printed, and the word before it."""

    value: float | None
    low: float | None
    high: float | None
    qualifier: str | None


def quantity(text: str) -> Quantity:
    """Read a quantity printed in words or with a qualifier; without a number, only the qualifier can be there.

    Examples
    --------
    >>> quantity("more than 3,700").value, quantity("nearly three in ten").value, quantity("7000-10000").high
    (3700.0, 0.3, 10000.0)
    """
    match = re.fullmatch(rf"(?:({_QUALIFIERS})\s+)?(.*)", text.strip().lower())
    qualifier, rest = match.groups() if match else (None, text)
    if ends := re.fullmatch(rf"({_FIGURE})\s*-\s*({_FIGURE})", rest):
        low, high = (float(end.replace(",", "")) for end in ends.groups())
        return Quantity(None, low, high, qualifier)
    return Quantity(_number(rest), None, None, qualifier)


def _number(text: str) -> float | None:
    if re.fullmatch(_FIGURE, text):
        return float(text.replace(",", ""))
    if match := re.fullmatch(r"(\w+) in (\w+)", text):
        numerator, denominator = (_NUMBER_WORDS.get(word) for word in match.groups())
        return numerator / denominator if numerator and denominator else None
    if match := re.fullmatch(r"(?:(\w+)[ -])?(half|third|quarter|fifth)s?(?: of \w+)?", text):
        return _NUMBER_WORDS.get(match[1] or "one", 0) / _PARTS[match[2]] or None
    return None


def provider_name(text: str, providers: pd.Series) -> str | None:
    """Return the canonical provider that a printed name (``DLNR CRC``) means, or None where it means none of them."""
    name = re.sub(r" CRC$|\s*\(.*\)$", "", re.sub(r"\s*\([^)]*\)$", "", text)).replace(" & ", " and ")
    name = _SHORT_NAMES.get(name, name)
    return name if name in set(providers) else None


def clean(raw: Frames, tables: Mapping[str, Table]) -> dict[str, pd.DataFrame]:
    """Make the analysis tables from the raw ones that `read` returns.

    In them periods are real (`Period` columns), yes and no boolean, quantities in value and qualifier, providers under
    their canonical names, derived rates unrounded.
    """
    typed = {name: _typed(frame, tables[name]) for name, frame in raw.items()}
    return typed | {name: cleaner(typed[name], typed) for name, cleaner in _CLEANERS.items() if name in typed}


def _typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Give every column of a period's kind, or of yes and no, its real type."""
    out = frame.reset_index(drop=True)
    for name in table.columns:
        kind = table.kind(name)
        if kind in FREQUENCY:
            out[name] = periods(out[name], kind)
        elif kind == "yes or no":
            out[name] = out[name] == "yes"
    return out


def _reoffending(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    counts = frame[["offenders", "reoffenders", "reoffences"]].astype(float)
    offenders, reoffenders, reoffences = (counts[column] for column in counts)
    return frame.assign(
        binary_rate=reoffenders / offenders,
        frequency_rate=reoffences / reoffenders,
        reoffences_per_offender=reoffences / offenders,
    )


def _adult_cohort(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    total = frame.groupby("cohort")["offenders"].transform("sum")
    return frame.assign(share=frame["offenders"].astype(float) / total.astype(float))


def _months(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Add the first and last month of a printed period, where its words fix them."""
    ranges = [month_range(text) or (pd.NaT, pd.NaT) for text in frame[column].fillna("")]
    first, last = zip(*ranges, strict=True)
    return frame.assign(
        first_month=pd.PeriodIndex(first, freq="M"), last_month=pd.PeriodIndex(last, freq="M")
    )


def _quantities(printed: "pd.Series[Any]") -> pd.DataFrame:
    read = pd.DataFrame([quantity(cell) for cell in printed.fillna("")], printed.index)
    return read.astype({"value": float, "low": float, "high": float})


def _canonical(names: "pd.Series[Any]", frames: Frames) -> "pd.Series[Any]":
    """Give printed names their canonical provider, empty where they mean none."""
    providers = frames["providers"]["provider"]
    return names.map(lambda name: provider_name(name, providers), na_action="ignore").astype("str")


def _providers(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    read = _quantities(frame["caseload_as_printed"])
    caseload = read["value"].astype("Float64").astype("Int64")
    return frame.assign(caseload=caseload, caseload_qualifier=read["qualifier"].astype("str"))


def _figures(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Read figures printed in words, date them, and name their provider where the population is one."""
    read = _quantities(frame["as_printed"])
    in_words = frame["value"].isna()
    out = frame.assign(
        value=frame["value"].where(~in_words, read["value"]),
        low=read["low"].where(in_words),
        high=read["high"].where(in_words),
        qualifier=frame["qualifier"].where(frame["qualifier"].notna(), read["qualifier"]),
        value_in_words=in_words,
        provider=_canonical(frame["population"], frames),
    )
    return _months(out, "period")


def _inspections(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    owners = frames["providers"].set_index("provider")["owner"]
    return frame.assign(owner=frame["provider"].map(owners).astype("str"))


_CLEANERS: Mapping[str, Callable[[pd.DataFrame, Frames], pd.DataFrame]] = {
    "proven_reoffending_annual": _reoffending,
    "adult_cohort_by_previous_offences": _adult_cohort,
    "pbr_results": lambda frame, _: _months(frame, "cohort"),
    "crc_published_results": lambda frame, _: _months(frame, "cohort"),
    "providers": _providers,
    "published_figures": _figures,
    "inspection_ratings": _inspections,
    "quality_impact_judgements": lambda frame, frames: frame.assign(
        provider=_canonical(frame["organisation"], frames)
    ),
}
