"""The page on sweeps: each file on it is read, its command is run on the shorter of them, and so are its blocks of code."""

import re
import shlex
from concurrent.futures import ThreadPoolExecutor

import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.sweep.run import Engine
from tr_analysis.sweep.specify import close_kernels, read_sweep

BLOCKS = re.findall(
    r"^```(\w*)\n(.*?)^```$", (paths.root() / "docs" / "sweeps.md").read_text("utf-8"), re.S | re.M
)


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


@pytest.mark.parametrize(("text", "specifications"), list(zip(blocks("toml"), [24, 2], strict=True)))
def test_files_on_the_page_are_sweeps(tmp_path, text, specifications):
    path = tmp_path / "sweep.toml"
    path.write_text(text, encoding="utf-8")
    assert len(read_sweep(path).calls("v")) == specifications


def test_command_and_code_on_the_page_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        "tr_analysis.sweep.run.processes", lambda jobs: Engine(2, lambda: ThreadPoolExecutor(2))
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recall.toml").write_text(blocks("toml")[1], encoding="utf-8")
    (command,) = blocks("sh")
    assert main(shlex.split(command)[1:]) == 0
    shown = "2 specifications: 2 run, 0 there already, 0 failed  sweeps/recall/table.csv\n"
    assert capsys.readouterr().out == shown
    table = tmp_path / "sweeps" / "recall" / "table.csv"
    before = table.stat().st_mtime_ns
    sweeping, calling = blocks("python")
    exec(sweeping, {})
    assert table.stat().st_mtime_ns == before  # it takes the same for the same
    exec(calling, {})
    assert re.search(r"17 +80 +80 +0\.8 +0\.\d+", capsys.readouterr().out)
    close_kernels()
