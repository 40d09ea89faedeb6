import pandas as pd
import pytest

from tests.official.layouts import (
    CRCS,
    FINAL,
    INTERIM,
    NPS,
    counts,
    final_row,
    final_sheet,
    interim_row,
    interim_sheet,
    save,
    square,
)
from tr_analysis.errors import DataError
from tr_analysis.official.families.crc_results import read
from tr_analysis.official.tables import read_official
from tr_analysis.official.workbooks import Sheet


def got(*sheets, file="f.xlsx"):
    return read(sheets, file, "2017-01")


def table(rows, name="Oct-Dec 2015", head=INTERIM, title=()):
    return Sheet(name, square([*([t] for t in title), list(head), *rows]))


def one(row, **changes):
    """The one row of a table of one provider."""
    reading = got(table([row], **changes))
    assert len(reading.frame) == 1
    return reading.frame.iloc[0], reading


def refused(*sheets):
    with pytest.raises(DataError) as error:
        got(*sheets)
    return str(error.value)


ESSEX = ["Essex", 1100, 1000, 454, 2134, 45.4, 4.70]


def test_the_interim_layout_is_read_from_a_workbook(tmp_path):
    path = save(
        tmp_path / "crc-nps-interim-results-tables-jan17.xlsx",
        Sheet("1", [["Contents"], ["Table 2: October to December 2015"]]),
        interim_sheet("Oct-Dec 2015", "2"),
        Sheet("3", [["Notes on the tables"]]),
        interim_sheet("January to March 2016", "4", 25),
    )
    reading = read_official(path)
    frame = reading.frame
    assert reading.not_understood == ()
    assert len(frame) == 42
    assert set(frame["provider"]) == set(CRCS)
    assert set(zip(frame["sheet"], frame["cohort"], strict=True)) == {("2", "2015Q4"), ("4", "2016Q1")}
    assert (frame["stage"] == "interim").all()
    assert (frame["provider_type"] == "CRC").all()
    second = frame[(frame["provider"] == CRCS[1]) & (frame["cohort"] == "2016Q1")].iloc[0]
    assert (second["eligible"], second["offenders"], second["reoffenders"], second["reoffences"]) == counts(
        1, 25
    )
    assert second["row"] == 5
    assert len(reading.checks) == 84
    assert reading.checks["agrees"].all()


def test_the_final_layout_is_read():
    reading = got(final_sheet())
    row = reading.frame.iloc[20]
    _, people, again, offences, rate, ogrs, adjusted, base_ogrs, base, gap, sure, often, base_often, more = (
        final_row(CRCS[20], 20)
    )
    assert row["provider"] == CRCS[20]
    assert row["stage"] == "final"
    assert [row[c] for c in ("offenders", "reoffenders", "reoffences")] == [people, again, offences]
    assert [
        row[c]
        for c in ("binary_rate", "ogrs", "adjusted_rate", "baseline_ogrs", "baseline_rate", "difference")
    ] == [rate, ogrs, adjusted, base_ogrs, base, gap]
    assert [row[c] for c in ("frequency_rate", "baseline_frequency", "frequency_difference")] == [
        often,
        base_often,
        more,
    ]
    assert (
        row["significance"] == ("significant increase" if gap > 0 else "significant reduction")
        if sure == "Yes"
        else "not significant"
    )
    assert pd.isna(row["eligible"])
    assert reading.not_understood == ()
    assert reading.checks["agrees"].all()


@pytest.mark.parametrize(
    "printed, name",
    [
        ("Dorset, Devon & Cornwall", "Dorset, Devon and Cornwall"),
        ("DORSET DEVON AND CORNWALL CRC", "Dorset, Devon and Cornwall"),
        ("Devon, Dorset & Cornwall Community Rehabilitation Company Limited", "Dorset, Devon and Cornwall"),
        ("Kent,\nSurrey\u00a0& Sussex(2)", "Kent, Surrey and Sussex"),
        ("Kent Surrey Sussex [note 3]", "Kent, Surrey and Sussex"),
        ("Hampshire & the Isle of Wight²", "Hampshire and Isle of Wight"),
        ("The Northumbria CRC*", "Northumbria"),
        ("  durham  tees valley ", "Durham Tees Valley"),
        ("London", "London"),
        ("NPS London", "NPS London"),
        ("National Probation Service - Wales", "NPS Wales"),
        ("South East & Eastern NPS", "NPS South East and Eastern"),
        ("South West & South Central (NPS)", "NPS South West South Central"),
        ("All CRCs", "All CRCs"),
        ("CRC Total", "All CRCs"),
        ("NPS total", "All NPS"),
        ("England & Wales", "England and Wales"),
        ("C21", "Kent, Surrey and Sussex"),
    ],
)
def test_a_provider_is_known_however_it_is_printed(printed, name):
    row, reading = one([printed, *ESSEX[1:]])
    assert row["provider"] == name
    assert row["provider_type"] == (
        "total" if name.startswith(("All", "England")) else "NPS" if "NPS" in name else "CRC"
    )
    assert reading.not_understood == ()


def test_a_provider_that_is_not_known_is_reported_with_the_nearest():
    reading = got(table([ESSEX, ["Nortumbria", *ESSEX[1:]]]))
    assert list(reading.frame["provider"]) == ["Essex"]
    (note,) = reading.not_understood
    assert (note.sheet, note.row) == ("Oct-Dec 2015", 3)
    assert "Nortumbria" in note.value
    assert "did you mean Northumbria?" in note.why


@pytest.mark.parametrize(
    "text, name, kind",
    [
        ("October to December 2015", "2015Q4", "quarter"),
        ("Oct-Dec 2015", "2015Q4", "quarter"),
        ("Oct 15 - Dec 15", "2015Q4", "quarter"),
        ("2015 Q4", "2015Q4", "quarter"),
        ("Q1 2016", "2016Q1", "quarter"),
        ("January 2016 to March 2016", "2016Q1", "quarter"),
        ("1 January 2016 to 31 March 2016", "2016Q1", "quarter"),
        ("Jan–Mar ’16", "2016Q1", "quarter"),
        ("October 2015 to September 2016", "2015Q4 to 2016Q3", "year"),
        ("Apr16-Mar17", "2016Q2 to 2017Q1", "year"),
        ("2016-17", "2016Q2 to 2017Q1", "year"),
        ("2015/16", "2015Q4 to 2016Q1", "year"),
        ("2015Q4 to 2016Q3", "2015Q4 to 2016Q3", "year"),
    ],
)
@pytest.mark.parametrize("place", ["sheet", "title", "column"])
def test_a_cohort_is_read_from_the_sheet_a_title_or_a_column(text, name, kind, place):
    if place == "sheet":
        sheet = table([ESSEX], name=text)
    elif place == "title":
        sheet = table(
            [ESSEX],
            name="Table 2",
            title=[
                "Table 2",
                f"Final results for the {text} cohort, compared with 2011",
                "Published 26 October 2017",
            ],
        )
    else:
        sheet = Sheet("x", [["Cohort", *INTERIM], [text, *ESSEX], [None, "London", *ESSEX[1:]]])
    frame = got(sheet).frame
    assert set(frame["cohort"]) == {name}
    assert set(frame["cohort_type"]) == {kind}


def test_a_financial_year_may_be_said_with_its_months():
    row, _ = one(ESSEX, name="x", title=["2015/16 (October 2015 to March 2016)"])
    assert (row["cohort"], row["cohort_type"]) == ("2015Q4 to 2016Q1", "year")


def test_a_title_and_a_name_of_a_sheet_that_contradict_each_other_are_refused():
    said = refused(table([ESSEX], name="Oct-Dec 2015", title=["January to March 2016"]))
    assert "2016Q1" in said and "2015Q4" in said and "f.xlsx" in said


def test_a_table_without_cohort_is_refused():
    assert "sheet '2'" in refused(table([ESSEX], name="2"))


@pytest.mark.parametrize(
    "cell, state",
    [
        ("*", "suppressed"),
        ("~", "suppressed"),
        ("[c]", "suppressed"),
        ("<5", "suppressed"),
        ("..", ""),
        ("[x]", ""),
        ("-", ""),
        ("–", ""),
        (None, ""),
        ("[z]", "not_applicable"),
        ("* (1)", "suppressed"),
    ],
)
def test_suppressed_is_kept_apart_from_missing(cell, state):
    row, reading = one(["Essex", 1100, 1000, 454, cell, 45.4, cell])
    assert pd.isna(row["reoffences"]) and pd.isna(row["frequency_rate"])
    for kind in ("suppressed", "not_applicable"):
        assert row[kind] == ("reoffences frequency_rate" if state == kind else "")
    assert reading.not_understood == ()


@pytest.mark.parametrize(
    "people",
    [
        4240,
        4240.0,
        "4,240",
        "4 240",
        "4\u00a0240",
        "4\u202f240 ",
        "4240(1)",
        "4,240 [note 2]",
        "4,240¹",
        "'4240",
    ],
)
def test_a_count_is_read_however_it_is_printed(people):
    row, reading = one(["Essex", 5000, people, 1925, 9048, 45.4, 4.70])
    assert row["offenders"] == 4240
    assert reading.not_understood == ()


@pytest.mark.parametrize(
    "rate", [45.4, 0.454, "45.4", "45.4%", "45.4 %", "0.454", 0.4540000001, 0.454000000000001]
)
def test_a_rate_is_read_in_percent_however_it_is_stored(rate):
    row, reading = one(["Essex", 1100, 1000, 454, 2134, rate, 4.70])
    assert row["binary_rate"] == pytest.approx(45.4, abs=1e-4)
    assert reading.checks["agrees"].all()


def test_counts_tell_a_small_percentage_from_a_fraction():
    row, _ = one(["Essex", 1100, 1000, 4, 8, 0.4, 2.0])
    assert row["binary_rate"] == 0.4
    row, _ = one(["Essex", 1100, 1000, 4, 8, 0.004, 2.0])
    assert row["binary_rate"] == 0.4


def test_a_rate_that_could_be_either_is_reported_and_left_out():
    head = ("CRC", "OGRS4/G score", "Adjusted rate", "2011 baseline rate")
    rows = [["Essex", 44.0, 45.4, 47.0], ["Wales", 0.44, 44.0, 46.0], ["London", 0.9, 44.0, 46.0]]
    reading = got(table(rows, head=head))
    assert list(reading.frame["ogrs"].isna()) == [False, True, True]
    assert [n.row for n in reading.not_understood] == [3, 4]
    assert "fraction or a percentage" in reading.not_understood[0].why


def test_a_column_stored_as_fractions_takes_its_differences_with_it():
    head = (
        "CRC",
        "Measurable cohort",
        "Reoffenders",
        "Binary rate",
        "Adjusted",
        "2011 baseline",
        "Difference",
    )
    row = got(table([["Essex", 1000, 454, 0.454, 0.451, 0.47, -0.019]], head=head)).frame.iloc[0]
    assert (row["adjusted_rate"], row["baseline_rate"], row["difference"]) == (45.1, 47.0, -1.9)


@pytest.mark.parametrize(
    "cell, gap, judged",
    [
        ("Yes", -2.1, "significant reduction"),
        ("Yes", 2.1, "significant increase"),
        ("No", -2.1, "not significant"),
        (True, -2.1, "significant reduction"),
        (False, 2.1, "not significant"),
        ("Significant reduction", -2.1, "significant reduction"),
        ("Statistically significant increase", 2.1, "significant increase"),
        ("Not significant", 2.1, "not significant"),
        ("No significant change", 2.1, "not significant"),
        ("Yes - lower", -2.1, "significant reduction"),
        ("n/a", 2.1, None),
        ("*", 2.1, None),
        (None, 2.1, None),
    ],
)
def test_a_test_is_judged(cell, gap, judged):
    head = (
        "CRC name",
        "Adjusted rate",
        "2011 baseline",
        "Change from baseline (percentage points)",
        "Statistically significant?",
    )
    row, reading = one(["Essex", 47.0 + gap, 47.0, gap, cell], head=head)
    assert row["significance"] == judged if judged else pd.isna(row["significance"])
    assert reading.not_understood == ()


@pytest.mark.parametrize("cell", ["perhaps", 0.03, "reduction or increase"])
def test_a_test_that_says_neither_is_reported(cell):
    head = ("CRC name", "Adjusted rate", "2011 baseline", "Statistically significant?")
    row, reading = one(["Essex", 45.0, 47.0, cell], head=head)
    assert pd.isna(row["significance"])
    assert len(reading.not_understood) == 1


def test_a_reduction_printed_without_its_minus_is_turned_round():
    head = ("CRC name", "Adjusted rate", "2011 baseline", "Reduction (percentage points)", "Significant?")
    reading = got(table([["Essex", 45.0, 47.0, 2.0, "Yes"], ["Wales", 48.0, 47.0, -1.0, "Yes"]], head=head))
    assert list(reading.frame["difference"]) == [-2.0, 1.0]
    assert list(reading.frame["significance"]) == ["significant reduction", "significant increase"]
    assert "baseline less rate" in reading.not_understood[0].why


def test_a_header_over_two_rows_with_merged_cells():
    head = [
        ["CRC", "Offenders", "Binary measure", None, None, None, "Frequency measure", None, None],
        [
            None,
            None,
            "Rate",
            "Adjusted rate",
            "2011 baseline",
            "Difference",
            "Rate",
            "2011 baseline",
            "Difference",
        ],
    ]
    rows = [["Essex", 1000, 45.4, 45.1, 47.0, -1.9, 4.7, 4.2, 0.5]]
    row = got(Sheet("Oct-Dec 2015", square([["Final results"], *head, *rows]))).frame.iloc[0]
    assert list(row[["binary_rate", "adjusted_rate", "baseline_rate", "difference"]]) == [
        45.4,
        45.1,
        47.0,
        -1.9,
    ]
    assert list(row[["frequency_rate", "baseline_frequency", "frequency_difference"]]) == [4.7, 4.2, 0.5]


def test_a_header_broken_over_two_rows():
    head = [
        [
            "CRC",
            "Number of offenders in",
            "Number of offenders in",
            "Number of",
            "Number of",
            "Proportion of offenders",
            "Average number of",
        ],
        [
            "name",
            "the eligible cohort",
            "the measurable cohort",
            "reoffenders",
            "reoffences",
            "who reoffend (%)",
            "reoffences per reoffender",
        ],
    ]
    row = got(Sheet("Oct-Dec 2015", [*head, ESSEX])).frame.iloc[0]
    assert (
        list(row[["eligible", "offenders", "reoffenders", "reoffences", "binary_rate", "frequency_rate"]])
        == ESSEX[1:]
    )


def test_two_cohorts_beside_each_other():
    head = [
        ["CRC name", "October to December 2015", None, None, "January to March 2016", None, None],
        [
            None,
            "Number of offenders",
            "Number of reoffenders",
            "Binary rate (%)",
            "Number of offenders",
            "Number of reoffenders",
            "Binary rate (%)",
        ],
    ]
    frame = got(Sheet("x", [*head, ["Essex", 1000, 454, 45.4, 2000, 800, 40.0]])).frame
    assert list(frame["cohort"]) == ["2015Q4", "2016Q1"]
    assert list(frame["offenders"]) == [1000, 2000]


def test_cohorts_below_each_other_with_titles_between():
    rows = [
        ["Oct-Dec 2015"],
        list(INTERIM),
        ESSEX,
        ["London", *ESSEX[1:]],
        [],
        ["Jan-Mar 2016"],
        list(INTERIM),
        ESSEX,
        ["1. A note"],
    ]
    frame = got(Sheet("x", square(rows))).frame
    assert list(zip(frame["provider"], frame["cohort"], frame["row"], strict=True)) == [
        ("Essex", "2015Q4", 3),
        ("London", "2015Q4", 4),
        ("Essex", "2016Q1", 8),
    ]


def test_a_header_repeated_on_every_page():
    rows = [["Oct-Dec 2015"], list(INTERIM), ESSEX, list(INTERIM), ["London", *ESSEX[1:]]]
    assert list(got(Sheet("x", square(rows))).frame["cohort"]) == ["2015Q4", "2015Q4"]


def test_london_and_wales_are_told_by_what_stands_around_them():
    body = [["NPS divisions"], *([name, *ESSEX[1:]] for name in NPS)]
    rows = [
        ["Community Rehabilitation Companies"],
        ["London", *ESSEX[1:]],
        ["Wales", *ESSEX[1:]],
        ["Total", *ESSEX[1:]],
        *body,
    ]
    frame = got(table(rows, head=("Provider", *INTERIM[1:]))).frame
    assert list(frame["provider"])[:2] == ["London", "Wales"]
    assert {"NPS London", "NPS Wales"} <= set(frame["provider"])
    nps = got(
        table([["London", *ESSEX[1:]], ["Total", *ESSEX[1:]]], head=("NPS division", *INTERIM[1:]))
    ).frame
    assert list(nps["provider"]) == ["NPS London", "All NPS"]


def test_a_column_may_say_the_kind_of_provider():
    head = ("Provider type", "Provider", *INTERIM[1:])
    frame = got(table([["NPS", "London", *ESSEX[1:]], ["CRC", "London", *ESSEX[1:]]], head=head)).frame
    assert list(frame["provider"]) == ["NPS London", "London"]


def test_totals_are_told_from_providers_and_held_against_their_sum():
    rows = [interim_row(crc, i) for i, crc in enumerate(CRCS)]
    sums = [sum(row[k] for row in rows) for k in range(1, 5)]
    total = [
        "Total",
        sums[0],
        sums[1],
        sums[2] + 1,
        sums[3],
        round(100 * (sums[2] + 1) / sums[1], 1),
        round(sums[3] / (sums[2] + 1), 2),
    ]
    reading = got(table([*rows, total]))
    assert list(reading.frame["provider_type"]).count("total") == 1
    wrong = reading.checks[~reading.checks["agrees"]]
    assert list(wrong["measure"]) == ["reoffenders, sum of 21"]


def test_a_printed_rate_that_is_not_its_counts_is_a_row_of_the_checks():
    _, reading = one(["Essex", 1100, 1000, 454, 2134, 45.5, 4.70])
    wrong = reading.checks[~reading.checks["agrees"]].iloc[0]
    assert (wrong["measure"], wrong["printed"], wrong["recomputed"], wrong["row"]) == (
        "binary rate",
        45.5,
        45.4,
        2,
    )


def test_columns_in_another_order_and_extra_ones():
    order = [6, 3, 0, 5, 2, 4, 1]
    head = ["Owner", *(INTERIM[i] for i in order), "Colour"]
    reading = got(table([["Sodexo", *(ESSEX[i] for i in order), 7]], head=head))
    assert (
        list(
            reading.frame.iloc[0][
                ["eligible", "offenders", "reoffenders", "reoffences", "binary_rate", "frequency_rate"]
            ]
        )
        == ESSEX[1:]
    )
    assert [n.header for n in reading.not_understood] == ["Owner", "Colour"]


@pytest.mark.parametrize(
    "column, lacking",
    [(0, None), (2, "measurable cohort"), (3, "Number of reoffenders"), (4, "Number of reoffences")],
)
def test_a_missing_column_is_one_clear_error(column, lacking):
    def without(row):
        return [cell for i, cell in enumerate(row) if i != column]

    if column == 0:
        said = refused(table([without(ESSEX)], head=without(INTERIM)))
        assert "CRC name" in said
    else:
        said = refused(table([without(ESSEX)], head=without(INTERIM)))
        assert lacking in said
    assert "f.xlsx, sheet 'Oct-Dec 2015'" in said and "eligible" in said


def test_the_column_of_providers_needs_no_header():
    frame = got(table([ESSEX, ["London", *ESSEX[1:]]], head=("", *INTERIM[1:]))).frame
    assert list(frame["provider"]) == ["Essex", "London"]


def test_two_columns_of_one_meaning_are_refused():
    said = refused(table([[*ESSEX, 455]], head=(*INTERIM, "Reoffenders")))
    assert "column Reoffenders" in said and "means the same as column 4" in said


def test_two_rows_of_a_provider_are_refused():
    said = refused(table([ESSEX, ["Essex CRC", *ESSEX[1:]]]))
    assert "row 3" in said and "row 2" in said and "Essex" in said


def test_tables_of_one_cohort_that_complete_each_other_are_put_together():
    binary = table(
        [["Essex", 1000, 454, 45.4]],
        name="Table 1",
        title=["Binary rate, Oct-Dec 2015"],
        head=("CRC", "Measurable cohort", "Reoffenders", "Binary rate"),
    )
    frequency = table(
        [["Essex", 454, 2134, "*"]],
        name="Table 2",
        title=["Frequency rate, Oct-Dec 2015"],
        head=("CRC", "Reoffenders", "Reoffences", "Frequency rate"),
    )
    frame = got(binary, frequency).frame
    assert len(frame) == 1
    assert list(frame.iloc[0][["offenders", "reoffenders", "reoffences", "binary_rate"]]) == [
        1000,
        454,
        2134,
        45.4,
    ]
    assert frame.iloc[0]["suppressed"] == "frequency_rate"
    different = table(
        [["Essex", 455, 2134, 4.7]],
        name="Table 2",
        title=["Oct-Dec 2015"],
        head=("CRC", "Reoffenders", "Reoffences", "Frequency rate"),
    )
    assert "contradicts row 3 of sheet 'Table 1'" in refused(binary, different)


@pytest.mark.parametrize(
    "row, rule",
    [
        (["Essex", 1100, -1000, 454, 2134, 45.4, 4.7], "whole number"),
        (["Essex", 1100, 1000.5, 454, 2134, 45.4, 4.7], "whole number"),
        (["Essex", 1100, 1000, 1454, 2134, 45.4, 4.7], "more reoffenders"),
        (["Essex", 1100, 1000, 454, 2134, 454, 4.7], "between 0 and 100"),
    ],
)
def test_impossible_numbers_are_refused(row, rule):
    said = refused(table([row]))
    assert rule in said and "row 2" in said


def test_notes_are_passed_over_unless_they_hold_numbers():
    rows = [
        ESSEX,
        [],
        ["Notes"],
        ["1. Since 2015 (see table 3)"],
        ["Source: Police National Computer"],
        ["Median of 21", 5, 6, 7, 8, 9, 10],
    ]
    reading = got(table(rows))
    assert len(reading.frame) == 1
    assert [n.row for n in reading.not_understood] == [7]


def test_a_provider_with_an_empty_row_is_reported():
    reading = got(table([ESSEX, ["London"], ["Wales", *["..."] * 6]]))
    assert list(reading.frame["provider"]) == ["Essex", "Wales"]
    assert [(n.row, n.value) for n in reading.not_understood] == [(3, "London")]


def test_what_is_no_number_is_reported():
    _, reading = one(["Essex", 1100, 1000, 454, "see note", 45.4, 4.7])
    (note,) = reading.not_understood
    assert (note.row, note.value, note.why) == (2, "see note", "not a number")
    assert "reoffences" in note.header


def test_a_sheet_with_numbers_that_is_no_table_is_reported():
    reading = got(table([ESSEX]), Sheet("Chart data", [["x", 1], ["y", 2]]))
    assert [(n.sheet, n.row) for n in reading.not_understood] == [("Chart data", 1)]


def test_a_workbook_without_such_a_table_is_refused():
    said = refused(Sheet("A", [["x", 1]]), Sheet("B", [["CRC name", "Colour"]]))
    assert "'A', 'B'" in said and "CRC name" in said


@pytest.mark.parametrize("final", [FINAL[i] for i in range(len(FINAL))])
def test_headers_bear_footnotes_and_other_spellings(final):
    for printed in (
        final.upper(),
        final + " (1)",
        final + "[note 2]",
        final.replace(" ", "\n"),
        final.replace("reoffend", "re-offend"),
        final + "²",
        final.replace(" of ", "\u00a0of\u00a0"),
    ):
        head = [printed if h == final else h for h in FINAL]
        reading = got(table([final_row("Essex", 3)], head=head))
        assert reading.not_understood == (), printed
        assert not reading.frame.iloc[0].drop(["eligible", "stage", "frequency_significance"]).isna().any(), (
            printed
        )


def test_codes_and_names_may_stand_beside_each_other():
    head = ("CPA", "CRC name", *INTERIM[1:])
    frame = got(table([["C18", *ESSEX], ["C17", "London", *ESSEX[1:]]], head=head)).frame
    assert list(frame["provider"]) == ["Essex", "London"]
    said = refused(table([["C17", *ESSEX]], head=head))
    assert "means the same as column 1, 'CPA'" in said


def test_a_total_below_the_totals_of_both_kinds_is_of_both():
    body = [
        ["All CRCs"],
        ["CRC"],
        ["Essex"],
        ["London"],
        ["All NPS"],
        ["NPS"],
        ["London"],
        ["Midlands"],
        ["Total"],
    ]
    rows = [row if row[0] in ("CRC", "NPS") else [*row, *ESSEX[1:]] for row in body]
    frame = got(table(rows, head=("Provider", *INTERIM[1:]), title=["All CRCs and NPS"])).frame
    assert list(frame["provider"]) == [
        "All CRCs",
        "Essex",
        "London",
        "All NPS",
        "NPS London",
        "NPS Midlands",
        "England and Wales",
    ]


def test_a_merged_cell_names_the_provider_of_several_cohorts():
    rows = [
        ["CRC", "Cohort", *INTERIM[1:]],
        ["Essex", "Oct-Dec 2015", *ESSEX[1:]],
        [None, "Jan-Mar 2016", *ESSEX[1:]],
    ]
    frame = got(Sheet("x", rows)).frame
    assert list(zip(frame["provider"], frame["cohort"], strict=True)) == [
        ("Essex", "2015Q4"),
        ("Essex", "2016Q1"),
    ]


def test_rows_of_numbers_or_units_below_the_header_are_passed_over():
    for below in (
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"],
        [None, "number", "number", "number", "number", "%", None],
    ):
        assert list(got(table([below, ESSEX])).frame["provider"]) == ["Essex"]


def test_a_change_of_the_nps_from_its_first_cohort_is_no_difference_from_a_baseline():
    head = ("NPS division", *INTERIM[2:], "Percentage point change from October to December 2015")
    reading = got(table([["Midlands", *ESSEX[2:], -1.5]], name="Jan-Mar 2017", head=head))
    assert reading.frame["difference"].isna().all()
    assert list(reading.frame["cohort"]) == ["2017Q1"]
    assert reading.not_understood[0].value == "-1.5"


def test_a_number_beside_a_header_does_not_hide_it():
    reading = got(Sheet("Oct-Dec 2015", square([[*INTERIM, None, 7], [*ESSEX, None, None]])))
    assert list(reading.frame["provider"]) == ["Essex"]


def test_a_row_whose_numbers_could_be_years_is_no_header():
    head = ("CRC name", "Measurable cohort", "Reoffenders", "Reoffences", "2011 baseline", "Significant?")
    rows = [["Essex", 2100, 2011, 2016, 47, "No"], ["NPS Midlands", "*", "*", 2011, "*", "Not significant"]]
    assert list(got(table(rows, head=head)).frame["provider"]) == ["Essex", "NPS Midlands"]


def test_a_tier_that_names_the_cohort_leaves_the_counts_their_meaning():
    rows = [
        [None, "October to December 2015 cohort", None, None],
        ["CRC", "Number of offenders", "Number of reoffenders", "Binary rate (%)"],
    ]
    reading = got(Sheet("1", [*rows, ["Essex", 1000, 454, 45.4]]))
    assert reading.frame["offenders"].tolist() == [1000]
    assert reading.not_understood == ()


BARE = ["2011 baseline", "Difference", "Statistically significant?"]


def test_bare_comparisons_in_a_table_of_the_frequency_rate_are_its_own():
    binary = [
        "CRC",
        "Measurable cohort",
        "Reoffenders",
        "Binary rate (%)",
        "OGRS4/G",
        "Adjusted rate (%)",
        *BARE,
    ]
    frequency = ["CRC", "Reoffenders", "Reoffences", "Frequency rate", *BARE]
    title = "Final results, October 2015 to September 2016"
    reading = got(
        Sheet("Binary", square([[title], binary, ["Essex", 1000, 454, 45.4, 44, 46.4, 49.0, -2.6, "Yes"]])),
        Sheet("Frequency", square([[title], frequency, ["Essex", 454, 2134, 4.70, 4.2, 0.5, "No"]])),
    )
    row = reading.frame.iloc[0]
    assert row[["baseline_rate", "difference", "significance"]].tolist() == [
        49,
        -2.6,
        "significant reduction",
    ]
    mine = ["baseline_frequency", "frequency_difference", "frequency_significance"]
    assert row[mine].tolist() == [4.2, 0.5, "not significant"]


def test_bare_comparisons_that_stand_twice_are_of_the_rate_before_them():
    head = [
        "CRC",
        "Measurable cohort",
        "Reoffenders",
        "Reoffences",
        "Binary rate (%)",
        "Adjusted rate (%)",
        *BARE,
        "Frequency rate",
        *BARE,
    ]
    row, _ = one(["Essex", 1000, 454, 2134, 45.4, 46.4, 49.0, -2.6, "Yes", 4.7, 4.2, 0.5, "No"], head=head)
    assert (row["baseline_rate"], row["baseline_frequency"]) == (49, 4.2)
    assert (row["difference"], row["frequency_difference"]) == (-2.6, 0.5)
    assert (row["significance"], row["frequency_significance"]) == (
        "significant reduction",
        "not significant",
    )


def test_points_of_the_compass_may_be_letters():
    row, _ = one(["Humberside, Lincolnshire & N Yorkshire", *ESSEX[1:]])
    assert row["provider"] == "Humberside, Lincolnshire and North Yorkshire"


def test_counts_below_a_header_that_names_the_measure_are_counts():
    upper = ["", "Binary measure", None, None, None, None, "Frequency measure", None, None]
    lower = ["CRC", "Measurable cohort", "Reoffenders", "Rate (%)", "Adjusted rate (%)", "2011 baseline"]
    head = [*lower, "Reoffences", "Rate", "2011 baseline"]
    reading = got(Sheet("Q4 2015", [upper, head, ["Essex", 1000, 454, 45.4, 46.4, 49.0, 2134, 4.7, 4.2]]))
    row = reading.frame.iloc[0]
    assert row[["offenders", "reoffenders", "reoffences"]].tolist() == [1000, 454, 2134]
    assert row[["binary_rate", "baseline_rate", "frequency_rate", "baseline_frequency"]].tolist() == [
        45.4,
        49,
        4.7,
        4.2,
    ]
    assert reading.not_understood == ()
