"""The statements that an answer and a chart need: all of them, and few others."""

import nbformat.v4 as nbf
import pytest

from tr_analysis import paths
from tr_analysis.errors import StudyError
from tr_analysis.study.excerpt import excerpt

HEAD = "from a import Findings, charts, load\nfindings = Findings()"
ANSWER = 'findings.answer("{fall.size} in {when}")'
DRAWN = 'findings.chart(figure, "main", title="{fall}")'


@pytest.fixture
def found(tmp_path):
    """Return the code that is found in a chapter of these cells."""

    def found(*cells, chart="main"):
        head = [nbf.new_code_cell(HEAD), nbf.new_code_cell(ANSWER)]
        body = [
            nbf.new_code_cell("n: int = 2", metadata={"tags": ["parameters"]}),
            *map(nbf.new_code_cell, cells),
        ]
        path = tmp_path / "01-toy.ipynb"
        path.write_text(__import__("nbformat").writes(nbf.new_notebook(cells=head + body)), "utf-8")
        return [one.code for one in excerpt(path, [chart])]

    return found


def test_it_takes_what_is_needed_and_leaves_the_rest(found):
    code = found(
        'rows = load("a")\nother = load("b")',
        "value = rows.sum() * n\nunused = other.sum()",
        "findings.keep(fall=value)\nfindings.keep(rise=unused)",
        'findings.keep(when="2015")',
        "figure, axes = charts.canvas(4)\naxes.plot(rows)\ncharts.note(axes, 'x')\nfor one in (axes, axes):\n    one.set()",
        DRAWN,
        'figure, axes = charts.canvas(5)\naxes.plot(other)\nfindings.chart(figure, "other", title="{rise}")',
    )
    assert "n: int = 2" in code and code[-1].startswith("findings.chart(figure, 'main'")
    assert [line for line in code if "other" in line or "unused" in line] == []
    assert {"axes.plot(rows)", "charts.note(axes, 'x')", "figure, axes = charts.canvas(4)"} <= set(code)
    assert any(line.startswith("for one in (axes") for line in code)


def test_what_is_changed_in_place_and_set_anew_is_told_apart(found):
    code = found(
        "rows = []\nfor i in range(n):\n    rows.append(i)",
        "figure = charts.canvas(4)\nfindings.keep(fall=rows, when='x')",
        DRAWN,
        "rows = {}\nrows['later'] = 1",
    )
    assert "rows = []" in code and "for i in range(n):\n    rows.append(i)" in code
    assert "rows = {}" not in code


def test_what_is_deleted_from_an_object_counts(found):
    code = found(
        "choices = {'a': {'b': 1}}\nif n:\n    del choices['a']['b']",
        "figure = charts.canvas(4)\nfindings.keep(fall=choices, when='x')",
        DRAWN,
    )
    assert "if n:\n    del choices['a']['b']" in code


def test_functions_bring_what_they_use_and_the_numbers_they_keep(found):
    code = found(
        'TIMES = 3\n\ndef keep(name, value):\n    findings.keep(**{f"{name}_end": value * TIMES})',
        'keep("fall", 1)\nkeep("rise", 2)\nkeep(f"{n}_when", 4)',
        "findings.keep(fall=findings['fall_end'].value, when='x')\nfigure = charts.canvas(4)",
        DRAWN,
    )
    assert {"TIMES = 3", "keep('fall', 1)"} <= set(code)
    assert "keep('rise', 2)" not in code and "keep(f'{n}_when', 4)" not in code


@pytest.mark.parametrize(
    "kept",
    [
        'findings.keep(**{f"{name}": 1 for name in ["fall", "when"]})',
        'values = {"fall": 1, "when": "x"}\nfindings.keep(**values)',
        'for name in ("fall", "when"):\n    findings.keep(**{name: 1})',
    ],
)
def test_a_number_whose_name_only_running_tells_is_found(found, kept):
    code = "\n".join(found(kept, "figure = charts.canvas(4)", DRAWN))
    assert "findings.keep(**" in code


def test_templates_that_go_through_a_variable_count(found):
    code = found(
        "findings.keep(base=3)\nwords = '{base} points'\nfindings.keep(when=findings.text(words), fall=1)",
        "figure = charts.canvas(4)",
        DRAWN,
    )
    assert "findings.keep(base=3)" in code


def test_an_unknown_chart_is_refused_with_the_nearest_name(found):
    with pytest.raises(StudyError, match=r"01-toy.ipynb draws no chart 'mian'; did you mean main\?"):
        found("figure = 1", DRAWN, chart="mian")


def test_half_of_a_real_chapter_is_not_needed():
    from tr_analysis.study.notebook import parsed, read_cells

    path = paths.notebooks() / "03-recall.ipynb"
    every = sum(len(tree.body) for cell in read_cells(path) if (tree := parsed(cell)))
    assert 30 < len(excerpt(path, ["counterfactual"])) < every / 2
