"""Single headers, names, cohorts and cells."""

import pytest

from tr_analysis.official.families.crc_results import meaning
from tr_analysis.official.families.reconcile import ratio
from tr_analysis.official.words import meanings
from tr_analysis.official.words.cells import parse_number, plain_text, without_notes
from tr_analysis.official.words.cohorts import cohorts_in
from tr_analysis.official.words.headers import normalise
from tr_analysis.official.words.providers import guess, kind_in, resolve
from tr_analysis.official.words.rates import percents

HEADERS = {
    "eligible": ["Number of\noffenders in the\neligible cohort", "Eligible cohort size"],
    "offenders": ["Measurable cohort", "Number of offenders", "No. of offenders in cohort", "Cohort size"],
    "reoffenders": ["Number of re-offenders", "Offenders who re-offended", "Number of proven reoffenders"],
    "reoffences": ["Number of re-\noffences", "Number of proven reoffences", "Reoffences"],
    "binary_rate": [
        "Proportion of offenders who reoffend (%)",
        "Binary rate",
        "Reoffending rate (%)",
        "% of offenders who re-offend",
        "Unadjusted binary rate",
        "Observed rate",
    ],
    "frequency_rate": [
        "Average number of reoffences per reoffender",
        "Frequency rate",
        "Reoffences per reoffender",
    ],
    "ogrs": [
        "OGRS4/G score",
        "Mean OGRS 4/G",
        "Average OGRS4G score (%)",
        "Expected reoffending rate (OGRS4/G)",
    ],
    "adjusted_rate": [
        "Adjusted proportion of offenders who reoffend (%)",
        "Binary rate adjusted using OGRS4/G",
        "Adjusted rate",
        "OGRS4/G adjusted binary rate, compared with 2011 baseline",
        "Binary rate adjusted to the 2011 baseline case mix",
    ],
    "baseline_rate": ["2011 baseline rate", "Baseline (2011)", "Proportion of offenders who reoffend, 2011"],
    "baseline_ogrs": ["2011 OGRS4/G score", "OGRS4/G score in the baseline year"],
    "difference": [
        "Difference",
        "Change from baseline (percentage points)",
        "Adjusted rate minus baseline",
        "Difference between the adjusted binary rate and the 2011 baseline (percentage points)",
    ],
    "significance": [
        "Statistically significant?",
        "Significance of difference",
        "Payment or deduction",
        "Outcome",
    ],
    "baseline_frequency": [
        "2011 baseline frequency rate",
        "Average number of reoffences per reoffender (2011)",
    ],
    "frequency_difference": ["Change in frequency rate from baseline", "Frequency difference"],
    "frequency_significance": ["Frequency rate: statistically significant?"],
    "provider": [
        "CRC name",
        "NPS division",
        "Provider",
        "Contract Package Area",
        "Community Rehabilitation Company (CRC)",
    ],
    "provider_type": ["Provider type"],
    "area_code": ["CPA number", "CRC code"],
    "cohort": ["Cohort", "Offender cohort", "Quarter", "Period of entry"],
}
UNKNOWN = [
    "Reoffences per offender",
    "Adjusted baseline rate",
    "Lower confidence limit",
    "Proportion of eligible cohort matched (%)",
    "Change in cohort size",
    "Percentage point change from October to December 2015 cohort",
    "Change since the previous quarter",
    "Owner",
    "Number of previous offences",
    "",
]


def test_a_header_means_a_column():
    found = {
        (key, header): meaning(normalise(header)) for key, headers in HEADERS.items() for header in headers
    }
    assert {which: meant for which, meant in found.items() if meant != which[0]} == {}


@pytest.mark.parametrize("header", UNKNOWN)
def test_a_header_of_no_known_meaning_is_none(header):
    assert meaning(normalise(header)) is None


@pytest.mark.parametrize(
    "text, names",
    [
        ("October to December 2015 and January 2016 to March 2016", ["2015Q4", "2016Q1"]),
        ("between October 2015 and September 2016", ["2015Q4 to 2016Q3"]),
        ("Nov 2015 to Jan 2016", ["2015-11 to 2016-01"]),
        ("Jan-Mar 2019", ["2019Q1"]),
        ("year ending March 2014", ["2013Q2 to 2014Q1"]),
        ("January 2017", []),
        ("2011 baseline", []),
        ("March to January", []),
        ("2015/17", []),
        ("page 15-16 of 2016", []),
        (None, []),
    ],
)
def test_periods_are_found_in_a_text(text, names):
    assert [cohort.name for cohort in cohorts_in(text)] == names


@pytest.mark.parametrize("name", ["", None, "CRC", "Total of something", "Yorkshire", 5, "x" * 500, "East"])
def test_what_names_no_provider_is_none(name):
    assert resolve(name) is None


def test_the_nearest_provider_is_guessed():
    assert guess("Cumbria & Lancashir CRC") == "; did you mean Cumbria and Lancashire?"
    assert guess("Mars") == ""


def test_the_kind_of_provider_is_read_where_one_alone_is_named():
    assert kind_in("Results of the CRCs") == "CRC"
    assert kind_in("National Probation Service divisions") == "NPS"
    assert kind_in("CRCs and NPS") == ""


@pytest.mark.parametrize(
    "cell, value",
    [
        ("1,234,567", 1234567),
        ("−5.4", -5.4),
        ("+1.9 pp", 1.9),
        (".5", 0.5),
        ("1.2E+03", 1200),
        (0.1 + 0.2, 0.3),
        ("12 34", None),
        ("1234,567", None),
        ("4,2", None),
        ("(5.4)", None),
        ("see note", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        ("1e99", None),
        ("=1+1", None),
        ("#REF!", None),
    ],
)
def test_a_number_is_read_or_not(cell, value):
    number = parse_number(cell)
    assert number.value == value
    assert number.state == ("not a number" if value is None else "value")


def test_places_are_those_that_are_printed():
    assert [parse_number(c).places for c in ("45.40", 45.40, "45", "1.25E+01", 0.454)] == [2, 1, 0, 1, 3]


def test_a_mark_beside_a_number_is_kept():
    assert parse_number("-5.4*")[:2] == (-5.4, "value")
    assert parse_number("-5.4*").mark == "*"


def test_texts_lose_spaces_and_notes():
    assert plain_text(" a\u00a0b\n c\u200b") == "a b c"
    assert without_notes("Essex (1)[note 2]³") == "Essex"
    assert without_notes("(1)") == "(1)"


def test_percents_of_a_column_that_tells_nothing():
    numbers = [parse_number(c) for c in (0.4, 45.0, "12%")]
    assert [p.value for p in percents(numbers, [None] * 3)] == [None, 45.0, 12.0]


@pytest.mark.parametrize(
    "value, places, agrees",
    [(45.4, 1, True), (45.5, 1, False), (45, 0, True), (45.45, 2, False), (45.4, 9, True)],
)
def test_a_ratio_agrees_to_the_printed_digit(value, places, agrees):
    assert ratio(value, places, 454, 1000, 100)[1] is agrees


def test_a_tie_may_be_rounded_either_way():
    assert [ratio(v, 1, 1, 16, 100)[1] for v in (6.2, 6.3, 6.4)] == [True, True, False]
    assert meanings.measure("x") is None
