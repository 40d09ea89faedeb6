import shutil

import nbformat
import pytest

from tr_analysis import paths
from tr_analysis.errors import UsageError
from tr_analysis.lint import lint
from tr_analysis.report import FINDINGS_MIME
from tr_analysis.report.finding import read_declared
from tr_analysis.study.chapters import find_chapters
from tr_analysis.study.execution import run
from tr_analysis.study.new import new_chapter
from tr_analysis.study.plan import plan


@pytest.mark.parametrize(
    ("name", "title"),
    [("02-housing-and-work", "Housing and work"), ("housing", "Housing"), ("r2d2", "R2d2")],
)
def test_a_new_chapter_keeps_the_rules_and_bears_its_name(toy, tmp_path, name, title):
    toy("01-a", "n")
    chapter = new_chapter(name)
    assert chapter.path == tmp_path / "notebooks" / f"{name}.ipynb"
    assert read_declared(name).key == ["rate"]
    assert lint(chapter.path) == []
    assert [(c.name, c.title) for c in find_chapters()] == [("01-a", "Toy 01-a"), (name, title)]
    assert find_chapters()[1].question.endswith("?")


DATA = paths.raw().parent


@pytest.fixture
def housing(toy, tmp_path):
    """A new chapter in a project with the real tables."""
    toy("01-a", "n")
    shutil.copytree(DATA, tmp_path / "data")
    return new_chapter("housing").path


def test_a_new_chapter_has_an_answer_and_a_finding_with_its_interval(housing):
    names = {}
    for cell in nbformat.read(housing, as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    findings = names["findings"]
    rate = findings._repr_mimebundle_()[FINDINGS_MIME]["findings"]["rate"]
    assert rate["low"] < rate["value"] < rate["high"]
    assert findings["rate"].show() in findings.text(findings._answer)


@pytest.mark.full
def test_a_new_chapter_runs(housing):
    (outcome,) = run(plan(["housing"]))
    assert outcome.failure == ""
    assert sorted(path.name for path in outcome.files) == [
        "housing.ipynb",
        "housing.json",
        "rates.csv",
        "rates.png",
        "rates.svg",
    ]


def test_a_file_beside_it_is_not_written_over(toy, tmp_path):
    toy("01-a", "n")
    (tmp_path / "notebooks" / "housing.toml").write_text("key = []")
    with pytest.raises(UsageError, match=r"housing\.toml is there already; choose another name"):
        new_chapter("housing")
    assert not (tmp_path / "notebooks" / "housing.ipynb").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Housing",
            r"'Housing' is no name for a chapter: use words in small letters .* as in 04-housing or housing",
        ),
        ("", "is no name"),
        ("4-housing", "is no name"),
        ("04-", "is no name"),
        ("housing-2", "is no name"),
        ("a/b", "is no name"),
        ("housing.ipynb", "is no name"),
        ("häuser", "is no name"),
        ("03-housing", "the number 03 is taken by 03-recall; 04 is free"),
        ("04-recall", "03-recall is there already: choose another subject"),
        ("recall", "03-recall is there already"),
        ("03-recall", "03-recall is there already"),
        ("provider-costs", "provider-... are the names of its pages"),
    ],
)
def test_a_name_not_allowed_or_taken_is_refused_and_nothing_written(toy, tmp_path, name, message):
    toy("03-recall", "n")
    toy("provider", "n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.ipynb")}
    with pytest.raises(UsageError, match=message):
        new_chapter(name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.ipynb")} == before
    assert len(list((tmp_path / "notebooks").iterdir())) == 2
