"""Raw files in, typed frames out; every fault with its file, row, column and value."""

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from tr_analysis.data.fields import KINDS, NUMERIC, Table
from tr_analysis.errors import DataError, Problem


def read(folder: Path, table: Table) -> pd.DataFrame:
    """Read one raw table and hold it against its schema.

    Parameters
    ----------
    folder
        Folder of the raw files.
    table
        The table's schema.

    Returns
    -------
    DataFrame
        One row per line, columns as in the schema: whole numbers as ``Int64``, numbers as ``float64``, all
        else as text; an empty cell is missing.

    Raises
    ------
    DataError
        With every fault found: no file, an empty file, not UTF-8, a wrong column, a ragged line, a wrong
        type, a value out of bounds, a missing value, a repeated key.
    """
    file = f"{table.name}.csv"
    cells = _cells(folder / file, list(table.schema.columns))
    if problems := _printed_form(cells, table, file):
        raise DataError(problems)
    typed = cells.astype({c: NUMERIC.get(table.kind(c), "str") for c in table.schema.columns})
    try:
        return table.schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise DataError(_translate(errors.failure_cases, typed, table, file)) from None


def _cells(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return the cells as text, empty cells missing, or say why the file cannot be a table."""
    name = path.name
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise DataError([Problem(name, f"missing; it belongs in {path.parent.name}/")]) from None
    except UnicodeDecodeError as error:
        raise DataError([Problem(name, f"not UTF-8 at byte {error.start}; save the file as UTF-8")]) from None
    header, *rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    if not rows:
        raise DataError([Problem(name, "empty; a header and at least one row are needed")])
    if header != columns:
        raise DataError(_wrong_header(name, header, columns))
    ragged = [(i, len(row)) for i, row in enumerate(rows, start=2) if len(row) != len(columns)]
    if ragged:
        rule = "{} cells, must be {}; check commas and quotes"
        raise DataError([Problem(name, rule.format(n, len(columns)), row) for row, n in ragged])
    return pd.DataFrame(rows, columns=header, dtype="str").replace("", pd.NA)


def _wrong_header(file: str, header: list[str], columns: list[str]) -> list[Problem]:
    """Name each column that is missing or unknown; failing that, the first one out of order."""
    problems = [Problem(file, "column missing", 1, c) for c in columns if c not in header]
    problems += [
        Problem(file, "column not in the schema; remove it", 1, c) for c in header if c not in columns
    ]
    if not problems:
        moved = next((h for h, c in zip(header, columns, strict=False) if h != c), header[-1])
        problems = [Problem(file, f"out of order or repeated; the order is {', '.join(columns)}", 1, moved)]
    return problems


def _printed_form(cells: pd.DataFrame, table: Table, file: str) -> list[Problem]:
    """Find cells that do not look like their kind, before any of them is converted."""
    problems = []
    for name in table.schema.columns:
        pattern, rule = KINDS[table.kind(name)]
        for row, value in enumerate(cells[name], start=2):
            if pd.isna(value):
                continue
            if value != value.strip():
                problems.append(Problem(file, "has space around it; remove it", row, name, value))
            elif not re.fullmatch(pattern, value):
                problems.append(Problem(file, rule, row, name, value))
    return sorted(problems, key=lambda p: p.row or 0)


def _translate(failures: pd.DataFrame, frame: pd.DataFrame, table: Table, file: str) -> list[Problem]:
    """Turn pandera's failure cases into problems a person can act on."""
    repeated = failures["check"] == "multiple_fields_uniqueness"
    problems = []
    for row in sorted(set(failures.loc[repeated, "index"].astype(int))):
        values = ", ".join(str(frame[c].iloc[row]) for c in table.key)
        problems.append(Problem(file, "the key must be unique", row + 2, " + ".join(table.key), values))
    for case in failures[~repeated].to_dict("records"):
        missing = case["check"] == "not_nullable"
        rule = "must not be empty" if missing else case["check"]
        value = None if missing else str(case["failure_case"])
        problems.append(Problem(file, rule, int(case["index"]) + 2, case["column"], value))
    return sorted(problems, key=lambda p: p.row or 0)
