import gc
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import nbformat.v4 as nbf
import pytest

from tr_analysis.study import CAN_FORK, SETTINGS

# As in the runner's kernels: workers that each start a thread per core slow one another down. This file is
# read, and the kernels' module imported, before numpy is.
for setting, value in SETTINGS.items():
    os.environ.setdefault(setting, value)

FINDINGS = """\
from IPython.display import display
findings = {"findings": {"n": {"value": n, "low": float("nan")}}, "data": {"recall": "ab12"}}
display({"application/vnd.tr-analysis.findings+json": findings, "text/plain": "findings"}, raw=True)
"""
IMPORTS = "from typing import Literal\nfrom tr_analysis.study.parameters import Provider"
PARAMETERS = 'n: int = 2  # count [0, 5]\nname: str = "x"  # a name'
PROVIDERS = "Northumbria,CRC", '"Kent, Surrey and Sussex",CRC', "NPS Wales,NPS"


def pytest_configure(config: pytest.Config) -> None:
    """Try a property on few examples in `make test`, on many where what is long runs as well; always on the same."""
    os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")  # one of them imports trio, which takes long
    from hypothesis import HealthCheck, settings

    few = config.option.markexpr == "not full"
    slow_is_fine = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    same = {"derandomize": True, "database": None}
    settings.register_profile("tests", max_examples=5 if few else 100, **same, **slow_is_fine)
    settings.load_profile("tests")
    gc.disable()  # what is collected stays: looking through it again and again takes a sixth of the time


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)  # what tests leave is little; looking for it took a tenth of the time
    gc.enable()


@pytest.fixture
def providers(tmp_path: Path) -> str:
    """Name three providers; return the parameters of a chapter about one."""
    table = tmp_path / "data" / "raw" / "providers.csv"
    table.parent.mkdir(parents=True)
    table.write_text("\n".join(["provider,provider_type", *PROVIDERS]), encoding="utf-8")
    return 'n: int = 2  # count [0, 5]\nprovider: Provider = "Northumbria"  # whom it is about'


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace | None]:
    """What the kernels of all toy runs are forked from: to start it takes longer than such a run."""
    if not CAN_FORK:
        yield None
        return
    from tr_analysis.study.forking import ForkServer

    names = ["numpy.random", "tr_analysis.study.parameters"]
    opened = ForkServer(tmp_path_factory.mktemp("server"), names)
    yield SimpleNamespace(
        fork=opened.fork, close=lambda: None, own=ForkServer
    )  # what a run is left with ends where its server does
    opened.close()


@pytest.fixture
def one_server(server: SimpleNamespace | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs fork their kernels from the worker's server; where a run's own is the point, `own_server` undoes it."""
    monkeypatch.setattr("tr_analysis.study.kernels.ForkServer", lambda *_: server)


@pytest.fixture
def own_server(server: SimpleNamespace, one_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each run start, and end, a server of its own."""
    monkeypatch.setattr("tr_analysis.study.kernels.ForkServer", server.own)


def write_chapter(
    root: Path,
    name: str,
    body: str = "n",
    kernel: str = "python3",
    end: str = FINDINGS,
    parameters: str = PARAMETERS,
    imports: str = IMPORTS,
) -> Path:
    """Write a toy chapter of a project, with the code of the cell under Evidence."""
    metadata = {"kernelspec": {"name": kernel, "display_name": "Python 3", "language": "python"}}
    code, markdown = nbf.new_code_cell, nbf.new_markdown_cell
    cells = [
        markdown(f"# Toy {name.lstrip('0123456789-')}\n\nDoes it run?", id="title"),
        code(imports, id="imports"),
        code(parameters, id="parameters", metadata={"tags": ["parameters"]}),
        markdown("## Answer", id="answer"),
        markdown("## Evidence\n```\n# no heading\n```", id="evidence"),
        code(body, id="body"),
        markdown("## Limits", id="limits"),
        code(end, id="findings"),
    ]
    path = root / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    path.write_text(nbf.writes(nbf.new_notebook(cells=cells, metadata=metadata)), encoding="utf-8")
    return path


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_server: None) -> Callable[..., Path]:
    """A project of toy chapters: call it as `write_chapter`, without the folder."""
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return partial(write_chapter, tmp_path)
