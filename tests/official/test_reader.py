"""Headers, kinds of providers, totals, cohorts beside each other, baselines, and what the user says."""

import pytest

from tests.official.layouts import CRCS, FINAL, NPS, final_row, interim_row, interim_sheet, square
from tests.official.test_layouts import ROWS, TITLE, check, made, read_one
from tr_analysis.errors import DataError
from tr_analysis.official.layouts import NAMED, meaning
from tr_analysis.official.tables import Book
from tr_analysis.official.workbooks import Sheet

HEADERS = {
    "eligible": ["Number of\noffenders in the\neligible cohort", "Eligible cohort size"],
    "offenders": ["Measurable cohort", "Number of offenders", "No. of offenders in cohort", "Cohort size"],
    "reoffenders": ["Number of re-offenders", "Offenders who re-offended", "Number of proven reoffenders"],
    "reoffences": ["Number of re-\noffences", "Number of proven reoffences", "Reoffences"],
    "binary_rate": ["Proportion of offenders who reoffend (%)", "Binary rate", "Reoffending rate (%)", "Observed rate",
        "% of offenders who re-offend", "Unadjusted binary rate", "Binary reoffending rate"],
    "frequency_rate": ["Average number of reoffences per reoffender", "Frequency rate", "Reoffences per reoffender"],
    "ogrs": ["OGRS4/G score", "Mean OGRS 4/G", "Average OGRS4G score (%)", "Expected reoffending rate (OGRS4/G)"],
    "adjusted_rate": ["Adjusted proportion of offenders who reoffend (%)", "Adjusted rate", "OGRS4/G adjusted binary rate"],
    "baseline_rate": ["2011 baseline rate", "Baseline (2011)", "Proportion of offenders who reoffend, 2011"],
    "baseline_ogrs": ["2011 OGRS4/G score", "Baseline OGRS4/G"],
    "difference": ["Difference", "Change from baseline (percentage points)",
        "Difference between the adjusted binary rate and the 2011 baseline (percentage points)"],
    "significance": ["Statistically significant?", "Significance of difference"],
    "baseline_frequency": ["2011 baseline frequency rate", "Average number of reoffences per reoffender (2011)"],
    "frequency_difference": ["Change in frequency rate from baseline", "Frequency difference"],
    "frequency_significance": ["Frequency rate: statistically significant?"],
    "provider": ["CRC name", "Provider", "Contract Package Area", "Community Rehabilitation Company (CRC)", "NPS division"],
    "provider_type": ["Provider type"],
    "cohort": ["Cohort", "Offender cohort", "Quarter"],
}  # fmt: skip
UNKNOWN = ["Adjusted baseline rate", "Not adjusted rate", "Lower limit", "Enforcement rate", "Rate", "London CRC", "",
    "Difference in the other measure", "2012 baseline rate", "N", "October to December 2015 cohort: Number of offenders"]  # fmt: skip
ASIDE = ["Reoffences per offender", "Lower 95% confidence limit", "Owner", "CRC code", "Percentage change from 2011",
    "Proportion of eligible cohort matched (%)", "Change since the previous quarter", "Change (%)", "Lower threshold",
    "Number of previous offences", "Percentage point change from October to December 2015 cohort"]  # fmt: skip
BASE = ["CRC", "2011 number of offenders", "2011 baseline binary rate", "Lower threshold", "2011 frequency rate"]  # fmt: skip
WHY = {"sum": "a total, the sum of its rows", "not all": "a total that cannot be compared with its rows",
    "average": "an average"}  # fmt: skip
EVERY = [final_row(crc, i) for i, crc in enumerate(CRCS)]


def total(name, rows, shift=0):
    """Return the row of a total of offenders, reoffenders and reoffences, the last of them changed."""
    sums = [sum(row[i] for row in rows) for i in (1, 2, 3)]
    return [name, *sums[:2], sums[2] + shift, *rows[0][4:9], None, None, *rows[0][11:12], None, None]


NORTH, SOUTH = EVERY[:3], EVERY[3:5]
PARTED = [*NORTH, total("North East total", NORTH), *SOUTH, total("North West total", SOUTH)]
ALL_SUM, NORTH_SUM, SOUTH_SUM = (f"{sum(row[3] for row in rows):,}" for rows in (EVERY, NORTH, SOUTH))
TOTALS = {
    **{name: ([*EVERY, total(name, EVERY)], "sum") for name in ("Total", "All CRCs", "England and Wales", "Subtotal")},
    **{f"{name}, wrong": ([*EVERY, total(name, EVERY, 1)], f"{ALL_SUM} (rows 4 to 24") for name in ("Total", "All CRCs", "England and Wales")},
    "of regions": (PARTED, "sum"),
    "of regions, above their rows": ([PARTED[3], *NORTH, PARTED[6], *SOUTH], "sum"),
    "of a region, under its heading": ([["North East"], *NORTH, total("North East total", NORTH)], "sum"),
    "of a region, wrong": ([*NORTH, total("North East total", NORTH, 9), *SOUTH], f"{NORTH_SUM} (rows 4 to 6 of sheet 'Table 1') or"),
    "of a headed region, wrong": ([["North West"], *SOUTH, total("North West total", SOUTH, -1)], f"{SOUTH_SUM} (rows 5 to 6"),
    "bare, of some": ([*NORTH, total("Total", NORTH, 1)], f"{NORTH_SUM} (rows 4 to 6"),
    "of all, where some are there": ([*ROWS, total("All CRCs", EVERY)], "not all"),
    "of regions that nothing sets apart": ([*EVERY, total("North East total", NORTH), total("South total", SOUTH)], "not all"),
    "of a region that lacks a number": ([[*NORTH[0][:1], *["*"] * 3, *NORTH[0][4:]], *NORTH[1:], total("Total", NORTH)], "not all"),
    "bare, beside a row without any number": ([[CRCS[0], *[".."] * 13], *EVERY[1:], total("Total", EVERY)], "not all"),
    "an average": ([*EVERY, total("CRC average", NORTH)], "average"),
}  # fmt: skip


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
            assert [meaning(printed) for printed in (header, *noisy)] == [column] * 5, header


def test_a_header_with_any_word_that_is_not_known_means_nothing():
    assert [header for header in UNKNOWN if meaning(header)] == []
    assert [header for header in ASIDE if meaning(header) in {"", *NAMED}] == []


def test_the_interim_layout_is_read():
    sheets = interim_sheet(), Sheet("3", [["Notes"]]), interim_sheet("Jan to Mar 2016 cohort", "4", 25)
    reading = read_one(*sheets)
    frame = reading.frames["crc_results"]
    assert reading.asides == ()
    assert set(zip(frame["sheet"], frame["cohort"], strict=True)) == {("2", "2015Q4"), ("4", "2016Q1")}
    assert set(frame["stage"]) == {"interim"}
    row = frame[(frame["provider"] == CRCS[1]) & (frame["cohort"] == "2016Q1")].iloc[0]
    made = interim_row(CRCS[1], 1, 25)
    assert row[["eligible", "offenders", "reoffenders", "reoffences", "binary_rate"]].tolist() == made[1:6]


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


@pytest.mark.parametrize("case", TOTALS)
def test_totals_are_compared_with_the_sum_of_their_rows(case):
    rows, told = TOTALS[case]
    if told in WHY:
        reading = read_one(made(rows=rows))
        assert set(reading.frames["crc_results"]["provider"]) <= set(CRCS)
        assert {aside.rule for aside in reading.asides} - {"a provider without any number"} == {WHY[told]}
    else:
        assert f"a total that contradicts the sum of its rows, {told}" in refused(made(rows=rows))


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
        assert set(results(made("Results"), answers=answers)["cohort"]) == {"2015Q4"}
    assert "say 2015Q4, not 2016Q1" in refused(made(), answers={"": "2016Q1"})
    assert "no such sheet" in refused(made(), answers={"Table 9": "2016Q1"})
    check(results(made(TITLE), answers={"Table 1": "2015Q4"}))


def test_what_is_no_official_table():
    assert read_one(Sheet("A", [["x", 1]]), Sheet("B", [["CRC name", "Colour"], ["Essex", "red"]])) is None
    regions = [["Region", *FINAL[1:]], ["North East", *ROWS[0][1:]], ["London", *ROWS[1][1:]]]
    assert Book("x", [Sheet("Regions", square(regions))]).found[0][1] == []


# baselines


@pytest.mark.parametrize("scale", [1, 100])
def test_baselines_are_read_and_their_thresholds_set_aside(scale):
    rows = [[crc.replace(" and ", " & "), 9000, 47.1 / scale, 45.2 / scale, 4.2] for crc in CRCS]
    reading = read_one(Sheet("F15.05", square([["2011 baselines"], [], BASE, *rows])), release="")
    frame = reading.frames["crc_baselines"]
    assert frame["provider"].tolist() == list(CRCS)
    row = frame.iloc[3][["offenders", "binary_rate", "frequency_rate", "baseline_year"]]
    assert row.tolist() == [9000, 47.1, 4.2, "2011"]
    assert [aside.rule for aside in reading.asides] == ["a threshold"]


@pytest.mark.parametrize(
    ("titles", "headers", "why"),
    [
        (["2011 baselines"], ["Binary rate", "Adjusted rate", "Lower threshold"], "nothing tells which it is"),
        (["Thresholds"], ["Binary rate", "Frequency rate", "Lower threshold"], "nothing tells which it is"),
        (["Results"], ["Binary rate", "Frequency rate", "Lower confidence limit"], "cohort is not said"),
    ],
)  # fmt: skip
def test_results_and_baselines_are_not_taken_for_each_other(titles, headers, why):
    rows = [["Essex", 47.0, 4.2 if "Frequency" in headers[1] else 46.0, 45.0]]
    assert why in refused(Sheet("x", square([titles, ["CRC", *headers], *rows])))
    said = Sheet("x", square([["2011 baselines"], ["CRC", "Binary rate", "Frequency rate", "Lower threshold"], ["Essex", 47.0, 4.2, 45.0]]))  # fmt: skip
    assert read_one(said).frames["crc_baselines"]["binary_rate"].tolist() == [47.0]
