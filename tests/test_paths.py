from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.errors import UsageError


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_the_project_is_where_the_package_is_installed_from(monkeypatch, value):
    monkeypatch.delenv("TR_ANALYSIS_ROOT", raising=False)
    if value is not None:
        monkeypatch.setenv("TR_ANALYSIS_ROOT", value)
    assert (paths.root() / "src" / "tr_analysis" / "paths.py").samefile(paths.__file__)


def test_the_variable_moves_every_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    folders = [paths.raw(), paths.processed(), paths.notebooks(), paths.reports()]
    names = ["data/raw", "data/processed", "notebooks", "reports"]
    assert folders == [tmp_path.resolve() / name for name in names]


def test_a_relative_root_is_resolved_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study").mkdir()
    monkeypatch.setenv("TR_ANALYSIS_ROOT", "study")
    assert paths.root() == Path(tmp_path, "study").resolve()


def test_a_root_that_is_not_there_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="which is no folder"):
        paths.root()


def test_the_reports_can_be_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setenv("TR_ANALYSIS_REPORTS", str(tmp_path / "other"))
    assert paths.reports() == tmp_path.resolve() / "other"
    assert paths.notebooks() == tmp_path.resolve() / "notebooks"
