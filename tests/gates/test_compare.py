import copy
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.gates.compare import compare, compare_pages, unsupported_numbers
from tr_analysis.study.comparison import same_text

RESULTS = {
    "chapter": "03-recall",
    "title": "Recall to prison",
    "parameters": {"end": "2019-12", "harmonics": 6, "control": True},
    "version": "0.1.0",
    "data": {"recall_monthly": "9f86d081"},
    "findings": {
        "level_change": {
            "label": "Step at the reform",
            "value": 0.129,
            "low": 0.101,
            "high": None,
            "n": 10_000_000,
            "unit": "log points",
            "rung": "C",
            "sources": ["S012", "S013"],
            "method": "segmented regression",
            "shown": ["12.9%", "10.1 to 15.8"],
        }
    },
}


def changed(*place, to):
    """Copy the results with one entry set, or dropped when the new value is ``...``."""
    document = copy.deepcopy(RESULTS)
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = to
    if to is ...:
        del inner[place[-1]]
    return document


@pytest.mark.parametrize(
    ("place", "to", "line"),
    [
        (("value",), 0.131, "level_change.value 0.129 became 0.131 (allowed relative difference 2e-05)"),
        (("low",), 0.102, "level_change.low 0.101 became 0.102 (allowed relative difference 2e-05)"),
        (("high",), 0.2, "level_change.high null became 0.2"),
        (("value",), math.nan, "level_change.value 0.129 became NaN (allowed relative difference 2e-05)"),
        (("n",), 10_000_001, "level_change.n 10000000 became 10000001"),
        (("unit",), "points", 'level_change.unit "log points" became "points"'),
        (("rung",), "F", 'level_change.rung "C" became "F"'),
        (("sources",), ["S012"], 'level_change.sources ["S012", "S013"] became ["S012"]'),
        (
            ("shown",),
            ["13.1%", "10.1 to 15.8"],
            'level_change.shown.0 "12.9%" became "13.1%"',
        ),
        (("method",), ..., "level_change.method is missing"),
        (("note",), "", "level_change.note is new"),
    ],
)
def test_each_change_of_a_finding_is_one_line(place, to, line):
    fresh = changed("findings", "level_change", *place, to=to)
    assert compare(RESULTS, fresh) == [f"03-recall: {line}"]


@pytest.mark.parametrize(
    ("place", "to", "line"),
    [
        (("data", "recall_monthly"), "60303ae2", 'data.recall_monthly "9f86d081" became "60303ae2"'),
        (("parameters", "harmonics"), 12, "parameters.harmonics 6 became 12"),
        (("parameters", "control"), 1, "parameters.control true became 1"),
        (("findings", "level_change"), ..., "level_change is missing"),
        (("findings", "slope_change"), {}, "slope_change is new"),
        (("findings",), ..., "findings is missing"),
    ],
)
def test_each_change_of_what_went_in_or_came_out_is_one_line(place, to, line):
    assert compare(RESULTS, changed(*place, to=to)) == [f"03-recall: {line}"]


def test_another_version_with_the_same_numbers_is_no_difference():
    assert compare(RESULTS, changed("version", to="0.2.0")) == []


@given(st.floats(-1e300, 1e300).filter(lambda value: not value.is_integer()), st.floats(-1e-6, 1e-6))
def test_a_number_agrees_with_itself_and_its_neighbours(value, share):
    reference, fresh = ({"findings": {"x": {"value": v}}} for v in (value, value * (1 + share)))
    assert compare(reference, reference) == compare(reference, fresh) == []


@given(st.floats(1e-3, 1e12), st.floats(1e-4, 10), st.sampled_from([-1, 1]))
def test_a_number_further_off_never_passes(value, share, sign):
    reference, fresh = ({"findings": {"x": {"value": sign * v}}} for v in (value, value * (1 + share)))
    assert len(compare(reference, fresh)) == len(compare(fresh, reference)) == 1


def test_whole_numbers_agree_only_with_themselves():
    reference, fresh = ({"findings": {"x": {"value": v}}} for v in (628761.0, 628762.0))
    assert len(compare(reference, fresh)) == 1


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


def page(**outputs):
    shown = [new_output("display_data", {kind.replace("_", "/"): text for kind, text in outputs.items()})]
    return new_notebook(
        cells=[new_markdown_cell("# A", id="title"), new_code_cell("x", id="it", outputs=shown)]
    )


def test_pages_differ_where_a_reader_would_see_it():
    old = page(text_html="<td>0.25</td>", text_plain="0.25")
    assert compare_pages(old, page(text_html="<td>0.250001</td>", text_plain="0.25")) == []
    assert compare_pages(old, page(text_html="<td>0.26</td>", text_plain="0.25")) == ["cell it: text/html"]
    assert compare_pages(old, page(text_html="<td>0.25</td>")) == ["cell it: what it shows"]
    assert compare_pages(old, new_notebook(cells=old.cells[:1])) == [
        "cell it became None, or its source changed"
    ]
    silent = copy.deepcopy(old)
    silent.cells[1].outputs = []
    assert compare_pages(old, silent) == ["cell it: what it shows"]


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
