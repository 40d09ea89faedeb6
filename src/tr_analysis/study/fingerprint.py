"""Hashes of everything that a result, a table or a page is made from: light, for they are asked at every run."""

import json
import re
import sys
from collections.abc import Container, Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from tr_analysis import paths
from tr_analysis.files import sha256
from tr_analysis.provenance import commit
from tr_analysis.study.plan import Task

LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn")  # on which numbers depend
_PACKAGE = Path(__file__).parents[1]
_NO_RESULT = ("cli", "site", "lint")  # parts of the package that cannot reach a result

Parts = dict[str, str]  # hashes by the words that name to a reader what was hashed


@cache
def versions() -> dict[str, str]:
    """Return the versions that computed the numbers; they are pinned, so a rerun has the same."""
    return {name: version(name) for name in LIBRARIES}


def hashes(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Return the hash of each file that is there, by its path below a folder."""
    there = sorted(file for file in files if file.is_file())
    return {file.relative_to(folder).as_posix(): sha256(file.read_bytes()) for file in there}


def tables() -> Parts:
    """Return what the analysis tables are made from; the official files are named only where there are any."""
    parts = _made_by() | {"the published figures": _together(paths.raw().iterdir(), paths.raw())}
    held = hashes(paths.official().glob("[!.]*"), paths.official())
    return parts | ({"the official files": sha256(json.dumps(held).encode())} if held else {})


def chapter(task: Task) -> Parts:
    """Return what the results of a task are made from, as it stands now.

    Of the tables these are the ones that the notebook names anywhere, those that its results say they come from,
    and the register of sources, to which every chapter links; of the official tables that are held, those of them,
    or all where the notebook imports from ``official``, which finds out itself what is held.
    """
    notebook = task.chapter.path.read_bytes()
    named = {*re.findall(r"\w+", notebook.decode()), *_recorded(task), "sources"}
    turned = json.dumps([task.given, task.values, task.title], sort_keys=True)
    parts = {"the notebook": sha256(notebook), "parameters": sha256(turned.encode())}
    files = hashes(paths.processed().glob("*.csv"), paths.processed())
    parts |= {f"the table {table}": files[f"{table}.csv"] for table in named if f"{table}.csv" in files}
    parts |= _official(named, everything=b"tr_analysis.official" in notebook)
    for name in task.needs:
        results = task.reads / "results" / f"{name}.json"
        parts |= {f"the results of {name}": found for found in hashes([results], results.parent).values()}
    return parts | _made_by()


def _official(named: Container[str], *, everything: bool) -> Parts:
    """Return the official tables that count for a chapter; none where none is held."""
    held = hashes(paths.official_tables().glob("*.csv"), paths.official_tables())
    tables = {file.removesuffix(".csv"): found for file, found in held.items()}
    return {
        f"the official table {table}": found
        for table, found in tables.items()
        if everything or table in named or f"official/{table}" in named
    }


def pages(out: Path) -> Parts:
    """Return what the pages in a folder of results are made from."""
    root, data = paths.root(), paths.root() / "data"
    executed = [*out.glob("*.ipynb"), *(out / "results").glob("*.json")]
    return {
        "the chapters": _together(executed, out),
        "the notebooks": _together(paths.notebooks().glob("*.ipynb"), paths.notebooks()),
        "the data": _together([*data.rglob("[!.]*"), root / "LICENCE-DATA.md", root / "CITATION.cff"], root),
        "the package": _source(),
        "the libraries": _libraries(),
        "the commit": commit(),
    }


def _made_by() -> dict[str, str]:
    return {"the package": _source(_NO_RESULT), "the libraries": _libraries()}


@cache
def _source(without: tuple[str, ...] = ()) -> str:
    """Hash the package, templates included, but for some of its parts."""
    files = (file for file in _PACKAGE.rglob("*") if "__pycache__" not in file.parts)
    return _together((f for f in files if f.relative_to(_PACKAGE).parts[0] not in without), _PACKAGE)


def _libraries() -> str:
    lock = hashes([paths.root() / "requirements.lock"], paths.root())
    return sha256(json.dumps([sys.version, versions(), lock]).encode())


def _together(files: Iterable[Path], folder: Path) -> str:
    return sha256(json.dumps(hashes(files, folder)).encode())


def _recorded(task: Task) -> list[str]:
    """Return the tables that a task's results say they come from; none where there are no results."""
    try:
        return list(json.loads((task.out / "results" / f"{task.name}.json").read_bytes())["data"])
    except (OSError, ValueError, LookupError, TypeError):
        return []
