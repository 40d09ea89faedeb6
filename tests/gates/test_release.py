"""A release is built in a copy of the project: what is refused before, and what is in it."""

import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tr_analysis import __version__, paths

ROOT = paths.root()


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path):
    """A clone of the project that is ready: what git keeps of it, and a changelog in which nothing is unreleased."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    kept = subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")
    for name in (name for name in kept if (ROOT / name).is_file()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changelog = tmp_path / "CHANGELOG.md"
    text = changelog.read_text("utf-8")
    released = text.index(f"## [{__version__}]")
    changelog.write_text("## [Unreleased]\n\n" + text[released:], "utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "ready")
    return tmp_path


def release(project):
    done = subprocess.run(["sh", ".ci/release", sys.executable], cwd=project, capture_output=True, text=True)
    assert (done.returncode == 0) == (project / "dist").exists(), done.stderr
    return done.stderr


def replace(project, file, old, new):
    text = (project / file).read_text("utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new, 1), "utf-8")
    git(project, "commit", "-qam", "changed")


def test_what_is_not_ready_is_refused_before_anything_is_built(project):
    (project / "src" / "new.py").touch()
    assert "not committed" in release(project)
    (project / "src" / "new.py").unlink()
    replace(project, "CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n- New.\n")
    assert "under [Unreleased]" in release(project)
    replace(project, "CHANGELOG.md", f"## [{__version__}] - ", "## [9.9.9] - ")
    assert f"no entry for {__version__}" in release(project)
    git(project, "tag", f"v{__version__}")
    assert f"the tag v{__version__} exists" in release(project)
    replace(project, "src/tr_analysis/__init__.py", f'"{__version__}"', '"9.9.9"')
    replace(project, "CHANGELOG.md", "- New.\n", "")
    assert "CITATION.cff is of another version than 9.9.9" in release(project)


def test_a_release_holds_what_is_needed_and_no_reports(project):
    assert "no release" not in release(project)
    wheel, source = sorted((project / "dist").iterdir(), key=lambda file: file.suffix, reverse=True)
    assert wheel.name == f"tr_analysis-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as packed:
        assert "tr_analysis/tables/providers.csv" in packed.namelist()
    assert source.name == f"tr_analysis-{__version__}.tar.gz"
    assert source.stat().st_size < 5e6
    with tarfile.open(source) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    kept = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    kept = {name for name in kept if not name.startswith(("reports/", "dist/", ".git/"))}
    assert names == kept | {"PKG-INFO", "reports/figures/02-reoffending/side-by-side.png"}  # the README's
