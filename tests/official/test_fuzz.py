"""Whatever stands in a sheet, a reader gives a reading or one clear error, and soon; and a layout in any variation is read right."""

import datetime
import math
import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.official.layouts import CRCS, FINAL, INTERIM, NPS, square
from tests.official.test_reader import HEADERS
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


# a tidy table, written out in any variation of the layout, comes back equal

PRINTED = HEADERS | {"provider": [name for name in HEADERS["provider"] if "NPS" not in name]}
TESTS = {
    "significant reduction": ["Yes", "Significant reduction", "Yes - reduction"],
    "significant increase": ["Yes", "Statistically significant increase"],
    "not significant": ["No", "Not significant", "no significant change"],
}
COUNTS = ("eligible", "offenders", "reoffenders", "reoffences")
MARKED = {"eligible", "offenders", "reoffences", "binary_rate", "frequency_rate", "ogrs"}
MARKS = {
    "suppressed": ["*", "~", "[c]"],
    "missing": [None, "..", "[x]", "-", ""],
    "not_applicable": ["[z]", "n/a"],
}
COHORTS = {
    "2015Q4": ["Oct-Dec 2015", "October to December 2015", "2015 Q4", "Oct 15 - Dec 15"],
    "2016Q1": ["Jan-Mar 2016", "January 2016 to March 2016", "Q1 2016"],
    "2015Q4 to 2016Q3": ["October 2015 to September 2016", "Oct 2015-Sep 2016"],
}


def record(one, whole, name, cohort, final):
    """Return a row of a tidy table, the truth; `one` draws one of some things, `whole` a number."""
    people = whole(200, 40000)
    again = whole(people // 8, people * 7 // 8)
    offences = whole(again, again * 8)
    row = {"provider": name, "cohort": cohort, "eligible": people + whole(0, 300), "offenders": people}
    row |= {"reoffenders": again, "reoffences": offences, "binary_rate": round(100 * again / people, 1)}
    row["frequency_rate"] = round(offences / again, 2)
    if final:
        row |= {
            "ogrs": whole(200, 600) / 10,
            "adjusted_rate": whole(150, 700) / 10,
            "baseline_rate": whole(150, 700) / 10,
        }
        row["difference"] = round(row["adjusted_rate"] - row["baseline_rate"], 1) + 0.0
        sure = "significant reduction" if row["difference"] < 0 else "significant increase"
        row["significance"] = one([sure, "not significant"]) if row["difference"] else "not significant"
    return {c: one(sorted(MARKS)) if c in MARKED and whole(0, 14) == 0 else value for c, value in row.items()}


def printed(one, column, value, fractions):
    """Return a value as somebody might print it."""
    if column == "provider":
        text = value.replace(" and ", one([" and ", " & ", "\u00a0&\u00a0", " AND "])).replace(
            ", ", one([", ", ",", ",\n"])
        )
        kind = "" if value.startswith("NPS") else one(["", " CRC", " Community Rehabilitation Company"])
        return one(["", " "]) + text + kind + one(["", "(1)", " [note 2]", "²", " "])
    if column == "significance" or value in MARKS:
        return one((TESTS | MARKS)[value])
    if column in COUNTS:
        return one([value, float(value), f"{value:,}", f"{value:,}".replace(",", " "), f"{value} (1)"])
    if column == "frequency_rate":
        return one([value, f"{value:.2f}"])
    if fractions:
        return one(
            [round(value / 100, 3), f"{value:.1f}%" if column != "difference" else round(value / 100, 3)]
        )
    return one([value, f"{value:.1f}", f"{value:.1f}%"])


@st.composite
def layouts(draw):
    """The truth, and a sheet that says it."""

    def one(things):
        return draw(st.sampled_from(things))

    names = draw(
        st.lists(st.sampled_from([*CRCS, *("NPS " + n for n in NPS)]), min_size=1, max_size=6, unique=True)
    )
    cohort, final, fractions = one(sorted(COHORTS)), draw(st.booleans()), draw(st.booleans())
    truth = [
        record(one, lambda low, high: draw(st.integers(low, high)), name, cohort, final) for name in names
    ]
    columns = draw(st.permutations([c for c in truth[0] if c != "cohort"]))
    where, said, noise = (
        one(["sheet", "title", "column"]),
        one(COHORTS[cohort]),
        one(["", " (1)", "[note 1]", "³"]),
    )
    header = [one(PRINTED[c]) + noise for c in columns]
    header = [h.replace(" ", "\n") for h in header] if draw(st.booleans()) else header
    body = [[printed(one, c, row[c], fractions) for c in columns] for row in truth]
    if where == "column":
        header, body = [*header, "Cohort"], [[*cells, said] for cells in body]
    if draw(st.booleans()):
        header, body = [None, *header], [[None, *cells] for cells in body]
    above = [["Final and interim results"], ["Statistics bulletin, published 26 October 2017"], []][
        : one(range(4))
    ]
    above += (
        [[f"Table 4: results of the {said} cohort against the 2011 baseline"]] if where != "column" else []
    )
    below = [[], ["Notes:"], ["1. People who could be matched, see the guide of 2016"], ["* fewer than 30"]]
    rows = square([*above, header, *body, *below[: one(range(5))]])
    return truth, Sheet(said if where == "sheet" else "Table 4", rows)


@given(layouts())
def test_any_variation_of_the_layout_gives_the_same_table_or_asks_for_its_cohort(made):
    truth, sheet = made
    try:
        frame = read(Book("f.xlsx", [sheet], "2017-10")).frames["crc_results"]
    except DataError as error:
        asked = ("the cohort is not", "is both a CRC and an NPS division")
        assert any(words in str(error) for words in asked), error
        return
    assert list(frame["provider"]) == [row["provider"] for row in truth]
    for row, (_, got) in zip(truth, frame.iterrows(), strict=True):
        for column, value in row.items():
            if value in MARKS:
                assert pd.isna(got[column])
                assert (column in got["suppressed"].split()) == (value == "suppressed")
                assert (column in got["not_applicable"].split()) == (value == "not_applicable")
            else:
                assert got[column] == value, column
