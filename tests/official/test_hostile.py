"""Every broken or hostile file ends in one sentence that names it: no traceback, no hang, bounded memory."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tr_analysis
from tests.official import making
from tests.official.making import (
    CELL,
    cell,
    ods,
    ods_parts,
    row,
    sheet_xml,
    text,
    xls,
    xlsx,
    xlsx_parts,
    zipped,
)
from tr_analysis.errors import DataError
from tr_analysis.official.opening import delimited, limits, sandbox
from tr_analysis.official.workbooks import read_sheets

SHEET = "xl/worksheets/sheet1.xml"
WORKBOOK, CONTENT = "xl/workbook.xml", "content.xml"


def refused(path: Path) -> str:
    """Return the one sentence in which a file is refused, and see that it names the file."""
    with pytest.raises(DataError) as error:
        read_sheets(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(path.name)
    return message.removeprefix(path.name)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xlsx", b"", "is empty"),
        ("a.csv", b"", "is empty"),
        ("a.xlsx", b"\n <!DOCTYPE html><html>Not found", "is a web page"),
        ("a.ods", b"<HTML><body>", "is a web page"),
        ("a.csv", b"\xef\xbb\xbf<html lang='en'>", "is a web page"),
        ("a.csv", "\ufeff<html>".encode("utf-16-le"), "is a web page"),
        ("a.xlsx", b"<?xml version='1.0'?><Workbook/>", "in XML"),
        ("a.xlsx", b"%PDF-1.7 ...", "is a PDF"),
        ("a.csv", b"\x1f\x8b\x08", "gzip"),
        ("a.xlsx", b"provider,rate\nLondon,1\n", "does not begin as one"),
        ("a.xls", b"\x09\x08\x08\x00\x00\x05\x10\x00", "before Excel 97"),
        ("a.csv", b"PK\x03\x04", "another zip that is called .csv"),
        ("a.xlsx", b"PK\x03\x04", "is damaged or was cut off"),
        ("a.xlsx", b"PK\x05\x06" + b"\0" * 18, "without a workbook"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is damaged or was cut off"),
        ("a.pdf", b"%PDF", "no table that can be read"),
        ("a", b"x", "no table that can be read"),
        ("a.csv", b"a,b\n1,\x00\n", "row 2"),
        ("a.csv", b"a,b\n\x81,1\n", "row 2: '0x81': is not text"),
        ("a.csv", b"\xff\xfea", "is not text"),
        ("a.csv", b",,\n\n", "holds no cell"),
        ("a.csv", b'a,b\n1,"2\n3,4\n', "row 2: cannot be split into cells"),
        ("a.csv", b'a,"b"c\n', "row 1: cannot be split into cells"),
    ],
)
def test_what_is_not_what_its_name_says(tmp_path, name, content, why):
    assert why in refused(written(tmp_path / name, content))


def test_a_folder_a_pipe_and_nothing(tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    os.mkfifo(tmp_path / "b.csv")
    assert "is a folder" in refused(tmp_path / "a.xlsx")
    assert "is no ordinary file" in refused(tmp_path / "b.csv")
    assert "is missing" in refused(tmp_path / "c.csv")
    assert "cannot be read" in refused(tmp_path / f"{'d' * 300}.csv")


def test_an_unreadable_file(tmp_path, monkeypatch):
    path = xlsx(tmp_path / "a.xlsx")

    def no(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", no)
    assert refused(path) == ": cannot be read: Permission denied"


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "FILE_BYTES", 100)
    assert "more than the" in refused(xlsx(tmp_path / "a.xlsx"))


@pytest.mark.parametrize("ending", ["xlsx", "ods", "xls", "csv"])
def test_a_name_that_promises_another_workbook(tmp_path, ending):
    made = {
        "xlsx": xlsx(tmp_path / "x.xlsx"),
        "ods": ods(tmp_path / "y.ods", row(cell("x"))),
        "xls": xls(tmp_path / "z.xls"),
    }
    for kind, path in made.items():
        if kind != ending:
            assert f"called .{ending}" in refused(written(tmp_path / f"a.{ending}", path.read_bytes()))


def test_another_zip_and_a_binary_workbook(tmp_path):
    assert "without a workbook" in refused(zipped(tmp_path / "a.xlsx", {"word/document.xml": "<a/>"}))
    assert "without a spreadsheet" in refused(zipped(tmp_path / "a.ods", {"mimetype": "x"}))
    assert ".xlsb" in refused(zipped(tmp_path / "b.xlsx", {"xl/workbook.bin": b"\0"}))


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.99])
def test_truncated_downloads(tmp_path, part):
    for path in (xlsx(tmp_path / "a.xlsx"), ods(tmp_path / "a.ods", row(cell("x")))):
        content = path.read_bytes()
        assert "is damaged or was cut off" in refused(written(path, content[: int(part * len(content))]))


def test_a_truncated_xls(tmp_path):
    content = xls(tmp_path / "a.xls").read_bytes()
    assert "get it again" in refused(written(tmp_path / "a.xls", content[: len(content) // 3]))


def test_a_flipped_bit(tmp_path):
    path = xlsx(tmp_path / "a.xlsx")
    content = bytearray(path.read_bytes())
    content[content.index(SHEET.encode()) + len(SHEET) + 20] ^= 4
    assert SHEET in refused(written(path, bytes(content)))


def test_password_protection(tmp_path):
    ole = xls(tmp_path / "a.xls").read_bytes()
    assert "password" in refused(written(tmp_path / "b.xlsx", ole + "EncryptedPackage".encode("utf-16-le")))
    place = making.stream_of(tmp_path / "a.xls") + 20
    locked = ole[:place] + b"\x2f\x00" + ole[place + 2 :]
    assert "password" in refused(written(tmp_path / "a.xls", locked))
    manifest = '<manifest><encryption-data checksum="x"/></manifest>'
    parts = ods_parts(row(cell("x"))) | {"META-INF/manifest.xml": manifest}
    assert "password" in refused(zipped(tmp_path / "a.ods", parts))
    path = xlsx(tmp_path / "a.xlsx")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refused(written(path, bytes(content)))


def test_declared_zip_bombs(tmp_path):
    bomb = b" " * (21 * limits.MEGABYTE)
    parts = xlsx_parts() | {"xl/comments.xml": bomb}
    assert "'xl/comments.xml'" in refused(zipped(tmp_path / "a.xlsx", parts))
    parts = ods_parts(row(cell("x"))) | {"styles.xml": bomb}
    assert "zip bomb" in refused(zipped(tmp_path / "a.ods", parts))


def test_a_zip_bomb_in_many_parts(tmp_path, monkeypatch):
    parts = xlsx_parts() | {f"xl/{i}.xml": b"<a/>" for i in range(limits.PARTS)}
    assert "parts" in refused(zipped(tmp_path / "a.xlsx", parts))


def test_lying_zip_bombs(apart, tmp_path):
    parts = xlsx_parts() | {SHEET: sheet_xml(CELL) + " " * 10_000_000}
    assert "larger than the archive says" in refused(making.lying(tmp_path / "a.xlsx", parts, SHEET, 400))
    parts = ods_parts(row(cell("x"))) | {"styles.xml": b"<a/>"}
    assert "damaged" in refused(making.lying(tmp_path / "a.ods", parts, "styles.xml", 5))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "xl/../../x.xml", "..\\x.xml", "C:/x.xml"]
)
def test_zips_that_point_outside_themselves(tmp_path, name):
    assert "outside the archive" in refused(zipped(tmp_path / "a.xlsx", xlsx_parts() | {name: "x"}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.xlsx"]


def test_a_sheet_that_points_outside(tmp_path):
    parts = xlsx_parts()
    related = str(parts["xl/_rels/workbook.xml.rels"]).replace("worksheets/sheet1.xml", "../../../etc/passwd")
    assert "outside the archive" in refused(
        zipped(tmp_path / "a.xlsx", parts | {"xl/_rels/workbook.xml.rels": related})
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_is_there_twice(tmp_path):
    path = xlsx(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET, sheet_xml(CELL))
    assert "twice" in refused(path)


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("definition", [LAUGHS, OUTSIDE, '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">'])
def test_document_type_definitions(tmp_path, definition):
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(f'<row r="1">{text("A1", "&a;")}</row>', definition))
    assert "document type definition" in refused(path)
    parts = ods_parts(row(cell("&amp;")))
    parts[CONTENT] = str(parts[CONTENT]).replace("?>", f"?>{definition}", 1)
    assert "document type definition" in refused(zipped(tmp_path / "a.ods", parts))
    parts = xlsx_parts() | {"docProps/core.xml": definition.encode("utf-16")}
    assert "not UTF-8" in refused(zipped(tmp_path / "a.xlsx", parts))


def test_absurd_dimensions_of_an_xlsx(apart, tmp_path):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    for rows in (far, CELL + far):
        assert ", sheet 'Sheet1', row 1048576, column XFD: " in refused(xlsx(tmp_path / "a.xlsx", rows))
    wide = '<row r="1"><c r="A1"><v>1</v></c><c r="ZZ1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>'
    assert ", sheet 'Sheet1'" in refused(xlsx(tmp_path / "a.xlsx", wide))
    beyond = '<row r="1"><c r="A4294967297"><v>1</v></c></row>'
    assert "column A: '4294967297': is a row" in refused(xlsx(tmp_path / "a.xlsx", beyond))


def test_a_formatted_but_empty_cell_far_away_is_no_reason(apart, tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row><row r="1048576" ht="3"/>'
    dimension = '<dimension ref="A1:XFD1048576"/>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(rows).replace("<sheetData>", f"{dimension}<sheetData>"))
    assert read_sheets(path)[0].rows == [[1]]


def test_absurd_dimensions_of_an_ods(apart, tmp_path):
    many = 'table:number-columns-repeated="{}"'
    for count in (703, 4_000_000_000, 10**30):
        assert refused(ods(tmp_path / "a.ods", row(cell("x", more=many.format(count)))))
    for times in (10_001, 10**11):
        message = refused(ods(tmp_path / "a.ods", row(cell("x")) + row(cell("x"), times=times)))
        assert (
            message == f", sheet 'Sheet1', row 2: says that a row is there {times} times, which no table does"
        )
    apart = row(cell("x")) + row("<table:table-cell/>", times=1_048_574)
    assert refused(
        ods(tmp_path / "a.ods", apart + row(f"<table:table-cell {many.format(16_383)}/>", cell("y")))
    )


def test_absurd_dimensions_of_an_xls(apart, tmp_path):
    path = xls(tmp_path / "a.xls")
    content = path.read_bytes()
    first = content.index(b"\xfd\x00\x0a\x00")  # the first text of the sheet: its row, then its column
    far = content[: first + 4] + b"\xff\xff\xff\x00" + content[first + 8 :]
    assert "row 65536, column IV" in refused(written(path, far))


def test_more_merged_cells_than_a_table_can_have(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MERGED", 20)
    merged = "".join(f'<mergeCell ref="A{i}:B{i + 8}"/>' for i in (1, 10, 19))
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="30"><c r="A30"><v>1</v></c></row>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(rows, after=f"<mergeCells>{merged}</mergeCells>"))
    assert "merged" in refused(path)
    covered = cell("x", tag="covered-table-cell")
    assert "merged" in refused(ods(tmp_path / "a.ods", row(cell("a"), covered, times=7) * 3))


@pytest.mark.full
def test_merged_cells_without_end(apart, tmp_path):
    merged = "".join(f'<mergeCell ref="A1:XFD{1_048_576 - i}"/>' for i in range(5000))
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="900000"><c r="A900000"><v>1</v></c></row>'
    assert "merged" in refused(
        xlsx(tmp_path / "a.xlsx", sheet_xml(rows, after=f"<mergeCells>{merged}</mergeCells>"))
    )
    covered = cell("x", tag="covered-table-cell")
    assert "merged" in refused(ods(tmp_path / "a.ods", row(cell("a"), covered, times=10_000) * 51))


def test_errors_without_end(apart, tmp_path):
    error = cell("#N/A", more='calcext:value-type="error" table:number-columns-repeated="700"')
    assert "cells in error" in refused(ods(tmp_path / "a.ods", row(error, times=10_000)))


def test_formulas_without_their_value(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="C2"><f>A1+1</f></c><c r="D2"><f>A1</f><v></v></c></row>'
    message = refused(xlsx(tmp_path / "a.xlsx", rows))
    assert message.startswith(
        ", sheet 'Sheet1', row 2, column C: holds a formula without its value (2 such cells)"
    )
    formula = '<table:table-cell table:formula="of:=1+1"/>'
    message = refused(ods(tmp_path / "a.ods", row(cell("x")), row(cell("x"), formula)))
    assert message.startswith(", sheet 'Sheet2', row 1, column B: holds a formula")


def test_two_sheets_of_one_name_and_none(tmp_path):
    assert "two sheets of one name" in refused(xlsx(tmp_path / "a.xlsx", CELL, CELL, names=("A", "a")))
    assert "two sheets of one name" in refused(
        ods(tmp_path / "a.ods", row(cell("x")), row(cell("y")), names=("A", "A"))
    )
    assert "no cell" in refused(xlsx(tmp_path / "a.xlsx", ""))
    parts = xlsx_parts()
    parts[WORKBOOK] = str(parts[WORKBOOK]).split("<sheets>")[0] + "<sheets/></workbook>"
    assert "no sheet" in refused(zipped(tmp_path / "a.xlsx", parts))


def test_cells_that_no_spreadsheet_would_show(tmp_path):
    long = f'<row r="3">{text("B3", "x" * (limits.TEXT + 1))}</row>'
    assert ", row 3, column B: holds 32768 characters" in refused(xlsx(tmp_path / "a.xlsx", long))
    for number in ("1e999", "NaN", "-INF"):
        assert refused(xlsx(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"><v>{number}</v></c></row>'))
    unknown = '<row r="1"><c r="A1" t="s"><v>99</v></c></row>'
    assert "cannot be read as .xlsx" in refused(xlsx(tmp_path / "a.xlsx", unknown))
    for broken in (sheet_xml(CELL)[:-20], sheet_xml(CELL).replace("<v>", "<w>"), "<?xml version='1.0'?>"):
        assert refused(xlsx(tmp_path / "a.xlsx", broken))


def test_a_csv_of_a_million_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "1," * 400_000)
    assert refused(path).startswith(", row 2: has 400001 columns")
    path.write_text("a\n" + "1," * 1_000_000)
    assert refused(path).startswith(", row 2: is longer than the 1000000 characters")
    path.write_text(f"a\n{'b' * 40_000}\n")
    assert refused(path).startswith(", row 2, column A: holds 40000 characters")


def test_a_quote_that_never_ends(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"' + "2\n" * 30_000)
    assert refused(path).startswith(", row 2: cannot be split into cells")
    path.write_text('a,b\n1,"' + "2\n" * 3_000_000)
    assert refused(path).startswith(", row 2: cannot be split into cells")
    path.write_text('a\n"b"' + ',"\n"' * 400_000)
    assert refused(path).startswith(", row 2: is longer")


def test_a_wide_and_long_csv(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited.limits, "CELLS", 1000)
    path = tmp_path / "a.csv"
    path.write_text("a\n" * 300 + ",".join("x" * 100))
    assert "row 11:" in refused(path) or "columns here" in refused(path)


@pytest.mark.parametrize(
    "rows", ["<c " * 1_000_000, '<row r="1"><c ' + 'r="AAA1" ' * 300_000, "<a>" * 300_000]
)
def test_xml_that_would_take_long_to_search(apart, tmp_path, rows):
    assert "bounded time" not in refused(xlsx(tmp_path / "a.xlsx", sheet_xml(rows)))


@pytest.mark.full
def test_one_text_in_very_many_cells(apart, tmp_path):
    shared = "<si><t>{}</t></si>".format("x" * limits.TEXT)
    parts = xlsx_parts(
        "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 70_000))
    )
    parts["xl/sharedStrings.xml"] = f"<sst>{shared}</sst>"
    related = str(parts["xl/_rels/workbook.xml.rels"])
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    more = f'<Relationship Id="r9" Type="{kind}" Target="sharedStrings.xml"/></Relationships>'
    parts["xl/_rels/workbook.xml.rels"] = related.replace("</Relationships>", more)
    assert ", sheet 'Sheet1': cannot be opened in bounded time and memory" in refused(
        zipped(tmp_path / "a.xlsx", parts)
    )


def test_what_takes_too_long_is_ended(apart, tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_PROGRAM", "import time; time.sleep(600)")
    monkeypatch.setattr(limits, "SECONDS", 0.1)
    message = refused(xlsx(tmp_path / "a.xlsx"))
    assert "takes longer" in message


BOMBS = """
import resource, sys
from pathlib import Path
from tr_analysis.official.workbooks import read_sheets
from tr_analysis.errors import DataError
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read_sheets(path)
    except DataError as error:
        assert len(str(error)) < 500
    else:
        raise SystemExit(f"{path} was read")
own = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(own.split()[1]) // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as Linux does")
def test_memory_stays_bounded(tmp_path):
    far = '<row r="1"><c r="A1"><v>1</v></c><c r="ZZ1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row>'
    xlsx(tmp_path / "far.xlsx", far)
    zipped(tmp_path / "bomb.xlsx", xlsx_parts() | {SHEET: sheet_xml(CELL) + " " * 30_000_000})
    making.lying(
        tmp_path / "lying.xlsx", xlsx_parts() | {SHEET: sheet_xml(CELL) + " " * 30_000_000}, SHEET, 500
    )
    ods(
        tmp_path / "rows.ods",
        row(cell("x" * 1000, more='table:number-columns-repeated="50"'), times=1_000_000),
    )
    written(tmp_path / "quote.csv", b'a,"' + b"b\n" * 2_000_000)
    written(tmp_path / "wide.csv", b"," * 4_000_000)
    env = {"PYTHONPATH": str(Path(tr_analysis.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", BOMBS, str(tmp_path)], capture_output=True, text=True, check=True, env=env
    )
    parent, child = map(int, done.stdout.split())
    assert parent < 120, "MB in the process that asks"
    assert child < limits.MEMORY // limits.MEGABYTE, "MB in the process that opens"
