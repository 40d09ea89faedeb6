from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import nbformat.v4 as nbf
import pytest

from tr_analysis.sweep.engines import Engine
from tr_analysis.sweep.specify import close_kernels

FINDINGS = """\
from IPython.display import display
findings = {"gap": {"value": n / 4, "low": n / 8, "high": float("nan")}, "words": {"value": None, "text": scale}}
bundle = {"findings": findings, "data": {}}
display({"application/vnd.tr-analysis.findings+json": bundle, "text/plain": "findings"}, raw=True)
"""
PARAMETERS = """\
n: int = 2  # count [0, 1000]
scale: Literal["log", "level"] = "log"  # scale
"""


@pytest.fixture
def spec(tmp_path: Path) -> Callable[[str], Path]:
    """Write a sweep."""

    def write(text: str) -> Path:
        path = tmp_path / f"{len(list(tmp_path.glob('*.toml')))}.toml"
        path.write_text(text, encoding="utf-8")
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
