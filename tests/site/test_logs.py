"""The logs of assumptions and of corrections, as they are committed, as pages, and out of form."""

import json
import re
from collections import Counter

import pytest

from tests.site import made
from tests.site.test_reference import rendered
from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import StudyError
from tr_analysis.report.finding import Finding
from tr_analysis.site.chapter import read_chapter
from tr_analysis.site.reference import assumptions_page, read_log, revisions_page
from tr_analysis.study.chapters import find_chapters
from tr_analysis.study.parameters import read_parameters


def test_each_chapter_has_an_assumption_and_what_it_names_is_there():
    log = read_log("assumptions")
    chapters = {chapter.name: chapter for chapter in find_chapters()}
    assert {entry["chapter"] for entry in log} == chapters.keys()
    assert [entry["chapter"] for entry in log] == sorted(entry["chapter"] for entry in log)
    for entry in log:
        known = {parameter.name for parameter in read_parameters(chapters[entry["chapter"]].path)}
        assert {entry["try"]} <= known if "try" in entry else True, entry
        said = [words for name, words in entry.items() if name not in ("chapter", "quality", "impact", "try")]
        assert all(re.fullmatch(r"[A-Z][^\d]+\.", words) for words in said), (
            entry
        )  # a sentence without typed numbers
    assert min(Counter(entry["quality"] for entry in log).values()) >= 1


def test_a_correction_names_a_number_that_is_another_now():
    log = read_log("corrections")
    assert [entry["date"] for entry in log] == sorted(entry["date"] for entry in log)
    for entry in log:
        results = json.loads((paths.reports() / "results" / f"{entry['chapter']}.json").read_bytes())
        number = Finding(entry["finding"], **results["findings"][entry["finding"]])
        assert not entry["was"].startswith(number.show()), entry


def test_the_pages_show_both_logs_and_both_values_of_what_was_revised(tmp_path):
    cells = [
        made.findings({"recall_gap": made.finding(119.0, low=-14.0, high=479.0, unit="percent", decimals=0)})
    ]
    chapters = [read_chapter(made.save(tmp_path, *cells, name="03-recall"))]
    context = revisions_page({name: load(name) for name in TABLES}, chapters)
    deaths = next(one for one in context["revised"] if one["period"] == "2016-17")
    assert (deaths["first"]["value"], deaths["last"]["value"]) == ("748 deaths", "819 deaths")
    assert [(one["was"][:3], one["now"]) for one in context["corrected"]] == [
        ("48%", "119% (95% interval \N{MINUS SIGN}14% to 479%)")
    ]
    page = rendered("revisions", context)
    assert '<a href="figures.html#F0205">748 deaths</a>' in page
    assert '<a href="03-recall.html">Recall to prison</a>' in page
    context = assumptions_page(chapters)
    assert {one["chapter"] for one in context["assumptions"]} == {"03-recall"}
    page = rendered("assumptions", context)
    assert "<td>Amber. The years before the reform are few" in page
    assert "change <code>errors</code>" in page


def test_a_chapter_that_runs_for_each_provider_is_named_without_one(tmp_path):
    saved = [
        made.save(tmp_path, made.findings({}), name=f"provider-{x}", chapter="provider", title=f"One: {x}")
        for x in ("a", "b")
    ]
    (one,) = assumptions_page(list(map(read_chapter, saved)))["assumptions"]
    assert (one["page"], one["title"]) == ("provider-a.html", "One")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('quality = "amber"', 'quality = "blue"', "quality is none of green, amber, red"),
        ("change = ", "chance = ", "chance, change"),
        ("[[assumptions]]", "[[assumption]]", "'assumptions'"),
        ("= ", "", "Expected"),
    ],
)
def test_a_log_out_of_form_is_refused(tmp_path, monkeypatch, old, new, said):
    text = (paths.notebooks() / "assumptions.toml").read_text("utf-8")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    assert read_log("assumptions") == []
    (tmp_path / "notebooks" / "assumptions.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(StudyError, match=r"notebooks/assumptions\.toml") as refused:
        read_log("assumptions")
    assert said in str(refused.value)
