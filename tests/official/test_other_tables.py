import datetime

import pandas as pd
import pytest

from tests.official.layouts import CRCS, square
from tr_analysis.errors import DataError
from tr_analysis.official.families import annual_tables, baselines, consultation, overall_tool, probation
from tr_analysis.official.words.cohorts import parse_date
from tr_analysis.official.workbooks import Sheet


def read(reader, *sheets):
    return reader.read(sheets, "f.xlsx", "2019-07")


def refused(reader, *sheets):
    with pytest.raises(DataError) as error:
        read(reader, *sheets)
    assert str(error.value).startswith("f.xlsx")
    return str(error.value)


# the data tool

TOOL = [
    "adult_child",
    "cohort",
    "region",
    "category",
    "subcat1",
    "subcat2",
    "offenders",
    "reoffenders",
    "reoffences",
]
NATIONAL = ["Adult", "Apr 2012 to Mar 2013", "England and Wales", "Total", None, None, 450000, 120000, 400000]


def test_the_data_tool_is_read():
    local = [
        "Child",
        "Apr 2013 to Mar 2014",
        "North & East",
        "Index offence",
        "Theft",
        "Shop",
        "1,000",
        "*",
        "[c]",
    ]
    reading = read(
        overall_tool, Sheet("Notes", [["About"]]), Sheet("Data", [TOOL, NATIONAL, local, [None] * 9])
    )
    first, second = reading.frame.iloc[0], reading.frame.iloc[1]
    assert list(first[["cohort_as_printed", "cohort_start", "cohort_end"]]) == [
        "Apr 2012 to Mar 2013",
        "2012-04",
        "2013-03",
    ]
    assert list(first[["adult_child", "region", "category", "offenders", "reoffenders", "reoffences"]]) == [
        "Adult",
        "England and Wales",
        "Total",
        450000,
        120000,
        400000,
    ]
    assert pd.isna(first["subcat1"])
    assert list(second[["region", "subcat1", "subcat2", "offenders", "suppressed", "row"]]) == [
        "North & East",
        "Theft",
        "Shop",
        1000,
        "reoffenders reoffences",
        3,
    ]
    assert reading.not_understood == ()


def test_the_data_tool_in_another_order_and_spelling():
    head = [
        "Offenders",
        "Reoffenders",
        "Re-offences",
        "Category",
        "Sub-category 1",
        "Sub category 2",
        "Region",
        "Cohort",
        "Adult or child",
        "Rate",
    ]
    row = [
        450000,
        120000,
        400000,
        "Total",
        None,
        None,
        "England and Wales",
        "April 2012 to March 2013",
        "Adult",
        26.7,
    ]
    reading = read(overall_tool, Sheet("Data", [["Proven reoffending"], [], head, row]))
    assert list(reading.frame.iloc[0][["offenders", "cohort_start", "adult_child"]]) == [
        450000,
        "2012-04",
        "Adult",
    ]
    assert [n.header for n in reading.not_understood] == ["Rate"]


@pytest.mark.parametrize(
    "rows, rule",
    [
        ([TOOL[:6] + TOOL[7:], NATIONAL[:6] + NATIONAL[7:]], "lacks offenders"),
        ([[*TOOL, "offenders"], [*NATIONAL, 3]], "another column has this meaning"),
        ([TOOL, NATIONAL, NATIONAL], "second row of"),
        ([TOOL, [*NATIONAL[:1], "last year", *NATIONAL[2:]]], "no cohort"),
        ([TOOL, [*NATIONAL[:7], 500000, 1]], "more reoffenders"),
        ([TOOL, [*NATIONAL[:6], -1, 1, 1]], "whole number"),
        ([["x", 1]], "no sheet has the columns"),
    ],
)
def test_a_broken_data_tool_is_refused(rows, rule):
    assert rule in refused(overall_tool, Sheet("Data", rows))


# index offences

PERIODS = ["Index offence", "Oct 2015 to Sep 2016", "Oct 2016 to Sep 2017"]
NOTES = [
    ["Table A4a: adult proven reoffending by index offence"],
    ["Annual average of four cohorts"],
    ["* removed: fewer than 30"],
]
RATE, OFTEN = "Proportion of offenders who reoffend (%)", "Average number of reoffences per reoffender"
BLOCKS = [
    ["Violence against the person"],
    [RATE, 25.4, 26.0],
    [OFTEN, 3.1, "*"],
    ["Number of reoffenders", 254, "260"],
    ["Number of offenders", "1,000", 1000],
    [],
    ["Theft (1)"],
    [RATE, "*", 50.1],
]


def test_index_offences_are_read():
    reading = read(
        annual_tables,
        Sheet("A4a_(annual_average)", square([*NOTES, PERIODS, *BLOCKS])),
        Sheet("A1", [["x", 3]]),
    )
    frame = reading.frame
    assert set(frame["group"]) == {"adults"}
    rates = frame[frame["column"] == "binary_rate"]
    assert list(zip(rates["index_offence"], rates["period_as_printed"], rates["state"], strict=True)) == [
        ("Violence against the person", PERIODS[1], "value"),
        ("Violence against the person", PERIODS[2], "value"),
        ("Theft", PERIODS[1], "suppressed"),
        ("Theft", PERIODS[2], "value"),
    ]
    assert list(rates["value"].dropna()) == [25.4, 26.0, 50.1]
    assert set(rates["measure"]) == {RATE}
    assert list(reading.checks["agrees"]) == [True, True]
    assert [n.sheet for n in reading.not_understood] == ["A1"]


def test_index_offences_stored_as_fractions_with_years_over_them():
    rows = [
        ["Table"],
        ["x"],
        ["y"],
        [None, 2016, 2017, "Change"],
        ["Theft"],
        ["Proportion of juvenile offenders who reoffend", 0.254, 0.26, 0.006],
    ]
    reading = read(annual_tables, Sheet("A4b_(annual_average)", square(rows)))
    assert list(reading.frame["value"]) == [25.4, 26.0]
    assert list(reading.frame["period_as_printed"]) == ["2016", "2017"]
    assert list(reading.frame["group"]) == ["juveniles", "juveniles"]
    assert reading.not_understood[0].header == "Change"


def test_an_offence_may_stand_beside_its_measures_or_over_the_periods():
    beside = [
        ["Table A4"],
        [None, None, *PERIODS[1:]],
        ["Theft", RATE, 40, 41],
        [None, OFTEN, 3, 4],
        ["Fraud", RATE, 20, 21],
    ]
    frame = read(annual_tables, Sheet("A4a", square(beside))).frame
    assert list(frame["index_offence"]) == ["Theft"] * 4 + ["Fraud"] * 2
    over = [["Table"], ["Theft", *PERIODS[1:]], [RATE, 40, 41], ["Fraud", *PERIODS[1:]], [RATE, 20, 21]]
    frame = read(annual_tables, Sheet("A4a", square(over))).frame
    assert list(frame["index_offence"]) == ["Theft"] * 2 + ["Fraud"] * 2


@pytest.mark.parametrize(
    "rows, rule",
    [
        ([PERIODS, ["Theft"], [RATE, 1.5, 2.5], [RATE, 1.5, 2.5]], "second binary_rate of Theft"),
        ([PERIODS, [RATE, 1.5, 2.5]], "under no index offence"),
        ([["x", 1]], "no sheet such as A4a"),
    ],
)
def test_broken_tables_of_index_offences_are_refused(rows, rule):
    assert rule in refused(annual_tables, Sheet("A4a", square(rows)))


def test_numbers_under_no_period_are_kept_by_their_columns_and_reported():
    reading = read(
        annual_tables,
        Sheet("A4a", square([["Table"], ["a"], ["b"], ["Theft"], ["Proportion of adults", 40, "*"]])),
    )
    assert list(reading.frame["period_as_printed"]) == ["column 2", "column 3"]
    assert list(reading.frame["state"]) == ["value", "suppressed"]
    assert "no period" in reading.not_understood[0].why


# baselines

BASE = [
    "CRC",
    "2011 baseline binary rate",
    "Lower threshold",
    "Upper threshold",
    "2011 baseline frequency rate",
    "Frequency lower threshold",
    "Frequency upper threshold",
]


@pytest.mark.parametrize("scale", [1, 100])
def test_baselines_and_thresholds_are_read(scale):
    rows = [
        [crc.replace(" and ", " & "), 47.1 / scale, 45.2 / scale, 49.3 / scale, 4.2, 4.0, 4.4] for crc in CRCS
    ]
    reading = read(baselines, Sheet("F15.05", square([["2011 baselines: annual cohort"], [], BASE, *rows])))
    assert list(reading.frame["provider"]) == list(CRCS)
    assert list(
        reading.frame.iloc[3][
            [
                "binary_rate",
                "lower_threshold",
                "upper_threshold",
                "frequency_rate",
                "frequency_lower",
                "frequency_upper",
            ]
        ]
    ) == [47.1, 45.2, 49.3, 4.2, 4.0, 4.4]
    assert set(reading.frame["baseline_year"]) == {"2011"}
    assert set(reading.frame["cohort_type"]) == {"year"}
    assert reading.not_understood == ()


def test_baselines_of_quarters_and_years_beside_each_other():
    head = [
        ["CRC", "Quarterly cohorts", None, "Annual cohorts", None],
        [None, "Lower threshold", "Upper threshold", "Lower threshold", "Upper threshold"],
    ]
    frame = read(baselines, Sheet("2011 baseline", square([*head, ["Essex", 44.0, 50.0, 46.0, 48.0]]))).frame
    assert list(zip(frame["cohort_type"], frame["lower_threshold"], strict=True)) == [
        ("quarter", 44.0),
        ("year", 46.0),
    ]


def test_baselines_in_two_tables_are_put_together():
    binary = Sheet("Binary 2011", square([BASE[:4], ["Essex", 47, 45, 49]]))
    often = Sheet("Frequency 2011", square([[BASE[0], *BASE[4:]], ["Essex", 4.2, 4.0, "*"]]))
    row = read(baselines, binary, often).frame.iloc[0]
    assert list(row[["binary_rate", "frequency_rate", "suppressed"]]) == [47, 4.2, "frequency_upper"]


@pytest.mark.parametrize(
    "rows, rule",
    [
        ([BASE, ["Essex", 47, 49, 45, 4.2, 4.0, 4.4]], "must rise"),
        ([BASE, ["Essex", 47, 45, 49, 4.2, 4.0, 4.4], ["Essex", 47, 45, 49, 4.2, 4.0, 4.4]], "second row"),
        ([[*BASE, "Lower threshold"], ["Essex", 47, 45, 49, 4.2, 4.0, 4.4, 44]], "another column"),
        ([["x", 1]], "no table of providers"),
    ],
)
def test_broken_baselines_are_refused(rows, rule):
    assert rule in refused(baselines, Sheet("F15.05", square(rows)))


def test_a_baseline_of_an_unknown_provider_is_reported():
    rows = [BASE, ["Essex", 47, 45, 49, 4.2, 4.0, 4.4], ["Esex", 47, 45, 49, 4.2, 4.0, 4.4]]
    (note,) = read(baselines, Sheet("F15.05", rows)).not_understood
    assert "did you mean Essex?" in note.why


# national cohorts

COHORT = [
    "Cohort",
    "Number of offenders",
    "Number of reoffenders",
    "Number of reoffences",
    "Proportion of offenders who reoffend (%)",
    "Average number of reoffences per reoffender",
    "OGRS4/G score",
    "Adjusted proportion (%)",
]
FIRST = ["Jan-Mar 2000", 100000, 25000, 70000, 25.0, 2.8, 33.7, 25.1]


@pytest.mark.parametrize(
    "cohort, name, kind",
    [
        ("Jan-Mar 2000", "2000Q1", "quarter"),
        ("2000 Q1", "2000Q1", "quarter"),
        ("Q1 2000", "2000Q1", "quarter"),
        (datetime.date(2000, 1, 1), "2000Q1", "quarter"),
        ("Jan 2000 to Dec 2000", "2000Q1 to 2000Q4", "year"),
        (2000, "2000Q1 to 2000Q4", "year"),
        ("2000.0", "2000Q1 to 2000Q4", "year"),
        ("Apr 2000 - Mar 2001", "2000Q2 to 2001Q1", "year"),
        ("2000/01", "2000Q2 to 2001Q1", "year"),
    ],
)
def test_national_cohorts_are_read(cohort, name, kind):
    rows = [["Table 1: adult offenders, new measure"], COHORT, [cohort, *FIRST[1:]]]
    reading = read(consultation, Sheet("1", square(rows)))
    row = reading.frame.iloc[0]
    assert list(row[["group", "measure_version", "cohort", "cohort_type"]]) == ["adults", "new", name, kind]
    assert (
        list(
            row[
                [
                    "offenders",
                    "reoffenders",
                    "reoffences",
                    "binary_rate",
                    "frequency_rate",
                    "ogrs",
                    "adjusted_rate",
                ]
            ]
        )
        == FIRST[1:]
    )
    assert reading.checks["agrees"].all()
    assert reading.not_understood == ()


def test_both_measures_and_both_groups_beside_each_other():
    head = [
        ["Cohort", "Old measure", None, "New measure", None],
        [None, "Adults", "Juveniles", "Adults", "Juveniles"],
        [None, "Reoffenders", "Reoffenders", "Reoffenders", "Reoffenders"],
    ]
    frame = read(
        consultation, Sheet("q", square([*head, ["Jan-Mar 2000", 1, 2, 3, 4], ["Apr-Jun 2000", 5, 6, 7, 8]]))
    ).frame
    got = {(r.measure_version, r.group, r.cohort): r.reoffenders for r in frame.itertuples()}
    assert got["old", "juveniles", "2000Q1"] == 2
    assert got["new", "adults", "2000Q2"] == 7
    assert len(got) == 8


def test_a_year_and_a_quarter_in_two_columns():
    rows = [
        ["Juvenile offenders, current measure"],
        ["Year", "Quarter", *COHORT[1:]],
        [2000, "Q1", *FIRST[1:]],
        [None, "Q2", *FIRST[1:]],
        [2001, "Jan-Mar", *FIRST[1:]],
    ]
    frame = read(consultation, Sheet("x", square(rows))).frame
    assert list(frame["cohort"]) == ["2000Q1", "2000Q2", "2001Q1"]
    assert set(frame["group"]) == {"juveniles"}
    assert set(frame["measure_version"]) == {"old"}


def test_a_column_a_cohort():
    rows = [
        ["Cohort", "Jan-Mar 2000", "Apr-Jun 2000"],
        ["Number of offenders", 1000, 1100],
        ["Number of reoffenders", 250, 275],
        [COHORT[4], 25, 25],
    ]
    frame = read(consultation, Sheet("Adult new measure", square(rows))).frame
    assert list(frame["offenders"]) == [1000, 1100]
    assert frame["row"].isna().all()


def test_headings_say_whom_the_rows_are_about():
    rows = [["Old measure"], COHORT, ["Adults"], FIRST, ["Juveniles"], [*FIRST[:1], *(["*"] * 7)]]
    frame = read(consultation, Sheet("q", square(rows))).frame
    assert list(frame["group"]) == ["adults", "juveniles"]
    assert frame.iloc[1]["suppressed"].startswith("offenders reoffenders reoffences")


def test_columns_say_whom_and_which_measure_the_rows_are_about():
    head = ["Adult or juvenile", "Measure", "Cohort type", *COHORT]
    rows = [["Adult", "Old", "Quarterly", *FIRST], ["Juvenile", "New", "Quarterly", *FIRST]]
    reading = read(consultation, Sheet("x", [head, *rows]))
    assert list(zip(reading.frame["group"], reading.frame["measure_version"], strict=True)) == [
        ("adults", "old"),
        ("juveniles", "new"),
    ]
    assert consultation.recognises([Sheet("x", [head, *rows])]) == "consultation_cohorts"
    assert reading.not_understood == ()


@pytest.mark.parametrize(
    "rows, rule",
    [
        ([["Adults"], COHORT, FIRST], "the old or the new measure"),
        ([["New measure"], COHORT, FIRST], "adults or juveniles"),
        ([["Adults, new measure"], COHORT, FIRST, FIRST], "second row of adults, new"),
        ([["Adults, new measure"], [*COHORT, "Reoffenders"], [*FIRST, 1]], "another column"),
        ([["x", 1]], "no table of cohorts"),
    ],
)
def test_broken_national_tables_are_refused(rows, rule):
    assert rule in refused(consultation, Sheet("q", square(rows)))


# people on probation

CASES = ["Probation_area", "Supervision_type", "Sex", "Date", "Value"]
STARTS = ["Region", "Supervision type", "Sex", "Quarter", "Value"]


def test_the_caseload_is_read():
    rows = [
        ["A note"],
        ["Another, with 3 commas"],
        CASES,
        ["London CRC", "All", "Male", "30/06/2019", "1,234"],
        ["Essex", "All", "Female", "31/03/2019", "*"],
    ]
    reading = read(probation, Sheet("caseload", square(rows)))
    assert reading.family == "probation_caseload"
    assert list(reading.frame["date"]) == ["2019-06-30", "2019-03-31"]
    assert list(reading.frame["state"]) == ["value", "suppressed"]
    assert reading.frame["value"].iloc[0] == 1234
    assert reading.not_understood == ()


def test_the_starts_are_read():
    rows = [
        ["A"],
        ["B"],
        ["C"],
        STARTS,
        ["London", "Community order", "Male", "Jan-Mar 2019", 12],
        ["London", "Community order", "Male", "Apr-Jun 2019", 0],
    ]
    reading = read(probation, Sheet("starts", square(rows)))
    assert reading.family == "probation_starts"
    assert list(reading.frame["quarter"]) == ["2019Q1", "2019Q2"]
    assert list(reading.frame["value"]) == [12, 0]


@pytest.mark.parametrize(
    "period, family", [("30/06/2019", "probation_caseload"), ("Jan-Mar 2019", "probation_starts")]
)
def test_a_file_without_header_is_read_by_what_it_holds(period, family):
    reading = read(
        probation,
        Sheet(
            "x",
            square(
                [
                    ["n"],
                    ["n"],
                    ["London", "All", "Male", period, "12"],
                    ["London", "All", "Female", period, "13"],
                ]
            ),
        ),
    )
    assert reading.family == family
    assert list(reading.frame["value"]) == [12, 13]


@pytest.mark.parametrize(
    "rows, rule",
    [
        ([CASES, ["a", "b", "Male", "31/06/2019", 1]], "no day"),
        ([CASES, ["a", "b", "Male", "06/30/2019", 1]], "no day"),
        ([STARTS, ["a", "b", "Male", "spring", 1]], "no quarter"),
        ([CASES[:3] + CASES[4:], ["a", "b", "Male", 1]], "date or quarter"),
        ([CASES, ["a", "b", "Male", "30/06/2019", 1.5]], "whole number"),
        (
            [CASES, ["a", "b", "Male", "30/06/2019", 1], ["a", "b", "Male", "30/06/2019", 2]],
            "second row of a, b, Male",
        ),
        ([["x", 1]], "no table with the columns"),
    ],
)
def test_broken_probation_files_are_refused(rows, rule):
    assert rule in refused(probation, Sheet("x", rows))


@pytest.mark.parametrize(
    "printed",
    [
        "30/06/2019",
        "2019-06-30",
        "30 June 2019",
        "30-Jun-19",
        "30.06.2019",
        "30/06/2019 00:00",
        datetime.date(2019, 6, 30),
        datetime.datetime(2019, 6, 30),
    ],
)
def test_a_day_is_read(printed):
    assert parse_date(printed) == datetime.date(2019, 6, 30)


@pytest.mark.parametrize("printed", [None, "", 43646, "June 2019", "30/13/2019", True, datetime.time(1)])
def test_what_is_no_day_is_none(printed):
    assert parse_date(printed) is None


def test_a_note_that_begins_as_a_measure_and_measures_of_no_known_meaning():
    rows = [
        ["Table A4a: adult proven reoffending"],
        ["Number of offenders, reoffenders and reoffending rates"],
        PERIODS,
        ["Theft"],
        [RATE, 50.1, 0.9],
        ["Number of offenders"],
        ["Average number of reoffences per offender", 1.53, "*"],
        ["Average number of previous offences per offender", 11.2, 12],
        ["All other offences", 3, 4],
    ]
    reading = read(annual_tables, Sheet("A4a", square(rows)))
    assert set(reading.frame["index_offence"]) == {"Theft"}
    assert set(reading.frame["period_as_printed"]) == set(PERIODS[1:])
    others = reading.frame[reading.frame["column"] != "binary_rate"]
    assert others["measure"].tolist() == [rows[6][0], rows[6][0], rows[7][0], rows[7][0]]
    assert others["state"].tolist() == ["value", "suppressed", "value", "value"]
    (note,) = [n for n in reading.not_understood if n.row == 9]
    assert note.why == "numbers beside no measure that is known"


def test_a_proportion_above_one_is_no_fraction_whatever_the_counts_beside_it():
    rows = [PERIODS, ["Theft"], [RATE, 16.7, 11.5], ["Number of reoffenders", 900, 20]]
    rows += [["Number of offenders", 1000, 1000]]
    reading = read(annual_tables, Sheet("A4a", square(rows)))
    frame = reading.frame
    assert frame.loc[frame["column"] == "binary_rate", "value"].tolist() == [16.7, 11.5]
    assert reading.checks["row"].tolist() == [3, 3]


def test_fractions_stay_fractions_where_the_counts_beside_them_disagree():
    rows = [PERIODS, ["Theft"], [RATE, 0.524, 0.4], ["Number of reoffenders", 5, 400]]
    rows += [["Number of offenders", 1000, 1000]]
    frame = read(annual_tables, Sheet("A4a", square(rows))).frame
    assert frame.loc[frame["column"] == "binary_rate", "value"].tolist() == [52.4, 40.0]


@pytest.mark.parametrize("sheets", [1, 2])
def test_bare_thresholds_are_of_the_measure_that_they_stand_by(sheets):
    limits = ["Lower threshold", "Upper threshold"]
    if sheets == 1:
        head = ["CRC", "Binary rate baseline", *limits, "Frequency rate baseline", *limits]
        made = [Sheet("F15.05", [head, ["Essex", 47, 45, 49, 4.2, 4.0, 4.4]])]
    else:
        head = ["CRC", "2011 baseline rate", *limits]
        made = [
            Sheet("Binary", [head, ["Essex", 47, 45, 49]]),
            Sheet("Frequency", [head, ["Essex", 4.2, 4.0, 4.4]]),
        ]
    row = read(baselines, *made).frame.iloc[0]
    assert row[["binary_rate", "lower_threshold", "upper_threshold"]].tolist() == [47, 45, 49]
    assert row[["frequency_rate", "frequency_lower", "frequency_upper"]].tolist() == [4.2, 4.0, 4.4]
