import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.gates.compare import unsupported_numbers
from tr_analysis.study.comparison import differences, same_text


@given(st.floats(-1e300, 1e300).filter(lambda value: not value.is_integer()), st.floats(-1e-6, 1e-6))
def test_a_number_agrees_with_itself_and_its_neighbours(value, share):
    assert list(differences(value, value)) == list(differences(value, value * (1 + share))) == []


@given(st.floats(1e-3, 1e12), st.floats(1e-4, 10), st.sampled_from([-1, 1]))
def test_a_number_further_off_never_passes(value, share, sign):
    reference, fresh = sign * value, sign * value * (1 + share)
    assert len(list(differences(reference, fresh))) == len(list(differences(fresh, reference))) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [(628761.0, 628762.0), (0.129, math.nan), (None, 0.2), (True, 1), ("C", "F"), ([1], [1, 2])],
)
def test_whole_numbers_and_what_is_no_number_agree_only_with_themselves(old, new):
    assert len(list(differences({"x": old}, {"x": new}))) == 1


TABLE = "<tr><td>Kent</td><td>−1.25 to 3.50</td></tr>\nKent      1,286  0.333333  3.55445e-08"


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("0.333333", "0.333334", True),
        ("3.55445e-08", "3.55446e-08", True),
        ("Kent      1", "Kent   1", True),
        ("0.333333", "0.333433", False),
        ("−1.25", "−1.26", False),
        ("−1.25", "1.25", False),
        ("1,286", "1,287", False),
        ("Kent", "Essex", False),
        ("3.50", "3.5", True),
        ("3.50</td></tr>\n", "", False),
        ("0.333333", "", False),
    ],
)
def test_texts_agree_but_for_decimals_within_the_tolerance(old, new, same):
    assert same_text(TABLE, TABLE.replace(old, new)) == same
    assert same_text(TABLE.replace(old, new), TABLE) == same


def unsupported(*prose, shown=()):
    cells = [new_markdown_cell(text, id=f"text-{place}") for place, text in enumerate(prose)]
    return unsupported_numbers(new_notebook(cells=cells), {"findings": {"x": {"shown": list(shown)}}})


@pytest.mark.parametrize(
    ("prose", "shown"),
    [
        ("It rose by 12.9%.", "12.9 per cent"),
        ("Some **1,234,567** people", "1234567"),
        ("a fall of \N{MINUS SIGN}0.3 (-2.1 to +1.4)", "-0.3 (\N{MINUS SIGN}2.1 to 1.4)"),
        ("in 2014-2021, or 2014\N{EN DASH}2021", "2014 and 2021"),
        ("the year 2014/15", "2014/15"),
        ("£4m in the 21st", "4 21"),
        ("OGRS4 and S066 in row x_1, A4b5", ""),
        ("see [the table](https://example.org/2014/a%20b.csv) or <https://example.org/7>", ""),
        ('see [the table](table-12.html "Table 9") or https://example.org/3', ""),
        ("run `f(12)` or ``g(`3`)``\n```\nx = 4\n```\n", ""),
        ('<span title="5">text</span>', ""),
    ],
)
def test_supported_prose_passes(prose, shown):
    assert unsupported(prose, shown=[shown]) == []


@pytest.mark.parametrize(
    ("prose", "found"),
    [
        ("It rose by 13.1%.", ["13.1"]),
        ("It fell by \N{MINUS SIGN}12.9.", ["-12.9"]),
        ("1,290 and 129 and 12.90", ["1290", "129", "12.90"]),
        ("p <0.05 and x >3", ["0.05", "3"]),
        ("after mid-2015", ["2015"]),
        ("[12 people](https://example.org/12)", ["12"]),
    ],
)
def test_other_numbers_are_named_with_their_cell(prose, found):
    assert unsupported("12.9", prose, shown=["12.9"]) == [f"text-1: {number}" for number in found]


def test_said_outputs_are_prose_and_other_outputs_are_not():
    said = new_output("display_data", {"text/markdown": "It rose by 7.", "text/plain": "8"})
    printed = new_output("stream", name="stdout", text="9")
    cell = new_code_cell("x = 10", id="answer", outputs=[said, printed])
    assert unsupported_numbers(new_notebook(cells=[cell]), {"findings": {}}) == ["answer: 7"]


@given(st.integers(-(10**9), 10**9), st.integers(0, 3))
def test_a_number_is_supported_by_itself_however_it_is_written(number, places):
    value = number / 10**places
    plain, grouped = f"{value:.{places}f}", f"{value:,.{places}f}".replace("-", "\N{MINUS SIGN}")
    assert unsupported(f"It was {grouped}% of all.", shown=[f"({plain})"]) == []
    assert unsupported(f"It was {grouped}% of all.", shown=[f"{plain}1"]) == [f"text-0: {plain}"]
