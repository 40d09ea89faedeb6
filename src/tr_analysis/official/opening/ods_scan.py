"""What an ods says about cells that the library does not tell: errors, covered cells, formulas without a value."""

import re

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.archive import Archive
from tr_analysis.official.opening.limits import FileError
from tr_analysis.official.opening.repairs import Repairs
from tr_analysis.official.opening.xlsx_scan import parse

CONTENT = "content.xml"
_MANIFEST = "META-INF/manifest.xml"
_SPECIAL = re.compile(
    rb"covered-table-cell|:formula\s*=|value-type\s*=\s*[\"']error|rows-repeated\s*=\s*[\"'][0-9]{5}"
)


def scan(archive: Archive) -> dict[str, Repairs]:
    """Read every XML part of an ods and return what is to be put right, by name of the sheet.

    Raises
    ------
    FileError
        If a part is at fault or encrypted.
    """
    if CONTENT not in archive.names:
        raise FileError("is a zip without a spreadsheet in it; save the table as .ods", value=CONTENT)
    if _MANIFEST in archive.names and b"encryption-data" in archive.read(_MANIFEST):
        raise FileError("is protected by a password; save it without one")
    tables = _Tables()
    for name in archive.xml():
        content = archive.read(name)
        if name == CONTENT and _SPECIAL.search(content):
            parse(content, tables.start, tables.end, tables.text)
    return tables.found


class _Tables:
    """Follows the cells of all sheets; repeated rows and cells are counted, not written out."""

    def __init__(self) -> None:
        self.found: dict[str, Repairs] = {}
        self._repairs = Repairs()
        self._name, self._empty = "", True
        self._depth, self._notes = 0, 0
        self._row, self._rows, self._column = 0, 1, 0
        self._cell: dict[str, str] = {}
        self._text = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "annotation":
            self._notes += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._name = attributes.get("table:name", "")
                self._repairs = self.found.setdefault(self._name, Repairs())
                self._row = 0
        elif tag == "table-row":
            self._rows, self._column = _count(attributes, "table:number-rows-repeated"), 0
            self._empty = True
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell, self._text = attributes, ""

    def text(self, text: str) -> None:
        if not self._notes and len(self._text) < limits.TEXT:
            self._text += text

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "annotation":
            self._notes -= 1
        elif tag == "table":
            self._depth -= 1
        elif tag == "table-row":
            if self._rows > limits.REPEATED and not self._empty:
                rule = f"says that a row is there {self._rows} times, which no table does"
                raise FileError(rule, self._name, self._row + 1)
            self._row += self._rows
        elif tag in ("table-cell", "covered-table-cell"):
            width = _count(self._cell, "table:number-columns-repeated")
            if self._text or "office:value-type" in self._cell or "table:formula" in self._cell:
                self._empty = False
                self._note(tag, width)
            self._column += width

    def _note(self, tag: str, width: int) -> None:
        shown = self._text.strip()
        kind = self._cell.get("office:value-type")
        error = "error" in (kind, self._cell.get("calcext:value-type")) or (
            "table:formula" in self._cell
            and shown.startswith("#")
            and not self._cell.get("office:string-value")
        )
        rows = range(self._row, self._row + min(self._rows, limits.REPEATED))
        if tag == "covered-table-cell":
            for row in rows:
                self._repairs.cover(row, self._column, self._column + width - 1)
        elif error:
            for row in rows:
                self._repairs.fail(row, self._column, min(width, limits.COLUMNS), shown)
        elif "table:formula" in self._cell and kind is None:
            self._repairs.unstored.append((self._row, self._column))


def _count(attributes: dict[str, str], name: str) -> int:
    given = attributes.get(name, "1")
    return max(int(given[:12]), 1) if given.isdecimal() else 1
