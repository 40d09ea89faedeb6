import json

import pandas as pd
import pytest

from tr_analysis.data.usage import problems, unused

FIGURES = [f"F000{n}" for n in range(1, 6)]


def frames(*reasons, **tables):
    register = pd.DataFrame({"figure_id": FIGURES, "note": "as F0005"}, index=range(2, 7))
    rows = pd.DataFrame({"figure_id": list(reasons), "reason": "old"}, index=range(2, 2 + len(reasons)))
    return {"published_figures": register, "unused_figures": rows.astype("str"), **tables}


def notebook(path, source="", **data):
    outputs = [{"output_type": "display_data", "data": data}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [{"source": [source], "outputs": outputs}]}), "utf-8")


@pytest.fixture
def study(tmp_path):
    """A chapter that names F0001 in its code and F0002 in its file, and shows F0003 in a table and F0004 in a chart."""
    chapters, reports = tmp_path / "notebooks", tmp_path / "reports"
    notebook(chapters / "03-recall.ipynb", 'value["F0001"]')
    (chapters / "03-recall.toml").write_text('[recalls]\nfigure = "F0002"\n', "utf-8")
    notebook(reports / "03-recall.ipynb", **{"text/csv": ["Figure,Value\n", "F0003,7\n"]})
    chart = {"text/csv": "figure_id,value\nF0004,12\n", "image/png": "F0005"}
    notebook(reports / "provider-essex.ipynb", **chart)
    return chapters, reports


def said(study, *reasons, **tables):
    return [str(problem) for problem in problems(frames(*reasons, **tables), *study)]


def test_code_file_tables_and_charts_of_a_chapter_use_figures_and_pictures_and_notes_do_not(study):
    assert said(study, "F0005") == []


def test_an_unused_figure_without_a_reason_is_refused(study):
    (fault,) = said(study)
    assert fault.startswith(
        "published_figures.csv, row 6, column figure_id: 'F0005': no chapter, claim or check uses"
    )
    assert fault.endswith("say why not in unused_figures.csv")


def test_a_reason_for_a_figure_that_is_used_is_refused(study):
    assert said(study, "F0005", "F0002") == [
        "unused_figures.csv, row 3, column figure_id: 'F0002': the study uses this figure: take its reason out"
    ]


def test_a_chapter_that_lists_the_register_uses_none_of_it(study):
    chapters, reports = study
    notebook(chapters / "01-evidence.ipynb", "F0005")
    notebook(reports / "01-evidence.ipynb", **{"text/csv": "figure_id\nF0005\n"})
    assert len(said(study)) == 1


def test_where_there_are_no_chapters_nothing_is_said(tmp_path):
    assert said((tmp_path / "notebooks", tmp_path / "reports")) == []


def test_an_expression_uses_a_figure_and_a_longer_name_or_a_note_does_not():
    checks = pd.DataFrame(
        {"left": ["F0001 + F0002"], "why": ["see {F0003|0}"], "note": ["F0004"]}, dtype="str"
    )
    tables = frames(figure_checks=checks, places=pd.DataFrame({"place": ["XF0004", "F00055"]}, dtype="str"))
    assert unused(tables, []) == {"F0004", "F0005"}
