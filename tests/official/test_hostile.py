"""Every broken or hostile file ends in one sentence that names it: no traceback, no hang, bounded memory."""

import os
import random
import zipfile
from pathlib import Path

import pytest

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
from tr_analysis.official import workbooks
from tr_analysis.official.workbooks import read_sheets

SHEET, WORKBOOK, CONTENT = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "content.xml"
FAR = '<row r="1048576"><c r="{}1048576"><v>1</v></c></row>'


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


NOT_ONE, NOT_READ = "for it does not begin as one", "damaged, cut off or protected by a password"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xlsx", b"", NOT_ONE),
        ("a.xlsx", b"\n <!DOCTYPE html><html>Not found", NOT_ONE),
        ("a.csv", b"\xef\xbb\xbf<html lang='en'>", NOT_ONE),
        ("a.csv", b"PK\x03\x04", NOT_ONE),
        ("a.xls", b"\x09\x08\x08\x00\x00\x05\x10\x00", NOT_ONE),
        ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), NOT_ONE),
        ("a.xlsx", b"PK\x03\x04", NOT_READ),
        ("a.xlsx", b"PK\x05\x06" + b"\0" * 18, NOT_READ),
        ("a.xls", OLE, NOT_READ),
        ("a.csv", b"a,b\n\x81,1\n", NOT_READ),
        ("a.zip", b"PK\x05\x06" + b"\0" * 18, "holds no cell"),
        ("a.pdf", b"%PDF", "no table that can be read"),
        ("a.csv", b",,\n\n", "holds no cell"),
        ("a.csv", b'a,b\n1,"2\n3,4\n', "row 2: cannot be split into cells"),
        ("a.csv", b'a,"b"c\n', "row 1: cannot be split into cells"),
        ("a.csv", b"a\n" + b"1," * 400_000, "row 2, column"),
        ("a.csv", b"a\n" + b"b" * 140_000, "row 2: cannot be split into cells (field larger"),
        ("a.csv", b'a,b\n1,"' + b"2\n" * 3_000_000, "row 2: cannot be split into cells"),
        ("a.csv", b"Leeds,1,2\n" * 200_000, "row 5001, column"),
    ],
)  # fmt: skip
def test_what_is_not_what_its_name_says(tmp_path, name, content, why):
    assert why in refused(written(tmp_path / name, content))


def test_a_folder_a_pipe_and_nothing(tmp_path):
    (tmp_path / "a.xlsx").mkdir()
    os.mkfifo(tmp_path / "b.csv")
    for name in ("a.xlsx", "b.csv"):
        assert "is a folder, or no ordinary file" in refused(tmp_path / name)
    for name in ("c.csv", f"{'d' * 300}.csv"):
        assert "it is missing" in refused(tmp_path / name)


@pytest.mark.parametrize(
    ("bound", "most", "why"),
    [("FILE_BYTES", 100, "MB a table may have"), ("CELLS", 0, "row 1, column 1: reaches"), ("CHARACTERS", 50, "characters")],
)  # fmt: skip
def test_every_bound_is_kept(tmp_path, monkeypatch, bound, most, why):
    monkeypatch.setattr(workbooks, bound, most)
    assert why in refused(xlsx(tmp_path / "a.xlsx", f'<row r="1">{text("A1", "x" * 60)}</row>'))


def test_downloads_that_were_cut_off_or_changed(tmp_path):
    for path in (xlsx(tmp_path / "a.xlsx"), ods(tmp_path / "a.ods", row(cell("x"))), xls(tmp_path / "a.xls")):
        content = path.read_bytes()
        for part in (0.2, 0.5, 0.9):
            assert NOT_READ in refused(written(path, content[: int(part * len(content))]))
    flipped = bytearray(xlsx(tmp_path / "a.xlsx").read_bytes())
    flipped[flipped.index(SHEET.encode()) + len(SHEET) + 20] ^= 4
    assert NOT_READ in refused(written(tmp_path / "a.xlsx", bytes(flipped)))
    parts = xlsx_parts() | {SHEET: sheet_xml(CELL) + " " * 10_000_000}
    assert NOT_READ in refused(making.lying(tmp_path / "a.xlsx", parts, SHEET, 400))


def test_zips_and_sheets_that_point_outside_themselves(tmp_path):
    folder = tmp_path / "downloads"
    folder.mkdir()
    names = ("../../etc/passwd", "/etc/passwd", "xl/../../x.xml", "..\\x.xml", "C:/x.xml")
    path = zipped(folder / "a.xlsx", xlsx_parts() | dict.fromkeys(names, "x"))
    assert read_sheets(path)[0].rows == [[1]]
    assert {path.name for path in tmp_path.rglob("*")} == {"downloads", "a.xlsx"}  # nothing is unpacked
    relations = "xl/_rels/workbook.xml.rels"
    related = str(xlsx_parts()[relations]).replace("worksheets/sheet1.xml", "../../../etc/passwd")
    assert NOT_READ in refused(zipped(path, xlsx_parts() | {relations: related}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_there_twice(tmp_path):
    path = xlsx(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET, sheet_xml(CELL))
    assert refused(path).endswith(f"two parts of one name; pack or save it again: {SHEET!r}")
    for again in ("a.csv", "A.csv"):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.csv", "x,1")
            archive.writestr(again, "x,2")
        assert "two parts of one name" in refused(tmp_path / "a.zip")
    rename = "holds two sheets of one name; rename one of them: "
    assert f"{rename}'a'" in refused(zipped(tmp_path / "a.zip", {"1/a.csv": "x,1", "2/a.csv": "x,2"}))
    names = ("One", "one")
    assert f"{rename}'one'" in refused(xlsx(tmp_path / "a.xlsx", CELL, CELL, names=names))
    assert f"{rename}'one'" in refused(ods(tmp_path / "a.ods", row(cell("x")), row(cell("x")), names=names))


def test_definitions_of_documents_take_no_effect(tmp_path):
    for entity in ('"ha"', 'SYSTEM "file:///etc/passwd"'):
        definition = f'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd" [<!ENTITY a {entity}>]>'
        path = xlsx(tmp_path / "a.xlsx", sheet_xml(f'<row r="1">{text("A1", "&a;")}</row>', definition))
        assert NOT_READ in refused(path)
        parts = ods_parts(row(cell("&a;")))
        parts[CONTENT] = str(parts[CONTENT]).replace("?>", f"?>{definition}", 1)
        assert NOT_READ in refused(zipped(tmp_path / "a.ods", parts))


def test_absurd_dimensions(apart, tmp_path):
    for rows in (FAR.format("XFD"), f'<row r="2"><c r="ZZ2"><v>1</v></c></row>{FAR.format("A")}'):
        assert ": takes more" in refused(xlsx(tmp_path / "a.xlsx", CELL + rows))
    wide = xlsx(tmp_path / "a.xlsx", '<row r="1"><c r="AAA1"><v>1</v></c></row>')
    assert ", row 1, column 703: reaches" in refused(wide)
    many = 'table:number-columns-repeated="{}"'
    for count in (703, 4_000_000_000, 10**30):
        assert refused(ods(tmp_path / "a.ods", row(cell("x", more=many.format(count)))))


def test_a_formatted_but_empty_cell_far_away_is_no_reason(tmp_path):
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row><row r="1048576" ht="3"/>'
    dimension = '<dimension ref="A1:XFD1048576"/>'
    path = xlsx(tmp_path / "a.xlsx", sheet_xml(rows).replace("<sheetData>", f"{dimension}<sheetData>"))
    assert read_sheets(path)[0].rows == [[1]]


FAILED = cell("#N/A", more='calcext:value-type="error" table:formula="of:=NA()" office:string-value=""')
COVERED = cell("under", tag="covered-table-cell", more='table:number-columns-repeated="2"')


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="C2" t="e"><v>#N/A</v></c></row>',
        *(f'<row r="2"><c r="C2" s="1" t="n">{f}</c></row>' for f in ("<f>A1+1</f>", "<f>A1</f><v></v>", '<f t="shared" si="0"/><v/>')),
        row(cell("x"), FAILED),
        row(cell("#DIV/0!", "float", "0", 'table:formula="of:=1/0"')),
        row(cell("x"), '<table:table-cell table:formula="of:=IF([.A1]>0;1;2)"/>'),
        row(cell("m"), COVERED, cell("x")),
    ],
)  # fmt: skip
def test_cells_that_would_be_read_as_nothing(tmp_path, rows):
    why = "holds a cell in error, a formula without its value"
    if rows.startswith("<row"):
        message = refused(xlsx(tmp_path / "a.xlsx", CELL + rows))
        assert message.startswith(f", sheet 'sheet1', column C2: {why}")
    else:
        message = refused(ods(tmp_path / "a.ods", row(cell("x")), rows))
        assert message.startswith(f", sheet 'Sheet2': {why}")


def test_cells_that_no_spreadsheet_would_show(tmp_path):
    rows = [f'<row r="1"><c r="A1"><v>{number}</v></c></row>' for number in ("1e999", "NaN", "-INF")]
    rows += ['<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "<?xml version='1.0'?>"]
    rows += [sheet_xml(CELL)[:-20], sheet_xml(CELL).replace("<v>", "<w>")]
    for sheet in rows:
        assert NOT_READ in refused(xlsx(tmp_path / "a.xlsx", sheet))


@pytest.mark.parametrize(
    "rows", ["<c " * 1_000_000, '<row r="1"><c ' + 'r="AAA1" ' * 300_000, "<a>" * 300_000, "<c><f>" * 300_000]
)
def test_xml_that_would_take_long_to_search(apart, tmp_path, rows):
    assert "more time" not in refused(xlsx(tmp_path / "a.xlsx", sheet_xml(rows)))


def test_what_takes_too_long_is_ended(apart, tmp_path, monkeypatch):
    program = written(tmp_path / "sleeps.py", b"import time; time.sleep(600)")
    monkeypatch.setattr(workbooks, "__file__", str(program))
    monkeypatch.setattr(workbooks, "SECONDS", 0.1)
    assert "takes more time" in refused(xlsx(tmp_path / "a.xlsx"))


SPICES = b'< > " & / = , -1 r= \0 \n \xff ]]> 4294967296 1e308 t="s" XFD'.split(b" ")


def valid(folder: Path) -> list[Path]:
    """Return one file of each kind."""
    merged = '<mergeCells><mergeCell ref="A3:B3"/></mergeCells>'
    rows = (
        f'<row r="1">{text("A1", "CRC&#10;name")}{text("B1", "Number of offenders")}</row>'
        '<row r="2"><c r="B2"><f>1+1</f><v>2</v></c><c r="C2" s="1"><v>42737</v></c></row>'
        f'<row r="3">{text("A3", "m")}<c r="D3"><v>1.5</v></c><c r="E3" t="b"><v>1</v></c></row>'
    )
    tables = row(cell("a"), cell("1", "float", "1"), cell("d", "date", "2017-01-02"), times=2)
    return [
        xlsx(folder / "a.xlsx", sheet_xml(rows, after=merged), "", names=("One", "Two")),
        ods(folder / "a.ods", tables, names=("A4a",)),
        xls(folder / "a.xls"),
        written(folder / "a.csv", 'note\n"Kent, Surrey",45.4,£\n"he said ""x""",*,\n'.encode() * 3),
    ]


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return some bytes with a few of them changed, repeated or lost."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        place = chance.randrange(len(content) + 1)
        end = min(len(content), place + chance.choice((1, 1, 2, 8, 64)))
        kinds = chance.randbytes(end - place), chance.choice(SPICES), b"", content[place:end] * 50
        content = content[:place] + chance.choice(kinds) + content[end:]
    return content[: max(1, chance.randrange(len(content) + 1))] if chance.random() < 0.05 else content


def broken(path: Path, chance: random.Random) -> bytes:
    """Return the content of a file with a fault in it; in a zip mostly in one of its parts, packed again."""
    content = path.read_bytes()
    if path.suffix in (".csv", ".xls") or chance.random() < 0.15:
        return changed(content, chance)
    with zipfile.ZipFile(path) as archive:
        part = chance.choice(archive.namelist())
        return making.repacked(content, part, changed(archive.read(part), chance))


@pytest.mark.parametrize("cases", [40, pytest.param(600, marks=pytest.mark.full)])
def test_broken_files_are_read_or_refused_and_nothing_is_left_behind(apart, tmp_path, monkeypatch, cases):
    temporary, folder, read = tmp_path / "temporary", tmp_path / "files", 0
    temporary.mkdir()
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    files = valid(folder)
    for number in range(cases):
        chance = random.Random(f"{cases}/{number}")  # so that a failure comes again
        original = chance.choice(files)
        path = written(folder / f"case{original.suffix}", broken(original, chance))
        try:
            read += bool(read_sheets(path))
        except DataError as error:
            assert "\n" not in str(error), (number, str(error))
            assert str(error).startswith(path.name), (number, str(error))
    assert min(read, cases - read) > cases // 10
    assert list(temporary.iterdir()) == []
    assert {path.stem for path in folder.iterdir()} == {"a", "case"}
