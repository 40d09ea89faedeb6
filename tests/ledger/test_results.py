import json

import pandas as pd
import pytest

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.errors import StudyError
from tr_analysis.ledger import home_findings, key_findings, load_results, load_tables
from tr_analysis.ledger.results import NAMED, KeyFinding, home_sentences, number_words
from tr_analysis.report.finding import Finding


def test_key_numbers_come_with_all_that_is_known_of_them(reports):
    frame = load_results("02-reoffending").set_index("finding")
    assert frame.loc["fall", ["value", "low", "high"]].tolist() == [-1.9, -2.5, -1.3]
    assert frame.loc["fall", "sources"] == "S001 S002"
    assert frame.loc["year", "text"] == "2011" and pd.isna(frame.loc["year", "value"])
    before = load_results("02-reoffending").attrs
    assert before["table"] == "results"
    reports.write_text(reports.read_text().replace("-1.9", "-1.8"))
    assert load_results("02-reoffending").attrs["sha256"] != before["sha256"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("EVENTS", "0" * 64, "02-reoffending come from another state of the table events: run `tr-analysis"),
        ('"level"', '"rung"', "02-reoffending are of an earlier version: run `tr-analysis run"),
        ("{", "{bro", "02-reoffending.json cannot be read: run `tr-analysis run 02-reoffending` again"),
    ],
)
def test_results_that_cannot_be_used_say_how_to_renew_them(reports, old, new, fault):
    old = load("events").attrs["sha256"] if old == "EVENTS" else old
    reports.write_text(reports.read_text().replace(old, new))
    with pytest.raises(StudyError, match=fault):
        load_results("02-reoffending")


def test_a_chapter_not_run_says_how_to_run_it_and_none_is_a_mistake(reports):
    with pytest.raises(StudyError, match="no results of 03-recall: run `tr-analysis run 03-recall` first"):
        load_results("02-reoffending", "03-recall")
    with pytest.raises(ValueError, match="name the chapters"):
        load_results()


def test_the_committed_panel_is_refused_by_name():
    with pytest.raises(StudyError, match=r"15-crc-panel.* simulated.*tr-analysis fetch"):
        load_results("02-reoffending", "15-crc-panel")


@pytest.mark.parametrize("marked", ["top", "finding", "label"])
def test_one_mark_anywhere_is_enough(reports, marked):
    content = json.loads(reports.read_text())
    fall = content["findings"]["fall"]
    part, change = {
        "top": (content, {"origin": "simulated"}),
        "finding": (fall, {"origin": "simulated"}),
        "label": (fall, {"label": "SIMULATED: a fall"}),
    }[marked]
    part |= change
    reports.write_text(json.dumps(content))
    with pytest.raises(StudyError, match=r"02-reoffending.*are simulated"):
        load_results("02-reoffending")


def test_tables_hold_financial_years_as_printed():
    frame = load_tables("proven_reoffending_annual", "events")["proven_reoffending_annual"]
    assert frame["cohort_year"].iloc[0] == "2012/13"
    assert frame.attrs == load("proven_reoffending_annual").attrs
    assert load_tables() == {}


FALL = {"Did it fall?": [KeyFinding("02-reoffending", "fall")]}


def test_key_findings_come_as_numbers_and_as_their_chapter_prints_them(reports):
    frame = key_findings(load_results("02-reoffending"), FALL)
    assert frame.to_dict("records") == [
        {
            "question": "Did it fall?",
            "chapter": "02-reoffending",
            "finding": "fall",
            "label": "Fall",
            "value": -1.9,
            "low": -2.5,
            "high": -1.3,
            "n": 1200,
            "unit": "percentage points",
            "estimate": "−1.9 points",
            "interval": "95% interval −2.5 to −1.3 points",
            "n_of": "1,200 months",
            "level": "C",
            "level_words": "comparison",
            "sources": "S001 S002",
        }
    ]


def test_a_key_finding_without_interval_or_n_says_so_and_its_unit_is_spelt_for_readers(reports):
    content = json.loads(reports.read_text())
    content["findings"]["fall"] |= {"low": None, "high": None, "n": None, "unit": "percent", "decimals": 0}
    reports.write_text(json.dumps(content))
    row = key_findings(load_results("02-reoffending"), FALL).iloc[0]
    assert (row["estimate"], row["interval"], row["unit"]) == ("−2%", "", "per cent")
    assert pd.isna(row["n"]) and pd.isna(row["low"])


def test_an_unknown_or_simulated_key_finding_is_named(reports):
    results = load_results("02-reoffending")
    with pytest.raises(
        ValueError, match=r"home.toml: 02-reoffending has no key number 'falls'; did you mean fall\?"
    ):
        key_findings(results, {"?": [KeyFinding("02-reoffending", "falls")]})
    for wrong in (results.assign(label="SIMULATED: " + results["label"]), results.assign(origin="simulated")):
        with pytest.raises(ValueError, match="'fall' is simulated"):
            key_findings(wrong, FALL)


def test_the_key_findings_of_the_study_exist_and_are_listed_once():
    found = home_findings()
    listed = [(finding.chapter, finding.name) for findings in found.values() for finding in findings]
    assert len(set(listed)) == len(listed) == len(key_findings(load_results(*{c for c, _ in listed}), found))
    assert max(sum(finding.first for finding in findings) for findings in found.values()) == 3
    assert "15-crc-panel" not in {chapter for chapter, _ in listed}
    for question, words in home_sentences().items():
        assert {chapter for chapter, _, _ in NAMED.findall(words)} <= {f.chapter for f in found[question]}, (
            question
        )


@pytest.mark.parametrize(
    ("sentence", "value", "words"),
    [
        ("{03-a/b} fell", 3.0, "Three"),
        ("It is {03-a/b}", 3.0, "three"),
        ("It is {03-a/b}", 12.0, "12"),
        ("It is {03-a/b}", 0.0, "none"),
        ("It {03-a/b.change}", -3.0, "fell by 3"),
    ],
)
def test_a_number_in_a_sentence_is_written_as_an_editor_would(sentence, value, words):
    found = NAMED.search(sentence)
    assert number_words(found, Finding("b", "It", value, unit="count")) == words


GOOD = '[[questions]]\nquestion = "Did it?"\nsentence = "It {03-a/b.change}."\nfindings = ["a/b", "a/c.signed"]\nfirst = ["a/b"]\n'


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "notebooks", lambda: tmp_path)
    return tmp_path / "home.toml"


def test_key_findings_are_chosen_in_a_file(chosen):
    assert home_findings() == {}
    chosen.write_text(GOOD)
    assert home_findings() == {
        "Did it?": [KeyFinding("a", "b", first=True), KeyFinding("a", "c", signed=True)]
    }
    assert home_sentences() == {"Did it?": "It {03-a/b.change}."}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("first", "frist", r"Did it\?: unknown key 'frist'; did you mean first\?"),
        ("questions", "question", r"must hold \[\[questions\]\] and nothing else"),
        ('["a/b"]', '["a/bc"]', "a/bc of first is not among findings"),
        ("It {", "In 5 years {", r"Did it\?: '5' is typed into its sentence; name key numbers, as in \{03-"),
        ("03-a/b", "b", r"'\{' is typed into its sentence"),
        ("a/c.signed", "a/c.sign", r"'a/c\.sign' is no key number; .* a change as in"),
        ("a/c", "c", "'c\\.signed' is no key number; write them as in 03-recall/recall_gap"),
        ('["a/b", "a/c.signed"]', "[]", "of first is not among findings"),
        (']\nfirst = ["a/b"]', "", r"home\.toml: Unclosed array"),
    ],
)
def test_a_choice_that_cannot_be_read_says_what_is_wrong(chosen, old, new, message):
    chosen.write_text(GOOD.replace(old, new))
    with pytest.raises(StudyError, match=message):
        home_findings()
