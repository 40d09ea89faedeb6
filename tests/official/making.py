"""Workbooks made part by part, so that each can be broken in one place."""

import datetime
import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import xlwt
from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OASIS = "urn:oasis:names:tc:opendocument:xmlns"
DATE = 1  # the style of a cell
CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'
Parts = dict[str, str | bytes]


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def unzipped(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def sheet_xml(rows: str, before: str = "", after: str = "") -> str:
    inside = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{before}{inside}'


def xlsx_parts(
    *sheets: str, names: tuple[str, ...] = (), since_1904: bool = False, state: str = "visible"
) -> Parts:
    """Return the parts of an xlsx whose sheets hold these rows, or are XML of their own; only the first is never hidden."""
    sheets, book, stream = sheets or (CELL,), Workbook(), io.BytesIO()
    book.active.sheet_view.tabSelected = False
    for i, name in enumerate(names or [f"Sheet{i + 1}" for i in range(len(sheets))]):
        page = book.active if not i else book.create_sheet()
        page._WorkbookChild__title = name  # also one that openpyxl would not have twice
        page.sheet_state = state if i else "visible"
    book.active["A1"].number_format = "yyyy-mm-dd"
    book.epoch = datetime.datetime(1904, 1, 1) if since_1904 else book.epoch
    book.save(stream)
    own = {
        f"xl/worksheets/sheet{i}.xml": s if s.startswith("<?xml") else sheet_xml(s)
        for i, s in enumerate(sheets, 1)
    }
    return unzipped(stream.getvalue()) | own


def xlsx(path: Path, *sheets: str, **more: object) -> Path:
    return zipped(path, xlsx_parts(*sheets, **more))  # type: ignore[arg-type]


def text(place: str, words: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'


def ods_parts(*tables: str, names: tuple[str, ...] = ()) -> Parts:
    names = names or tuple(f"Sheet{i}" for i in range(1, len(tables) + 1))
    spaces = " ".join(f'xmlns:{n}="{OASIS}:{n}:1.0"' for n in ("office", "table", "text"))
    spaces += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    inside = "".join(
        f'<table:table table:name="{n}">{t}</table:table>' for n, t in zip(names, tables, strict=True)
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    listed = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    return {
        "mimetype": kind,
        "META-INF/manifest.xml": f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{OASIS}:manifest:1.0">'
        f"{listed}</manifest:manifest>",
        "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
        f"<office:spreadsheet>{inside}</office:spreadsheet></office:body></office:document-content>",
    }


def ods(path: Path, *tables: str, names: tuple[str, ...] = ()) -> Path:
    return zipped(path, ods_parts(*tables, names=names))


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def cell(
    shown: str = "", kind: str = "string", value: str = "", more: str = "", tag: str = "table-cell"
) -> str:
    name = {"date": "date-value", "time": "time-value", "boolean": "boolean-value"}.get(kind, "value")
    given = f' office:{name}="{value}"' if value else ""
    return f'<table:{tag} office:value-type="{kind}"{given} {more}><text:p>{shown}</text:p></table:{tag}>'


def xls(path: Path, *, since_1904: bool = False) -> Path:
    book = xlwt.Workbook()
    book.dates_1904 = since_1904
    sheet = book.add_sheet("Sheet1")
    for place, value in enumerate(("London", 12, 45.4)):
        sheet.write(0, place, value)
    sheet.write(1, 0, datetime.date(2017, 1, 2), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.row(1).set_cell_error(1, 0x2A)
    sheet.write_merge(2, 3, 0, 1, "merged")
    sheet.write(3, 2, "end")
    book.save(str(path))
    return path


def lying(path: Path, parts: Mapping[str, str | bytes], name: str, size: int) -> Path:
    """Write a zip whose directory says that a part unpacks to less than it does."""
    content = bytearray(zipped(path, parts).read_bytes())
    place = content.rindex(name.encode()) - 46
    assert content[place : place + 4] == b"PK\x01\x02"
    content[place + 24 : place + 28] = struct.pack("<I", size)
    path.write_bytes(content)
    return path
