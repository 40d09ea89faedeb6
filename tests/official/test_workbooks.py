"""What a healthy file says comes out as it stands there."""

import datetime

import openpyxl
import pytest

from tests.official.making import (
    DATE,
    cell,
    ods,
    row,
    sheet_xml,
    text,
    xls,
    xlsx,
    xlsx_parts,
    zipped,
)
from tr_analysis.official.workbooks import Sheet, read_sheets

DAY, MOMENT = datetime.date(2017, 1, 2), datetime.datetime(2017, 1, 2, 12)


@pytest.fixture
def read(tmp_path):
    def rows(path):
        (sheet,) = read_sheets(path)
        return sheet.rows

    return rows


def test_values_of_an_xlsx(tmp_path, read):
    cells = (
        text("B2", "CRC\nname ")
        + '<c r="C2"><v>12</v></c><c r="D2"><v>45.4</v></c><c r="E2" t="b"><v>1</v></c>'
    )
    dates = f'<c r="B3" s="{DATE}"><v>42737</v></c><c r="C3" s="{DATE}"><v>42737.5</v></c>'
    path = xlsx(tmp_path / "a.xlsx", f'<row r="2">{cells}</row><row r="3">{dates}</row>')
    assert read(path) == [
        [None] * 5,
        [None, "CRC\nname ", 12, 45.4, True],
        [None, DAY, MOMENT, None, None],
    ]


def test_texts_keep_their_spaces_signs_and_breaks(tmp_path, read):
    path = xlsx(
        tmp_path / "a.xlsx",
        f'<row r="1">{text("A1", "1&#160;234 &amp; &lt;&#x2013;&gt;_x000D_&#10;~")}</row>',
    )
    assert read(path) == [["1\xa0234 & <–>\r\n~"]]


def test_dates_since_1904(tmp_path, read):
    rows = f'<row r="1"><c r="A1" s="{DATE}"><v>{42737 - 1462}</v></c></row>'
    assert read(xlsx(tmp_path / "a.xlsx", rows, more='<workbookPr date1904="1"/>')) == [[DAY]]
    assert read(xls(tmp_path / "a.xls", since_1904=True))[1][0] == DAY


def test_what_lies_under_a_merged_cell_is_nothing(tmp_path, read):
    rows = f'<row r="1">{text("A1", "m")}{text("B1", "under")}{text("C1", "x")}</row><row r="2">{text("A2", "under")}</row>'
    merged = '<mergeCells><mergeCell ref="A1:B1048576"/></mergeCells>'
    assert read(xlsx(tmp_path / "a.xlsx", sheet_xml(rows, after=merged))) == [["m", None, "x"], [None] * 3]
    covered = cell("under", tag="covered-table-cell", more='table:number-columns-repeated="2"')
    assert read(ods(tmp_path / "a.ods", row(cell("m"), covered, cell("x")))) == [["m", None, None, "x"]]


def test_cells_in_error_show_what_the_sheet_shows(tmp_path, read):
    rows = '<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c t="e"><v>#DIV/0!</v></c></row><row><c><v>1</v></c></row>'
    assert read(xlsx(tmp_path / "a.xlsx", rows)) == [["#N/A", "#DIV/0!"], [1, None]]
    error = cell("#N/A", more='calcext:value-type="error" table:formula="of:=NA()" office:string-value=""')
    assert read(ods(tmp_path / "a.ods", row(cell("x"), error) + row(error, times=2))) == [
        ["x", "#N/A"],
        ["#N/A", None],
        ["#N/A", None],
    ]


def test_values_of_an_xls(tmp_path, read):
    assert read(xls(tmp_path / "a.xls")) == [
        ["London", 12, 45.4],
        [DAY, None, None],  # an error in an .xls cannot be told from nothing
        ["merged", None, None],
        [None, None, "end"],
    ]


def test_values_of_an_ods(tmp_path, read):
    kinds = (
        cell("x"),
        cell("12", "float", "12"),
        cell("25%", "percentage", "0.25"),
        cell("2 Jan", "date", "2017-01-02"),
    )
    more = cell("TRUE", "boolean", "true"), cell("a</text:p><text:p>b")
    note = '<table:table-cell office:value-type="string"><office:annotation><text:p>c</text:p></office:annotation><text:p>d</text:p></table:table-cell>'
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    path = ods(tmp_path / "a.ods", row(empty, times=2) + row(*kinds, *more, note) + row(empty, times=1048573))
    assert read(path) == [[None] * 7, [None] * 7, ["x", 12, 0.25, DAY, True, "a\nb", "d"]]


def test_repeated_cells_of_an_ods_are_written_out(tmp_path, read):
    path = ods(
        tmp_path / "a.ods",
        row(cell("x"), cell("7", "float", "7", 'table:number-columns-repeated="3"'), times=2),
    )
    assert read(path) == [["x", 7, 7, 7]] * 2


def test_formulas_give_their_stored_values(tmp_path, read):
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c><c r="C1" t="str"><f>""</f><v/></c></row>'
    assert read(xlsx(tmp_path / "a.xlsx", rows)) == [[2, "a", None]]
    path = ods(tmp_path / "a.ods", row(cell("2", "float", "2", 'table:formula="of:=1+1"')))
    assert read(path) == [[2]]


def test_sheets_keep_their_order_and_hidden_ones_are_marked(tmp_path):
    path = xlsx(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1"><v>1</v></c></row>',
        "",
        "",
        names=("b", "a", "ç &amp; d"),
        state="veryHidden",
    )
    assert read_sheets(path) == [
        Sheet("b", [[1]]),
        Sheet("a", [], hidden=True),
        Sheet("ç & d", [], hidden=True),
    ]


def test_charts_are_left_out(tmp_path):
    book = openpyxl.Workbook()
    book.active.append([1])
    book.create_chartsheet("chart")
    book.save(tmp_path / "a.xlsx")
    assert [sheet.name for sheet in read_sheets(tmp_path / "a.xlsx")] == ["Sheet"]


def test_macros_and_links_to_other_files_take_no_effect(tmp_path, read):
    parts = xlsx_parts('<row r="1"><c r="A1"><f>[1]Sheet1!A1</f><v>5</v></c></row>')
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath"
    parts["xl/vbaProject.bin"] = b"\0macro"
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}" Target="file:///etc/passwd" TargetMode="External"/></Relationships>'
    )
    for name in ("a.xlsx", "a.xlsm", "A.XLSX"):
        assert read(zipped(tmp_path / name, parts)) == [[5]]


CSV = 'provider,rate\n"Kent, Surrey",45.4\n"two\nlines",£\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_in_every_encoding_and_with_every_end_of_line(tmp_path, encoding, end):
    path = tmp_path / "a.csv"
    path.write_bytes(CSV.replace("\n", end).encode(encoding))
    rows = [["provider", "rate"], ["Kent, Surrey", "45.4"], [f"two{end}lines", "£"]]
    assert read_sheets(path) == [Sheet("a", rows)]


def test_csv_rows_of_different_length_are_filled_up(tmp_path, read):
    path = tmp_path / "a.csv"
    path.write_text('note\n\na,,"he said ""x"""\n')
    assert read(path) == [["note", None, None], [None] * 3, ["a", None, 'he said "x"']]


def test_a_text_in_many_cells_is_kept_once(tmp_path, read):
    rows = "".join(f'<row r="{i}">{text(f"A{i}", "England and Wales")}</row>' for i in range(1, 2001))
    column = [row[0] for row in read(xlsx(tmp_path / "a.xlsx", rows))]
    assert len(column) == 2000
    assert len(set(map(id, column))) == 1
