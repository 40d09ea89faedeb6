"""Raw files in, typed frames out; every fault with its file, row, column and value."""

import csv
import io
import re
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from tr_analysis.data.fields import KINDS, NUMERIC, Table
from tr_analysis.data.periods import exists
from tr_analysis.errors import DataError, Problem


def read(folder: Path, table: Table) -> pd.DataFrame:
    """Read one raw table from its folder and hold it against its schema.

    It is indexed by line of the file, with columns as in the schema: whole numbers as ``Int64``, numbers as
    ``float64``, all else as text; an empty cell is missing.

    Raises
    ------
    DataError
        With every fault found: no file, an empty file, not UTF-8, a wrong column, a ragged or blank line, a
        wrong type, a value out of bounds, a missing value, a repeated key, cells of a row that contradict
        each other.
    """
    file = f"{table.name}.csv"
    cells = _cells(folder / file, list(table.schema.columns))
    if problems := _printed_form(cells, table, file):
        raise DataError(problems)
    typed = cells.astype({c: NUMERIC.get(table.kind(c), "str") for c in table.schema.columns})
    try:
        return table.schema.validate(typed, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise DataError(_translate(errors.failure_cases, cells, table, file)) from None


def _cells(path: Path, columns: list[str]) -> pd.DataFrame:
    """Return the cells as text, empty cells missing, or say why the file cannot be a table."""
    name = path.name
    records = _records(name, _text(path))
    if len(records) < 2:
        raise DataError([Problem(name, "empty; a header and at least one row are needed")])
    (_, header), *rows = records.items()
    if header != columns:
        raise DataError(_wrong_header(name, header, columns))
    rule = f"{{}} cells, must be {len(columns)}; check commas and quotes"
    ragged = [(line, len(row)) for line, row in rows if len(row) != len(columns)]
    if found := [Problem(name, rule.format(n) if n else "blank line; remove it", line) for line, n in ragged]:
        raise DataError(found)
    frame = pd.DataFrame([row for _, row in rows], [line for line, _ in rows], columns, dtype="str")
    return frame.replace("", pd.NA)


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
    if text.startswith("\ufeff"):
        rule = "starts with a byte-order mark; save the file as UTF-8 without one"
        raise DataError([Problem(name, rule, 1)])
    if "\r" in text:  # git would store other bytes than were hashed
        line = 1 + text.count("\n", 0, text.index("\r"))
        rule = "ends its lines with CR; save the file with LF (Unix) line ends"
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


def _wrong_header(file: str, header: list[str], columns: list[str]) -> list[Problem]:
    """Name each column that is missing or unknown; failing that, the first one out of order."""
    problems = [Problem(file, "column missing", 1, c) for c in columns if c not in header]
    problems += [
        Problem(file, "column not in the schema; remove it", 1, c) for c in header if c not in columns
    ]
    moved = next((h for h, c in zip(header, columns, strict=False) if h != c), header[-1])
    rule = f"out of order or repeated; the order is {', '.join(columns)}"
    return problems or [Problem(file, rule, 1, moved)]


def _printed_form(cells: pd.DataFrame, table: Table, file: str) -> list[Problem]:
    """Find cells that do not look like their kind, before any of them is converted."""
    problems = [
        Problem(file, rule, line, name, value)
        for name in table.schema.columns
        for line, value in cells[name].dropna().items()
        if (rule := _misprint(value, table.kind(name)))
    ]
    return sorted(problems, key=lambda p: p.row or 0)


def _misprint(value: str, kind: str) -> str | None:
    """Return the rule that a cell of a kind breaks, if it breaks one."""
    pattern, rule = KINDS[kind]
    if value != value.strip():
        return "has space around it; remove it"
    if not re.fullmatch(pattern, value, re.ASCII):
        return rule
    return None if exists(value, kind) else f"does not exist; {rule}"


def _translate(failures: pd.DataFrame, cells: pd.DataFrame, table: Table, file: str) -> list[Problem]:
    """Turn pandera's failure cases into problems a person can act on."""
    shown = cells.fillna("")
    repeated = failures["check"] == "multiple_fields_uniqueness"
    problems = []
    for line in sorted(set(failures.loc[repeated, "index"])):
        values = ", ".join(shown.loc[line, table.key])
        problems.append(Problem(file, "the key must be unique", line, " + ".join(table.key), values))
    owner = {check.error: check.title for check in table.schema.checks}
    for case in failures[~repeated].to_dict("records"):
        line, name = int(case["index"]), case["column"]
        if owner.get(case["check"], name) != name:
            continue  # a rule across columns fails once in each; it is reported in its own
        rule = "must not be empty" if case["check"] == "not_nullable" else case["check"]
        value = shown.at[line, name]
        problems.append(Problem(file, rule, line, name, str(value) if value else None))
    return sorted(problems, key=lambda p: p.row or 0)
