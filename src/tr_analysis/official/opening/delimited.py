"""CSV files: in any of the encodings that offices write, with rows and cells that end."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.limits import FileError, letters

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")


def read_delimited(path: Path) -> list[list[str | None]]:
    """Return the cells of a CSV file, an empty one as None, all rows in full width.

    UTF-8 is read, with or without a mark, and UTF-16 with one; what is neither is taken as Windows' western
    encoding, in which the Ministry's older files are.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileError
        If it is no text in one of these, a quote never ends, or it holds more than `limits` allows.
    """
    lines = _Lines(_text(path.read_bytes()))
    rows: list[list[str | None]] = []
    width = 0
    reader = csv.reader(lines, strict=True)
    while True:
        lines.next_record()
        try:
            record = next(reader, None)
        except csv.Error as error:
            rule = f"cannot be split into cells ({error}); a quote is wrong or never ends"
            raise FileError(rule, row=len(rows) + 1) from None
        if record is None:
            break
        rows.append(
            [_cell(cell, len(rows), column) for column, cell in enumerate(record[: limits.COLUMNS + 1])]
        )
        width = max(width, len(record))
        if width > limits.COLUMNS or width * len(rows) > limits.CELLS:
            rule = f"has {width} columns here, a table may have {limits.COLUMNS}, and all together {limits.CELLS} cells"
            raise FileError(rule, row=len(rows))
    if not any(cell is not None for row in rows for cell in row):
        raise FileError("holds no cell with anything in it")
    return [row + [None] * (width - len(row)) for row in rows]


def _text(content: bytes) -> str:
    """Return the text of a file in the encoding that it is in."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    for attempt in (encoding, "cp1252") if encoding == "utf-8" else (encoding,):
        try:
            text = content.decode(attempt)
            break
        except UnicodeDecodeError as error:
            line, value = content.count(b"\n", 0, error.start) + 1, f"0x{content[error.start]:02x}"
    else:
        raise FileError(
            "is not text in UTF-8, UTF-16 or Windows' encoding; save it as UTF-8", row=line, value=value
        )
    if match := _CONTROL.search(text):
        line = text.count("\n", 0, match.start()) + 1
        raise FileError(
            "holds a character that no text has; it is damaged, or no CSV file", row=line, value=match[0]
        )
    return text


class _Lines(Iterator[str]):
    """The lines of a text; raises where one record has more of it than a row of a table can."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self._records, self._length = 0, 0

    def next_record(self) -> None:
        self._records += 1
        self._length = 0

    def __next__(self) -> str:
        line = self._lines.readline(limits.RECORD + 1)
        self._length += len(line)
        if self._length > limits.RECORD:
            rule = f"is longer than the {limits.RECORD} characters a row may have; a quote that never ends, or no table"
            raise FileError(rule, row=self._records)
        if not line:
            raise StopIteration
        return line


def _cell(cell: str, row: int, column: int) -> str | None:
    if len(cell) > limits.TEXT:
        rule = f"holds {len(cell)} characters, a cell may have {limits.TEXT}; perhaps a quote never ends"
        raise FileError(rule, row=row + 1, column=letters(column))
    return cell or None
