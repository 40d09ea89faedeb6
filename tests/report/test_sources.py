import pandas as pd
import pytest

from tr_analysis.data import load
from tr_analysis.report.sources import credit, listed


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["S124"], "Source: Ministry of Justice (official statistics)"),
        (
            ["S117 S118", "S118"],
            "Sources: Ministry of Justice, as reported by BBC Shared Data Unit and Russell Webster",
        ),
        (
            ["S107", "S108", "S109", "S077"],
            "Sources: Ministry of Justice (official statistics, and as reported by BBC News, The Guardian and "
            "The Johnson Partnership)",
        ),
        (
            ["S161", "S154", "S162"],
            "Sources: National Audit Office, as reported by Civil Service World and Supply Management; "
            "Public Accounts Committee (committee report)",
        ),
    ],
)
def test_a_report_is_credited_to_whoever_reported_it_and_to_whose_figures_it_reports(ids, said):
    assert credit(ids) == credit(pd.Series(ids[::-1])) == said


def test_no_body_is_credited_alone_for_what_was_read_in_a_report_only():
    reports = load("sources").query("tier == 'secondary'")
    for source, publisher in zip(reports["source_id"], reports["publisher"], strict=True):
        assert f", as reported by {publisher}" in credit([source])


@pytest.mark.parametrize(
    ("ids", "fault"), [(["S001", "S999"], "no source 'S999'"), ([], "there is no source to credit")]
)
def test_an_unknown_source_and_none_are_refused(ids, fault):
    with pytest.raises(ValueError, match=fault):
        credit(ids)


@pytest.fixture
def figures():
    columns = [
        "figure_id",
        "measure",
        "population",
        "period",
        "value",
        "as_printed",
        "unit",
        "note",
        "source_id",
    ]
    rows = [
        ["F0003", "staff in post", "NPS", "2016", 9100.0, None, "FTE", "rounded", "S002"],
        ["F0002", "SFO reviews", None, "2015", 12.5, None, "percent of cases", None, "S001"],
        ["F0001", "SFO reviews", "CRC", "2015/16", 0.5, "one half", "proportion", None, "S001"],
    ]
    return pd.DataFrame(rows, columns=columns)


def test_each_figure_is_listed_in_words_with_its_id_and_source(figures):
    assert listed(figures).to_numpy().tolist() == [
        ["SFO reviews", "F0001", "CRC", "2015-16", "one half", "proportion", "S001"],
        ["SFO reviews", "F0002", "as the measure says", "2015", "12.5", "per cent of cases", "S001"],
        ["Staff in post", "F0003", "NPS", "2016", "9,100", "FTE", "S002"],
    ]


def test_notes_are_shown_where_they_are_wanted_and_there_are_any(figures):
    assert list(listed(figures, notes=True)["Note"]) == ["", "", "rounded"]
    assert "Note" not in listed(figures[figures["note"].isna()], notes=True)
