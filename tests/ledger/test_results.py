import json

import pandas as pd
import pytest

from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.errors import StudyError
from tr_analysis.ledger import KEY_FINDINGS, LEADS, key_findings, load_results, load_tables
from tr_analysis.ledger import results as module


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """Let the reports be a folder of our own, with the results of one chapter that read one table."""
    monkeypatch.setattr(paths, "reports", lambda: tmp_path)
    finding = {
        "label": "Fall",
        "value": -1.9,
        "low": -2.5,
        "high": -1.3,
        "n": 1200,
        "unit": "percentage points",
    }
    finding |= {
        "rung": "C",
        "method": "Newcombe",
        "text": None,
        "places": None,
        "of": "months",
        "span": "sampling",
        "sources": ["S001", "S002"],
        "shown": [],
    }
    fact = dict.fromkeys(finding) | {"label": "Year", "text": "2011", "unit": "", "rung": "A", "sources": []}
    content = {
        "data": {"events": load("events").attrs["sha256"]},
        "findings": {"fall": finding, "year": fact},
    }
    path = tmp_path / "results" / "02-reoffending.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    return path


def test_key_numbers_come_with_all_that_is_known_of_them(reports):
    frame = load_results("02-reoffending").set_index("finding")
    assert frame.loc["fall", ["value", "low", "high"]].tolist() == [-1.9, -2.5, -1.3]
    assert frame.loc["fall", "sources"] == "S001 S002"
    assert frame.loc["year", "text"] == "2011" and pd.isna(frame.loc["year", "value"])
    assert load_results("02-reoffending").attrs["table"] == "results"


def test_their_hash_changes_with_them(reports):
    before = load_results("02-reoffending").attrs["sha256"]
    reports.write_text(reports.read_text().replace("-1.9", "-1.8"))
    assert load_results("02-reoffending").attrs["sha256"] != before


def test_results_of_another_state_of_the_data_are_refused(reports):
    reports.write_text(reports.read_text().replace(load("events").attrs["sha256"], "0" * 64))
    with pytest.raises(
        StudyError, match="02-reoffending come from another state of the table events: run `tr-analysis run"
    ):
        load_results("02-reoffending")


def test_a_chapter_not_run_says_how_to_run_it(reports):
    with pytest.raises(StudyError, match="no results of 03-recall: run `tr-analysis run 03-recall` first"):
        load_results("02-reoffending", "03-recall")


def test_results_of_an_earlier_version_say_how_to_renew_them(reports):
    reports.write_text(reports.read_text().replace('"span"', '"spun"'))
    with pytest.raises(StudyError, match="02-reoffending are of an earlier version: run `tr-analysis run"):
        load_results("02-reoffending")


def test_results_that_cannot_be_read_are_named(reports):
    reports.write_text("{bro")
    with pytest.raises(
        StudyError, match=r"02-reoffending.json cannot be read: run `tr-analysis run 02-reoffending` again"
    ):
        load_results("02-reoffending")


def test_no_chapter_is_a_mistake():
    with pytest.raises(ValueError, match="name the chapters"):
        load_results()


def test_key_findings_come_as_numbers_and_as_their_chapter_prints_them(reports):
    questions = {"Did it fall?": [("02-reoffending", "fall")]}
    frame = key_findings(load_results("02-reoffending"), questions)
    assert frame.to_dict("records") == [
        {
            "question": "Did it fall?",
            "lead": False,
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
            "rung": "C",
            "rung_words": "comparison",
            "sources": "S001 S002",
        }
    ]


def test_a_key_finding_without_interval_or_n_says_so_and_its_unit_is_spelt_for_readers(reports):
    content = json.loads(reports.read_text())
    content["findings"]["fall"] |= {"low": None, "high": None, "n": None, "unit": "percent", "places": 0}
    reports.write_text(json.dumps(content))
    row = key_findings(load_results("02-reoffending"), {"?": [("02-reoffending", "fall")]}).iloc[0]
    assert (row["estimate"], row["interval"], row["unit"]) == ("−2%", "", "per cent")
    assert pd.isna(row["n"]) and pd.isna(row["low"])


def test_an_unknown_key_finding_is_named(reports):
    with pytest.raises(ValueError, match="02-reoffending has no 'rise'"):
        key_findings(load_results("02-reoffending"), {"?": [("02-reoffending", "rise")]})


def test_leads_are_taken_from_the_key_findings_each_of_which_is_listed_once():
    listed = [name for names in KEY_FINDINGS.values() for name in names]
    assert len(set(listed)) == len(listed)
    assert set(listed) >= LEADS
    assert max(len(LEADS & set(names)) for names in KEY_FINDINGS.values()) == 3


def test_tables_hold_financial_years_as_printed():
    frame = load_tables("proven_reoffending_annual", "events")["proven_reoffending_annual"]
    assert frame["cohort_year"].iloc[0] == "2012/13"
    assert frame.attrs == load("proven_reoffending_annual").attrs
    assert module.load_tables() == {}
