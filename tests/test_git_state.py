import platform
import re
import subprocess

from tr_analysis.git_state import git_state, machine


def git(folder, *words):
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


def test_a_commit_is_named_with_what_changed_since(tmp_path, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    assert git_state() == ""
    git(tmp_path, "init", "-q")
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "a.csv").write_text("1")
    (tmp_path / "notes.txt").write_text("1")
    git(tmp_path, "add", "data")
    git(tmp_path, "commit", "-qm", "first")
    assert len(git_state()) == 12
    (tmp_path / "data" / "processed").mkdir()
    (tmp_path / "data" / "processed" / "b.csv").write_text("1")
    assert len(git_state()) == 12, "what is built from it is no change"
    (tmp_path / "data" / "raw" / "a.csv").write_text("2")
    assert git_state().endswith(", with changes that are not committed")


def test_without_git_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_state() == ""


def test_the_machine_names_its_kernel():
    processor, kernel = machine().split(", BLAS kernel ")
    assert re.fullmatch(rf"\S.* \({platform.machine()}\)", processor)
    assert kernel not in ("", "not known")
