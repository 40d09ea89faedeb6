import json
from pathlib import Path

import pytest

from tr_analysis.lint import lint


def markdown(name: str, source: str) -> dict:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(name: str, source: str, *tags: str) -> dict:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)} if tags else {},
        "execution_count": None,
        "outputs": [],
        "source": source,
    }


@pytest.fixture
def chapter() -> dict:
    """A chapter that keeps every rule."""
    return {
        "cells": [
            markdown(
                "title", "# Recall\n\nDid OGRS4 and R2 in `x[1]` of [this](a-2.html) move $\\beta_1$? <b1>"
            ),
            code("imports", "from tr_analysis import models"),
            code("parameters", "lags: int = 2  # lags of the errors [0, 9]", "parameters"),
            code("answer", 'findings.answer("It fell by {fall}")'),
            code("say", 'findings.markdown("The fall was {fall:.2f} points in {years[0]} " f"and {label}")'),
            markdown("evidence", "## Evidence\n```\n1 + 1\n```"),
            markdown("limits", "## Limits\n- few years"),
            code("findings", "x = 3 % lags\nfindings"),
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def faults(notebook: dict, folder: Path) -> list[str]:
    path = folder / "03-recall.ipynb"
    path.write_text(json.dumps(notebook))
    return lint(path)


def test_a_chapter_that_keeps_the_rules_has_no_faults(chapter, tmp_path):
    assert faults(chapter, tmp_path) == []


@pytest.mark.parametrize(
    ("cell", "change", "message"),
    [
        (1, {"execution_count": 3}, "cell imports: clear outputs"),
        (1, {"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]}, "cell imports: clear"),
        (1, {"id": "say"}, "cell say: 2 cells have this id"),
        (1, {"id": "3f2a9c01"}, "cell 3f2a9c01: give it an id people can read"),
        (1, {"id": "Cell_One"}, "cell Cell_One: give it an id people can read"),
        (1, {"id": "injected-parameters"}, "cell injected-parameters: give it an id"),
        (1, {"id": "with space"}, "is not a valid notebook"),
        (0, {"source": "Recall"}, "begin with a markdown cell `# Title`"),
        (5, {"source": "# Evidence"}, "have one heading of the first level"),
        (5, {"source": "### Evidence"}, "have the headings ## Evidence, ## Limits"),
        (5, {"source": "## Limits"}, "have the headings"),
        (3, {"source": 'findings.markdown("It fell")'}, "answer the question among the first 4 cells"),
        (3, {"source": 'x = lags\nfindings.answer("It fell")'}, "with findings.answer(...) in a cell of"),
        (4, {"source": 'findings.answer("It fell")'}, "answer the question among the first 4 cells"),
        (3, {"source": 'findings.answer("It fell by 2")'}, "cell answer: the number 2 is typed"),
        (6, {"source": "## Limits\n\nAbout 3,000 people"}, "cell limits: the number 3,000 is typed"),
        (6, {"source": "## Limits\n\nin 2014-2021"}, "the number 2014-2021 is typed into prose"),
        (6, {"source": "## Limits\n\n1. few"}, "the number 1. is typed into prose"),
        (6, {"source": "## Limits\n\n[a]: b-2.html\n\n5 people"}, "the number 5 is typed into prose"),
        (6, {"source": "## Limits\n\nthey [said](5 people)"}, "the number 5 is typed into prose"),
        (6, {"source": "## Limits\n\nWhat became of it"}, "'What became of' is no plain English; write"),
        (6, {"source": "## Limits\n\nnot to be had"}, "'to be had' is no plain English; write could not be"),
        (6, {"source": "## Limits\n\n$5$"}, "the number 5 is typed into prose"),
        (4, {"source": 'findings.markdown("It fell by 2 {x}")'}, "cell say: the number 2 is typed"),
        (
            4,
            {"source": 'findings.markdown("It fell" + (" by 2" if x else f" {y} 3"))'},
            "the number 3 is typed",
        ),
        (4, {"source": 'findings.text("It fell by 2")'}, "the number 2 is typed"),
        (4, {"source": 'findings.chart(figure, "a", title="A fall of 2")'}, "the number 2 is typed"),
        (4, {"source": 'words = "It fell by 2"\nfindings.markdown(words + words)'}, "the number 2 is typed"),
        (6, {"source": "## Limits\n\nwith p < 5 and x > 3"}, "the number 5 is typed into prose"),
        (4, {"source": "load_results(*names)"}, "write the chapters out in the call"),
        (4, {"source": "plot(x);"}, "cell say: drop the semicolon"),
        (4, {"source": "rows = frame.sort_values(name)"}, "cell say: sort_values leaves ties to chance"),
        (4, {"source": "axes.plot(x, y)"}, "cell say: ends in a bare value"),
        (4, {"source": "frame.to_csv(path)"}, r"cell say: writes or opens a file (to_csv)"),
        (4, {"source": "open(path)"}, "writes or opens a file (open)"),
        (4, {"source": "figure.savefig(path)"}, "writes or opens a file (savefig)"),
        (4, {"source": "path.write_text(x)"}, "writes or opens a file (write_text)"),
        (4, {"source": "%matplotlib inline"}, "cell say: is not plain Python"),
        (4, {"source": "x = ("}, "cell say: is not plain Python"),
        (4, {"source": "x = 1\n" * 26}, "cell say: has 26 lines"),
        (7, {"source": "findings\nlags"}, "cell findings: end the chapter with a code cell whose last line"),
        (7, {"source": "show(findings, lags)"}, "end the chapter with"),
        (7, {"source": "findings"}, "cell parameters: use the parameter lags or remove it"),
        (2, {"source": "lags: int = 2"}, "parameters cell, line 1: lags needs a comment"),
        (2, {"source": "lags: int = 12  # lags [0, 9]"}, "lags=12 is not allowed"),
        (2, {"source": "lags: int = 2  # x=2"}, "cell parameters: leave = out of the comment"),
        (2, {"metadata": {}}, "needs exactly one cell tagged `parameters`, has 0"),
        (1, {"metadata": {"tags": ["parameters"]}}, "needs exactly one cell tagged `parameters`, has 2"),
    ],
)
def test_each_rule_bites(chapter, tmp_path, cell, change, message):
    chapter["cells"][cell] |= change
    found = faults(chapter, tmp_path)
    assert any(message in fault for fault in found), found
    assert all(fault.startswith("03-recall.ipynb: ") for fault in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {}}, "set the kernelspec to name python3"),
        ({"nbformat_minor": 4}, "save it in notebook format 4.5"),
        ({"extra": 1}, "is not a valid notebook: Additional properties are not allowed"),
    ],
)
def test_the_notebook_s_form_is_checked(chapter, tmp_path, change, message):
    assert any(message in fault for fault in faults(chapter | change, tmp_path))


def test_a_last_cell_of_prose_is_a_fault(chapter, tmp_path):
    chapter["cells"].append(markdown("after", "The end"))
    assert faults(chapter, tmp_path) == [
        "03-recall.ipynb: cell after: end the chapter with a code cell whose last line is `findings`"
    ]


def test_a_file_that_is_no_notebook_is_one_fault(tmp_path):
    path = tmp_path / "03-recall.ipynb"
    path.write_text("no")
    assert len(lint(path)) == 1
