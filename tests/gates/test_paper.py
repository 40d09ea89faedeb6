"""The paper: the form that reviewers ask for, every number from the results, every reference there and used."""

import re
import shutil

import pytest
import yaml

from tr_analysis import paths
from tr_analysis.errors import StudyError
from tr_analysis.ledger.results import NAMED
from tr_analysis.study.readme import PAPER, TEMPLATE, filled

ROOT = paths.root()
TEXT = (ROOT / TEMPLATE).read_text("utf-8")
_, FRONT, BODY = TEXT.split("---\n", 2)


def test_the_paper_has_its_form():
    front = yaml.safe_load(FRONT)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert [author["name"] for author in front["authors"]] == [a["name"] for a in citation["authors"]]
    assert front.keys() == {"title", "tags", "authors", "affiliations", "date", "bibliography"}
    named = [
        "Summary",
        "Statement of need",
        "State of the field",
        "Design",
        "Findings",
        "Limits",
        "References",
    ]
    assert re.findall(r"^# (.+)$", BODY, re.MULTILINE) == named
    words = (ROOT / PAPER).read_text("utf-8").split("---\n", 2)[2].split()
    assert 750 <= len(words) <= 1500


def test_no_number_is_typed_into_it():
    prose = re.sub(r"`[^`]*`|x86-64", "", NAMED.sub("", BODY))
    assert len(NAMED.findall(BODY)) > 30
    assert set(re.findall(r"\d[\d.,]*\d|\d", prose)) == {"2014", "2021"}  # the years of the reform


def test_every_reference_is_there_and_used():
    listed = re.findall(r"^@\w+\{(\w+),", (ROOT / "paper" / "paper.bib").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(set(re.findall(r"@(\w+)", BODY))) == listed


def test_a_number_that_cannot_be_shown_is_named(tmp_path, monkeypatch):
    assert filled("It {03-recall/stock_growth.change}.") == "It rose by 54%."
    for number in ("{03-recall/none}", "{03-recall/stock_growth.colour}", "{15-crc-panel/first}"):
        with pytest.raises(StudyError, match=re.escape(number)):
            filled(number)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    with pytest.raises(StudyError, match="has not been run yet"):
        filled("{03-recall/stock_growth}")
