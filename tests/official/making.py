"""Workbooks made part by part, so that each can be broken in one place."""

import datetime
import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import xlwt

_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
DATE = 1  # the style of a cell
CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def sheet_xml(rows: str, before: str = "", after: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<worksheet xmlns="{_MAIN}">'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def xlsx_parts(
    *sheets: str, names: tuple[str, ...] = (), more: str = "", state: str = "visible"
) -> dict[str, str | bytes]:
    """Return the parts of an xlsx whose sheets hold these rows, or are XML of their own."""
    sheets = sheets or (CELL,)
    names = names or tuple(f"Sheet{i}" for i in range(1, len(sheets) + 1))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{i}" state="{state if i > 1 else "visible"}" r:id="r{i}"/>'
        for i, name in enumerate(names, 1)
    )
    related = "".join(
        f'<Relationship Id="r{i}" Type="{_RELATION}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    return {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r0" '
        f'Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}">{more}'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="rs" Type="{_RELATION}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<?xml version="1.0"?><styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
        **{
            f"xl/worksheets/sheet{i}.xml": rows if rows.startswith("<?xml") else sheet_xml(rows)
            for i, rows in enumerate(sheets, 1)
        },
    }


def xlsx(path: Path, *sheets: str, **more: object) -> Path:
    return zipped(path, xlsx_parts(*sheets, **more))  # type: ignore[arg-type]


def text(place: str, words: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'


def ods_parts(*tables: str, names: tuple[str, ...] = ()) -> dict[str, str | bytes]:
    names = names or tuple(f"Sheet{i}" for i in range(1, len(tables) + 1))
    spaces = " ".join(f'xmlns:{n}="{_OASIS}:{n}:1.0"' for n in ("office", "table", "text"))
    spaces += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    inside = "".join(
        f'<table:table table:name="{n}">{t}</table:table>' for n, t in zip(names, tables, strict=True)
    )
    return {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": '<?xml version="1.0"?><manifest:manifest '
        f'xmlns:manifest="{_OASIS}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
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


def xls(path: Path, *, since_1904: bool = False, names: tuple[str, ...] = ("Sheet1",)) -> Path:
    book = xlwt.Workbook()
    book.dates_1904 = since_1904
    for name in names:
        sheet = book.add_sheet(name)
        sheet.write(0, 0, "London")
        sheet.write(0, 1, 12)
        sheet.write(0, 2, 45.4)
        sheet.write(1, 0, datetime.date(2017, 1, 2), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        sheet.row(1).set_cell_error(1, 0x2A)
        sheet.write_merge(2, 3, 0, 1, "merged")
        sheet.write(3, 2, "end")
    book.save(str(path))
    return path


def lying(path: Path, parts: Mapping[str, str | bytes], name: str, size: int) -> Path:
    """Write a zip whose directory says that a part unpacks to less than it does."""
    zipped(path, parts)
    content = bytearray(path.read_bytes())
    place = content.rindex(name.encode()) - 46
    assert content[place : place + 4] == b"PK\x01\x02"
    content[place + 24 : place + 28] = struct.pack("<I", size)
    path.write_bytes(content)
    return path


def repacked(content: bytes, part: str, changed: bytes) -> bytes:
    """Return a zip with one part changed, and else as it was."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changed if name == part else old.read(name))
    return out.getvalue()
