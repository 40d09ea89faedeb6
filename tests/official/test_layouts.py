"""Layouts that the Ministry could use: every value comes out right, or the file is refused and told what for.

Each case changes one thing of a table of final results whose truth is known. None may come out wrong or incomplete.
"""

import datetime

import pytest

from tests.official.layouts import CRCS, FINAL, final_row, square
from tr_analysis.errors import DataError
from tr_analysis.official.reader import read
from tr_analysis.official.tables import Book
from tr_analysis.official.workbooks import Sheet

NAMES = ("Essex", "London", "Wales", "Kent, Surrey and Sussex")
ROWS = [final_row(name, i + 3) for i, name in enumerate(NAMES)]
COLUMNS = (
    *("offenders", "reoffenders", "reoffences", "binary_rate", "ogrs", "adjusted_rate", "baseline_ogrs"),
    *("baseline_rate", "difference", "significance", "frequency_rate", "baseline_frequency", "frequency_difference"),
)  # fmt: skip
COHORT = "Final results, October to December 2015 cohort"
N, REOFFENDERS, REOFFENCES, RATE, OGRS, ADJUSTED = range(1, 7)

BASE, GAP, SIG, OFTEN = 8, 9, 10, 11


def made(*above, head=FINAL, rows=ROWS, below=(), name="Table 1"):
    """Return a table of final results under some titles."""
    texts = [[[t] if isinstance(t, str) else list(t) for t in part] for part in (above or (COHORT,), below)]
    return Sheet(name, square([*texts[0], [], list(head), *map(list, rows), *texts[1]]))


def cells(column, change, rows=ROWS):
    """Return the rows with one column changed by a function of its value."""
    return [[change(cell) if i == column else cell for i, cell in enumerate(row)] for row in rows]


def one(column, value, row=1):
    """Return the rows with one cell changed."""
    return [[value if (i, j) == (row, column) else c for j, c in enumerate(r)] for i, r in enumerate(ROWS)]


def head(**changes):
    """Return the header with columns renamed: by their places, written c1 to c13."""
    return [changes.get(f"c{i}", text) for i, text in enumerate(FINAL)]


def without(*places, head=FINAL):
    """Return the table without some columns."""
    first, *rows = ([c for i, c in enumerate(row) if i not in places] for row in (head, *ROWS))
    return {"head": first, "rows": rows}


def more(*columns):
    """Return the table with further columns: pairs of a header and a value."""
    headers, values = zip(*columns, strict=True)
    return {"head": [*FINAL, *headers], "rows": [[*r, *values] for r in ROWS]}


def read_one(*sheets, file="results-oct17.xlsx", release="2017-10", **more):
    return read(Book(file, sheets, release, **more))


def across(title=COHORT, corner="CRC name", rows=ROWS, below=()):
    """Return the table with a column for each provider."""
    columns = [list(column) for column in zip([corner, *FINAL[1:]], *rows, strict=True)]
    return Sheet("T", square([[title], [], *columns, *map(list, below)]))


TITLE = "Final results, October to December 2015"
OTHER = [[*r[:BASE], r[BASE] + 1, None, "No", *r[OFTEN:]] for r in ROWS]  # of another baseline
HALVES = [["CRC name", "Binary measure", *[None] * 9, "Frequency measure", None, None], [None, *FINAL[1:]]]
RIGHT = {
    "as expected": [made()],
    "title and name of the sheet": [made(TITLE, name="Oct-Dec 2015")],
    "two titles": [made("Final results of the CRCs, Oct-Dec 2015", "Table 1: October to December 2015")],
    "cohort beside a label": [made(("Cohort:", "October to December 2015"), "Final results")],
    **{f"a title that names the baseline: {words}": [made(f"Final results of the Oct-Dec 2015 cohort {words}")] for words in (
        "against the 2011 baseline", "compared with their 2011 baselines", "versus baselines of 2011")},
    "a title right over an empty column": [Sheet("Table 4", [["Final results of the Oct-Dec 2015 cohort against the 2011 baseline", *[None] * 14], [None, *FINAL], *([None, *r] for r in ROWS)])],
    "two titles right over a header": [Sheet("Table 4", [["Final results", *[None] * 13], ["Results of the Oct-Dec 2015 cohort against the 2011 baseline", *[None] * 13], list(FINAL), *map(list, ROWS)])],
    **{f"cohort as {form}": [made(f"Final results, cohort: {form}")] for form in (
        "Oct-15 to Dec-15", "Q3 2015/16", "2015/16 Q3", "1 October 2015 to 31 December 2015",
        "01/10/2015 - 31/12/2015", "2015 Q4", "Oct 15 - Dec 15", "October–December 2015")},
    "a note of publication": [made(COHORT, "Published January 2019")],
    "a note of another cohort": [made(COHORT, "Compared with January to March 2012", "This release also covers January to March 2017")],
    "a reporting period": [made("Reporting period: 2017/18", COHORT)],
    "a title below": [made(below=["Proven reoffending statistics: January to March 2017"])],
    "a note of the stage": [made(COHORT, "These replace the interim results", "Interim results were published in 2017")],
    "a note on the final results": [made(COHORT, below=["Interim results will be published in April 2018"])],
    "fractions": [made(rows=[[c / 100 if i in (4, 5, 6, 7, 8, 9) else c for i, c in enumerate(r)] for r in ROWS])],
    "texts with signs": [made(rows=[[f"{c:.1f}%" if i in (4, 5, 6, 7, 8) else c for i, c in enumerate(r)] for r in ROWS])],
    "thousands": [made(rows=cells(N, lambda c: f"{c:,}"))],
    "thousands with spaces": [made(rows=cells(N, lambda c: f"{c:,}".replace(",", "\u00a0")))],
    "footnote marks": [made(head=[f"{h} [note 1]" for h in FINAL], rows=[[f"{r[0]} (1)", f"{r[1]} [r]", *r[2:]] for r in ROWS])],
    "reoffences broken over lines": [made(head=head(c3="Number of re-\noffences", c2="Number of re-\noffenders"))],
    "ampersands and legal forms": [made(rows=[[r[0].replace(" and ", " & ") + " CRC Ltd", *r[1:]] for r in ROWS])],
    "booleans as tests": [made(rows=cells(SIG, lambda c: c == "Yes"))],
    "tests in words": [made(rows=[[*r[:10], ("No", "Significant reduction" if r[9] < 0 else "Significant increase")[r[10] == "Yes"], *r[11:]] for r in ROWS])],
    "an empty column": [made(head=[FINAL[0], None, *FINAL[1:]], rows=[[r[0], None, *r[1:]] for r in ROWS])],
    "empty rows": [made(rows=[row for r in ROWS for row in (r, [])])],
    "owners and codes": [made(**more(("Owner", "Sodexo"), ("CRC code", "C18")))],
    "confidence limits": [made(**more(("Lower confidence limit", 40.1), ("Upper 95% confidence limit (%)", 44.0)))],
    "a relative change": [made(**more(("Percentage change from 2011 baseline", -6.2), ("Relative difference", -6.2)))],
    "a comparison": [made(**more(("Change since January to March 2014", 1.2), ("Percentage point change from Jan-Mar 2017", 2.0)))],
    "reoffences per offender": [made(**more(("Average number of reoffences per offender", 1.9)))],
    "bare baselines": [made(head=head(c8="2011 baseline", c9="Difference", c12="Baseline frequency rate"))],
    "terse": [made(head=head(c1="Offenders", c2="Reoffenders", c3="Reoffences", c4="Binary rate", c5="OGRS4/G", c6="Adjusted rate", c10="Sig.", c11="Frequency rate"))],
    "two header rows": [made(head=HALVES[0], rows=[HALVES[1], *ROWS])],
    "column numbers": [made(rows=[list(range(1, 15)), *ROWS])],
    "a row of units": [made(rows=[[None, *["number"] * 3, *["%"] * 6, None, *["number"] * 3], *ROWS])],
    "no header over the names": [made(head=[None, *FINAL[1:]], rows=[[r[0], *r[1:]] for r in ROWS])],
    "a heading of the kind": [made(head=["Provider", *FINAL[1:]], rows=[["Community Rehabilitation Companies"], *ROWS])],
    "a column of cohorts": [made("Final results", head=["Cohort", *FINAL], rows=[["Oct-Dec 2015" if not i else None, *r] for i, r in enumerate(ROWS)])],
    "a header again": [made(rows=[*ROWS[:2], [], list(FINAL), *ROWS[2:]])],
    "two tables that complete each other": [
        made(head=FINAL[:11], rows=[r[:11] for r in ROWS]),
        made(name="Table 2", head=[FINAL[0], FINAL[2], FINAL[3], *FINAL[11:]], rows=[[r[0], r[2], r[3], *r[11:]] for r in ROWS])],
    "two tables on one sheet": [Sheet("Table 1", square([
        [COHORT], list(FINAL[:11]), *(r[:11] for r in ROWS), [], ["Frequency, October to December 2015 cohort, final"],
        [FINAL[0], FINAL[2], FINAL[3], *FINAL[11:]], *([r[0], r[2], r[3], *r[11:]] for r in ROWS)]))],
    "the same table twice": [made(), made(name="Table 2")],
    "notes and charts on other sheets": [made(), Sheet("Notes", [["1", "CRCs were closed in 2021"]]), Sheet("Chart", [["Quarter", "Rate"], ["Q1", 1.2]])],
    "a hidden draft": [made(), Sheet("draft", made(rows=one(N, 7)).rows, hidden=True)],
    "a column of numeric dates": [made("Final results", head=["Cohort", *FINAL], rows=[["01/10/2015 - 31/12/2015", *r] for r in ROWS])],
    "a revised copy on a second sheet": [made(rows=OTHER), made(name="Table 1 (revised)")],
    "a revised copy before the first": [made("Revised final results, Oct-Dec 2015 cohort"), made(rows=OTHER, name="Table 2")],
    "a revised copy of some rows": [made(rows=[*ROWS[:3], *OTHER[3:], ["Total", *ROWS[0][1:]]]), made(rows=ROWS[3:], name="Revised")],
    "providers across": [across()],
    "providers across, without a corner": [across(corner=None)],
    "providers across, a row of cohorts": [across("Final results", below=[["Cohort", *["Oct-Dec 2015"] * 4]])],
    "providers across, with notes": [across(COHORT, below=[[], ["Notes"], ["1. Offenders aged 18 or over, January to March 2017"]])],
    "providers across, revised": [made(rows=OTHER), across("Revised final results, Oct-Dec 2015 cohort")],
    "providers across, beside sections": [Sheet("T", [[COHORT, *[None] * 5], *([section, *row] for section, row in zip(
        [None, "Binary", *[None] * 9, "Frequency", *[None] * 2], across().rows[2:], strict=True))])],
    "a row of averages": [made(rows=[*ROWS, ["Median", 900, 400, 1600, 44.0, *[None] * 9], ["North East total", 99, *[None] * 12]])],
}  # fmt: skip

REFUSED = {
    "no cohort": ([made("Final results")], "not said; look it up, and add --cohort \"Table 1="),
    "only a title": ([made(TITLE)], "not certain, 2015Q4 without"),
    "only the sheet": ([made("Final results", name="Oct-Dec 2015")], "not certain, 2015Q4 without"),
    "another baseline in the title": ([made("Final results of the Oct-Dec 2015 cohort against the 2012 baseline")], "the cohort is not said"),
    "a cohort over some columns": ([Sheet("T", square([["Final results"], [], [*[None] * 11, "Jan-Mar 2017 cohort"], list(FINAL), *map(list, ROWS)]))], "the cohort is not said"),
    "another cohort over some columns": ([Sheet("T", square([[COHORT], [], [*[None] * 11, "Jan-Mar 2017 cohort"], list(FINAL), *map(list, ROWS)]))], "over some columns only"),
    "numeric dates of months first": ([made("Final results, cohort: 10/01/2015 - 12/31/2015")], "the cohort is not said"),
    "two revised tables": ([made(name="Revised 1"), made(rows=OTHER, name="Revised 2")], "contradicts row 4"),
    "a note of a revision": ([made(), made(COHORT, "Revised figures were published in 2018", rows=OTHER, name="Table 2")], "contradicts row 4"),
    "a sheet not revised": ([made(name="Not revised"), made(rows=OTHER)], "contradicts row 4"),
    "providers across, a number not known": ([across(rows=one(RATE, "45,4"))], "sheet 'T', column C, Proportion of offenders who reoffend (%): '45,4'"),
    "providers across, a measure not known": ([across(below=[["Enforcement rate", 1, 2, 3, 4]])], "column B, Enforcement rate: '1'"),
    "providers across, a total that is none": ([across(rows=[*ROWS, ["Total", 7, 6, 6, *[None] * 10]])], "column F, Number of offenders in the measurable cohort: '7': a total that contradicts the sum of its rows, "),
    "providers across, no cohort": ([across("Final results")], "the cohort is not said"),
    "providers across, of two kinds": ([made(), Sheet("T", [[None, None, "NPS", *[None] * 2], *across().rows[2:]])], "names providers, but in no table"),
    "providers across, an interim section": ([across(below=[["Interim results"], ["Region", *"abcd"]])], "over some columns only"),
    "providers across, twice": ([Sheet("T", [*across().rows, *across().rows[2:]])], "means the same as"),
    "providers across, of one measure": ([made(), Sheet("T", square([["Measure", *CRCS[:5]], ["Number of offenders", 1, 2, 3, 4, 5]]))], "sheet 'T', row 1"),
    "a comparison in the title": ([made("Final results, compared with October to December 2015 cohort")], "the cohort is not said"),
    "two cohorts in the title": ([made("Final results of the Oct-Dec 2015 cohort and the Jan-Mar 2016 cohort")], "the cohort is not said"),
    "a title against the sheet": ([made(name="Jan-Mar 2016")], "not certain, 2015Q4 and 2016Q1"),
    "a cohort after the reform": ([made("Final results, January to March 2023 cohort")], "the cohort is not said"),
    "two stages": ([made(COHORT, "Interim results")], "say both interim and final"),
    "a cohort in the rows that is none": ([made("x", head=["Cohort", *FINAL], rows=[["winter", *r] for r in ROWS])], "'winter'"),
    "a cohort as a date": ([made("x", head=["Cohort", *FINAL], rows=[[datetime.date(2015, 10, 1), *r] for r in ROWS])], "no cohort of payment"),
    "cohorts below each other": ([made("Final results", rows=[["Oct-Dec 2015"], *ROWS[:2], ["Jan-Mar 2016"], *ROWS[2:]])], "a heading inside the table"),
    "NPS divisions that do not say so": ([made(head=["Provider", *FINAL[1:]], rows=ROWS[1:3])], "both a CRC and an NPS division"),
    "NPS divisions under CRCs": ([made(rows=[["Midlands", *ROWS[0][1:]], *ROWS])], "names no provider"),
    "a misspelt provider": ([made(rows=[["Essxe", *ROWS[0][1:]], *ROWS[1:]])], "names no provider"),
    "a provider that is not known": ([made(rows=[*ROWS, ["Jersey", *ROWS[0][1:]]])], "row 8: 'Jersey'"),
    "thousands in a corner": ([made(COHORT, (*[None] * 13, "thousands"))], "says 'thousands'"),
    "another table of providers": ([made(), Sheet("T", [["CRC", "Staff"], ["Essex", 40]])], "sheet 'T', row 2"),
    "a number without a header": ([made(rows=[[*r, 7] for r in ROWS])], "without a header"),
    "a column that is not known": ([made(**more(("Enforcement rate", 12.0)))], "column Enforcement rate: '12.0'"),
    "a column of another cohort": ([made(**more(("January to March 2017: Number of offenders", 800)))], "a column that is not understood"),
    "a limit of no known kind": ([made(**more(("Lower limit", 40.0)))], "column Lower limit"),
    "a payment": ([made(**more(("Outcome", "Payment")))], "column Outcome: 'Payment'"),
    "a p-value": ([made(rows=one(SIG, 0.03))], "row 5, column Statistically significant?: '0.03'"),
    "a payment for a test": ([made(rows=one(SIG, "Deduction"))], "no result of a test"),
    "a star for a test": ([made(rows=one(SIG, "*"))], "no result of a test"),
    "one for a test": ([made(rows=one(SIG, 1))], "no result of a test"),
    "a test against its difference": ([made(rows=one(SIG, "Significant increase" if ROWS[1][GAP] < 0 else "Significant reduction"))], "contradicts the difference"),
    "a star beside a number": ([made(rows=one(GAP, "-5.4*"))], "no number that is understood"),
    "a decimal comma": ([made(rows=one(RATE, "45,4"))], "row 5, column Proportion of offenders who reoffend (%): '45,4'"),
    "brackets for a minus": ([made(rows=one(GAP, "(1.2)"))], "'(1.2)'"),
    "about": ([made(rows=one(N, "~1,000"))], "'~1,000'"),
    "a word for a number": ([made(rows=one(N, "see note"))], "'see note'"),
    "half a person": ([made(rows=one(N, 1000.5))], "those are whole"),
    "more reoffenders than offenders": ([made(rows=one(REOFFENDERS, 99999))], "must not fall"),
    "fewer reoffences than reoffenders": ([made(rows=one(REOFFENCES, 3))], "reoffenders, reoffences must not fall"),
    "a rate against its counts": ([made(rows=one(RATE, ROWS[1][RATE] + 3))], "contradicts the numbers beside it, which give"),
    "a frequency against its counts": ([made(rows=one(OFTEN, 5.9))], "contradicts the numbers beside it"),
    "a difference against its sides": ([made(rows=one(GAP, ROWS[1][GAP] + 1))], "the table confirms: its two sides give"),
    "a relative change as a difference": ([made(head=head(c9="Change"), rows=[[*r[:9], round(100 * r[9] / r[8], 1), *r[10:]] for r in ROWS])], "no difference in points"),
    "a reduction without its minus": ([made(rows=cells(GAP, lambda c: -c))], "no difference in points"),
    "a difference without sides": ([made(**without(5, 6, 7, 8, 10, head=head(c9="Difference")))], "two sides are not in the table"),
    "a frequency for a rate": ([made(rows=cells(BASE, lambda c: 4.2))], "no percentage of a provider's offenders"),
    "a rate for a frequency": ([made(rows=cells(OFTEN, lambda c: 44.2))], "no number of reoffences per reoffender"),
    "fractions among percentages": ([made(rows=one(OGRS, 0.41))], "percentages or fractions?"),
    "a stage beside a cohort": ([made("x", head=["Cohort", *FINAL], rows=[["Oct-Dec 2015 interim", *r] for r in ROWS])], "no cohort of payment"),
    "in thousands": ([made(COHORT, "Numbers in thousands")], "says 'thousands'"),
    "of men only": ([made(rows=[["Male offenders"], *ROWS])], "says 'Male'"),
    "of releases only": ([made(COHORT, "Offenders released from custody only")], "says 'only'"),
    "of men only, by its sheet": ([made(name="Males")], "says 'Males'"),
    "of the observed rate": ([made(**without(5, 6, 7, 10))], "two sides are not in the table"),
    "one column twice": ([made(**more(("Reoffenders", 400)))], "means the same as 'Number of reoffenders'"),
    "a test of neither": ([made(head=[*FINAL[:9], FINAL[11], FINAL[12], FINAL[13], "Significant?"], rows=[[*r[:9], *r[11:], r[10]] for r in ROWS])], "Nothing tells"),
    "two tables that contradict each other": ([made(), made(rows=OTHER, name="Table 2")], "contradicts row 4 of sheet 'Table 1'"),
    "a stage on one of two": ([made(), made("October to December 2015 cohort", name="Table 2")], "not said to be interim or final"),
    "thresholds beside results": ([made(**more(("Lower threshold", 44.0)))], "a threshold, as beside baselines"),
}  # fmt: skip


def check(frame, columns=COLUMNS, rows=ROWS):
    """Compare a tidy table with the truth, cell by cell."""
    found = frame.set_index("provider")
    assert sorted(found.index) == sorted(row[0] for row in rows)
    for row in rows:
        for column, value in zip(COLUMNS, row[1:], strict=False):
            if column == "significance" and value is not None:
                sure = f"significant {'reduction' if row[GAP] < 0 else 'increase'}"
                value = sure if value == "Yes" else "not significant"
            if column in columns:
                assert found.loc[row[0], column] == pytest.approx(value), (row[0], column)


@pytest.mark.parametrize("case", RIGHT)
def test_every_value_is_right(case):
    reading = read_one(*RIGHT[case])
    frame = reading.frames["crc_results"]
    check(frame)
    assert set(frame["cohort"]) == {"2015Q4"}
    assert set(frame["stage"]) == {"final"}
    assert set(frame["provider_type"]) == {"CRC"}


@pytest.mark.parametrize("case", REFUSED)
def test_or_the_file_is_refused(case):
    sheets, why = REFUSED[case]
    with pytest.raises(DataError) as error:
        read_one(*sheets)
    assert why in str(error.value), str(error.value)
    assert str(error.value).startswith("results-oct17.xlsx, sheet ")
