"""The panel of choices: what it packs, and that it shows nothing but what the chapter shows."""

import base64
import json
import zlib

import pytest
from nbformat.v4 import new_markdown_cell

from tests.site.made import Page, chart, code, finding, findings, save
from tr_analysis.errors import ChapterError
from tr_analysis.report import CHART_MIME
from tr_analysis.site import write_site
from tr_analysis.site.chapter import read_chapter, read_panel
from tr_analysis.study import CHOICES

MONTHS = {"2018-02": "February 2018", "2020-02": "February 2020"}
CONTROLS = [
    {"parameter": "end", "label": "Until", "values": MONTHS},
    {"parameter": "control", "label": "Beside remand", "values": {"true": "yes", "false": "no"}},
]
DEFAULT = {"end": "2020-02", "control": True}
COMPARED = {"name": "rise", "least": "+1%", "most": "+9%", "of": 3, "known": 3, "unclear": 1}
CODE = "findings.answer('Recall {what} by {rise} in the NPS.')"
NUMBER = {"shown": "+3%", "span": "1% to 5%"}


@pytest.fixture
def made(tmp_path):
    """A chapter with two charts, one of them under its answer, and the choices that were computed of it."""
    under, below = chart("series"), chart("placebo")
    cells = [
        new_markdown_cell(
            "## Answer\nRecall **rose** by 3 in the NPS.",
            id="answer",
            metadata={"tr_analysis": {"code": CODE}},
        ),
        code("a", under, name="series"),
        new_markdown_cell("## Evidence", id="evidence"),
        code("b", below, name="placebo"),
        findings({"rise": finding(3)}),
    ]
    path = save(tmp_path, *cells, parameters=DEFAULT)
    charts = [dict(output.data[CHART_MIME]) for output in (under, below)]
    other = [{**charts[0], "title": "Recall fell"}, charts[1]]

    def shows(end, control, answer, charts=charts):
        values = {"end": end, "control": control}
        return {"values": values, "answer": f"{answer} by 3 in the NPS.", "charts": charts, "number": NUMBER}

    shown = [
        shows("2018-02", True, "Recall *fell*", other),
        {"values": {"end": "2018-02", "control": False}, "refused": "no remand before 2018-02"},
        shows("2020-02", True, "Recall **rose**"),
        shows("2020-02", False, "Recall rose"),
    ]
    folder = tmp_path / CHOICES / "03-recall"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text("id\n1\n", "utf-8")

    def keep(choices=shown):
        page = {"controls": CONTROLS, "default": DEFAULT, "choices": choices, "compared": COMPARED}
        (folder / "choices.json").write_text(json.dumps(page), "utf-8")
        return path

    return keep, shown


def unpacked(panel):
    return json.loads(zlib.decompress(base64.b64decode(panel.packed)))


def test_a_chapter_without_choices_has_no_panel(tmp_path):
    path = save(tmp_path, new_markdown_cell("## Answer\nYes.", id="answer"), findings({}))
    assert read_panel(read_chapter(path), tmp_path / CHOICES) is None


def test_it_packs_what_each_combination_shows_in_order(made, tmp_path):
    keep, _ = made
    panel = read_panel(read_chapter(keep()), tmp_path / CHOICES)
    assert panel.default == {"end": "2020-02", "control": "true"}
    assert [one["name"] for one in panel.below] == ["placebo"]
    shown = unpacked(panel)
    assert shown["refused"] == ["", "no remand before 2018-02", "", ""]
    assert "<em>fell</em>" in shown["answers"][0] and 'id="answer"' in shown["answers"][0]
    assert '<a class="term" href="glossary.html#national-probation-service">NPS</a>' in shown["answers"][0]
    assert '<a class="number" href="#number-rise">3</a>' in shown["answers"][0]
    assert "-p end 2018-02" in shown["commands"][1] and "-p control False" in shown["commands"][1]
    assert shown["commands"][2] == "papermill notebooks/03-recall.ipynb out.ipynb"  # the chapter's own
    assert shown["numbers"] == ["+3% (1% to 5%)", "", "+3% (1% to 5%)", "+3% (1% to 5%)"]
    words, wide, narrow = shown["charts"]["series"]
    assert [title for title, _, _ in words] == ["Recall fell", "Recall rose", "Recall rose"]  # none refused
    assert wide[0][0].startswith("<svg ") and len(narrow) == 3


@pytest.mark.parametrize("part", ["answer", "chart"])
def test_choices_of_another_chapter_are_refused(made, tmp_path, part):
    keep, shown = made
    own = shown[2]
    changed = (
        {"answer": "Recall rose by 3 in the NPS."}
        if part == "answer"
        else {"charts": [{**own["charts"][0], "svg": "<svg/>"}]}
    )
    path = keep([*shown[:2], {**own, **changed}, shown[3]])
    with pytest.raises(ChapterError, match="03-recall: its choices show another answer or chart"):
        read_panel(read_chapter(path), tmp_path / CHOICES)


def test_the_page_has_a_control_for_each_and_works_without_scripts(made, tmp_path):
    keep, _ = made
    write_site([keep()], tmp_path / "site")
    page = Page(tmp_path / "site" / "03-recall.html")
    assert [one["name"] for one in page.all("select")] == ["end", "control"]
    assert [one["value"] for one in page.all("option") if "selected" in one] == ["2020-02", "true"]
    assert (
        "“Rise”: +1% to +9% over 3 combinations of choices; in 1 of them the interval includes no change"
        in " ".join(page.text.split())
    )
    assert "hidden" in next(one for one in page.all("details") if one.get("id") == "choices")
    assert (tmp_path / "site" / "choices" / "03-recall.csv").read_text("utf-8") == "id\n1\n"
