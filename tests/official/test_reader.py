"""Tables of results and of baselines, in any of their layouts, to tidy rows or one clear refusal."""

import pandas as pd
import pytest

from tests.official.layouts import (
    CRCS,
    INTERIM,
    NPS,
    counts,
    final_row,
    final_sheet,
    interim_row,
    interim_sheet,
    square,
)
from tr_analysis.errors import DataError
from tr_analysis.official.layouts import BASELINES, COUNTS, RESULTS
from tr_analysis.official.reader import read
from tr_analysis.official.workbooks import Sheet

ESSEX = ["Essex", 1100, 1000, 454, 2134, 45.4, 4.70]
FIGURES = ["eligible", *COUNTS, "binary_rate", "frequency_rate"]
BARE = ["2011 baseline", "Difference", "Statistically significant?"]
COMPARED = ["CRC name", "Adjusted rate", "2011 baseline", "Difference", "Statistically significant?"]
BASE = [
    *("CRC", "2011 baseline binary rate", "Lower threshold", "Upper threshold"),
    *("2011 baseline frequency rate", "Frequency lower threshold", "Frequency upper threshold"),
]


def got(*sheets, layout=RESULTS):
    return read(sheets, "f.xlsx", "2017-01", layout)


def grid(text):
    """Return rows written as a table: cells between bars; whole numbers and decimals are numbers."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return square(
        [
            [float(c) if c.lstrip("-").replace(".", "").isdigit() else c or None for c in line]
            for line in lines
        ]
    )


def table(rows, name="Oct-Dec 2015", head=INTERIM, title=()):
    return Sheet(name, square([*([t] for t in title), list(head), *rows]))


def one(row, **changes):
    """The one row of a table of one provider."""
    reading = got(table([row], **changes))
    assert len(reading.frame) == 1
    return reading.frame.iloc[0], reading


def refused(*sheets, layout=RESULTS):
    with pytest.raises(DataError) as error:
        got(*sheets, layout=layout)
    assert str(error.value).startswith("f.xlsx")
    return str(error.value)


def of(row, *columns):
    return row[list(columns)].tolist()


# results: the layouts that are known


def test_the_interim_layout_is_read():
    contents = Sheet("1", [["Contents"], ["Table 2: October to December 2015"]])
    second = interim_sheet("January to March 2016", "4", 25)
    reading = got(contents, interim_sheet("Oct-Dec 2015"), Sheet("3", [["Notes on the tables"]]), second)
    frame = reading.frame
    assert reading.not_understood == ()
    assert (len(frame), set(frame["provider"])) == (42, set(CRCS))
    assert set(zip(frame["sheet"], frame["cohort"], strict=True)) == {("2", "2015Q4"), ("4", "2016Q1")}
    assert set(zip(frame["stage"], frame["provider_type"], strict=True)) == {("interim", "CRC")}
    row = frame[(frame["provider"] == CRCS[1]) & (frame["cohort"] == "2016Q1")].iloc[0]
    assert of(row, "eligible", *COUNTS, "row") == [*counts(1, 25), 5]
    assert (len(reading.checks), reading.checks["agrees"].all()) == (84, True)


def test_the_final_layout_is_read():
    reading = got(final_sheet())
    row, made = reading.frame.iloc[20], final_row(CRCS[20], 20)
    assert of(row, *COUNTS, "binary_rate", "ogrs", "adjusted_rate", "baseline_ogrs") == made[1:8]
    assert of(row, "baseline_rate", "difference", "frequency_rate", "baseline_frequency") == [
        *made[8:10],
        *made[11:13],
    ]
    judged = "significant increase" if made[9] > 0 else "significant reduction"
    assert of(row, "provider", "stage", "significance", "frequency_difference") == [
        *(CRCS[20], "final", judged if made[10] == "Yes" else "not significant", made[13])
    ]
    assert pd.isna(row["eligible"])
    assert reading.not_understood == ()
    assert reading.checks["agrees"].all()


def test_columns_may_come_in_another_order_and_with_others():
    order = [6, 3, 0, 5, 2, 4, 1]
    reading = got(
        table(
            [["Sodexo", *(ESSEX[i] for i in order), 7, 8]],
            head=["Owner", *(INTERIM[i] for i in order), "Colour"],
        )
    )
    assert of(reading.frame.iloc[0], *FIGURES) == ESSEX[1:]
    assert [n.header for n in reading.not_understood] == ["Owner", "Colour", ""]


# whose a row is, and of which cohort


@pytest.mark.parametrize("place", ["sheet", "title", "column"])
@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("October to December 2015", "2015Q4", "quarter"),
        ("2015/16", "2015Q4 to 2016Q1", "year"),
        ("October 2015 to September 2016", "2015Q4 to 2016Q3", "year"),
    ],
)
def test_a_cohort_is_read_from_the_sheet_a_title_or_a_column(text, name, kind, place):
    titles = ["Table 2", f"Results of the {text} cohort, compared with 2011", "Published 26 October 2017"]
    sheet = {
        "sheet": table([ESSEX], name=text),
        "title": table([ESSEX], name="Table 2", title=titles),
        "column": Sheet("x", [["Cohort", *INTERIM], [text, *ESSEX], [None, "London", *ESSEX[1:]]]),
    }[place]
    assert set(got(sheet).frame[["cohort", "cohort_type"]].itertuples(index=False, name=None)) == {
        (name, kind)
    }


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        (
            table([ESSEX], name="Oct-Dec 2015", title=["January to March 2016"]),
            "says 2016Q1, the name of the sheet 2015Q4",
        ),
        (table([ESSEX], name="2"), "sheet '2', row 2: whose cohort this is, is not said"),
        (Sheet("x", [["Cohort", *INTERIM], ["winter", *ESSEX]]), "column Cohort: 'winter': no cohort"),
    ],
)
def test_a_cohort_that_is_not_said_or_said_twice_is_refused(sheet, said):
    assert said in refused(sheet)


def test_cohorts_may_stand_beside_and_below_each_other():
    rows = """
        CRC name | October to December 2015 |             |          | January to March 2016 |             |
                 | Number of offenders      | Reoffenders | Rate (%) | Number of offenders   | Reoffenders | Rate (%)
        Essex    | 1000                     | 454         | 45.4     | 2000                  | 800         | 40.0
    """
    frame = got(Sheet("x", grid(rows))).frame
    assert frame[["cohort", "offenders"]].to_numpy().tolist() == [["2015Q4", 1000], ["2016Q1", 2000]]
    rows = [["Oct-Dec 2015"], list(INTERIM), ESSEX, list(INTERIM), ["London", *ESSEX[1:]]]
    rows += [[], ["Jan-Mar 2016"], list(INTERIM), ESSEX, ["1. A note"]]
    frame = got(Sheet("x", square(rows))).frame
    assert frame[["provider", "cohort", "row"]].to_numpy().tolist() == [
        ["Essex", "2015Q4", 3],
        ["London", "2015Q4", 5],
        ["Essex", "2016Q1", 9],
    ]


def test_a_merged_cell_names_the_provider_of_several_cohorts():
    rows = [["Essex", "Oct-Dec 2015", *ESSEX[1:]], [None, "Jan-Mar 2016", *ESSEX[1:]]]
    frame = got(Sheet("x", [["CRC", "Cohort", *INTERIM[1:]], *rows])).frame
    assert frame[["provider", "cohort"]].to_numpy().tolist() == [["Essex", "2015Q4"], ["Essex", "2016Q1"]]


def test_london_and_wales_are_told_by_what_stands_around_them():
    names = ["Community Rehabilitation Companies", "London", "Wales", "Total", "NPS divisions", *NPS]
    rows = [[name] if name.endswith(("Companies", "divisions")) else [name, *ESSEX[1:]] for name in names]
    frame = got(table(rows, head=("Provider", *INTERIM[1:]))).frame
    assert frame["provider"].tolist() == ["London", "Wales", "All CRCs", *(f"NPS {name}" for name in NPS)]
    nps = table([["London", *ESSEX[1:]], ["Total", *ESSEX[1:]]], head=("NPS division", *INTERIM[1:]))
    assert got(nps).frame["provider"].tolist() == ["NPS London", "All NPS"]
    head = ("Provider type", "Provider", *INTERIM[1:])
    typed = got(table([["NPS", "London", *ESSEX[1:]], ["CRC", "London", *ESSEX[1:]]], head=head)).frame
    assert typed["provider"].tolist() == ["NPS London", "London"]


def test_a_total_below_the_totals_of_both_kinds_is_of_both():
    names = ["All CRCs", "CRC", "Essex", "London", "All NPS", "NPS", "London", "Midlands", "Total"]
    rows = [[name] if name in ("CRC", "NPS") else [name, *ESSEX[1:]] for name in names]
    frame = got(table(rows, head=("Provider", *INTERIM[1:]), title=["All CRCs and NPS"])).frame
    assert frame["provider"].tolist() == [
        *("All CRCs", "Essex", "London"),
        *("All NPS", "NPS London", "NPS Midlands", "England and Wales"),
    ]


def test_the_column_of_providers_needs_no_header_and_codes_may_stand_beside_it():
    frame = got(table([ESSEX, ["London", *ESSEX[1:]]], head=("", *INTERIM[1:]))).frame
    assert frame["provider"].tolist() == ["Essex", "London"]
    head = ("CPA", "CRC name", *INTERIM[1:])
    frame = got(table([["C18", *ESSEX], ["C17", "London", *ESSEX[1:]]], head=head)).frame
    assert frame["provider"].tolist() == ["Essex", "London"]
    assert "means the same as column 1, 'CPA'" in refused(table([["C17", *ESSEX]], head=head))


# what a cell says


def test_suppressed_is_kept_apart_from_missing():
    row, reading = one(["Essex", "[z]", 1000, 454, "*", 45.4, ".."])
    assert row[["eligible", "reoffences", "frequency_rate"]].isna().all()
    assert of(row, "suppressed", "not_applicable") == ["reoffences", "eligible"]
    assert reading.not_understood == ()


@pytest.mark.parametrize("rate", [45.4, 0.454, "45.4", "45.4 %", "0.454", 0.4540000001, 0.454000000000001])
def test_a_rate_is_read_in_percent_however_it_is_stored(rate):
    row, reading = one(["Essex", 1100, 1000, 454, 2134, rate, 4.70])
    assert row["binary_rate"] == pytest.approx(45.4, abs=1e-4)
    assert reading.checks["agrees"].all()


def test_a_rate_that_could_be_either_is_reported_and_left_out():
    head = ("CRC", "OGRS4/G score", "Adjusted rate", "2011 baseline rate")
    rows = [["Essex", 44.0, 45.4, 47.0], ["Wales", 0.44, 44.0, 46.0], ["London", 0.9, 44.0, 46.0]]
    reading = got(table(rows, head=head))
    assert reading.frame["ogrs"].isna().tolist() == [False, True, True]
    assert [n.row for n in reading.not_understood] == [3, 4]
    assert "fraction or a percentage" in reading.not_understood[0].why


def test_a_column_stored_as_fractions_takes_its_differences_with_it():
    row, _ = one(["Essex", 0.451, 0.47, -0.019, "Yes"], head=COMPARED)
    assert of(row, *COMPARED_COLUMNS) == [45.1, 47.0, -1.9, "significant reduction"]


COMPARED_COLUMNS = ("adjusted_rate", "baseline_rate", "difference", "significance")


def test_a_test_is_read_by_its_sides_where_no_difference_is_printed():
    head = [COMPARED[0], *COMPARED[1:3], COMPARED[4]]
    row, _ = one(["Essex", 45.0, 47.0, "Yes"], head=head)
    assert row["significance"] == "significant reduction"
    row, reading = one(["Essex", 45.0, 47.0, "perhaps"], head=head)
    assert pd.isna(row["significance"])
    assert [n.value for n in reading.not_understood] == ["perhaps"]


def test_a_reduction_printed_without_its_minus_is_turned_round():
    head = [*COMPARED[:3], "Reduction (percentage points)", COMPARED[4]]
    reading = got(table([["Essex", 45.0, 47.0, 2.0, "Yes"], ["Wales", 48.0, 47.0, -1.0, "Yes"]], head=head))
    assert reading.frame["difference"].tolist() == [-2.0, 1.0]
    assert reading.frame["significance"].tolist() == ["significant reduction", "significant increase"]
    assert "baseline less rate" in reading.not_understood[0].why


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (["Essex", 1100, -1000, 454, 2134, 45.4, 4.7], "whole number"),
        (["Essex", 1100, 1000.5, 454, 2134, 45.4, 4.7], "whole number"),
        (["Essex", 1100, 1000, 1454, 2134, 45.4, 4.7], "more reoffenders"),
        (["Essex", 1100, 1000, 454, 213, 45.4, 4.7], "fewer reoffences"),
        (["Essex", 1100, 1000, 454, 2134, 454, 4.7], "between 0 and 100"),
    ],
)
def test_impossible_numbers_are_refused(row, rule):
    said = refused(table([row]))
    assert rule in said and "row 2" in said


# what is printed twice


def test_printed_numbers_are_held_against_the_others_of_their_row():
    _, reading = one(["Essex", 1100, 1000, 454, 2134, 45.5, 4.70])
    wrong = reading.checks[~reading.checks["agrees"]].iloc[0]
    assert of(wrong, "measure", "printed", "recomputed", "row") == ["binary rate", 45.5, 45.4, 2]
    rows = [
        ["Essex", 45.1, 47.1, -2.0, "No"],
        ["Wales", 45.1, 47.1, -1.9, "No"],
        ["London", 45.1, 47.1, -1.8, "No"],
    ]
    assert got(table(rows, head=COMPARED)).checks["agrees"].tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("rate", "people", "again", "agrees"),
    [
        *((rate, 1000, 454, agrees) for rate, agrees in (("45.4", True), ("45.5", False), ("45", True))),
        *(
            (rate, 1600, 100, agrees) for rate, agrees in (("6.2", True), ("6.3", True), ("6.4", False))
        ),  # a tie
    ],
)
def test_a_rate_agrees_to_its_printed_digit(rate, people, again, agrees):
    _, reading = one(["Essex", 5000, people, again, 2134, rate, None])
    assert reading.checks["agrees"].tolist() == [agrees]


def test_totals_are_held_against_their_sum():
    rows = [interim_row(crc, i) for i, crc in enumerate(CRCS)]
    sums = [sum(row[k] for row in rows) for k in range(1, 5)]
    sums[2] += 1
    reading = got(table([*rows, ["Total", *sums, *ESSEX[5:]]]))
    assert reading.frame["provider_type"].tolist().count("total") == 1
    wrong = reading.checks[~reading.checks["agrees"] & reading.checks["measure"].str.contains("sum")]
    assert wrong["measure"].tolist() == ["reoffenders, sum of 21"]


def test_tables_of_one_cohort_that_complete_each_other_are_put_together():
    def made(rows, name, cohort="Oct-Dec 2015"):
        return Sheet(name, square([[f"{name} rate, {cohort}"], *grid(rows)]))

    binary = made(
        "CRC | Measurable cohort | Reoffenders | Binary rate \n Essex | 1000 | 454 | 45.4", "Binary"
    )
    often = "CRC | Reoffenders | Reoffences | Frequency rate \n Essex | {} | 2134 | *"
    reading = got(binary, made(often.format(454), "Frequency"))
    columns = (*COUNTS, "binary_rate", "suppressed")
    assert of(reading.frame.iloc[0], *columns) == [1000, 454, 2134, 45.4, "frequency_rate"]
    assert len(reading.frame) == 1
    said = refused(binary, made(often.format(455), "Frequency"))
    assert "contradicts row 3 of sheet 'Binary' for 2015Q4 in reoffenders" in said
    said = refused(table([ESSEX, ["Essex CRC", *ESSEX[1:]]]))
    assert "row 3" in said and "second row" in said and "row 2" in said and "Essex" in said


# headers


def test_a_header_may_have_several_rows_and_merged_cells():
    rows = """
        CRC  | Offenders           | Binary measure        |             |            |                         | Frequency measure
             |                     | Number of             | Number of   | Number of  | Proportion of offenders | Average number of
        name | the eligible cohort | the measurable cohort | reoffenders | reoffences | who reoffend (%)        | reoffences per reoffender
    """
    assert of(got(Sheet("Oct-Dec 2015", [*grid(rows), ESSEX])).frame.iloc[0], *FIGURES) == ESSEX[1:]
    rows = """
              | Binary measure    |             |          |                   |               | Frequency measure | |
        CRC   | Measurable cohort | Reoffenders | Rate (%) | Adjusted rate (%) | 2011 baseline | Reoffences | Rate | 2011 baseline
        Essex | 1000              | 454         | 45.4     | 46.4              | 49.0          | 2134       | 4.7  | 4.2
    """
    reading = got(Sheet("Q4 2015", grid(rows)))
    columns = (*FIGURES[1:], "baseline_rate", "baseline_frequency")
    assert of(reading.frame.iloc[0], *columns) == [1000, 454, 2134, 45.4, 4.7, 49, 4.2]
    assert reading.not_understood == ()


@pytest.mark.parametrize(
    "rows",
    [
        [INTERIM, ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"], ESSEX],
        [INTERIM, [None, "number", "number", "number", "number", "%", None], ESSEX],
        [[*INTERIM, None, 7], [*ESSEX, None, None]],
        [["A title of the table"], [None, "October to December 2015 cohort"], INTERIM, ESSEX],
        [[*INTERIM[:1], *INTERIM[2:5], *BARE[:1], BARE[2]], ["Essex", 2100, 2011, 2016, 47, "No"]],
    ],
)
def test_a_header_is_found_among_other_rows(rows):
    assert got(Sheet("Oct-Dec 2015", square([list(row) for row in rows]))).frame["provider"].tolist() == [
        "Essex"
    ]


@pytest.mark.parametrize(
    ("column", "lacking"),
    [(0, "CRC name"), (2, "measurable cohort"), (3, "Number of reoffenders"), (4, "Number of reoffences")],
)
def test_a_missing_column_is_one_clear_error(column, lacking):
    said = refused(
        table([ESSEX[:column] + ESSEX[column + 1 :]], head=INTERIM[:column] + INTERIM[column + 1 :])
    )
    assert lacking in said and "f.xlsx, sheet 'Oct-Dec 2015', row 1" in said and "eligible" in said


def test_two_columns_of_one_meaning_are_refused():
    said = refused(table([[*ESSEX, 455]], head=(*INTERIM, "Reoffenders")))
    assert "column Reoffenders" in said and "means the same as column 4" in said


def test_a_change_of_the_nps_from_its_first_cohort_is_no_difference_from_a_baseline():
    head = ("NPS division", *INTERIM[2:], "Percentage point change from October to December 2015")
    reading = got(table([["Midlands", *ESSEX[2:], -1.5]], name="Jan-Mar 2017", head=head))
    assert reading.frame["difference"].isna().all()
    assert reading.frame["cohort"].tolist() == ["2017Q1"]
    assert reading.not_understood[0].value == "-1.5"


@pytest.mark.parametrize("sheets", [1, 2])
def test_bare_comparisons_are_of_the_rate_that_they_stand_by(sheets):
    binary = [
        "CRC",
        "Measurable cohort",
        "Reoffenders",
        "Binary rate (%)",
        "OGRS4/G",
        "Adjusted rate (%)",
        *BARE,
    ]
    one = ["Essex", 1000, 454, 45.4, 44, 46.4, 49.0, -2.6, "Yes"]
    frequency, two = ["Reoffences", "Frequency rate", *BARE], [2134, 4.70, 4.2, 0.5, "No"]
    title = ["Final results, October 2015 to September 2016"]
    if sheets == 1:
        books = [[title, [*binary, *frequency], [*one, *two]]]
    else:
        books = [[title, binary, one], [title, ["CRC", "Reoffenders", *frequency], ["Essex", 454, *two]]]
    row = got(*(Sheet(str(n), square(rows)) for n, rows in enumerate(books, 1))).frame.iloc[0]
    assert of(row, *COMPARED_COLUMNS[1:]) == [49, -2.6, "significant reduction"]
    columns = ("baseline_frequency", "frequency_difference", "frequency_significance")
    assert of(row, *columns) == [4.2, 0.5, "not significant"]


# what is left out is said


def test_what_is_not_understood_is_reported():
    rows = [
        *(ESSEX, ["Nortumbria", *ESSEX[1:]], ["London"], ["Wales", 1100, 1000, 454, "see note", 45.4, 4.7]),
        *([], ["Notes"], ["1. Since 2015 (see table 3)"], ["Median of 21", 5, 6, 7, 8, 9, 10]),
    ]
    reading = got(table(rows), Sheet("Chart data", [["x", 1], ["y", 2]]))
    assert reading.frame["provider"].tolist() == ["Essex", "Wales"]
    notes = sorted(reading.not_understood)
    assert [(n.sheet, n.row) for n in notes] == [
        ("Chart data", 1),
        *(("Oct-Dec 2015", n) for n in (3, 4, 5, 9)),
    ]
    assert "Nortumbria" in notes[1].value and "did you mean Northumbria?" in notes[1].why
    assert "reoffences" in notes[3].header and notes[3].value == "see note"


def test_a_workbook_without_such_a_table_is_refused():
    said = refused(Sheet("A", [["x", 1]]), Sheet("B", [["CRC name", "Colour"]]))
    assert "'A', 'B'" in said and "CRC name" in said


# baselines


@pytest.mark.parametrize("scale", [1, 100])
def test_baselines_and_thresholds_are_read(scale):
    rows = [
        [crc.replace(" and ", " & "), *(r / scale for r in (47.1, 45.2, 49.3)), 4.2, 4.0, 4.4] for crc in CRCS
    ]
    reading = got(
        Sheet("F15.05", square([["2011 baselines: annual cohort"], [], BASE, *rows])), layout=BASELINES
    )
    assert reading.frame["provider"].tolist() == list(CRCS)
    row = reading.frame.iloc[3]
    assert of(row, "binary_rate", "lower_threshold", "upper_threshold") == [47.1, 45.2, 49.3]
    assert of(row, "frequency_rate", "frequency_lower", "frequency_upper") == [4.2, 4.0, 4.4]
    assert of(row, "baseline_year", "cohort_type") == ["2011", "year"]
    assert reading.not_understood == ()


def test_baselines_of_quarters_and_years_may_stand_beside_each_other():
    limits = ["Lower threshold", "Upper threshold"]
    head = [["CRC", "Quarterly cohorts", None, "Annual cohorts", None], [None, *limits, *limits]]
    sheet = Sheet("2011 baseline", square([*head, ["Essex", 44.0, 50.0, 46.0, 48.0]]))
    frame = got(sheet, layout=BASELINES).frame
    assert frame[["cohort_type", "lower_threshold"]].to_numpy().tolist() == [
        ["quarter", 44.0],
        ["year", 46.0],
    ]


@pytest.mark.parametrize(
    "books",
    [
        [[BASE[:4], ["Essex", 47, 45, 49]], [[BASE[0], *BASE[4:]], ["Essex", 4.2, 4.0, 4.4]]],
        [[[*BASE[:4], BASE[4], *BASE[2:4]], ["Essex", 47, 45, 49, 4.2, 4.0, 4.4]]],
        [[BASE[:4], ["Essex", 47, 45, 49]], [["CRC", "Baseline rate", *BASE[2:4]], ["Essex", 4.2, 4.0, 4.4]]],
    ],
)
def test_baselines_in_two_tables_and_bare_thresholds_are_put_together(books):
    sheets = [
        Sheet(name, square(rows))
        for name, rows in zip(("Binary 2011", "Frequency 2011"), books, strict=False)
    ]
    row = got(*sheets, layout=BASELINES).frame.iloc[0]
    assert of(row, "binary_rate", "lower_threshold", "upper_threshold") == [47, 45, 49]
    assert of(row, "frequency_rate", "frequency_lower", "frequency_upper") == [4.2, 4.0, 4.4]


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([BASE, ["Essex", 47, 49, 45, 4.2, 4.0, 4.4]], "must rise"),
        ([BASE, ["Essex", 47, 45, 49, 4.2, 4.0, 4.4], ["Essex", 47, 45, 49, 4.2, 4.0, 4.4]], "second row"),
        ([[*BASE, "Lower threshold"], ["Essex", 47, 45, 49, 4.2, 4.0, 4.4, 44]], "means the same as column"),
        ([["x", 1]], "no table of providers"),
    ],
)
def test_broken_baselines_are_refused(rows, rule):
    assert rule in refused(Sheet("F15.05", square(rows)), layout=BASELINES)
