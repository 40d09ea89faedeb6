"""A tidy table, written out in any variation of the layout, comes back equal."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.official.layouts import CRCS, NPS, square
from tests.official.test_reader import HEADERS
from tr_analysis.errors import DataError
from tr_analysis.official.reader import read
from tr_analysis.official.tables import Book
from tr_analysis.official.workbooks import Sheet

NAMES = HEADERS | {"provider": [name for name in HEADERS["provider"] if "NPS" not in name]}
TESTS = {
    "significant reduction": ["Yes", "Significant reduction", "Yes - reduction"],
    "significant increase": ["Yes", "Statistically significant increase"],
    "not significant": ["No", "Not significant", "no significant change"],
}
MARKED = {"eligible", "offenders", "reoffences", "binary_rate", "frequency_rate", "ogrs"}
COUNTS = ("eligible", "offenders", "reoffenders", "reoffences")
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


@st.composite
def records(draw):
    """Rows of a tidy table: the truth."""
    final = draw(st.booleans())
    names = draw(
        st.lists(st.sampled_from([*CRCS, *("NPS " + n for n in NPS)]), min_size=1, max_size=6, unique=True)
    )
    cohort = draw(st.sampled_from(sorted(COHORTS)))
    return [draw(record(name, cohort, final)) for name in names]


@st.composite
def record(draw, name, cohort, final):
    people = draw(st.integers(200, 40000))
    again = draw(st.integers(people // 8, people * 7 // 8))
    offences = draw(st.integers(again, again * 8))
    row = {
        "provider": name,
        "cohort": cohort,
        "eligible": people + draw(st.integers(0, 300)),
        "offenders": people,
    }
    row |= {"reoffenders": again, "reoffences": offences, "binary_rate": round(100 * again / people, 1)}
    row["frequency_rate"] = round(offences / again, 2)
    if final:
        row["ogrs"] = draw(st.integers(200, 600)) / 10
        row["adjusted_rate"] = draw(st.integers(150, 700)) / 10
        row["baseline_rate"] = draw(st.integers(150, 700)) / 10
        row["difference"] = round(row["adjusted_rate"] - row["baseline_rate"], 1) + 0.0
        sure = "significant reduction" if row["difference"] < 0 else "significant increase"
        row["significance"] = (
            draw(st.sampled_from([sure, "not significant"])) if row["difference"] else "not significant"
        )
    for column in sorted(set(row) & MARKED):
        if draw(st.integers(0, 14)) == 0:
            row[column] = draw(st.sampled_from(sorted(MARKS)))
    return row


def spelt(draw, name):
    """A provider's name as somebody might print it."""
    text = name.replace(" and ", draw(st.sampled_from([" and ", " & ", "\u00a0&\u00a0", " AND "])))
    text = text.replace(", ", draw(st.sampled_from([", ", ",", ",\n"])))
    if not name.startswith("NPS"):
        text += draw(st.sampled_from(["", " CRC", " Community Rehabilitation Company"]))
    return draw(st.sampled_from(["", " "])) + text + draw(st.sampled_from(["", "(1)", " [note 2]", "²", " "]))


def number(draw, column, value, fractions):
    """A number as somebody might print it."""
    if value in MARKS:
        return draw(st.sampled_from(MARKS[value]))
    if column in COUNTS:
        return draw(
            st.sampled_from(
                [value, float(value), f"{value:,}", f"{value:,}".replace(",", " "), f"{value} (1)"]
            )
        )
    if column == "frequency_rate":
        return draw(st.sampled_from([value, f"{value:.2f}"]))
    if fractions and column == "difference":
        return round(value / 100, 3)
    if fractions:
        return draw(st.sampled_from([round(value / 100, 3), f"{value:.1f}%"]))
    return draw(st.sampled_from([value, f"{value:.1f}", f"{value:.1f}%"]))


@st.composite
def layouts(draw):
    """The truth, and a sheet that says it."""
    truth = draw(records())
    columns = draw(st.permutations([c for c in truth[0] if c != "cohort"]))
    where = draw(st.sampled_from(["sheet", "title", "column"]))
    said = draw(st.sampled_from(COHORTS[truth[0]["cohort"]]))
    fractions = draw(st.booleans())
    noise = draw(st.sampled_from(["", " (1)", "[note 1]", "³"]))
    header = [draw(st.sampled_from(NAMES[c])) + noise for c in columns]
    if draw(st.booleans()):
        header = [h.replace(" ", "\n") for h in header]
    body = []
    for row in truth:
        cells = []
        for c in columns:
            if c == "provider":
                cells.append(spelt(draw, row[c]))
            elif c == "significance":
                cells.append(draw(st.sampled_from(TESTS[row[c]])))
            else:
                cells.append(number(draw, c, row[c], fractions))
        body.append(cells)
    if where == "column":
        header, body = [*header, "Cohort"], [[*cells, said] for cells in body]
    if draw(st.booleans()):
        header, body = [None, *header], [[None, *cells] for cells in body]
    above = [["Final and interim results"], ["Statistics bulletin, published 26 October 2017"], []][
        : draw(st.integers(0, 3))
    ]
    above += (
        [[f"Table 4: results of the {said} cohort against the 2011 baseline"]] if where != "column" else []
    )
    below = [[], ["Notes:"], ["1. People who could be matched, see the guide of 2016"], ["* fewer than 30"]][
        : draw(st.integers(0, 4))
    ]
    rows = square([*above, header, *body, *below])
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
