import json

import pytest

from tr_analysis.errors import StudyError, UsageError
from tr_analysis.lint import lint
from tr_analysis.report.finding import read_declared
from tr_analysis.study.chapters import choose, find_chapters, new_chapter

STUDY = {
    "03-recall": ["# Recall to prison\n\nWhat did the reform do\nto recall?\n\nMore."],
    "02-reoffending": ["# Reoffending", "```\n# no heading\n```\n", "Did it fall?\n## Answer"],
    "02-other": ["no heading"],
    "provider": ["# Provider\n## Answer\ntext"],
}


@pytest.fixture
def chapters(tmp_path, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    for name, texts in STUDY.items():
        cells = [{"cell_type": "markdown", "metadata": {}, "source": text} for text in texts]
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))
    return find_chapters()


def test_chapters_come_sorted_with_title_and_question(chapters):
    assert [(c.name, c.title, c.question) for c in chapters] == [
        ("02-other", "02-other", ""),
        ("02-reoffending", "Reoffending", "Did it fall?"),
        ("03-recall", "Recall to prison", "What did the reform do to recall?"),
        ("provider", "Provider", ""),
    ]


def test_a_chapter_answers_to_name_number_subject_and_path(chapters):
    for name in ("03-recall", "03", "recall", "03-recall.ipynb", "notebooks/03-recall.ipynb"):
        assert [c.name for c in choose([name], chapters)] == ["03-recall"]
    assert [c.name for c in choose(["provider", "03", "recall"], chapters)] == ["03-recall", "provider"]
    assert choose([], chapters) == chapters


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("recal", r"there is no chapter recal; did you mean recall\?"),
        ("Recall", r"did you mean recall\?"),
        ("3-recall", r"did you mean 03-recall\?"),
        ("3", r"did you mean 03\?"),
        ("02", "02 fits several chapters: 02-other, 02-reoffending; give the full name"),
        ("", "there is no chapter ; there are 02-other"),
        ("zzz", "there is no chapter zzz; there are 02-other, 02-reoffending, 03-recall, provider"),
    ],
)
def test_an_unknown_or_ambiguous_name_is_refused(chapters, name, message):
    with pytest.raises(UsageError, match=message):
        choose([name], chapters)


def test_an_empty_folder_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    with pytest.raises(StudyError, match=r"no chapters in .*notebooks; begin one with `tr-analysis new"):
        find_chapters()


def test_a_name_without_a_number_is_all_subject(chapters, tmp_path):
    assert [(c.number, c.subject) for c in chapters[2:]] == [("03", "recall"), ("", "provider")]
    folder = tmp_path / "notebooks"
    (folder / "my-question.ipynb").write_bytes((folder / "provider.ipynb").read_bytes())
    found = find_chapters()
    assert [c.name for c in choose(["my-question"], found)] == ["my-question"]
    with pytest.raises(UsageError, match="there is no chapter question"):
        choose(["question"], found)


@pytest.mark.parametrize("name", ["Copy of 01", "Untitled", "01-evidence-Copy1", "my_question"])
def test_a_notebook_with_another_name_is_no_chapter_and_says_so_when_asked_for(chapters, tmp_path, name):
    folder = tmp_path / "notebooks"
    (folder / f"{name}.ipynb").write_text("{}")
    assert find_chapters() == chapters
    with pytest.raises(
        UsageError, match=f"'{name}' is no name for a chapter: .* as in 04-housing or housing"
    ):
        choose([f"notebooks/{name}.ipynb"], chapters)


def test_a_notebook_that_cannot_be_read_is_named_with_the_remedy(chapters, tmp_path):
    path = tmp_path / "notebooks" / "04-new.ipynb"
    path.write_text("{")
    with pytest.raises(StudyError, match=r"04-new\.ipynb: is no Jupyter notebook; restore the file"):
        find_chapters()
    path.unlink()
    path.mkdir()
    with pytest.raises(StudyError, match=r"04-new\.ipynb: cannot be read: .*; mend or remove it"):
        find_chapters()


@pytest.mark.parametrize(
    ("name", "title"), [("02-housing-and-work", "Housing and work"), ("housing", "Housing"), ("r2d2", "R2d2")]
)
def test_a_new_chapter_keeps_the_rules_and_bears_its_name(toy, tmp_path, name, title):
    toy("01-a", "n")
    chapter = new_chapter(name)
    assert chapter.path == tmp_path / "notebooks" / f"{name}.ipynb"
    assert read_declared(name).key == ["rate"]
    assert lint(chapter.path) == []
    assert [(c.name, c.title) for c in find_chapters()] == [("01-a", "Toy a"), (name, title)]
    assert find_chapters()[1].question.endswith("?")


def test_a_file_beside_it_is_not_written_over(toy, tmp_path):
    toy("01-a", "n")
    (tmp_path / "notebooks" / "housing.toml").write_text("key = []")
    with pytest.raises(UsageError, match=r"housing\.toml is there already; choose another name"):
        new_chapter("housing")
    assert not (tmp_path / "notebooks" / "housing.ipynb").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Housing", r"'Housing' is no name for a chapter: use words in small letters .* as in 04-housing"),
        ("", "is no name"),
        ("4-housing", "is no name"),
        ("a/b", "is no name"),
        ("häuser", "is no name"),
        ("03-housing", "the number 03 is taken by 03-recall; 04 is free"),
        ("04-recall", "03-recall is there already: choose another subject"),
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
