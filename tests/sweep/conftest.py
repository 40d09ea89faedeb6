from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nbformat.v4 as nbf
import pytest

from tr_analysis.sweep.run import Engine
from tr_analysis.sweep.specify import close_kernels

TOYS = """\
import os, signal, time
from dataclasses import dataclass
from pathlib import Path

@dataclass
class Found:
    total: float
    parity: str

def add(x, y=1):
    return {"total": x + y, "ratio": x / y, "x": -x}

def parity(x: int) -> Found:
    return Found(x / 3, "even" if x % 2 == 0 else "odd")

def chance(x: int, seed: int) -> float:
    import random
    return random.Random(seed).random()

def nothing(x: int):
    return None

def deadly(x: int, marker: str, lives: int = 1) -> int:
    if x == 7 and len(died := list(Path(marker).iterdir())) < lives:
        (Path(marker) / str(len(died))).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x

def held(x: int, gate: str) -> int:
    while x > 1 and not Path(gate).exists():
        time.sleep(0.01)
    return x

def strange(x: int):
    return {"x": 1, "table": [x]}

def quits(x: int):
    raise SystemExit(3)
"""
FINDINGS = """\
from IPython.display import display
findings = {"gap": {"value": n / 4, "low": n / 8, "high": float("nan")}, "words": {"value": None, "text": scale}}
bundle = {"findings": findings, "data": {}}
display({"application/vnd.tr-analysis.findings+json": bundle, "text/plain": "findings"}, raw=True)
"""
PARAMETERS = """\
n: int = 2  # count [0, 1000]
scale: Literal["log", "level"] = "log"  # scale
seed: int = 15  # of chance [10, 19]
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module of toy functions, and room for sweeps."""
    path = tmp_path_factory.mktemp("sweeps")
    (path / "sweep_toys.py").write_text(TOYS, encoding="utf-8")
    return path


@pytest.fixture
def spec(folder: Path) -> Callable[..., Path]:
    """Write a sweep: call it with a function's name, or none, and the rest of the file."""

    def write(function: str, rest: str) -> Path:
        head = f'[function]\nname = "sweep_toys:{function}"\n' if function else ""
        path = folder / f"{len(list(folder.glob('*.toml')))}.toml"
        path.write_text(
            rest.replace("FUNCTION\n", head) if "FUNCTION" in rest else head + rest, encoding="utf-8"
        )
        return path

    return write


@pytest.fixture
def threads() -> Engine:
    """The simplest executor: one thread of this process."""

    @contextmanager
    def executor() -> Iterator[Executor]:
        with ThreadPoolExecutor(1) as opened:
            yield opened

    return Engine(1, executor)


@pytest.fixture
def chapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_server: None) -> Iterator[Path]:
    """A project with one chapter, 03-toy; its body fails where n is 13."""
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    code, markdown = nbf.new_code_cell, nbf.new_markdown_cell
    cells = [
        markdown("# Toy\n\nDoes it run?", id="title"),
        code("from typing import Literal", id="imports"),
        code(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}),
        markdown("## Answer\n\n## Evidence", id="answer"),
        code("if n == 13:\n    raise ValueError('unlucky')", id="body"),
        markdown("## Limits", id="limits"),
        code(FINDINGS, id="findings"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "notebooks" / "03-toy.ipynb"
    path.parent.mkdir()
    path.write_text(nbf.writes(nbf.new_notebook(cells=cells, metadata=metadata)), encoding="utf-8")
    yield path
    close_kernels()  # where workers are threads of this process
