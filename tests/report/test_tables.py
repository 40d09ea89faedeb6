import numpy as np
import pandas as pd
import pytest

from tr_analysis.report.tables import interval_text, number_text, table


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


def test_everything_is_escaped():
    html = table(pd.DataFrame({"<i>": ['a & "b"'], "b": ["<script>"]}), "x < y").html()
    assert "<caption>x &lt; y</caption>" in html
    assert "&lt;i&gt;" in html
    assert "a &amp; &quot;b&quot;" in html
    assert "<script>" not in html


def test_numbers_are_written_by_what_they_are():
    frame = pd.DataFrame({"whole": [-1200.0, 3], "part": [0.456, -1.5], "chosen": [2.04, -3.06]})
    assert cells(frame, formats={"chosen": "{:.1f}%"}) == {
        "whole": ["−1,200", "3"],
        "part": ["0.46", "−1.50"],
        "chosen": ["2.0%", "−3.1%"],
    }


def test_words_keep_their_hyphens():
    frame = pd.DataFrame({"word": ["Newey-West", "2011-12"], "n": [-1, 2]})
    assert cells(frame) == {"word": ["Newey-West", "2011-12"], "n": ["−1", "2"]}


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, None], dtype="Int64"),
        pd.Series([1, np.nan]),
        pd.Series(["1", None], dtype="str"),
        pd.Series(["1", pd.NA], dtype=object),
    ],
)
def test_missing_cells_say_so(column):
    assert cells(pd.DataFrame({"a": column}))["a"] == ["1", "not known"]


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


def test_column_names_need_not_be_words():
    assert cells(pd.DataFrame({2014: [1], 2015: [-2]}), formats={"2015": "{:.1f}"}) == {
        "2014": ["1"],
        "2015": ["−2.0"],
    }


@pytest.mark.parametrize(
    ("frame", "caption", "formats", "fault"),
    [
        (pd.DataFrame({"a": [1]}), "x", {"b": "{}"}, "no column 'b' to format; there are: a"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "x", None, "two columns are called 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "x", None, "two columns are called '1'"),
        (pd.DataFrame({"a": [1]}), " ", None, "a table needs a caption"),
    ],
)
def test_a_faulty_table_is_refused(frame, caption, formats, fault):
    with pytest.raises(ValueError, match=fault):
        table(frame, caption, formats=formats)


def test_known_words_become_links_and_others_stay():
    links = {"S1": ("https://example.org/?a&b", 'The "first"')}
    html = table(pd.DataFrame({"Source": ["S1"], "Seen": ["S1 S12 <S1>"]}), "Sources", links=links).html()
    link = '<a href="https://example.org/?a&amp;b" title="The &quot;first&quot;">S1</a>'
    assert f'<th scope="row">{link}</th><td>{link} S12 &lt;S1&gt;</td>' in html


def test_cells_of_key_numbers_name_their_column():
    html = table(pd.DataFrame({"Key number": ["a"], 'n "x"': ["1"]}), "Key", key=True).html()
    assert html.startswith('<table class="key-numbers">')
    assert '<td data-label="n &quot;x&quot;">1</td>' in html


def test_text_holds_caption_and_cells():
    plain = table(pd.DataFrame({"Area": ["London"], "Change": [-2]}), "By area")._repr_mimebundle_()[
        "text/plain"
    ]
    assert plain.splitlines()[0] == "By area"
    assert plain.split() == ["By", "area", "Area", "Change", "London", "−2"]


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("{:.1f}", -0.04, "0.0"),
        ("{:,.0f}", -0.0, "0"),
        ("{:+.1f}", 2.04, "+2.0"),
        ("{:.0f} year-end", 3, "3 year-end"),
        ("{:.0f} year-end", -3, "−3 year-end"),
    ],
)
def test_minus_signs(form, number, text):
    assert number_text(form, number) == text


def test_an_estimate_stands_with_its_interval():
    assert interval_text("{:,.2f}%", -0.16, -0.484, 0.17) == "−0.16% (−0.48% to 0.17%)"
