import pytest

from tr_analysis.errors import StudyError
from tr_analysis.sweep.targets import ChapterTarget, FunctionTarget


def test_version_of_a_function_is_that_of_its_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    source = tmp_path / "sweep_versioned.py"
    source.write_text("def f(x):\n    return x\n")
    target = FunctionTarget("sweep_versioned:f", str(tmp_path))
    before = target.version()
    assert target.version() == before
    source.write_text("def f(x):\n    return x + 1\n")
    assert target.version() != before


def test_version_of_a_chapter_is_that_of_its_notebook_and_tables(chapter, tmp_path):
    target = ChapterTarget.named("toy")
    versions = {target.version()}
    chapter.write_text(chapter.read_text().replace("unlucky", "luckless"))
    versions.add(target.version())
    (tmp_path / "data" / "processed").mkdir(parents=True)
    (tmp_path / "data" / "processed" / "manifest.json").write_text("{}")
    versions.add(target.version())
    assert len(versions) == 3


def test_results_that_a_chapter_loads_must_be_there(chapter):
    text = chapter.read_text().replace("if n == 13:", "load_results('02-other')\\nif n == 13:")
    chapter.write_text(text)
    with pytest.raises(StudyError, match="run `tr-analysis run 02-other` first"):
        ChapterTarget("03-toy").version()
