"""Every broken or hostile file ends in one sentence that names it: no traceback, no hang, bounded memory."""

import os
import random
import zipfile
from pathlib import Path

import pytest

from tests.official.making import (
    CELL,
    cell,
    lying,
    ods,
    ods_parts,
    row,
    sheet_xml,
    text,
    unzipped,
    xls,
    xlsx,
    xlsx_parts,
    zipped,
)  # fmt: skip
from tr_analysis.errors import DataError
from tr_analysis.official import workbooks
from tr_analysis.official.workbooks import read_sheets

SHEET, RELATIONS = "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"
NOT_ONE, NOT_READ = "for it does not begin as one", "damaged, cut off or protected by a password"
RENAME, TWICE = (
    "two sheets of one name; rename one of them: ",
    "two parts of one name; pack or save it again: ",
)
ERROR = "holds a cell in error, a formula without its value"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENTITIES = [f'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd" [<!ENTITY a {e}>]>' for e in ('"ha"', 'SYSTEM "file:///etc/passwd"')]  # fmt: skip
FAILED = cell("#N/A", more='calcext:value-type="error" table:formula="of:=NA()" office:string-value=""')
COVERED = cell("under", tag="covered-table-cell", more='table:number-columns-repeated="2"')
OUTSIDE = xlsx_parts()[RELATIONS].replace(b"worksheets/sheet1.xml", b"../../../etc/passwd")


def saved(path: Path, content: object) -> Path:
    """Write bytes, the parts of a zip, or the rows of sheets as the workbook that the name says."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, dict):
        zipped(path, content)
    else:
        rows, names = (content, ()) if isinstance(content, list) else content
        (ods if path.suffix == ".ods" else xlsx)(path, *rows, names=names)
    return path


def refused(path: Path) -> str:
    """Return the one sentence in which a file is refused, and see that it names the file."""
    with pytest.raises(DataError) as error:
        read_sheets(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(path.name)
    return message.removeprefix(path.name)


def formula(inside: str) -> str:
    return f'{CELL}<row r="2"><c r="C2" s="1" t="n">{inside}</c></row>'


HOSTILE = {
    "empty": ("a.xlsx", b"", NOT_ONE),
    "a web page": ("a.xlsx", b"\n <!DOCTYPE html><html>Not found", NOT_ONE),
    "a web page for a csv": ("a.csv", b"\xef\xbb\xbf<html lang='en'>", NOT_ONE),
    "a zip for a csv": ("a.csv", b"PK\x03\x04", NOT_ONE),
    "an xls of another kind": ("a.xls", b"\x09\x08\x08\x00\x00\x05\x10\x00", NOT_ONE),
    "with a password": ("a.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), NOT_ONE),
    "only the head of a zip": ("a.xlsx", b"PK\x03\x04", NOT_READ),
    "a zip of nothing": ("a.xlsx", b"PK\x05\x06" + b"\0" * 18, NOT_READ),
    "only the head of an xls": ("a.xls", OLE, NOT_READ),
    "no text": ("a.csv", b"a,b\n\x81,1\n", NOT_READ),
    "no table in a zip": ("a.zip", b"PK\x05\x06" + b"\0" * 18, "holds no cell"),
    "no table": ("a.pdf", b"%PDF", "no table that can be read"),
    "no cell": ("a.csv", b",,\n\n", "holds no cell"),
    "a quote that never ends": ("a.csv", b'a,b\n1,"2\n3,4\n', "row 2: cannot be split into cells"),
    "a text beside a quote": ("a.csv", b'a,"b"c\n', "row 1: cannot be split into cells"),
    "wide": ("a.csv", b"a\n" + b"1," * 400_000, "row 2, column"),
    "a long cell": ("a.csv", b"a\n" + b"b" * 140_000, "row 2: cannot be split into cells (field larger"),
    "a long quote": ("a.csv", b'a,b\n1,"' + b"2\n" * 3_000_000, "row 2: cannot be split into cells"),
    "long": ("a.csv", b"Leeds,1,2\n" * 200_000, "row 5001, column"),
    "a sheet outside": ("a.xlsx", xlsx_parts() | {RELATIONS: OUTSIDE}, NOT_READ),
    "sheets of one name": ("a.xlsx", ([CELL, CELL], ("One", "one")), f"{RENAME}'one'"),
    "sheets of one name, ods": ("a.ods", ([row(cell("x"))] * 2, ("One", "one")), f"{RENAME}'one'"),
    "sheets of one name, zip": ("a.zip", {"1/a.csv": "x,1", "2/a.csv": "x,2"}, f"{RENAME}'a'"),
    "parts of one name": ("a.zip", {"a.csv": "x,1", "A.csv": "x,2"}, f"{TWICE}'A.csv'"),
    **{f"a definition {i}": ("a.xlsx", [sheet_xml(f'<row r="1">{text("A1", "&a;")}</row>', entity)], NOT_READ) for i, entity in enumerate(ENTITIES)},
    **{f"a definition {i}, ods": ("a.ods", {name: str(part).replace("?>", f"?>{entity}", 1) if name == "content.xml" else part
        for name, part in ods_parts(row(cell("&a;"))).items()}, NOT_READ) for i, entity in enumerate(ENTITIES)},
    "a cell in error": ("a.xlsx", [f'{CELL}<row r="2"><c r="C2" t="e"><v>#N/A</v></c></row>'], f", sheet 'sheet1', column C2: {ERROR}"),
    **{f"a formula without a value {i}": ("a.xlsx", [formula(f)], f", sheet 'sheet1', column C2: {ERROR}")
        for i, f in enumerate(("<f>A1+1</f>", "<f>A1</f><v></v>", '<f t="shared" si="0"/><v/>'))},
    **{f"{what}, ods": ("a.ods", [row(cell("x")), row(*cells)], f", sheet 'Sheet2': {ERROR}") for what, cells in {
        "a cell in error": [cell("x"), FAILED],
        "a number in error": [cell("#DIV/0!", "float", "0", 'table:formula="of:=1/0"')],
        "a formula without a value": [cell("x"), '<table:table-cell table:formula="of:=IF([.A1]>0;1;2)"/>'],
        "a text under a merged cell": [cell("m"), COVERED, cell("x")]}.items()},
    **{f"the number {n}": ("a.xlsx", [f'<row r="1"><c r="A1"><v>{n}</v></c></row>'], NOT_READ) for n in ("1e999", "NaN", "-INF")},
    "a text that is not there": ("a.xlsx", ['<row r="1"><c r="A1" t="s"><v>99</v></c></row>'], NOT_READ),
    "XML of nothing": ("a.xlsx", ["<?xml version='1.0'?>"], NOT_READ),
    "XML cut off": ("a.xlsx", [sheet_xml(CELL)[:-20]], NOT_READ),
    "XML not closed": ("a.xlsx", [sheet_xml(CELL).replace("<v>", "<w>")], NOT_READ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_not_what_its_name_says(tmp_path, case):
    name, content, why = HOSTILE[case]
    assert why in refused(saved(tmp_path / name, content))


FAR = '<row r="1048576"><c r="{}1048576"><v>1</v></c></row>'
APART = {
    "a cell far away": ("a.xlsx", [CELL + FAR.format("XFD")], ": takes more"),
    "two cells far apart": ("a.xlsx", [f'{CELL}<row r="2"><c r="ZZ2"><v>1</v></c></row>{FAR.format("A")}'], ": takes more"),
    "wide": ("a.xlsx", ['<row r="1"><c r="AAA1"><v>1</v></c></row>'], ", row 1, column 703: reaches"),
    **{f"a cell repeated {n} times": ("a.ods", [row(cell("x", more=f'table:number-columns-repeated="{n}"'))], "")
        for n in (703, 4_000_000_000, 10**30)},
    **{f"XML that takes long to search {i}": ("a.xlsx", [sheet_xml(rows)], why) for i, (rows, why) in enumerate((
        ("<c " * 1_000_000, NOT_READ), ('<row r="1"><c ' + 'r="AAA1" ' * 300_000, NOT_READ),
        ("<a>" * 300_000, "holds no cell"), ("<c><f>" * 300_000, NOT_READ)))},
}  # fmt: skip


@pytest.mark.parametrize("case", APART)
def test_what_takes_more_than_a_table_does(apart, tmp_path, case):
    name, content, why = APART[case]
    assert why in refused(saved(tmp_path / name, content))


def test_what_takes_too_long_is_ended(apart, tmp_path, monkeypatch):
    program = saved(tmp_path / "sleeps.py", b"import time; time.sleep(600)")
    monkeypatch.setattr(workbooks, "__file__", str(program))
    monkeypatch.setattr(workbooks, "SECONDS", 0.1)
    assert "takes more time" in refused(xlsx(tmp_path / "a.xlsx"))


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


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips_that_were_cut_off_or_changed_or_say_two_things(tmp_path):
    for path in (xlsx(tmp_path / "a.xlsx"), ods(tmp_path / "a.ods", row(cell("x"))), xls(tmp_path / "a.xls")):
        content = path.read_bytes()
        for part in (0.2, 0.5, 0.9):
            assert NOT_READ in refused(saved(path, content[: int(part * len(content))]))
    path = tmp_path / "a.xlsx"
    flipped = bytearray(xlsx(path).read_bytes())
    flipped[flipped.index(SHEET.encode()) + len(SHEET) + 20] ^= 4
    assert NOT_READ in refused(saved(path, bytes(flipped)))
    assert NOT_READ in refused(
        lying(path, xlsx_parts() | {SHEET: sheet_xml(CELL) + " " * 10_000_000}, SHEET, 400)
    )
    with zipfile.ZipFile(xlsx(path), "a") as archive:
        archive.writestr(SHEET, sheet_xml(CELL))
    assert refused(path).endswith(f"{TWICE}{SHEET!r}")


def test_nothing_is_unpacked_and_what_is_only_formatted_does_not_count(tmp_path):
    names = ("../../etc/passwd", "/etc/passwd", "xl/../../x.xml", "..\\x.xml", "C:/x.xml")
    path = zipped(tmp_path / "a.xlsx", xlsx_parts() | dict.fromkeys(names, "x"))
    assert read_sheets(path)[0].rows == [[1]]
    assert list(tmp_path.iterdir()) == [path]
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row><row r="1048576" ht="3"/>'
    wide = sheet_xml(rows).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    assert read_sheets(xlsx(path, wide))[0].rows == [[1]]


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
        saved(folder / "a.csv", 'note\n"Kent, Surrey",45.4,£\n"he said ""x""",*,\n'.encode() * 3),
    ]


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return some bytes with a few of them changed, repeated or lost."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        place = chance.randrange(len(content) + 1)
        end = min(len(content), place + chance.choice((1, 1, 2, 8, 64)))
        kinds = chance.randbytes(end - place), chance.choice(SPICES), b"", content[place:end] * 50
        content = content[:place] + chance.choice(kinds) + content[end:]
    return content[: max(1, chance.randrange(len(content) + 1))] if chance.random() < 0.05 else content


def broken(path: Path, chance: random.Random) -> object:
    """Return the content of a file with a fault in it; in a zip mostly in one of its parts, packed again."""
    content = path.read_bytes()
    if path.suffix in (".csv", ".xls") or chance.random() < 0.15:
        return changed(content, chance)
    parts = unzipped(content)
    part = chance.choice(list(parts))
    return parts | {part: changed(parts[part], chance)}


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
        path = saved(folder / f"case{original.suffix}", broken(original, chance))
        try:
            read += bool(read_sheets(path))
        except DataError as error:
            assert "\n" not in str(error), (number, str(error))
            assert str(error).startswith(path.name), (number, str(error))
    assert min(read, cases - read) > cases // 10
    assert list(temporary.iterdir()) == []
    assert {path.stem for path in folder.iterdir()} == {"a", "case"}
