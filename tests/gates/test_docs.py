"""The tutorial: each of its commands and blocks of code is run, and what it shows is compared."""

import io
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbformat
import pytest

from tr_analysis import paths
from tr_analysis.cli import cli as commands
from tr_analysis.cli import main

PAGE = paths.root() / "docs" / "your-own-question.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$|^(?:Cell|File) `([^`]+)`", re.DOTALL | re.MULTILINE)
SECONDS = re.compile(r"\d+\.\d s")


def steps() -> list[tuple[str, str, str]]:
    """Return the blocks of the page in order: kind, text, and the cell or file that it is the new text of."""
    found, cell = [], ""
    for kind, text, named in BLOCK.findall(PAGE.read_text("utf-8")):
        if not named:
            found.append((kind, text, cell))
        cell = named
    return found


class Reader:
    """Does what the page says, in a copy of the project."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("data", "notebooks"):
            shutil.copytree(paths.root() / folder, root / folder)
        shutil.copy(paths.root() / "LICENCE-DATA.md", root)  # goes with the data that the pages offer
        self.shown = ""
        self.refused = False

    def follow(self, kind: str, text: str, cell: str) -> None:
        if cell:
            self.edit(cell, text)
        elif kind == "text":
            self.compare(text)
        else:
            self.shown = ""
            with pytest.MonkeyPatch.context() as patch, io.StringIO() as out:
                patch.setenv("TR_ANALYSIS_ROOT", str(self.root))
                patch.chdir(self.root)
                with redirect_stdout(out), redirect_stderr(out):
                    self.run(kind, text)
                self.shown = out.getvalue()

    def run(self, kind: str, text: str) -> None:
        if kind == "python":
            exec(text, {})
            return
        for line in text.splitlines():
            assert not self.refused, "the page says nothing of this refusal"
            program, *arguments = shlex.split(line)
            assert program == "tr-analysis"
            self.refused = bool(main(arguments))

    def edit(self, cell: str, source: str) -> None:
        if "/" in cell:
            assert (self.root / cell).exists()
            (self.root / cell).write_text(source, "utf-8")
            return
        (path,) = self.root.glob("notebooks/*-first-year.ipynb")
        notebook = nbformat.read(path, as_version=4)
        (chosen,) = (one for one in notebook.cells if one.id == cell)
        chosen.source = source.rstrip("\n")
        nbformat.write(notebook, path)

    def compare(self, text: str) -> None:
        """Hold what the page shows, line by line, against what was shown; times differ."""
        shown = SECONDS.sub("", self.shown).splitlines()
        expected = SECONDS.sub("", text).splitlines()
        assert [line for line in expected if line not in shown] == [], self.shown
        self.refused = self.refused and not text.startswith("tr-analysis: ")


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    reader = Reader(tmp_path_factory.mktemp("docs"))
    for step in steps():
        reader.follow(*step)
    assert not reader.refused, reader.shown
    return reader


def test_every_command_there_is_and_every_piece_of_python_runs():
    for kind, text, cell in steps():
        if kind == "python" and not cell:
            exec(text, {})
        for line in text.splitlines() if kind == "sh" else ():
            program, command, *_ = shlex.split(line)
            assert (program, command in commands.commands) == ("tr-analysis", True), line


@pytest.mark.full
def test_every_block_runs_and_shows_what_the_page_says(reader):
    kinds = [kind for kind, _, _ in steps()]
    assert set(kinds) == {"sh", "text", "python", "markdown", "toml"}
    assert PAGE.read_text("utf-8").count("```") == 2 * len(kinds)


@pytest.mark.full
def test_the_answers_quoted_are_those_of_the_notebooks(reader):
    notebooks = [nbformat.read(p, as_version=4) for p in reader.root.glob("reports/**/*-first-year.ipynb")]
    texts = [c.source for notebook in notebooks for c in notebook.cells if c.cell_type == "markdown"]
    said = " ".join(" ".join(texts).replace("**", "").split())
    quotes = re.findall(r"^> (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(quotes) == 2
    assert [quote for quote in quotes if quote.rstrip(".") not in said] == []


@pytest.mark.full
def test_every_file_named_is_there(reader):
    text = PAGE.read_text("utf-8")
    named = re.findall(r"`((?:reports|notebooks)/[^` ]+)`", text)
    assert len(set(named)) >= 6
    assert [name for name in named if not (reader.root / name).exists()] == []
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def test_the_comparison_bites(tmp_path):
    reader = Reader.__new__(Reader)
    reader.shown, reader.refused = "0.30 points\n4.0 s\n", False
    reader.compare("3.0 s\n0.30 points\n")
    with pytest.raises(AssertionError, match=r"0\.31"):
        reader.compare("0.31 points\n")
