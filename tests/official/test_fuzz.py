"""Whatever stands in a sheet, a reader gives a reading or one clear error, and soon."""

import datetime
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.official.layouts import CRCS, FINAL, INTERIM, NPS
from tr_analysis.errors import DataError
from tr_analysis.official import tables
from tr_analysis.official.families import (
    annual_tables,
    baselines,
    consultation,
    crc_results,
    overall_tool,
    probation,
)
from tr_analysis.official.words import cells, cohorts, headers
from tr_analysis.official.words.csv_text import from_csv, to_csv
from tr_analysis.official.workbooks import Sheet

READERS = (annual_tables, baselines, consultation, crc_results, overall_tool, probation)
WORDS = (
    *INTERIM,
    *FINAL,
    *CRCS[:4],
    *("NPS " + name for name in NPS[:3]),
    "All CRCs",
    "Total",
    "England and Wales",
    *(
        "Oct-Dec 2015",
        "October 2015 to September 2016",
        "2015/16",
        "Q4 2015",
        "2016",
        "Apr 2012 to Mar 2013",
        "Jan-Mar 2019",
    ),
    *(
        "adult_child",
        "cohort",
        "region",
        "category",
        "subcat1",
        "subcat2",
        "offenders",
        "reoffenders",
        "reoffences",
    ),
    *("Probation area", "Supervision type", "Sex", "Date", "Quarter", "Value", "30/06/2019", "Male"),
    *("Index offence", "Violence", "Old measure", "New measure", "Adult offenders", "Juvenile offenders"),
    *("2011 baseline", "Lower threshold", "Upper threshold", "Frequency measure", "Binary measure"),
    *(
        "*",
        "~",
        "-",
        "..",
        "[c]",
        "[x]",
        "[z]",
        "4,240",
        "45.4%",
        "0.454",
        "(5.4)",
        "Yes",
        "No",
        "=1+1",
        "#N/A",
        "1e400",
    ),
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
NAMES = st.sampled_from(["2", "A4a_(annual_average)", "A4b", "Oct15_Dec15", "Data", "NPS"]) | st.text(
    max_size=8
)
BOOKS = st.lists(st.builds(Sheet, NAMES, GRIDS), max_size=3)


@st.composite
def near_books(draw):
    """A sheet that is nearly one of the known layouts."""
    head = list(draw(st.sampled_from([INTERIM, FINAL, WORDS[:1], WORDS[-16:], ("Cohort", *INTERIM[1:])])))
    width = len(head)
    rows = [
        [
            draw(st.sampled_from([*CRCS, *NPS, "Oct-Dec 2015", "Total"])),
            *draw(st.lists(CELLS, min_size=width, max_size=width)),
        ]
        for _ in range(draw(st.integers(0, 5)))
    ]
    title = draw(st.lists(CELLS, max_size=3))
    return [Sheet(draw(NAMES), [title, head, *rows, *draw(GRIDS)])]


def survives(sheets):
    for reader in READERS:
        start = time.process_time()
        try:
            reading = reader.read(sheets, "file.xlsx", "2017-01")
        except DataError as error:
            assert "file.xlsx" in str(error)
        else:
            frame = reading.frame
            assert list(frame.columns) == list(getattr(reader, "TYPES", {}).get(reading.family, reader.TYPES))
            types = {str(c): str(t) for c, t in frame.dtypes.items()}
            assert to_csv(from_csv(to_csv(frame), types)) == to_csv(frame)
        assert time.process_time() - start < 60  # a search that goes back again and again takes hours
    tables.family_of(sheets)


@given(BOOKS)
def test_any_grid_is_read_or_refused(sheets):
    survives(sheets)


@given(near_books())
def test_a_grid_that_is_nearly_a_table_is_read_or_refused(sheets):
    survives(sheets)


@pytest.mark.full
@settings(max_examples=4000)  # what breaks a reader is rare
@given(BOOKS)
def test_any_grid_is_read_or_refused_many_times(sheets):
    survives(sheets)


@pytest.mark.full
@settings(max_examples=4000)  # what breaks a reader is rare
@given(near_books())
def test_a_grid_that_is_nearly_a_table_is_read_or_refused_many_times(sheets):
    survives(sheets)


@given(CELLS | st.text(max_size=200))
def test_any_cell_is_a_number_or_not(cell):
    number = cells.parse_number(cell)
    assert (number.value is not None) == (number.state == "value") == (number.places is not None)
    assert number.value is None or math.isfinite(number.value)
    assert isinstance(headers.normalise(cell), str)
    assert all(c.first < c.last for c in cohorts.cohorts_in(cell))


@pytest.mark.parametrize(
    "text",
    [
        "jan " * 5000,
        "1," * 40000,
        "(1)" * 30000,
        "[note 1]" * 20000,
        "1 000" * 9000,
        "oct-dec " * 9000,
        "¹" * 20000,
        "a" * 200_000,
    ],
    ids=["months", "commas", "footnotes", "notes", "spaces", "quarters", "raised", "letters"],
)
def test_a_long_text_does_not_hang(text):
    survives([Sheet("x", [[text, *INTERIM], [text, text, 1, 2], ["Northumbria", 3, 4, 5, 6, text, text]])])
