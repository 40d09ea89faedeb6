import os
import platform
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.processors import tree
from tr_analysis.files import file_hash, git_state, machine, sha256, write_files

NAMES = st.from_regex(r"\A([a-c]/)?[a-c]\.csv\Z")
TREES = st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=5)


def test_a_file_is_hashed_once_until_it_changes(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_bytes(b"one")
    long_ago = file.stat().st_mtime_ns - 10**10
    os.utime(file, ns=(long_ago, long_ago))
    assert file_hash(file) == sha256(b"one")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda _: pytest.fail("hashed again"))
        assert file_hash(file) == sha256(b"one")
    file.write_bytes(b"twoo")
    os.utime(file, ns=(long_ago + 10**9, long_ago + 10**9))
    assert file_hash(file) == sha256(b"twoo")
    file.write_bytes(b"2222")  # as long, and perhaps within one tick of the clock
    assert file_hash(file) == sha256(b"2222")
    before = file.stat()
    monkeypatch.setattr(Path, "stat", lambda _: before)
    file.write_bytes(b"3333")
    assert file_hash(file) == sha256(b"3333")


def test_places_come_back_in_the_order_given_and_nothing_else_remains(tmp_path):
    folder = tmp_path / "not" / "yet"
    written = write_files(folder, {"b.csv": b"b", "below/a.csv": b"a"})
    assert written == [folder / "b.csv", folder / "below" / "a.csv"]
    assert tree(tmp_path) == {"not/yet/b.csv": b"b", "not/yet/below/a.csv": b"a"}
    assert sorted(p.name for p in folder.iterdir()) == ["b.csv", "below"]


def test_a_file_that_already_holds_its_content_is_left_alone(tmp_path):
    (kept, changed) = write_files(tmp_path, {"kept": b"same", "changed": b"old"})
    before = kept.stat()
    write_files(tmp_path, {"kept": b"same", "changed": b"new"})
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert changed.read_bytes() == b"new"


@given(old=st.dictionaries(NAMES, st.binary(max_size=20), max_size=5), new=TREES, fails_at=st.integers(0, 5))
@pytest.mark.parametrize("method", ["replace", "write_bytes"])
def test_all_files_are_new_or_all_are_old(method, old, new, fails_at):
    real, calls = getattr(Path, method), []

    def failing(path: Path, argument):
        calls.append(path)
        if len(calls) == fails_at:
            raise OSError(28, "No space left on device", str(path))
        return real(path, argument)

    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        write_files(folder, old)
        patch.setattr(Path, method, failing)
        try:
            write_files(folder, new)
        except OSError:
            assert tree(folder) == old
        else:
            assert tree(folder) == old | new
        assert not list(folder.glob(".*"))


def test_an_interrupt_between_two_moves_undoes_the_first(tmp_path, monkeypatch):
    write_files(tmp_path, {"a": b"old"})
    real = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if target.name == "b":
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, {"a": b"new", "b": b"new"})
    assert tree(tmp_path) == {"a": b"old"}


def test_a_folder_that_is_a_file_is_an_error_and_stays(tmp_path):
    (tmp_path / "processed").write_bytes(b"mine")
    with pytest.raises(OSError, match=r"processed.a\.csv'$"):
        write_files(tmp_path / "processed", {"a.csv": b"a"})
    assert tree(tmp_path) == {"processed": b"mine"}


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
