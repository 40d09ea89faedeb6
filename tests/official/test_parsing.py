"""Single cells: numbers, percentages, cohorts, providers and results of tests."""

import pytest

from tr_analysis.official.parsing import (
    kind_in,
    parse_number,
    parse_provider,
    parse_significance,
    percentages,
    plain_text,
    scan_cohorts,
    suggest_provider,
    without_notes,
)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *((cell, 4240) for cell in (4240, 4240.0, "4,240", "4 240", "4\u00a0240", "4\u202f240 ", "4240(1)")),
        *((cell, 4240) for cell in ("4,240 [note 2]", "4,240¹", "'4240")),
        *(("1,234,567", 1234567), ("−5.4", -5.4), ("+1.9 pp", 1.9), (".5", 0.5), ("1.2E+03", 1200)),
        *((0.1 + 0.2, 0.3), ("45.4 %", 45.4)),
        *(
            (cell, None)
            for cell in ("12 34", "1234,567", "4,2", "(5.4)", "see note", "=1+1", "#REF!", "1e99")
        ),
        *((cell, None) for cell in (True, float("nan"), float("inf"), 10**400)),
    ],
)
def test_a_number_is_read_or_not(cell, value):
    number = parse_number(cell)
    assert number.value == value
    assert number.state == ("not a number" if value is None else "value")


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        (("*", "~", "[c]", "<5", "fewer than 10", "* (1)"), "suppressed"),
        (("..", "[x]", "-", "–", None, ""), "missing"),
        (("[z]", "n/a"), "not applicable"),
    ],
)
def test_suppressed_is_kept_apart_from_missing(cells, state):
    assert {parse_number(cell)[:2] for cell in cells} == {(None, state)}


def test_places_and_marks_are_those_that_are_printed():
    assert [parse_number(c).places for c in ("45.40", 45.40, "45", "1.25E+01", 0.454)] == [2, 1, 0, 1, 3]
    assert parse_number("-5.4*")[:2] == (-5.4, "value")
    assert parse_number("-5.4*").mark == "*"


def test_texts_lose_spaces_and_notes():
    assert plain_text(" a\u00a0b\n c\u200b") == "a b c"
    assert without_notes("Essex (1)[note 2]³") == "Essex"
    assert without_notes("(1)") == "(1)"


@pytest.mark.parametrize(
    ("cells", "anchors", "common", "values"),
    [
        ((0.4, 45.0, "12%"), (None,) * 3, None, [None, 45.0, 12.0]),  # tells nothing of the first
        ((0.454, "45.4%"), (None,) * 2, None, [45.4, 45.4]),
        ((0.4,), (0.4,), None, [0.4]),  # the counts tell a small percentage from a fraction
        ((0.004,), (0.4,), None, [0.4]),
        ((0.524, 0.4), (0.5, 40.0), None, [52.4, 40.0]),  # and are of something else where they disagree
        ((0.9, 0), (None,) * 2, 0, [None, 0.0]),
        ((4.7, 0.9), (None,) * 2, 1, [4.7, 0.9]),
    ],
)
def test_percentages_are_told_from_fractions(cells, anchors, common, values):
    found = percentages([parse_number(cell) for cell in cells], anchors, common)
    assert [percent.value for percent in found] == values


def test_stored_percentages_have_the_decimals_of_their_column():
    found = percentages([parse_number(c) for c in (0.45, 0.454, "12%", 1 / 3)], [None] * 4)
    assert [percent.places for percent in found] == [1, 1, 0, 10]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("October to December 2015 and January 2016 to March 2016", ["2015Q4", "2016Q1"]),
        ("between October 2015 and September 2016", ["2015Q4 to 2016Q3"]),
        ("Nov 2015 to Jan 2016", ["2015-11 to 2016-01"]),
        ("year ending March 2014", ["2013Q2 to 2014Q1"]),
        ("2015/16 (October 2015 to March 2016)", ["2015Q4 to 2016Q1"]),
        ("2015Q4 to 2016Q3", ["2015Q4 to 2016Q3"]),
        *((text, ["2015Q4"]) for text in ("Oct 15 - Dec 15", "2015 Q4", "Q4 2015")),
        *((text, ["2016Q1"]) for text in ("Jan–Mar ’16", "1 January 2016 to 31 March 2016")),
        *((text, ["2016Q2 to 2017Q1"]) for text in ("Apr16-Mar17", "2016-17")),
        *((text, []) for text in ("January 2017", "2011 baseline", "March to January", "2015/17", None)),
        ("page 15-16 of 2016", []),
    ],
)
def test_periods_are_found_in_a_text(text, names):
    assert [cohort.name for cohort in scan_cohorts(text)[0]] == names


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        *(
            (c, "Dorset, Devon and Cornwall")
            for c in ("Dorset, Devon & Cornwall", "DORSET DEVON AND CORNWALL CRC")
        ),
        ("Devon, Dorset & Cornwall Community Rehabilitation Company Limited", "Dorset, Devon and Cornwall"),
        ("Kent,\nSurrey\u00a0& Sussex(2)", "Kent, Surrey and Sussex"),
        ("Humberside, Lincolnshire & N Yorkshire", "Humberside, Lincolnshire and North Yorkshire"),
        ("Hampshire & the Isle of Wight²", "Hampshire and Isle of Wight"),
        ("The Northumbria CRC*", "Northumbria"),
        ("  durham  tees valley ", "Durham Tees Valley"),
        ("C21", "Kent, Surrey and Sussex"),
        *(("London", "London"), ("NPS London", "NPS London")),
        ("National Probation Service - Wales", "NPS Wales"),
        ("South West & South Central (NPS)", "NPS South West South Central"),
        *(("All CRCs", "All CRCs"), ("CRC Total", "All CRCs"), ("NPS total", "All NPS")),
        ("England & Wales", "England and Wales"),
    ],
)
def test_a_provider_is_known_however_it_is_printed(printed, name):
    kind = "total" if name.startswith(("All", "England")) else "NPS" if "NPS" in name else "CRC"
    assert parse_provider(printed) == (name, kind)


@pytest.mark.parametrize("name", ["", None, "CRC", "Total of something", "Yorkshire", 5, "x" * 500, "East"])
def test_what_names_no_provider_is_none(name):
    assert parse_provider(name) is None


def test_the_nearest_provider_and_the_kind_are_told():
    assert suggest_provider("Cumbria & Lancashir CRC") == "; did you mean Cumbria and Lancashire?"
    assert suggest_provider("Mars") == ""
    texts = ("Results of the CRCs", "National Probation Service divisions", "CRCs and NPS")
    assert [kind_in(text) for text in texts] == ["CRC", "NPS", ""]


@pytest.mark.parametrize(
    ("cells", "gap", "found"),
    [
        (("Yes", True, "Significant reduction", "Yes - lower"), -2.1, "significant reduction"),
        (("Yes", "Statistically significant increase"), 2.1, "significant increase"),
        (("No", False, "Not significant", "No significant change"), 2.1, "not significant"),
        (("n/a", "*", None), 2.1, None),
    ],
)
def test_a_test_is_read(cells, gap, found):
    assert {parse_significance(cell, gap) for cell in cells} == {(found, "")}


@pytest.mark.parametrize(
    ("cell", "gap"), [("perhaps", -1), (0.03, -1), ("reduction or increase", -1), ("Yes", None), ("Yes", 0)]
)
def test_a_test_that_says_neither_has_a_reason(cell, gap):
    found, why = parse_significance(cell, gap)
    assert found is None and why
