"""What a healthy file says comes out as it stands there."""

import datetime

import pytest

from tests.official.making import CELL, DATE, cell, ods, row, sheet_xml, text, xls, xlsx, xlsx_parts, zipped
from tr_analysis.official.workbooks import Sheet, read_sheets

DAY, MOMENT = datetime.date(2017, 1, 2), datetime.datetime(2017, 1, 2, 12)
MERGED = '<mergeCells><mergeCell ref="A1:B1048576"/></mergeCells>'
UNDER = f'<row r="1">{text("A1", "m")}{text("B1", "under")}{text("C1", "x")}</row><row r="2">{text("A2", "under")}</row>'
XLSX = {
    "kinds": (f'<row r="2">{text("B2", "CRC")}<c r="C2"><v>45.4</v></c><c r="D2" t="b"><v>1</v></c></row>',
        [[None] * 4, [None, "CRC", 45.4, True]]),
    "dates": (f'<row r="1"><c r="A1" s="{DATE}"><v>42737</v></c><c r="B1" s="{DATE}"><v>42737.5</v></c></row>', [[DAY, MOMENT]]),
    "signs": (f'<row r="1">{text("A1", "1&#160;234 &amp; &lt;&#x2013;&gt;_x000D_&#10;~")}</row>', [["1\xa0234 & <–>\r\n~"]]),
    "formulas": ('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c>'
        '<c r="C1" t="str"><f>""</f><v/></c></row>', [[2, "a", None]]),
    "merged": (sheet_xml(UNDER, after=MERGED), [["m", None, "x"], [None] * 3]),
}  # fmt: skip
NOTE = '<table:table-cell office:value-type="string"><office:annotation><text:p>c</text:p></office:annotation><text:p>d</text:p></table:table-cell>'
EMPTY = '<table:table-cell table:number-columns-repeated="16384"/>'
KINDS = (cell("12", "float", "12"), cell("25%", "percentage", "0.25"), cell("2 Jan", "date", "2017-01-02"),
    cell("TRUE", "boolean", "true"), cell("a</text:p><text:p>b"), NOTE)  # fmt: skip
ODS = {
    "kinds": (row(*KINDS), [[12, 0.25, DAY, True, "a\nb", "d"]]),
    "empty": (row(EMPTY, times=2) + row(cell("x")) + row(EMPTY, times=1048573), [[None], [None], ["x"]]),
    "repeated": (row(cell("x"), cell("7", "float", "7", 'table:number-columns-repeated="3"'), times=2), [["x", 7, 7, 7]] * 2),
    "formulas": (row(cell("2", "float", "2", 'table:formula="of:=1+1"')), [[2]]),
}  # fmt: skip


def read(path):
    (sheet,) = read_sheets(path)
    return sheet.rows


@pytest.mark.parametrize(("make", "ending", "case"), [*((xlsx, "xlsx", c) for c in XLSX), *((ods, "ods", c) for c in ODS)])  # fmt: skip
def test_cells_of_a_workbook(tmp_path, make, ending, case):
    rows, expected = (XLSX if make is xlsx else ODS)[case]
    assert read(make(tmp_path / f"a.{ending}", rows)) == expected


def test_cells_of_an_xls_and_dates_since_1904(tmp_path):  # an error in an xls cannot be told from nothing
    rows = [["London", 12, 45.4], [DAY, None, None], ["merged", None, None], [None, None, "end"]]
    assert read(xls(tmp_path / "a.xls")) == rows
    assert read(xls(tmp_path / "a.xls", since_1904=True)) == rows
    since = f'<row r="1"><c r="A1" s="{DATE}"><v>{42737 - 1462}</v></c></row>'
    assert read(xlsx(tmp_path / "a.xlsx", since, since_1904=True)) == [[DAY]]


def test_sheets_keep_their_order_and_hidden_ones_are_marked(tmp_path):
    path = xlsx(tmp_path / "a.xlsx", CELL, "", "", names=("b", "a", "ç & d"), state="veryHidden")
    assert read_sheets(path) == [Sheet("b", [[1]]), Sheet("a", [], True), Sheet("ç & d", [], True)]


def test_macros_and_links_to_other_files_take_no_effect(tmp_path):
    parts = xlsx_parts('<row r="1"><c r="A1"><f>[1]Sheet1!A1</f><v>5</v></c></row>')
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"
    parts["xl/vbaProject.bin"] = b"\0macro"
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}" Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
    )
    for name in ("a.xlsx", "a.xlsm", "A.XLSX"):
        assert read(zipped(tmp_path / name, parts)) == [[5]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_in_every_encoding_and_with_every_end_of_line(tmp_path, encoding, end):
    path = tmp_path / "a.csv"
    lines = 'provider,rate\n"Kent, Surrey",45.4\n"two\nlines",£\n\na,"he said ""x""",y\n'
    path.write_bytes(lines.replace("\n", end).encode(encoding))
    rows = [["provider", "rate"], ["Kent, Surrey", "45.4"], [f"two{end}lines", "£"], []]
    filled = [row + [None] * (3 - len(row)) for row in rows]
    assert read_sheets(path) == [Sheet("a", [*filled, ["a", 'he said "x"', "y"]])]
