import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.data import pipeline
from tr_analysis.data.clean import read
from tr_analysis.data.schemas import TABLES


@dataclass
class Study:
    """A copy of the project's data, described and built, to break."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def raw(self) -> Path:
        return self.root / "data" / "raw"

    @property
    def processed(self) -> Path:
        return self.root / "data" / "processed"

    def tree(self) -> dict[str, bytes]:
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}

    def rows(self, table: str) -> list[dict[str, str]]:
        with (self.raw / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def write(self, table: str, rows: list[dict[str, str]]) -> None:
        with (self.raw / f"{table}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def change(self, table: str, column: str, value: str, **key: str) -> int:
        """Set one cell of the one row that the key names, and return its line."""
        rows = self.rows(table)
        (place,) = [i for i, row in enumerate(rows) if key.items() <= row.items()]
        rows[place][column] = value
        self.write(table, rows)
        return place + 2

    def edit(self, table: str, alter: Callable[[bytes], bytes]) -> None:
        path = self.raw / f"{table}.csv"
        content = path.read_bytes()
        assert alter(content) != content
        path.write_bytes(alter(content))

    def run(self, command: str) -> str:
        """Run a command that must succeed, and return what it says."""
        assert main(["data", command]) == 0, self.capsys.readouterr().err
        return self.capsys.readouterr().out

    def refuses(self, command: str = "build") -> list[str]:
        """Run a command that must end with exit code 1 and change no file; return the lines it says."""
        before = self.tree()
        assert main(["data", command]) == 1
        out, err = self.capsys.readouterr()
        assert out == ""
        assert self.tree() == before
        assert not [path for path in self.root.rglob(".*")]
        first, *rest = err.removesuffix("\n").split("\n")
        return [first.removeprefix("tr-analysis: "), *rest]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("study")
    raw = root / "data" / "raw"
    shutil.copytree(paths.raw(), raw)
    shutil.copy(paths.raw().parent / "DICTIONARY.md", raw.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TR_ANALYSIS_ROOT", str(root))
        assert main(["data", "build"]) == 0
    return root


@pytest.fixture(scope="session")
def raw_frames(built):
    """The raw tables as they are read."""
    return {name: read(built / "data" / "raw", table) for name, table in TABLES.items()}


@pytest.fixture(scope="session")
def read_once():
    """Return the pipeline's reader, which reads the same bytes only once: a test spoils one table of two dozen."""
    known: dict[tuple[str, bytes], pd.DataFrame] = {}

    def read_table(raw, table):
        path = raw / f"{table.name}.csv"
        key = table.name, path.read_bytes() if path.is_file() else b""
        if key not in known:
            known[key] = read(raw, table)
        return known[key].copy()

    return read_table


@pytest.fixture(scope="session")
def checked_once():
    """Return the pipeline's check of the raw files, which checks the same bytes only once."""
    known: dict[tuple, dict[str, pd.DataFrame]] = {}
    check = pipeline._checked

    def checked():
        key = tuple((path.name, path.read_bytes()) for path in sorted(paths.raw().glob("*.csv")))
        if key not in known:
            known[key] = check()
        return {name: frame.copy() for name, frame in known[key].items()}

    return checked


@pytest.fixture
def study(built, tmp_path, monkeypatch, capsys, read_once, checked_once):
    root = tmp_path / "study"
    shutil.copytree(built, root)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(root))
    monkeypatch.setattr(pipeline, "read", read_once)
    monkeypatch.setattr(pipeline, "_checked", checked_once)
    return Study(root, capsys)
