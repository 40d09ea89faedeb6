import json

import pandas as pd
import pytest

from tr_analysis.data import load
from tr_analysis.errors import StudyError
from tr_analysis.ledger import load_results, load_tables


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
        (
            "EVENTS",
            "0" * 64,
            "02-reoffending come from another state of the table events: run `tr-analysis run",
        ),
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
