from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.errors import UsageError


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("here", ["tests/data", None])
def test_the_project_is_the_checkout_around_or_the_one_installed_from(monkeypatch, tmp_path, value, here):
    monkeypatch.chdir(Path(__file__).parents[1] / here if here else tmp_path)
    monkeypatch.delenv("TR_ANALYSIS_ROOT", raising=False)
    if value is not None:
        monkeypatch.setenv("TR_ANALYSIS_ROOT", value)
    assert (paths.root() / "src" / "tr_analysis" / "paths.py").samefile(paths.__file__)
    assert paths.has_own_data()
    assert paths.tables() == paths.processed()


def test_another_checkout_wins_over_the_one_installed_from(monkeypatch, tmp_path):
    monkeypatch.delenv("TR_ANALYSIS_ROOT", raising=False)
    (tmp_path / "src" / "tr_analysis").mkdir(parents=True)
    (tmp_path / "src" / "tr_analysis" / "paths.py").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert paths.root() == tmp_path.resolve()


@pytest.mark.parametrize("below", ["", "notebooks", "notebooks/more"])
def test_outside_a_checkout_the_project_is_here_and_the_tables_are_those_of_the_package(
    monkeypatch, tmp_path, below
):
    monkeypatch.delenv("TR_ANALYSIS_ROOT", raising=False)
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "lib" / "tr_analysis")
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / below)
    assert paths.root() == (tmp_path if below == "notebooks" else tmp_path / below).resolve()
    assert not paths.has_own_data()
    assert paths.tables() == tmp_path / "lib" / "tr_analysis" / "tables"


def test_the_variable_moves_every_folder(monkeypatch, tmp_path):
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TR_ANALYSIS_REPORTS", raising=False)
    for value in (str(tmp_path / "study"), "study"):
        monkeypatch.setenv("TR_ANALYSIS_ROOT", value)
        folders = [paths.raw(), paths.tables(), paths.notebooks(), paths.reports()]
        names = ["data/raw", "data/processed", "notebooks", "reports"]
        assert folders == [(tmp_path / "study").resolve() / name for name in names]
    monkeypatch.setenv("TR_ANALYSIS_REPORTS", str(tmp_path / "other"))
    assert paths.reports() == tmp_path.resolve() / "other"


def test_a_root_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="which is no folder"):
        paths.root()
