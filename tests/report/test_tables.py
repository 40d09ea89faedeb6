from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tr_analysis.report.tables import csv_text, number_text, probability_text, table


def cells(frame, **options):
    return table(frame, "Caption", **options).cells.to_dict("list")


def test_html_says_caption_scope_and_which_cells_are_numbers():
    html = table(pd.DataFrame({"Area": ["London"], "People": [1200]}), "People by area").html()
    assert html == (
        "<table>\n<caption>People by area</caption>\n"
        '<thead><tr><th scope="col">Area</th><th scope="col" class="number">People</th></tr></thead>\n'
        "<tbody>\n"
        '<tr><th scope="row">London</th><td class="number">1,200</td></tr>\n'
        "</tbody>\n</table>"
    )


@pytest.mark.parametrize("kind", ["Int64", "float", "str", "object"])
def test_missing_cells_say_so(kind):
    one = "1" if kind in ("str", "object") else 1
    frame = pd.DataFrame({"a": pd.Series([one, None], dtype=kind)})
    assert cells(frame)["a"] == ["1", "not known"]
    assert cells(frame, missing={"a": "does not apply"})["a"] == ["1", "does not apply"]


def test_periods_and_truths_read_as_words():
    frame = pd.DataFrame(
        {
            "month": pd.period_range("2015-02", periods=3, freq="M"),
            "known": pd.Series([True, False, None], dtype="boolean"),
        }
    )
    made = table(frame, "Caption")
    assert made.cells.to_dict("list") == {
        "month": ["2015-02", "2015-03", "2015-04"],
        "known": ["yes", "no", "not known"],
    }
    assert not made.numeric


def test_empty_frame_says_that_there_is_nothing():
    made = table(pd.DataFrame({"a": [], "b": []}), "Nothing found")
    assert '<tr><td colspan="2">none</td></tr>' in made.html()
    assert made._repr_mimebundle_()["text/plain"] == "Nothing found\nnone"
    assert made._repr_mimebundle_()["text/csv"] == "a,b\n"


def test_cells_are_written_by_what_they_are():
    frame = pd.DataFrame(
        {"whole": [-1200.0, 3], 2014: [0.456, -1.5], "chosen": [2.04, -3.06], "word": ["2011-12", "x"]}
    )
    assert cells(frame, formats={"chosen": "{:.1f}%"}) == {
        "whole": ["−1,200", "3"],
        "2014": ["0.46", "−1.50"],
        "chosen": ["2.0%", "−3.1%"],
        "word": ["2011-12", "x"],  # words keep their hyphens
    }


def test_known_words_become_links_and_others_stay():
    links = {"S1": ("https://example.org/?a&b", 'The "first"')}
    html = table(pd.DataFrame({"Source": ["S1"], "Seen": ["S1 S12 <S1>"]}), "Sources", links=links).html()
    link = '<a href="https://example.org/?a&amp;b" title="The &quot;first&quot;">S1</a>'
    assert f'<th scope="row">{link}</th><td>{link} S12 &lt;S1&gt;</td>' in html
    html = table(pd.DataFrame({"<i>": ['a & "b"']}), "x < y").html()
    assert "<caption>x &lt; y</caption>" in html and "&lt;i&gt;" in html and "a &amp; &quot;b&quot;" in html


def test_key_numbers_are_a_table_of_their_own_kind_whose_rows_can_be_linked_to():
    numbers = table(pd.DataFrame({"Key number": ["a"], 'n "x"': ["1"]}), "Key", key=True)
    html = replace(numbers, ids=("number-a",)).html()
    assert html.startswith('<table class="key-numbers">')
    assert '<th scope="col">n &quot;x&quot;</th>' in html
    assert '<tr id="number-a"><th scope="row">a</th><td>1</td></tr>' in html


def test_an_interval_is_one_column_of_numbers_in_the_place_of_its_lower_end():
    frame = pd.DataFrame({"rate": [1.0, 2], "low": [-0.26, np.nan], "high": [2.5, np.nan], "n": [5, 6]})
    made = table(
        frame,
        "Caption",
        formats=dict.fromkeys(["low", "high"], "{:.1f}"),
        intervals={"95% interval": ("low", "high")},
        missing={"low": "none"},
    )
    assert made.cells.to_dict("list") == {
        "rate": ["1", "2"],
        "95% interval": ["−0.3 to 2.5", "none"],
        "n": ["5", "6"],
    }
    assert '<td class="number">−0.3 to 2.5</td>' in made.html()
    frame = pd.DataFrame({"a": ["x", "y"], "e": [1.0, np.nan], "l": [-0.5, np.nan], "h": [2.5, np.nan]})
    made = table(frame, "Caption", intervals={"Step (%)": ["e", "l", "h"]}, formats={"e": "{:.1f}"})
    assert made.cells.to_dict("list") == {"a": ["x", "y"], "Step (%)": ["1.0 (−0.50 to 2.50)", "not known"]}


def test_a_function_may_write_the_cells_and_the_download_stays_whole():
    frame = pd.DataFrame({"p": [3.6e-8, 0.25, None], "recipe": ["a + b + c", "a", None]})
    made = table(frame, "Caption", formats={"p": probability_text, "recipe": lambda words: words[:3]})
    assert made.cells.to_dict("list") == {
        "p": ["below 0.001", "0.250", "not known"],
        "recipe": ["a +", "a", "not known"],
    }
    assert made._repr_mimebundle_()["text/csv"] == "p,recipe\n3.6e-08,a + b + c\n0.25,a\n,\n"


def test_rows_stand_under_the_headings_of_their_group():
    frame = pd.DataFrame({"Question": ["A & B", "A & B", "C"], "What": ["p", "q", "r"], "n": [1, 2, 3]})
    made = table(frame, "Caption", by="Question")
    html, plain = made.html(), made._repr_mimebundle_()["text/plain"]
    assert html.count("<tbody>") == html.count('scope="rowgroup"') == 2
    assert (
        '<tr class="group"><th scope="rowgroup" colspan="2">A &amp; B</th></tr>\n<tr><th scope="row">p'
        in html
    )
    assert '<th scope="col">Question' not in html
    assert html.index(">q<") < html.index(">C<") < html.index(">r<")
    assert plain.count("A & B") == 2


def test_what_is_downloaded_are_the_values_before_rounding():
    frame = pd.DataFrame(
        {
            "Area, of old": ["Kent", None, "Wales"],
            "rate": [1 / 3, -0.0, np.nan],
            "people": pd.Series([1200, None, 123456789], dtype="Int64"),
            "month": pd.period_range("2015-02", periods=3, freq="M"),
            "low": [0, 1, 2],
            "high": [3, 4, 5],
        }
    )
    made = table(frame, "x", formats={"rate": "{:.1f}"}, intervals={"ends": ("low", "high")}, by="month")
    assert made._repr_mimebundle_()["text/csv"] == (
        '"Area, of old",rate,people,month,low,high\n'
        "Kent,0.333333,1200,2015-02,0,3\n"
        ",0,,2015-03,1,4\n"
        "Wales,,123456789,2015-04,2,5\n"
    )


def test_estimates_are_downloaded_with_the_digits_of_their_interval_and_without_noise():
    frame = pd.DataFrame({"change": [5.5, 7e-12], "effect": [1.23456, 2.0]})
    frame = frame.assign(effect_low=-30.0, effect_high=39.9)
    assert csv_text(frame) == "change,effect,effect_low,effect_high\n5.5,1.235,-30,39.9\n0,2,-30,39.9\n"


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("{:.1f}", -0.04, "0.0"),
        ("{:+.1f}", 2.04, "+2.0"),
        ("{:+.1f}%", 0.0, "0.0%"),
        ("{:.0f} year-end", 0, "0 year-end"),
        ("{:.0f} year-end", -3, "−3 year-end"),
    ],
)
def test_signs(form, number, text):
    assert number_text(form, number) == text
