"""What tables, chapters and pages are made from, on record, and what of it changed since.

Light to import and to ask, for it is asked at every run.
"""

import json
import re
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tr_analysis import paths
from tr_analysis.files import file_hash, git_state, machine, sha256, write_files
from tr_analysis.study import CHOICES, CHOICES_PAGE
from tr_analysis.study.plan import Task

RECORDS = ".runs.json"
_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn")  # on which numbers depend
_PACKAGE = Path(__file__).parents[1]
NO_RESULT = ("cli", "site", "lint")  # parts of the package that cannot reach a result

Parts = dict[str, str]  # hashes by the words that name to a reader what was hashed


@cache
def versions() -> dict[str, str]:
    """Return the versions that computed the numbers; they are pinned, so a rerun has the same."""
    return {name: version(name) for name in _LIBRARIES}


def table_parts() -> Parts:
    """Return what the analysis tables are made from; the official files are named only where there are any."""
    parts = _made_by() | {"the published figures": _together(paths.raw().iterdir(), paths.raw())}
    official = _hashes(paths.official().glob("[!.]*"), paths.official())
    return parts | ({"the official files": _joined(official)} if official else {})


def chapter_parts(task: Task) -> Parts:
    """Return what the results of a task are made from, as it stands now.

    Of the tables these are those that the notebook names anywhere or its results say they come from, and the register
    of sources; of the official ones all where it imports from ``official``, which finds out itself what there is.
    """
    notebook, results = task.chapter.path, task.out / "results" / f"{task.name}.json"
    named = {*_words(notebook, file_hash(notebook)), *_tables_of(results, file_hash(results)), "sources"}
    every = "tr_analysis.official" in named
    files = {"the notebook": notebook, "what is said of its numbers": notebook.with_suffix(".toml")}
    if "home_findings" in named:
        files["the choice of key findings"] = paths.notebooks() / "home.toml"
    files |= {f"the table {p.stem}": p for p in sorted(paths.tables().glob("*.csv")) if p.stem in named}
    for path in sorted(paths.official_tables().glob("*.csv")):
        if every or path.stem in named or f"official/{path.stem}" in named:
            files[f"the official table {path.stem}"] = path
    files |= {f"the results of {name}": task.reads / "results" / f"{name}.json" for name in task.needs}
    parts = {what: found for what, path in files.items() if (found := file_hash(path))}
    return parts | {"parameters": _joined([task.given, task.values, task.title])} | _made_by()


def choice_parts(out: Path) -> Parts:
    """Return what the choices that a reader can change on the pages are made from."""
    made = {"the notebooks": _together(paths.notebooks().glob("*.[it]*"), paths.notebooks())}
    made |= {"the tables": file_hash(paths.tables() / "manifest.json") or ""}
    return made | {"the results": _together((out / "results").glob("*.json"), out)} | _made_by()


def page_parts(out: Path) -> Parts:
    """Return what the pages in a folder of results are made from."""
    root, data = paths.root(), paths.root() / "data"
    executed = [*out.glob("*.ipynb"), *(out / "results").glob("*.json")]
    return {
        "the chapters": _together(executed, out),
        "the notebooks": _together(paths.notebooks().glob("*.[it]*"), paths.notebooks()),
        "the choices": _together(out.glob(f"{CHOICES}/*/{CHOICES_PAGE}"), out),
        "the data": _together([*data.rglob("[!.]*"), root / "LICENCE-DATA.md", root / "CITATION.cff"], root),
        "the package": package_hash(),
        "the libraries": _libraries(),
        "the commit": git_state(),
    }


def _hashes(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Return the hash of each file that is there, by its path below a folder."""
    found = ((file, file_hash(file)) for file in sorted(files))
    return {file.relative_to(folder).as_posix(): value for file, value in found if value}


def _together(files: Iterable[Path], folder: Path) -> str:
    return _joined(_hashes(files, folder))


def _joined(content: Any) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode())


def _made_by() -> Parts:
    return {"the package": package_hash(NO_RESULT), "the libraries": _libraries()}


@cache
def package_hash(without: tuple[str, ...] = ()) -> str:
    """Hash the package, templates included, but for some of its parts."""
    files = (file for file in _PACKAGE.rglob("*") if "__pycache__" not in file.parts)
    return _together((f for f in files if f.relative_to(_PACKAGE).parts[0] not in without), _PACKAGE)


def _libraries() -> str:
    return _joined([sys.version, versions(), file_hash(paths.root() / "requirements.lock")])


@cache
def _words(notebook: Path, _: str | None) -> frozenset[str]:
    """Return the words in a notebook, among them the names of tables, and a package that it imports from."""
    text = notebook.read_text(encoding="utf-8")
    return frozenset([*re.findall(r"\w+", text), *re.findall(r"tr_analysis\.official\b", text)])


@cache
def _tables_of(results: Path, _: str | None) -> list[str]:
    """Return the tables that results say they come from; none where there are no results."""
    try:
        return list(json.loads(results.read_bytes())["data"])
    except (OSError, ValueError, LookupError, TypeError):
        return []


class Records:
    """The record of one folder of results: of each run, and of ``tables`` and ``pages``, what they were made from.

    A record that is missing or cannot be read says nothing, and everything is made again.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._lock = threading.Lock()
        try:
            entries = json.loads((out / RECORDS).read_bytes()).items()
        except (OSError, ValueError, AttributeError):
            entries = ()
        self._made = {name: entry for name, entry in entries if _is_whole(entry)}

    def changes(self, name: str, parts: Parts, folder: Path | None = None) -> list[str]:
        """Return in words what changed since a thing was made; nothing when it need not be made again.

        ``parts`` are what it would be made from now; ``folder`` has its files, if not the folder of results.
        """
        if name not in self._made:
            return ["not made yet, or it failed"]
        before, files = self._made[name]["made from"], self._made[name]["files"]
        there = {file: file_hash((folder or self._out) / file) for file in files}
        moved = [file for file in files if there[file] != files[file]]
        return [
            *(f"{part} changed" for part in {**parts, **before} if parts.get(part) != before.get(part)),
            *(f"{file} {'changed' if there[file] else 'is gone'}" for file in moved),
        ]

    def keep(
        self,
        name: str,
        parts: Parts,
        files: Iterable[Path],
        folder: Path | None = None,
        ran: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Keep what a thing was made from, the files it gave, and how it ran: ``on`` a machine, ``began``, ``ended``."""
        hashes = _hashes(files, folder or self._out)
        with self._lock:
            self._made[name] = {"made from": parts, "files": hashes, "ran": dict(ran)}
            self._write()

    def files(self, name: str) -> list[str]:
        """Return the places of the files that a thing gave; none where it is not on record."""
        return sorted(self._made.get(name, {}).get("files", {}))

    def ran(self, name: str) -> Mapping[str, str]:
        """Return how a run went: ``on`` a machine, in words, ``began`` and ``ended``; empty where not on record."""
        ran = self._made.get(name, {}).get("ran", {})
        return ran if isinstance(ran, dict) else {}

    def drop(self, name: str) -> None:
        """Forget a thing that failed: it is made again."""
        with self._lock:
            if self._made.pop(name, None):
                self._write()

    def _write(self) -> None:
        text = json.dumps(self._made, indent=1, sort_keys=True)
        write_files(self._out, {RECORDS: f"{text}\n".encode()})


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(key), dict) for key in ("made from", "files"))


@dataclass(frozen=True)
class Change:
    """What a task would be made from now, and in words what of it changed: nothing where it need not run."""

    task: Task
    parts: Parts
    why: tuple[str, ...]


def changes(tasks: Sequence[Task], records: Mapping[Path, Records], *, force: bool) -> list[Change]:
    """Compare tasks with the record of their folder; one that loads results runs when those are made again."""
    by_name = {task.name: task for task in tasks}
    found: dict[str, Change] = {}
    for name in TopologicalSorter({task.name: task.after for task in tasks}).static_order():
        task = by_name[name]
        parts = chapter_parts(task)
        why = ["--force"] if force else records[task.out].changes(name, parts)
        why = why or [f"{other} runs again" for other in task.after if found[other].why]
        found[name] = Change(task, parts, tuple(why))
    return [found[task.name] for task in tasks]


def to_run(found: Sequence[Change]) -> list[Task]:
    """Return the tasks that must run, each waiting only for others of them."""
    names = {change.task.name for change in found if change.why}
    return [
        replace(change.task, after=tuple(name for name in change.task.after if name in names))
        for change in found
        if change.why
    ]


def keep(
    change: Change, files: Sequence[Path], records: Mapping[Path, Records], seconds: float = 0.0
) -> None:
    """Keep what a task that took some seconds was made from: the notebook as it was before, what it loaded as it is."""
    task, ended = change.task, datetime.now(UTC)
    parts = chapter_parts(task) | {"the notebook": change.parts["the notebook"]}
    times = {"began": ended - timedelta(seconds=seconds), "ended": ended}
    ran = {name: time.isoformat(timespec="seconds") for name, time in times.items()} | {"on": machine()}
    records[task.out].keep(task.name, parts, files, ran=ran)
