import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tr_analysis.report import FINDINGS_MIME
from tr_analysis.study.comparison import NOTHING, Difference, differences, file_differences


def found(name: str, old: str, new: str, *, exact: bool) -> list[tuple[str, object, object]]:
    return [
        (each.place, each.old, each.new)
        for each in file_differences(name, old.encode(), new.encode(), exact=exact)
    ]


@pytest.mark.parametrize("exact", [True, False])
def test_each_entry_of_json_that_differs_is_named(exact):
    old, new = {"a": {"b": [1.5, 2]}, "c": 1}, {"a": {"b": [1.6, 2]}, "d": 1}
    places = [("a.b.0", 1.5, 1.6), ("c", 1, NOTHING), ("d", NOTHING, 1)]
    assert found("x.json", json.dumps(old), json.dumps(new), exact=exact) == places


def test_only_exact_tells_neighbours_apart():
    old, new = '{"a": 0.1234560001}', '{"a": 0.1234560002}'
    assert found("x.json", old, new, exact=False) == []
    assert found("x.json", old, new, exact=True) == [("a", 0.1234560001, 0.1234560002)]
    assert list(differences(2, True)) == [Difference("", 2, True)]


@pytest.mark.parametrize("exact", [True, False])
def test_a_picture_that_differs_is_named_without_its_bytes(exact):
    old, new = ({"data": {"image/png": f"iVBORw0KGgo{part}"}} for part in "ab")
    assert list(differences(old, new, exact=exact)) == [Difference("data.image/png", "a picture", "another")]
    assert list(differences(old, old, exact=exact)) == []


def test_only_exact_minds_how_a_file_is_written():
    (only,) = found("x.json", '{"a": 1}', '{"a":1}', exact=True)
    assert only[0] == "the file"
    assert found("x.json", '{"a": 1}', '{"a":1}', exact=False) == []


def test_a_table_differs_by_row_and_column_and_a_text_by_line():
    old, new = "year,rate\n2014,0.3333333\n2015,12\n", "year,rate\n2014,0.3333334\n2015,13\n"
    rows = [("row 2, column rate", "0.3333333", "0.3333334"), ("row 3, column rate", "12", "13")]
    assert found("x.csv", old, new, exact=True) == rows
    assert found("x.csv", old, new, exact=False) == rows[1:]
    more = [("number of rows, or of columns in one", 3, 4)]
    assert found("x.csv", old, old + "2016,1\n", exact=False) == more
    assert found("x.md", "a\nb", "a\nc\nd", exact=False) == [("line 2", "b", "c"), ("line 3", NOTHING, "d")]


def notebook(value: float, html: str = "<td>0.25</td>") -> nbformat.NotebookNode:
    data = {FINDINGS_MIME: {"findings": {"n": {"value": value}}}, "text/html": html}
    cell = new_code_cell("x", id="it", outputs=[new_output("display_data", data)], metadata={"tags": ["a"]})
    return new_notebook(cells=[new_markdown_cell("# A", id="title"), cell])


def test_a_notebook_differs_by_cell_also_in_what_no_reader_sees():
    old, new = notebook(1.5), notebook(1.6, "<td>0.26</td>")
    new.cells[1].metadata.tags = ["b"]
    texts = map(nbformat.writes, (old, new))
    output = "cell it.outputs.0.data"
    assert [place for place, *_ in found("x.ipynb", *texts, exact=False)] == [
        "cell it.metadata.tags.0",
        f"{output}.{FINDINGS_MIME}.findings.n.value",
        f"{output}.text/html",
    ]
    fewer = notebook(1.5)
    del fewer.cells[0]
    texts = map(nbformat.writes, (old, fewer))
    assert [place for place, *_ in found("x.ipynb", *texts, exact=False)] == ["cell title", "order of cells"]


@pytest.mark.parametrize(("name", "damaged"), [("x.json", "{"), ("x.ipynb", "{}"), ("x.ipynb", "nothing")])
def test_a_file_that_cannot_be_read_is_one_difference(name, damaged):
    good = nbformat.writes(notebook(1.0))
    assert [place for place, *_ in found(name, damaged, good, exact=False)] == ["the file"]


def test_of_long_texts_the_part_that_differs_is_shown():
    old, new = ("x" * 500 + word + "y" * 500 for word in ("8,737", "8,738"))
    assert Difference("a", old, new).sides() == (
        f"…{'x' * 20}8,737{'y' * 47}…",
        f"…{'x' * 20}8,738{'y' * 47}…",
    )
    assert Difference("a", NOTHING, {"b": 1}).sides() == ("nothing", '{"b": 1}')
