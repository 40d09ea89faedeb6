"""The page on sweeps: each file on it is read, each function's sweep on it is run."""

import re
import shlex
import sys

import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.sweep.specify import read_sweep

BLOCKS = re.findall(
    r"^```(\w*)\n(.*?)^```$", (paths.root() / "docs" / "sweeps.md").read_text("utf-8"), re.S | re.M
)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


@pytest.mark.parametrize(("text", "specifications"), list(zip(blocks("toml"), [18, 2, 24], strict=True)))
def test_files_on_the_page_are_sweeps(tmp_path, text, specifications):
    path = tmp_path / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    assert len(read_sweep(path).calls("v")) == specifications


def test_commands_on_the_page_run(tmp_path, monkeypatch, threads, capsys):
    monkeypatch.setattr("tr_analysis.sweep.run.processes", lambda jobs: threads)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TR_ANALYSIS_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "detectable.toml").write_text(blocks("toml")[0], encoding="utf-8")
    _, *words = shlex.split(blocks("sh")[0])
    assert main(words) == 0
    shown = "18 specifications: 18 run, 0 there already, 0 failed  reports/sweeps/detectable/table.csv\n"
    assert capsys.readouterr().out == shown
    exec(blocks("python")[0], {})
    tables = [tmp_path / place / "detectable" / "table.csv" for place in ("sweeps", "reports/sweeps")]
    assert tables[0].read_bytes() == tables[1].read_bytes()
