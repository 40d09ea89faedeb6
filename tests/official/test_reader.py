"""Headers, kinds of providers, totals, cohorts beside each other, baselines, and what the user says."""

import pytest

from tests.official.layouts import CRCS, FINAL, INTERIM, NPS, interim_row, interim_sheet, square
from tests.official.test_layouts import COHORT, ROWS, TITLE, check, made, more, one, read_one
from tr_analysis.errors import DataError
from tr_analysis.official.finding import find_tables
from tr_analysis.official.layouts import Key, meaning
from tr_analysis.official.workbooks import Sheet

HEADERS = {
    "eligible": ["Number of\noffenders in the\neligible cohort", "Eligible cohort size"],
    "offenders": ["Measurable cohort", "Number of offenders", "No. of offenders in cohort", "Cohort size"],
    "reoffenders": ["Number of re-offenders", "Offenders who re-offended", "Number of proven reoffenders"],
    "reoffences": ["Number of re-\noffences", "Number of proven reoffences", "Reoffences"],
    "binary_rate": [
        *("Proportion of offenders who reoffend (%)", "Binary rate", "Reoffending rate (%)", "Observed rate"),
        *("% of offenders who re-offend", "Unadjusted binary rate", "Binary reoffending rate"),
    ],
    "frequency_rate": [
        *("Average number of reoffences per reoffender", "Frequency rate", "Reoffences per reoffender")
    ],
    "ogrs": [
        *("OGRS4/G score", "Mean OGRS 4/G", "Average OGRS4G score (%)", "Expected reoffending rate (OGRS4/G)")
    ],
    "adjusted_rate": [
        *(
            "Adjusted proportion of offenders who reoffend (%)",
            "Adjusted rate",
            "OGRS4/G adjusted binary rate",
        )
    ],
    "baseline_rate": ["2011 baseline rate", "Baseline (2011)", "Proportion of offenders who reoffend, 2011"],
    "baseline_ogrs": ["2011 OGRS4/G score", "Baseline OGRS4/G"],
    "difference": [
        *("Difference", "Change from baseline (percentage points)"),
        "Difference between the adjusted binary rate and the 2011 baseline (percentage points)",
    ],
    "significance": ["Statistically significant?", "Significance of difference"],
    "baseline_frequency": [
        "2011 baseline frequency rate",
        "Average number of reoffences per reoffender (2011)",
    ],
    "frequency_difference": ["Change in frequency rate from baseline", "Frequency difference"],
    "frequency_significance": ["Frequency rate: statistically significant?"],
    "provider": [
        *("CRC name", "Provider", "Contract Package Area", "Community Rehabilitation Company (CRC)"),
        "NPS division",
    ],
    "provider_type": ["Provider type"],
    "cohort": ["Cohort", "Offender cohort", "Quarter"],
}
UNKNOWN = [
    *(
        "Adjusted baseline rate",
        "Not adjusted rate",
        "Lower limit",
        "Enforcement rate",
        "Rate",
        "London CRC",
        "",
    ),
    *("Difference in the other measure", "2012 baseline rate", "N"),
]
ASIDE = [
    *(
        "Reoffences per offender",
        "Lower 95% confidence limit",
        "Owner",
        "CRC code",
        "Percentage change from 2011",
    ),
    *("Proportion of eligible cohort matched (%)", "Change since the previous quarter", "Change (%)"),
    "Number of previous offences",
    *("Percentage point change from October to December 2015 cohort", "Lower threshold"),
]
BASE = [
    "CRC",
    "2011 number of offenders",
    "2011 baseline binary rate",
    "Lower threshold",
    "2011 frequency rate",
]
TWO = [
    [None, "October to December 2015", None, None, "January to March 2016", None, None],
    ["CRC name", *["Number of offenders", "Number of reoffenders", "Proportion of offenders who reoffend (%)"] * 2],
]  # fmt: skip


def refused(*sheets, **more):
    with pytest.raises(DataError) as error:
        read_one(*sheets, **more)
    return str(error.value)


def results(*sheets, **more):
    return read_one(*sheets, **more).frames["crc_results"]


def test_a_header_means_a_column_with_any_footnote_and_spelling():
    for column, headers in HEADERS.items():
        for header in headers:
            noisy = (header.upper(), header + " (1)", header + "[note 2]", header + "²")
            assert [meaning(printed) for printed in (header, *noisy)] == [Key(column)] * 5, header


def test_a_header_with_any_word_that_is_not_known_means_nothing():
    assert [header for header in UNKNOWN if meaning(header)] == []
    assert [header for header in ASIDE if (meaning(header) or Key("")).column != "aside"] == []
    assert meaning("October to December 2015 cohort: Number of offenders").cohort.name == "2015Q4"


def test_the_interim_layout_is_read():
    contents = Sheet("1", [["Contents"], ["2", "October to December 2015"]])
    reading = read_one(
        contents, interim_sheet(), Sheet("3", [["Notes"]]), interim_sheet("Jan to Mar 2016 cohort", "4", 25)
    )
    frame = reading.frames["crc_results"]
    assert reading.asides == ()
    assert set(zip(frame["sheet"], frame["cohort"], strict=True)) == {("2", "2015Q4"), ("4", "2016Q1")}
    assert set(frame["stage"]) == {"interim"}
    row = frame[(frame["provider"] == CRCS[1]) & (frame["cohort"] == "2016Q1")].iloc[0]
    made = interim_row(CRCS[1], 1, 25)
    assert row[["eligible", "offenders", "reoffenders", "reoffences", "binary_rate"]].tolist() == made[1:6]
    assert frame["cohort_from"].tolist() == ["a title and the contents"] * 21 + ["a title"] * 21


def test_cohorts_may_stand_beside_each_other():
    rows = [["Essex", 1000, 454, 45.4, 2000, 800, 40.0], ["Wales", 1000, 454, 45.4, "*", "[c]", ".."]]
    frame = results(Sheet("x", square([["Final results"], *TWO, *rows])))
    assert frame[["provider", "cohort", "offenders", "suppressed"]].fillna(0).to_numpy().tolist() == [
        ["Essex", "2015Q4", 1000, ""],
        ["Wales", "2015Q4", 1000, ""],
        ["Essex", "2016Q1", 2000, ""],
        ["Wales", "2016Q1", 0, "offenders reoffenders"],
    ]
    year = [[None, "January to March 2020", None, None, "2019/20", None, None], TWO[1]]
    assert set(results(Sheet("x", square([*year, *rows])), release="2022-01")["cohort"]) == {
        "2020Q1",
        "2019Q2 to 2020Q1",
    }


def test_london_and_wales_are_told_by_what_stands_around_them():
    values = ROWS[0][1:]
    names = ["Community Rehabilitation Companies", "Wales", "Essex", "NPS divisions", *NPS]
    rows = [[name] if name.endswith(("Companies", "divisions")) else [name, *values] for name in names]
    found = results(made(head=["Provider", *FINAL[1:]], rows=rows))["provider"].tolist()
    assert found == ["Wales", "Essex", *(f"NPS {name}" for name in NPS)]
    nps = made(head=["NPS division", *FINAL[1:]], rows=[["London", *values]])
    assert results(nps)["provider"].tolist() == ["NPS London"]
    titled = made("Final results, NPS divisions, Oct-Dec 2015 cohort", head=["Provider", *FINAL[1:]], rows=[["Wales", *values]])  # fmt: skip
    assert results(titled)["provider"].tolist() == ["NPS Wales"]
    typed = made(head=["Provider type", "Provider", *FINAL[1:]], rows=[["NPS", "Wales", *values], ["CRC", "Wales", *values]])  # fmt: skip
    assert results(typed)["provider"].tolist() == ["NPS Wales", "Wales"]


def test_totals_are_compared_with_their_sum_and_set_aside():
    rows = [interim_row(crc, i) for i, crc in enumerate(CRCS)]
    sums = [sum(row[k] for row in rows) for k in range(1, 5)]
    for name in ("Total", "All CRCs", "England and Wales"):
        sheet = made(COHORT, head=INTERIM, rows=[*rows, [name, *sums, 44.0, 4.5]])
        reading = read_one(sheet)
        assert len(reading.frames["crc_results"]) == 21
        assert [aside.why for aside in reading.asides] == ["a total, compared with its providers"]
    assert "rows sum to" in refused(
        made(COHORT, head=INTERIM, rows=[*rows, ["Total", *sums[:3], 7, 44.0, 4.5]])
    )
    assert read_one(made(COHORT, head=INTERIM, rows=[*rows[:9], ["Total", 1, 1, 1, 1, 44.0, 4.5]]))


def test_what_has_no_number_is_counted_and_named():
    reading = read_one(made(rows=[[*r[:3], cell, *r[4:]] for r, cell in zip(ROWS, ("fewer than 10", "*", "..", "[z]"), strict=True)]))  # fmt: skip
    frame = reading.frames["crc_results"]
    assert frame["reoffences"].isna().all()
    assert frame["suppressed"].tolist() == ["reoffences", "reoffences", "", ""]
    assert frame["not_applicable"].tolist() == ["", "", "", "reoffences"]


def test_interim_and_final_results_of_one_cohort_may_be_in_one_file():
    interim = interim_sheet("October to December 2015 cohort", "Interim")
    frame = results(made(), interim)
    assert frame.groupby("stage").size().to_dict() == {"final": 4, "interim": 21}


def test_the_user_may_say_the_cohort_but_not_against_the_file():
    for answers in ({"": "Oct-Dec 2015"}, {"Table 1": "2015Q4 final"}):
        reading = read_one(made("Results"), answers=answers)
        frame = reading.frames["crc_results"]
        assert set(frame[["cohort", "cohort_from"]].itertuples(index=False, name=None)) == {
            ("2015Q4", "--cohort")
        }
    assert "say 2015Q4, not 2016Q1" in refused(made(), answers={"": "2016Q1"})
    assert "no such sheet" in refused(made(), answers={"Table 9": "2016Q1"})
    check(results(made(TITLE), answers={"Table 1": "2015Q4"}))


def test_the_name_of_a_csv_file_is_one_place_and_that_of_a_workbook_another():
    assert "only the name of the sheet" in refused(made("x", name="oct-dec 2015"), file="oct-dec 2015.csv")
    check(results(made(TITLE), file="final-results-oct-dec-2015.xlsx"))


def test_lenient_sets_aside_what_is_not_understood_and_no_contradiction():
    rows = [*ROWS, ["Jersey", *ROWS[0][1:]]]
    reading = read_one(made(**more(("Enforcement", 7), rows=rows)), lenient=True)
    check(reading.frames["crc_results"])
    assert [aside.why[:30] for aside in reading.asides] == [
        "a column that is not understoo",
        "a row of numbers that names no",
    ]
    with pytest.raises(DataError, match="contradicts"):
        read_one(made(rows=one(4, 77.7)), lenient=True)


def test_a_release_before_the_end_of_the_cohort_is_refused():
    assert "the file is of 2015-12 by its name" in refused(made(), release="2015-12")


def test_what_is_no_official_table():
    assert read_one(Sheet("A", [["x", 1]]), Sheet("B", [["CRC name", "Colour"], ["Essex", "red"]])) is None
    regions = [["Region", *FINAL[1:]], ["North East", *ROWS[0][1:]], ["London", *ROWS[1][1:]]]
    assert find_tables(Sheet("Regions", square(regions))) == []


# baselines


@pytest.mark.parametrize("scale", [1, 100])
def test_baselines_are_read_and_their_thresholds_set_aside(scale):
    rows = [[crc.replace(" and ", " & "), 9000, 47.1 / scale, 45.2 / scale, 4.2] for crc in CRCS]
    reading = read_one(Sheet("F15.05", square([["2011 baselines"], [], BASE, *rows])), release="")
    frame = reading.frames["crc_baselines"]
    assert frame["provider"].tolist() == list(CRCS)
    row = frame.iloc[3][["offenders", "binary_rate", "frequency_rate", "baseline_year"]]
    assert row.tolist() == [9000, 47.1, 4.2, "2011"]
    assert [aside.why for aside in reading.asides] == ["a threshold"]


@pytest.mark.parametrize(
    ("titles", "headers", "why"),
    [
        (
            ["2011 baselines"],
            ["Binary rate", "Adjusted rate", "Lower threshold"],
            "nothing tells which it is",
        ),
        (["Thresholds"], ["Binary rate", "Frequency rate", "Lower threshold"], "nothing tells which it is"),
        (["Results"], ["Binary rate", "Frequency rate", "Lower confidence limit"], "of which cohort"),
    ],
)
def test_results_and_baselines_are_not_taken_for_each_other(titles, headers, why):
    rows = [["Essex", 47.0, 4.2 if "Frequency" in headers[1] else 46.0, 45.0]]
    assert why in refused(Sheet("x", square([titles, ["CRC", *headers], *rows])))
    said = Sheet("x", square([["2011 baselines"], ["CRC", "Binary rate", "Frequency rate", "Lower threshold"], ["Essex", 47.0, 4.2, 45.0]]))  # fmt: skip
    assert read_one(said).frames["crc_baselines"]["binary_rate"].tolist() == [47.0]
