from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tr_analysis.sweep.run import Engine
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
def chapter(toy: Callable[..., Path]) -> Iterator[Path]:
    """A project with one chapter, 03-toy; its body fails where n is 13."""
    body = "if n == 13:\n    raise ValueError('unlucky')"
    yield toy("03-toy", body, end=FINDINGS, parameters=PARAMETERS)
    close_kernels()  # where workers are threads of this process
