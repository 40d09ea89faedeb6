"""Single cells: numbers, cohorts, providers, totals and results of tests."""

import pytest

from tr_analysis.official.parsing import (
    kind_in,
    parse_number,
    parse_provider,
    parse_test,
    plain_text,
    scan_cohorts,
    total_of,
    without_notes,
)

NUMBERS = {
    4240: (4240, 4240.0, "4,240", "4 240", "4\u00a0240", "4\u202f240 ", "4240(1)", "4,240 [note 2]", "4,240¹"),
    **{1234567: ["1,234,567"], -5.4: ["−5.4"], 1.9: ["+1.9 pp"], 0.5: [".5"], 0.3: [0.1 + 0.2], 45.4: ["45.4 %"]},
    None: ("12 34", "1234,567", "4,2", "(5.4)", "see note", "=1+1", "#REF!", "1e99", "-5.4*", "~1,000", True,
           float("nan"), float("inf"), 10**400),
}  # fmt: skip
EMPTY = {
    "suppressed": ("*", "~", "[c]", "<5", "fewer than 10", "* (1)"),
    "missing": ("..", "[x]", "-", "–", None, ""),
    "not applicable": ("[z]", "n/a"),
}


@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_is_read_or_not_understood(value):
    state = "not understood" if value is None else "value"
    assert [parse_number(cell)[:2] for cell in NUMBERS[value]] == [(value, state)] * len(NUMBERS[value])


@pytest.mark.parametrize("state", EMPTY)
def test_suppressed_is_kept_apart_from_missing(state):
    assert {parse_number(cell)[:2] for cell in EMPTY[state]} == {(None, state)}


def test_texts_lose_spaces_and_notes_and_numbers_keep_their_decimals():
    assert plain_text(" a\u00a0b\n c\u200b") == "a b c"
    assert [without_notes(text) for text in ("Essex (1)[note 2]³", "(1)")] == ["Essex", "(1)"]
    assert [parse_number(c).places for c in ("45.40", 45.40, "45", 0.454)] == [2, 1, 0, 3]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("October to December 2015 and January 2016 to March 2016", ["2015Q4", "2016Q1"]),
        ("between October 2015 and September 2016", ["2015Q4 to 2016Q3"]),
        ("2015/16 (October 2015 to March 2016)", ["2015Q4 to 2016Q1"]),
        ("2015/16", ["2015Q4 to 2016Q1"]),
        ("2015Q4 to 2016Q3", ["2015Q4 to 2016Q3"]),
        *((text, ["2015Q4"]) for text in ("Oct 15 - Dec 15", "2015 Q4", "Q4 2015", "Q3 2015/16", "2015-16 Q3")),
        *((text, ["2015Q4"]) for text in ("Oct-15 to Dec-15", "01/10/2015 - 31/12/2015", "1.10.15–31.12.15.")),
        ("cohort 01/04/2016 to 31/03/2017", ["2016Q2 to 2017Q1"]),
        *((text, []) for text in ("10/01/2015 - 12/31/2015", "01/10/2015 - 12/12/2015", "01/10/2015 - 30/12/2015", "01/10/2015", "31/12/2015 - 01/10/2015", "01/10/2015 - 31/13/2015")),
        *((text, ["2016Q1"]) for text in ("Jan–Mar ’16", "1 January 2016 to 31 March 2016", "Q4 2015/16")),
        *((text, ["2016Q2 to 2017Q1"]) for text in ("Apr16-Mar17", "2016-17", "2016/17")),
        *((text, []) for text in ("January 2017", "2011 baseline", "March to January", "2015/17", "", "2022/23")),
        *((text, []) for text in ("year ending March 2014", "Nov 2015 to Jan 2016", "Oct 2015 to Dec 2020")),
        *((text, []) for text in ("page 15-16 of 2016", "July to September 2015", "15/10/2015 - 31/12/2015")),
    ],
)  # fmt: skip
def test_cohorts_are_found_in_a_text(text, names):
    assert [cohort.name for cohort in scan_cohorts(text)[0]] == names


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        *((c, "Dorset, Devon and Cornwall") for c in ("Dorset, Devon & Cornwall", "DORSET DEVON AND CORNWALL CRC")),
        ("Devon, Dorset & Cornwall Community Rehabilitation Company Limited", "Dorset, Devon and Cornwall"),
        ("Kent,\nSurrey\u00a0& Sussex(2)", "Kent, Surrey and Sussex"),
        ("Humberside, Lincolnshire & N Yorkshire", "Humberside, Lincolnshire and North Yorkshire"),
        ("Hampshire & the Isle of Wight²", "Hampshire and Isle of Wight"),
        *(("The Northumbria CRC*", "Northumbria"), ("  durham  tees valley ", "Durham Tees Valley")),
        *(("London CRC", "London"), ("NPS London", "NPS London"), ("National Probation Service - Wales", "NPS Wales")),
        ("South West & South Central (NPS)", "NPS South West South Central"),
    ],
)  # fmt: skip
def test_a_provider_is_known_however_it_is_printed(printed, name):
    assert parse_provider(printed) == (name, "NPS" if "NPS" in name else "CRC")


def test_what_names_no_provider_for_certain_is_none():
    cells = "", None, "CRC", "Total of something", "Yorkshire", 5, "x" * 500, "Midlands", "C21", "North East"
    assert [cell for cell in cells if parse_provider(cell)] == []
    assert parse_provider("London") == ("London", "either")
    assert parse_provider("Midlands", "NPS") == ("NPS Midlands", "NPS")


def test_totals_and_kinds():
    names = {"CRC": ("All CRCs", "CRC sub-total"), "NPS": ("NPS", "NPS total"), "table": ("Total", "CRCs and NPS total"), "section": ("Subtotal",),
        "all": ("England & Wales", "All"), "part": ("North East total", "Sodexo total", "Wales total", "England"),
        "average": ("Median", "CRC average"), "": ("Jersey", "Essex", "")}  # fmt: skip
    assert {
        of: tuple(filter(lambda name: total_of(name) == of, texts)) for of, texts in names.items()
    } == names
    texts = ("Results of the CRCs", "National Probation Service divisions", "CRCs and NPS")
    assert [kind_in(text) for text in texts] == ["CRC", "NPS", ""]


TESTS = {
    "yes": ("Yes", True, "Statistically significant", "y"),
    "no": ("No", False, "Not significant", "No significant change", "Not statistically significant"),
    "reduction": ("Significant reduction", "Yes - lower", "Statistically significant decrease"),
    "increase": ("Significant increase", "Yes, higher"),
    "": ("perhaps", 0.03, 1, 0, "*", "reduction or increase", "Payment", "no reduction"),
}


@pytest.mark.parametrize("found", TESTS)
def test_a_test_is_read_or_not_understood(found):
    assert {parse_test(cell) for cell in TESTS[found]} == {(found, "value" if found else "not understood")}


def test_a_test_may_be_empty():
    states = ["missing", "not applicable", "suppressed"]
    assert [parse_test(cell)[1] for cell in (None, "n/a", "[c]")] == states
