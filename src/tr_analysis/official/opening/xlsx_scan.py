"""What an xlsx says about cells that the library does not tell: errors, formulas without a value."""

import posixpath
import re
from typing import Any
from xml.parsers import expat

from tr_analysis.official.opening import limits
from tr_analysis.official.opening.archive import Archive
from tr_analysis.official.opening.limits import FileError
from tr_analysis.official.opening.repairs import Repairs

WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_WIDE = re.compile(
    rb'\br="([A-Z]{3,9})([0-9]{1,7})"([^<>]{0,99})>'
)  # in bounds, so that no text takes long to search
_DEEP = re.compile(
    rb'\br="([A-Z]{0,9})([0-9]{8,99})"'
)  # the library would count such a row from the start again
_SPECIAL = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]""")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


def scan(archive: Archive) -> dict[str, Repairs]:
    """Read every XML part of an xlsx and return what is to be put right, by name of the sheet.

    Raises
    ------
    FileError
        If a part is at fault, or a cell lies beyond the last column that a table may have.
    """
    for name in (WORKBOOK, _RELATIONS):
        if name not in archive.names:
            raise FileError("is a zip without a workbook in it; save the table as .xlsx", value=name)
    sheets = _sheets(archive)
    found: dict[str, Repairs] = {}
    for name in archive.xml():
        content = archive.read(name)
        for sheet in [sheet for sheet, part in sheets if part == name]:
            found[sheet] = _scan_sheet(content, sheet)
    return found


def _sheets(archive: Archive) -> list[tuple[str, str]]:
    """Return the name and the part of each sheet."""
    sheets: list[tuple[str, str]] = []
    targets: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if tag.rpartition(":")[2] == "sheet":
            sheets.append((plain.get("name", ""), plain.get("id", "")))
        elif tag.rpartition(":")[2] == "Relationship" and plain.get("TargetMode") != "External":
            targets[plain.get("Id", "")] = plain.get("Target", "")

    for name in (WORKBOOK, _RELATIONS):
        parse(archive.read(name), start)
    return [(sheet, _part(targets.get(relation, ""))) for sheet, relation in sheets]


def _part(target: str) -> str:
    part = posixpath.normpath(posixpath.join("/xl", target.replace("\\", "/")))
    if target.count("..") > 1:
        raise FileError("refers to a place outside the archive; it is no workbook of Excel", value=target)
    return part.lstrip("/")


def parse(content: bytes, start: Any, end: Any = None, text: Any = None) -> None:
    """Walk through XML that was found to define nothing of its own.

    Raises
    ------
    FileError
        If it is not well-formed.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise FileError(f"holds XML that cannot be read ({error}); get the file again") from None


def _scan_sheet(content: bytes, sheet: str) -> Repairs:
    for wide in _WIDE.finditer(content):
        column, row = wide[1].decode(), int(wide[2])
        if number(column) >= limits.COLUMNS and not wide[3].endswith(b"/"):  # an empty cell may lie anywhere
            rule = f"lies beyond column ZZ, the last of the {limits.COLUMNS} columns that a table may have"
            raise FileError(rule, sheet, row, column)
    if deep := _DEEP.search(content):
        rule = "is a row that no spreadsheet has"
        raise FileError(rule, sheet, None, deep[1].decode() or None, deep[2][:20].decode())
    cells = _Cells()
    if _SPECIAL.search(content):
        parse(content, cells.start, cells.end, cells.text)
    return cells.repairs


def number(column: str) -> int:
    """Return the number, from 0, of a column's letters."""
    value = 0
    for letter in column:
        value = 26 * value + ord(letter) - 64
    return value - 1


class _Cells:
    """Follows the cells of a sheet; one that does not say where it is follows the one before."""

    def __init__(self) -> None:
        self.repairs = Repairs()
        self._row, self._column = -1, -1
        self._kind, self._formula, self._value, self._reading = "", False, "", False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "row":
            given = attributes.get("r", "")
            self._row = int(given) - 1 if given.isdecimal() and len(given) < 9 else self._row + 1
            self._column = -1
        elif tag == "c":
            place = _PLACE.fullmatch(attributes.get("r", ""))
            self._column = number(place[1]) if place else self._column + 1
            self._row = int(place[2]) - 1 if place else self._row
            self._kind, self._formula, self._value = attributes.get("t", "n"), False, ""
        elif tag == "f":
            self._formula = True
        elif tag in ("v", "t"):
            self._reading = True

    def text(self, text: str) -> None:
        if self._reading and len(self._value) < limits.TEXT:
            self._value += text

    def end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("v", "t"):
            self._reading = False
        elif tag == "c":
            place = (self._row, self._column)
            if self._kind == "e":
                self.repairs.fail(*place, shown=self._value.strip())
            elif self._formula and not self._value and self._kind != "str":
                self.repairs.unstored.append(place)
            self._kind = ""
