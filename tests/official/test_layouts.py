"""What headers mean."""

import pytest

from tr_analysis.official.layouts import BASELINES, RESULTS, Key, meaning

HEADERS = {
    "eligible": ["Number of\noffenders in the\neligible cohort", "Eligible cohort size"],
    "offenders": ["Measurable cohort", "Number of offenders", "No. of offenders in cohort", "Cohort size"],
    "reoffenders": ["Number of re-offenders", "Offenders who re-offended", "Number of proven reoffenders"],
    "reoffences": ["Number of re-\noffences", "Number of proven reoffences", "Reoffences"],
    "binary_rate": [
        *("Proportion of offenders who reoffend (%)", "Binary rate", "Reoffending rate (%)", "Observed rate"),
        *("% of offenders who re-offend", "Unadjusted binary rate"),
    ],
    "frequency_rate": [
        *("Average number of reoffences per reoffender", "Frequency rate", "Reoffences per reoffender")
    ],
    "ogrs": [
        *("OGRS4/G score", "Mean OGRS 4/G", "Average OGRS4G score (%)", "Expected reoffending rate (OGRS4/G)")
    ],
    "adjusted_rate": [
        *("Adjusted proportion of offenders who reoffend (%)", "Adjusted rate"),
        *("Binary rate adjusted using OGRS4/G", "Binary rate adjusted to the 2011 baseline case mix"),
        "OGRS4/G adjusted binary rate, compared with 2011 baseline",
    ],
    "baseline_rate": ["2011 baseline rate", "Baseline (2011)", "Proportion of offenders who reoffend, 2011"],
    "baseline_ogrs": ["2011 OGRS4/G score", "OGRS4/G score in the baseline year"],
    "difference": [
        *("Difference", "Change from baseline (percentage points)", "Adjusted rate minus baseline"),
        "Difference between the adjusted binary rate and the 2011 baseline (percentage points)",
    ],
    "significance": [
        *("Statistically significant?", "Significance of difference", "Payment or deduction", "Outcome")
    ],
    "baseline_frequency": [
        "2011 baseline frequency rate",
        "Average number of reoffences per reoffender (2011)",
    ],
    "frequency_difference": ["Change in frequency rate from baseline", "Frequency difference"],
    "frequency_significance": ["Frequency rate: statistically significant?"],
    "provider": [
        *("CRC name", "NPS division", "Provider", "Contract Package Area"),
        "Community Rehabilitation Company (CRC)",
    ],
    "provider_type": ["Provider type"],
    "area_code": ["CPA number", "CRC code"],
    "cohort": ["Cohort", "Offender cohort", "Quarter", "Period of entry"],
}
UNKNOWN = [
    *("Reoffences per offender", "Adjusted baseline rate", "Lower confidence limit", "Owner", ""),
    *("Proportion of eligible cohort matched (%)", "Change in cohort size", "Number of previous offences"),
    *("Percentage point change from October to December 2015 cohort", "Change since the previous quarter"),
    *("2011 baseline number of reoffenders", "London CRC"),
]
OF_BASELINES = {
    "2011 number of offenders": Key("offenders"),
    "2011 baseline": Key("binary_rate"),
    "2011 baseline frequency rate": Key("frequency_rate"),
    "2011 OGRS4/G score": Key("ogrs"),
    "Lower threshold (annual cohorts)": Key("lower_threshold", "year"),
    "Quarterly cohorts: upper limit": Key("upper_threshold", "quarter"),
    "Frequency rate, lower threshold": Key("frequency_lower"),
    "Threshold": None,
    "Oct-Dec 2015 number of offenders": None,
    "Difference": None,
}


def test_a_header_means_a_column():
    found = {
        (key, header): meaning(RESULTS, header) for key, headers in HEADERS.items() for header in headers
    }
    assert {which: key for which, key in found.items() if key != Key(which[0])} == {}


@pytest.mark.parametrize("header", UNKNOWN)
def test_a_header_of_no_known_meaning_is_none(header):
    assert meaning(RESULTS, header) is None


@pytest.mark.parametrize("header", OF_BASELINES)
def test_a_header_of_baselines_means_a_column(header):
    assert meaning(BASELINES, header) == OF_BASELINES[header]


@pytest.mark.parametrize(
    ("header", "cohort"),
    [
        ("October to December 2015 cohort Number of offenders", "2015Q4"),
        ("Number of offenders, 2015/16", "2015Q4 to 2016Q1"),
    ],
)
def test_a_header_may_name_its_cohort(header, cohort):
    key = meaning(RESULTS, header)
    assert (key.column, key.band.name) == ("offenders", cohort)


@pytest.mark.parametrize("header", [h for headers in HEADERS.values() for h in headers if "\n" not in h])
def test_headers_bear_footnotes_and_other_spellings(header):
    for printed in (
        *(header.upper(), header + " (1)", header + "[note 2]", header.replace(" ", "\n"), header + "²"),
        *(header.replace("reoffend", "re-offend"), header.replace(" of ", "\u00a0of\u00a0")),
    ):
        assert meaning(RESULTS, printed) == meaning(RESULTS, header), printed
