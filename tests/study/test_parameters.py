import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.errors import StudyError, UsageError
from tr_analysis.study.parameters import Parameter, check_parameters, parse, read_parameters, run_name

CELL = """\
reform: Month = "2015-02"  # month from which the series may break
year: Year = "2014/15"  # base year
harmonics: int = 2  # pairs of seasonal terms [0, 6]
share: float = 1  # share of # people [-0.5, 1.5]
control: bool = True  # set remand beside recall
scale: Literal["log", "level"] = "log"  # scale of
lags: Literal[3, 12] = 12  # lags of the errors
provider: str = "All"  # provider, [as published]
"""


def notebook(folder: Path, source: str, name: str = "03-recall", tag: str = "parameters") -> Path:
    cell = {"cell_type": "code", "id": "p", "metadata": {"tags": [tag]}, "source": source.splitlines(True)}
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def declared(tmp_path: Path) -> dict[str, Parameter]:
    return {p.name: p for p in read_parameters(notebook(tmp_path, CELL))}


def test_parameters_are_read_with_type_default_meaning_and_bounds(declared):
    assert list(declared) == ["reform", "year", "harmonics", "share", "control", "scale", "lags", "provider"]
    assert declared["harmonics"] == Parameter(
        "03-recall", "harmonics", "int", 2, "pairs of seasonal terms", (), 0, 6
    )
    assert declared["share"].default == 1.0
    assert isinstance(declared["share"].default, float)
    assert (declared["share"].low, declared["share"].high) == (-0.5, 1.5)
    assert declared["share"].help == "share of # people"
    assert declared["scale"].choices == ("log", "level")
    assert declared["provider"].help == "provider, [as published]"
    assert declared["harmonics"].allowed == "a whole number from 0 to 6"
    assert declared["scale"].allowed == "one of log, level"


ALLOWED = {
    "provider": [("007", "007"), ("", ""), ("True", "True")],
    "control": [("no", False), ("YES", True), (False, False)],
    "harmonics": [("3", 3), (np.int64(5), 5)],
    "share": [("1e-1", 0.1), ("1", 1.0), (np.float64(0.5), 0.5)],
    "reform": [("2014-12", "2014-12")],
    "year": [("1999/00", "1999/00")],
    "scale": [("level", "level")],
    "lags": [("3", 3), (3, 3)],
}
REFUSED = {
    "provider": [7, None],
    "control": ["1", 1],
    "harmonics": ["2.5", "7", "1_0", True, 2.0],
    "share": ["nan", "inf", "1.6", True, "half"],
    "reform": ["2015-13", "2015-2", "2015-02\n", 201502],
    "year": ["2014/16", "2014-15"],
    "scale": ["logg"],
    "lags": [3.0],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_text_becomes_the_declared_type(declared, name):
    for text, value in ALLOWED[name]:
        parsed = parse(declared[name], text)
        assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(declared, name):
    for text in REFUSED[name]:
        with pytest.raises(UsageError) as refusal:
            parse(declared[name], text)
        message = str(refusal.value)
        assert message.startswith(f"03-recall: {name}={text!s} is not allowed; {name} takes ")
        assert declared[name].allowed in message


@pytest.mark.parametrize(
    ("kind", "default", "ends", "inside", "outside"),
    [
        ("Month", "2015-02", "2011-06, 2019-02", ["2011-06", "2019-02"], ["2011-05", "2019-03"]),
        ("Year", "2015/16", "2012/13, 2023/24", ["2012/13", "2023/24"], ["2011/12", "2024/25"]),
    ],
)
def test_months_and_years_have_bounds_too(tmp_path, kind, default, ends, inside, outside):
    (parameter,) = read_parameters(notebook(tmp_path, f'when: {kind} = "{default}"  # when [{ends}]'))
    assert parameter.help == "when"
    assert [parse(parameter, value) for value in inside] == inside
    for value in outside:
        with pytest.raises(UsageError, match=f"from {ends.replace(', ', ' to ')}"):
            parse(parameter, value)


def test_a_provider_is_one_of_the_table(tmp_path, monkeypatch, providers):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    n, provider = read_parameters(notebook(tmp_path, providers, "provider"))
    assert provider.choices == ("Northumbria", "Kent, Surrey and Sussex", "NPS Wales")
    assert provider.allowed == "a CRC or NPS division, one of 3"
    assert parse(provider, "NPS Wales") == "NPS Wales"
    assert run_name("provider", [n, provider], {}) == "provider-northumbria"
    given = {"provider": "Kent, Surrey and Sussex"}
    assert run_name("provider", [n, provider], given) == "provider-kent-surrey-and-sussex"
    assert run_name("03-recall", [n], given) == "03-recall"
    with pytest.raises(
        StudyError, match="provider=Wales is not allowed; provider takes a CRC or NPS division"
    ):
        read_parameters(notebook(tmp_path, providers.replace("Northumbria", "Wales")))
    with pytest.raises(StudyError, match="line 3: a chapter is about one"):
        read_parameters(notebook(tmp_path, f'{providers}\nq: Provider = "NPS Wales"  # q'))


def test_without_the_table_of_providers_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    with pytest.raises(StudyError, match=r"providers\.csv: cannot be read; `tr-analysis data check`"):
        read_parameters(notebook(tmp_path, 'p: Provider = "Wales"  # p', "provider"))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a: int = 1  # good\nend = 3  # bad", "line 2: write `name: type = value  # meaning`"),
        ("a: int  # bad", "line 1: write"),
        ("import os", "line 1: write"),
        ("a: int = 1", "line 1: a needs a comment"),
        ("a: int = 1  # [0, 2]", "line 1: a needs a comment"),
        ("a: int = 1  # a [3, 2]", r"the range \[3, 2\] is empty"),
        ('a: Month = "2015-02"  # a [2011, 2019]', r"the ends of the range \[2011, 2019\] must be a month"),
        ("a: int = 9  # a [0, 2]", "a=9 is not allowed; a takes a whole number from 0 to 2"),
        ('a: int = "9"  # a', "a=9 is not allowed"),
        ('a: bool = "yes"  # a', "a=yes is not allowed"),
        ("a: int = 1 + x  # a", "a needs a plain value"),
        ("a: Date = 1  # a", "the type Date is not known; use int, float"),
        ("a: Literal = 1  # a", "the type Literal is not known"),
        ("a: Literal[x] = 1  # a", r"Literal\[...\] takes plain values"),
        ('a: Literal["x"] = "y"  # a', "a takes one of x"),
        ('a: Month = "2015"  # a', "a takes a month"),
        ("a: int = 1  # a\na: int = 2  # again", "line 2: a is declared twice"),
        ("a: int = (1  # a", "line 1: is not valid Python"),
    ],
)
def test_a_malformed_cell_names_notebook_and_line(tmp_path, source, message):
    with pytest.raises(StudyError, match=message) as fault:
        read_parameters(notebook(tmp_path, source))
    assert str(fault.value).startswith("03-recall.ipynb: parameters cell, line ")


def test_exactly_one_parameters_cell_is_needed(tmp_path):
    with pytest.raises(StudyError, match="needs exactly one cell tagged `parameters`, has 0"):
        read_parameters(notebook(tmp_path, CELL, tag="other"))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"control": "false"}, "control is the text 'false'; give False in its place"),
        ({"harmonics": "2"}, "harmonics is the text '2'; give 2 in its place"),
        ({"harmonics": 99}, "harmonics=99 is not allowed; harmonics takes a whole number from 0 to 6"),
        ({"reform": "2015-13"}, "reform=2015-13 is not allowed"),
    ],
)
def test_a_chapter_refuses_what_papermill_lets_through(tmp_path, monkeypatch, changed, fault):
    lines = [
        'reform: Month = "2015-02"  # month of the break',
        "harmonics: int = 2  # seasonal terms [0, 6]",
        "control: bool = True  # whether remand is a control",
    ]
    notebook(tmp_path, "\n".join(lines))
    monkeypatch.setattr("tr_analysis.study.parameters.notebooks", lambda: tmp_path)
    values = {"reform": "2015-02", "harmonics": 2, "control": True}
    check_parameters("03-recall", values | {"something": "else"})
    with pytest.raises(UsageError, match=fault):
        check_parameters("03-recall", values | changed)


KINDS = {
    "int": st.integers(-(10**12), 10**12),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "str": st.text(),
    "Month": st.dates().map(lambda day: f"{day.year:04}-{day.month:02}"),
    "Year": st.dates().map(lambda day: f"{day.year:04}/{(day.year + 1) % 100:02}"),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_values_survive_the_command_line(kind, data):
    value = data.draw(KINDS[kind])
    assert parse(Parameter("c", "x", kind, 0, "h"), str(value)) == value
