"""What CONTRIBUTING.md says of adding something holds: an estimator, a raw table and a chapter are added that way."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tr_analysis import paths
from tr_analysis.cli import main

PROJECT = paths.root()
PAGE = (PROJECT / "CONTRIBUTING.md").read_text("utf-8")
NAMES = {"SUBJECT": "outcomes", "NAME": "toy"}


def named(heading: str) -> list[str]:
    """Return the files in the table under a heading."""
    _, section = PAGE.split(f"### {heading}\n")
    return re.findall(r"^\| `([^`]+)` \|", section.split("\n#")[0], re.MULTILINE)


def place(root: Path, file: str, names: Mapping[str, str] = NAMES) -> Path:
    for placeholder, name in names.items():
        file = file.replace(placeholder, name)
    return root / file


def edit(
    root: Path, heading: str, edits: list[Callable[[str], str]], names: Mapping[str, str] = NAMES
) -> None:
    """Write by hand what the table names, file by file, and nothing else."""
    for file, change in zip(named(heading), edits, strict=True):
        path = place(root, file, names)
        assert path.parent.is_dir(), file
        old = path.read_text("utf-8") if path.exists() else ""
        path.write_text(change(old), "utf-8")


@pytest.fixture
def checkout(copy):
    """A copy of the project with its source; reports are only read."""
    nothing_built = shutil.ignore_patterns("__pycache__")
    for folder in ("src", "tests/estimators"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=nothing_built)
    for file in ("README.md", "pyproject.toml", "tests/conftest.py"):
        shutil.copy(PROJECT / file, copy / file)
    (copy / "reports").symlink_to(PROJECT / "reports")
    return copy


def python(root: Path, *words: str) -> str:
    """Run Python on the copy's own source."""
    env = os.environ | {"PYTHONPATH": str(root / "src")}
    done = subprocess.run([sys.executable, *words], cwd=root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


ESTIMATOR = '''\
"""A toy."""

__all__ = ["double"]


def double(x: int) -> int:
    """Double a number.

    Answers: how much is twice as much?

    Tested: three, by hand (`test_toy.test_it_doubles`).

    Examples
    --------
    >>> double(2)
    4
    """
    return 2 * x
'''
ITS_TEST = """\
from tr_analysis.estimators.toy import double


def test_it_doubles():
    assert double(3) == 6
"""


def test_an_estimator_is_two_files(checkout):
    edit(checkout, "An estimator", [lambda _: ESTIMATOR, lambda _: ITS_TEST])
    python(checkout, "-m", "tr_analysis", "readme")
    listed = (checkout / "src" / "tr_analysis" / "__init__.py").read_text("utf-8")
    assert "- ``toy.double``: how much is twice as much?\n" in listed
    files = ("tests/estimators/test_toy.py", "tests/estimators/test_examples.py")
    # its own test, its example, what its docstring says, and the test that this names
    assert "\n4 passed" in python(checkout, "-m", "pytest", *files, "-k", "toy or doubles")


SCHEMA = """\
TOY = Table(
    "toy",
    "A toy",
    "Two rows.",
    {"unit": text("what is counted"), "people": integer("people", unit="people", low=0), "source_id": SOURCE},
    key=["unit"],
)
"""
TABLE = """
from tr_analysis import load
from tr_analysis.cli import main

for step in ("describe", "check", "build"):
    assert main(["data", step]) == 0
print(load("toy")["people"].sum(), load().loc["toy", "holds"])
"""


def test_a_raw_table_is_three_files(checkout):
    edits = [
        lambda _: "unit,people,source_id\nNorth,12,S900\nSouth,30,S900\n",
        lambda old: f"{old}S900,A toy,https://example.org/,2020,,,primary,official statistics,A toy,\n",
        lambda old: f"{old}\n{SCHEMA}",
    ]
    edit(checkout, "A raw table", edits)
    assert python(checkout, "-c", TABLE).splitlines()[-1] == "42 A toy"
    assert "what is counted" in (checkout / "data" / "DICTIONARY.md").read_text("utf-8")


@pytest.fixture
def chapter(copy):
    """A new chapter, edited by hand."""
    before, names = set(copy.rglob("*")), {"NAME": "20-toy"}
    assert main(["new", "20-toy"]) == 0
    new = {place(copy, file, names) for file in named("A chapter or a chart")}
    assert set(copy.rglob("*")) - before == new
    edits = [
        lambda old: old.replace(
            "Put the question here, in one sentence that ends in a question mark", "Is it so"
        ),
        lambda old: old.replace("Binary rate, England and Wales", "Share who reoffended"),
    ]
    edit(copy, "A chapter or a chart", edits, names)
    return copy


def test_a_chapter_is_two_files(chapter, capsys):
    assert main(["lint", "20-toy"]) == main(["list"]) == 0
    assert re.search("^20-toy +Toy$", capsys.readouterr().out, re.MULTILINE)


def test_files_named_in_words_are_there():
    files = {
        file
        for file in re.findall(r"`((?:src|tests|docs|data|notebooks)/[\w./-]+)`", PAGE)
        if not re.search("NAME|SUBJECT", file)
    }
    assert len(files) >= 6
    assert [file for file in sorted(files) if not (PROJECT / file).exists()] == []
