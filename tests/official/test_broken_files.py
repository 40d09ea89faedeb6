"""Whatever bytes a file holds: it is read, or refused in a sentence. Seeded, so that a failure comes again."""

import random
import zipfile
from pathlib import Path

import pytest

from tests.official import making
from tests.official.making import cell, ods, row, sheet_xml, text, xls, xlsx
from tr_analysis.errors import DataError
from tr_analysis.official.workbooks import read_sheets

SPICES = [
    b"<",
    b">",
    b'"',
    b"\0",
    b"&",
    b"/",
    b"=",
    b",",
    b"\n",
    b"4294967296",
    b"-1",
    b"1e308",
    b"r=",
    b't="s"',
    b"\xff",
    b"XFD",
    b"]]>",
]


def valid(folder: Path) -> list[Path]:
    """Return one file of each kind."""
    merged = '<mergeCells><mergeCell ref="A3:B3"/></mergeCells>'
    rows = (
        f'<row r="1">{text("A1", "CRC&#10;name")}{text("B1", "Number of offenders")}</row>'
        '<row r="2"><c r="A2" t="e"><v>#N/A</v></c><c r="B2"><f>1+1</f><v>2</v></c><c r="C2" s="1"><v>42737</v></c></row>'
        f'<row r="3">{text("A3", "m")}<c r="D3" s="2"><v>1.5</v></c><c r="E3" t="b"><v>1</v></c></row>'
    )
    tables = row(cell("a"), cell("1", "float", "1"), times=2) + row(
        cell("m", more='table:number-columns-spanned="2"'),
        cell("u", tag="covered-table-cell"),
        cell("d", "date", "2017-01-02"),
    )
    csv = folder / "a.csv"
    csv.write_bytes('note\n"Kent, Surrey",45.4,£\n"he said ""x""",*,\n'.encode() * 3)
    return [
        xlsx(folder / "a.xlsx", sheet_xml(rows, after=merged), "", names=("One", "Two")),
        ods(folder / "a.ods", tables, names=("A4a",)),
        xls(folder / "a.xls"),
        csv,
    ]


def changed(content: bytes, chance: random.Random) -> bytes:
    """Return some bytes with a few of them changed, moved, repeated or lost."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        place = chance.randrange(len(content) + 1)
        end = min(len(content), place + chance.choice((1, 1, 2, 8, 64)))
        content = chance.choice(
            (
                lambda c, p, e: c[:p] + bytes(chance.randrange(256) for _ in range(e - p)) + c[e:],
                lambda c, p, e: c[:p] + chance.choice(SPICES) + c[e:],
                lambda c, p, e: c[:p] + c[e:],
                lambda c, p, e: c[:p] + c[p:e] * chance.choice((2, 50)) + c[e:],
                lambda c, p, e: c[: max(p, 1)] if chance.random() < 0.2 else c[:p] + b"\xff" + c[p + 1 :],
            )
        )(content, place, end)
    return content


def case(path: Path, chance: random.Random) -> bytes:
    """Return the content of a file with a fault in it; in a zip mostly in one of its parts, packed again."""
    content = path.read_bytes()
    if path.suffix in (".csv", ".xls") or chance.random() < 0.15:
        return changed(content, chance)
    with zipfile.ZipFile(path) as archive:
        part = chance.choice([name for name in archive.namelist() if "theme" not in name])
        return making.repacked(content, part, changed(archive.read(part), chance))


def tried(tmp_path: Path, files: list[Path], cases: int, seed: int) -> tuple[int, int]:
    """Read so many broken files; return how many could be read and how many were refused."""
    read = refused = 0
    for number in range(cases):
        chance = random.Random(f"{seed}/{number}")
        path = tmp_path / f"case{chance.choice(files).suffix}"
        original = next(file for file in files if file.suffix == path.suffix)
        path.write_bytes(case(original, chance))
        try:
            assert read_sheets(path)
            read += 1
        except DataError as error:
            assert "\n" not in str(error), (number, str(error))
            assert str(error).startswith(path.name), (number, str(error))
            refused += 1
        except BaseException as error:
            raise AssertionError(f"seed {seed}, case {number}: {error!r}") from error
    return read, refused


def test_broken_workbooks(tmp_path):
    read, refused = tried(tmp_path, valid(tmp_path)[:3], 30, seed=1)
    assert min(read, refused) > 3


def test_broken_csv(tmp_path):
    read, refused = tried(tmp_path, valid(tmp_path)[3:], 60, seed=2)
    assert min(read, refused) > 10


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10, 12))
def test_two_thousand_broken_files(apart, tmp_path, seed):
    files = valid(tmp_path)
    read, refused = tried(tmp_path, files, 1000, seed)
    assert read + refused == 1000
