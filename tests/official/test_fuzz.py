"""Whatever stands in a sheet, a reader gives a reading or one clear error, and soon."""

import datetime
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.official.layouts import CRCS, FINAL, INTERIM, NPS
from tr_analysis.errors import DataError
from tr_analysis.official.layouts import LAYOUTS, normalise
from tr_analysis.official.parsing import parse_number, scan_cohorts
from tr_analysis.official.reader import read
from tr_analysis.official.store import from_csv, to_csv
from tr_analysis.official.tables import Book
from tr_analysis.official.workbooks import Sheet

WORDS = (
    *(*INTERIM, *FINAL, *CRCS[:4], *("NPS " + name for name in NPS[:3])),
    *("All CRCs", "Total", "England and Wales"),
    *("Oct-Dec 2015", "October 2015 to September 2016", "2015/16", "Q4 2015", "2016"),
    *("2011 baseline", "Lower threshold", "Upper threshold", "Frequency measure", "Binary measure"),
    *("*", "~", "-", "..", "[c]", "[x]", "[z]", "4,240", "45.4%", "0.454", "(5.4)"),
    *("Yes", "No", "=1+1", "#N/A", "1e400"),
)
CELLS = st.one_of(
    st.none(),
    st.sampled_from(WORDS),
    st.integers(-(10**20), 10**20) | st.integers(0, 3000) | st.integers(1999, 2030),
    st.floats() | st.floats(0, 1) | st.floats(0, 100).map(lambda x: round(x, 1)),
    st.booleans(),
    st.datetimes(datetime.datetime(1900, 1, 1)) | st.dates() | st.times() | st.timedeltas(),
    st.text(max_size=12),
)
GRIDS = st.lists(st.lists(CELLS, max_size=9), max_size=9)
NAMES = st.sampled_from(["2", "Oct15_Dec15", "Data", "NPS"]) | st.text(max_size=8)


@st.composite
def near_books(draw):
    """A sheet that is nearly one of the known layouts."""
    head = list(draw(st.sampled_from([INTERIM, FINAL, WORDS[:1], WORDS[-16:], ("Cohort", *INTERIM[1:])])))
    names = st.sampled_from([*CRCS, *NPS, "Oct-Dec 2015", "Total"])
    cells = st.lists(CELLS, min_size=len(head), max_size=len(head))
    rows = [[draw(names), *draw(cells)] for _ in range(draw(st.integers(0, 5)))]
    return [Sheet(draw(NAMES), [draw(st.lists(CELLS, max_size=3)), head, *rows, *draw(GRIDS)])]


BOOKS = st.lists(st.builds(Sheet, NAMES, GRIDS), max_size=3) | near_books()


def survives(sheets):
    start = time.process_time()
    try:
        reading = read(Book("file.xlsx", sheets, "2017-01"))
    except DataError as error:
        assert "file.xlsx" in str(error)
    else:
        for family, frame in reading.frames.items() if reading else ():
            types = {str(c): str(t) for c, t in frame.dtypes.items()}
            assert types == LAYOUTS[family].types
            assert to_csv(from_csv(to_csv(frame), types)) == to_csv(frame)
    assert time.process_time() - start < 60  # a search that goes back again and again takes hours


@given(BOOKS)
def test_any_grid_is_read_or_refused(sheets):
    survives(sheets)


@pytest.mark.full
@settings(max_examples=8000)  # what breaks a reader is rare
@given(BOOKS)
def test_any_grid_is_read_or_refused_many_times(sheets):
    survives(sheets)


@given(CELLS | st.text(max_size=200))
def test_any_cell_is_a_number_or_not(cell):
    number = parse_number(cell)
    assert (number.value is not None) == (number.state == "value")
    assert number.value is None or math.isfinite(number.value)
    assert isinstance(normalise(cell), str)
    assert all(c.first < c.last for c in scan_cohorts(str(cell))[0])


LONG = {
    **{"months": "jan " * 5000, "quarters": "oct-dec " * 9000, "letters": "a" * 200_000},
    **{"commas": "1," * 40000, "spaces": "1 000" * 9000},
    **{"footnotes": "(1)" * 30000, "notes": "[note 1]" * 20000, "raised": "¹" * 20000},
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_does_not_hang(text):
    survives([Sheet("x", [[text, *INTERIM], [text, text, 1, 2], ["Northumbria", 3, 4, 5, 6, text, text]])])
