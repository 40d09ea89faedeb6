import pandas as pd
import pytest

from tr_analysis.report.register import listed


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
