"""docs/architecture.md: its picture is that of the imports, and every file and function it names is there."""

import ast
import re

import pytest

from tests import architecture

ROOT = architecture.ROOT
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
STEPS = re.findall(r"^\| (\d+) \| .+ \| `([^`]+)` \|(.*)\|$", PAGE, re.MULTILINE)


def test_the_picture_is_that_of_the_imports():
    assert architecture.PICTURE.read_text("utf-8") == architecture.picture(), (
        "run python -m tests.architecture"
    )


def test_a_dot_stands_where_one_package_imports_another():
    boxes = architecture.boxes()
    assert "ledger" in boxes["site"][1]
    assert "site" not in boxes["ledger"][1]
    assert architecture.picture().count("<circle") == sum(len(to) for _, to in boxes.values())


def test_the_way_of_the_figure_names_each_of_its_steps():
    assert [int(number) for number, _, _ in STEPS] == list(range(1, len(STEPS) + 1))
    assert len(STEPS) == len(re.findall(r"^\| \d", PAGE, re.MULTILINE)) > 20


@pytest.mark.parametrize(("file", "named"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
def test_a_step_names_a_file_and_functions_that_are_there(file, named):
    functions = re.findall(r"`([\w.]+)`", named)
    text = (ROOT / file).read_text("utf-8")
    if file.endswith(".py"):
        found = set()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found |= {
                    node.name,
                    *(f"{node.name}.{part.name}" for part in node.body if hasattr(part, "name")),
                }
        assert set(functions) <= found
    else:
        assert not functions


@pytest.mark.parametrize(
    ("file", "holds"),
    [
        ("data/raw/prison_population_monthly.csv", "2020-02,recall,8737,S001"),
        ("data/processed/prison_population_monthly.csv", "2020-02,recall,8737,S001"),
        ("reports/results/03-recall.json", '"value": 8737.0'),
        ("notebooks/03-recall.toml", "[stock_last]"),
        ("notebooks/home.toml", "03-recall/stock_change"),
    ],
)
def test_the_figure_is_where_the_page_says(file, holds):
    assert holds in (ROOT / file).read_text("utf-8")


def test_every_path_named_is_there():
    for path in re.findall(r"`((?:src|data|notebooks|docs)[\w/.-]*)`", PAGE):
        assert (ROOT / path).exists(), path
