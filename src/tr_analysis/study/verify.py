"""Whether what is committed comes out here: files against their recorded hashes, then against a fresh run of everything.

Nothing is written into the folder that is looked at: the fresh run has a copy of what the study is made from.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tr_analysis import paths
from tr_analysis.errors import StudyError
from tr_analysis.files import file_hash
from tr_analysis.study.comparison import file_differences
from tr_analysis.study.publish import PNG, figure_files, last_findings, outputs_of
from tr_analysis.study.readme import FIGURE, PAPER

_PACKAGE, _MANIFEST = "data/raw/datapackage.json", "data/processed/manifest.json"
_NOT_COMMITTED = ("site", "failed", "variants", "sweeps", ".runs.json")  # of reports/
_WITHIN = 3  # differences named of each file


@dataclass(frozen=True)
class Check:
    """What one step looked at, how many of these were right, and a line for each file that is not."""

    subject: str
    good: int
    of: int
    faults: tuple[str, ...]


def _check(subject: str, faults: Mapping[str, Collection[str]]) -> Check:
    """Make a check of the faults of each file, none where it is right."""
    lines = [f"{file}: {'; '.join(found)}" for file, found in faults.items() if found]
    return Check(subject, sum(not found for found in faults.values()), len(faults), tuple(lines))


def recorded(folder: Path) -> list[Check]:
    """Hold the files of a project against the hashes on record, and what is kept twice against itself; run nothing."""
    steps = {"data/raw": _raw, "data/processed": _tables, "notebooks": _notebooks, "reports": _reports}
    return [_checked(place, step, folder) for place, step in steps.items()]


def _checked(place: str, step: Callable[[Path], Check], folder: Path) -> Check:
    """Take a step, or say that what it reads has lost its form."""
    try:
        return step(folder)
    except (LookupError, TypeError, AttributeError) as error:
        fault = f"{place}: a JSON file there is not of the form it should have ({error})"
        return Check(f"places that could be checked: {place}", 0, 1, (fault,))


def _json(file: Path) -> dict[str, Any]:
    """Read an object of JSON; one that is not there, or not readable, has no entries."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _raw(folder: Path) -> Check:
    resources = _json(folder / _PACKAGE).get("resources", [])
    known = {each["path"]: each["hash"].removeprefix("sha256:") for each in resources}
    return _check(f"raw tables as {_PACKAGE} records them", _hashes(folder, _PACKAGE, known))


def _tables(folder: Path) -> Check:
    """Compare the analysis tables with their manifest, and the raw tables that it names with those that are there."""
    manifest = _json(folder / _MANIFEST)
    known = {f"{name}.csv": entry["sha256"] for name, entry in manifest.get("tables", {}).items()}
    faults = _hashes(folder, _MANIFEST, known)
    for name, value in manifest.get("raw", {}).items():
        if file_hash(folder / "data" / "raw" / name) != value:
            faults[_MANIFEST] = [
                *faults.get(_MANIFEST, []),
                f"made from another data/raw/{name} than is here",
            ]
    return _check(f"analysis tables as {_MANIFEST} records them", faults)


def _hashes(folder: Path, record: str, known: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the faults of each file that a record names, and of the others beside it."""
    if not known:
        return {record: ["missing, or cannot be read"]}
    place = Path(record).parent
    there = {file.name for file in (folder / place).iterdir()} - {Path(record).name, "official"}
    faults = {}
    for name in sorted(there | known.keys()):
        fault = "" if known.get(name) == file_hash(folder / place / name) else "changed since it was recorded"
        fault = fault if name in there else "missing"
        fault = fault if name in known else f"not named in {record}"
        faults[f"{place.as_posix()}/{name}"] = [fault] if fault else []
    return faults


def _notebooks(folder: Path) -> Check:
    return _check(
        "notebooks stored without outputs",
        {
            f"notebooks/{file.name}": [] if _is_clean(file) else ["cannot be read, or stores outputs"]
            for file in sorted((folder / "notebooks").glob("*.ipynb"))
        },
    )


def _is_clean(notebook: Path) -> bool:
    cells = _json(notebook).get("cells", [])
    return bool(cells) and not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def _reports(folder: Path) -> Check:
    """Compare results and figures with what the executed notebooks hold, and with the tables that are there."""
    reports, manifest = folder / "reports", _json(folder / _MANIFEST).get("tables", {})
    there = _committed(reports)
    faults: dict[str, list[str]] = {name: ["no executed chapter gives it"] for name in there}
    faults[f"figures/{'/'.join(FIGURE)}.png"] = ["missing"]
    faults |= {f"{Path(name).stem}.ipynb": ["missing"] for name in there if name.startswith("results/")}
    lacking = {file.stem for file in (folder / "notebooks").glob("*.ipynb")}
    for run in [name.removesuffix(".ipynb") for name in there if name.endswith(".ipynb")]:
        chapter, held = _held(reports / f"{run}.ipynb")
        lacking.discard(chapter)
        faults[f"{run}.ipynb"] = [] if held else ["cannot be read, or holds no results"]
        faults[f"results/{run}.json"] = ["missing"]
        for name in held.keys() & set(there):
            same = _content(reports / name) == held[name]
            faults[name] = [] if same else [f"not what reports/{run}.ipynb holds"]
        if others := _other_tables(_json(reports / "results" / f"{run}.json"), manifest):
            faults[f"results/{run}.json"].append(f"computed from other tables than are here: {others}")
    for chapter in lacking:
        faults.setdefault(f"{chapter}.ipynb", ["missing: the chapter has no report"])
    found = {f"reports/{name}": faults[name] for name in sorted(faults)}
    return _check("reports that agree with their notebooks and the tables", found)


def _other_tables(results: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Name the analysis tables that results were computed from and that changed since."""
    used = {name: value for name, value in results.get("data", {}).items() if name != "results"}
    return ", ".join(name for name, value in used.items() if manifest.get(name, {}).get("sha256") != value)


def _committed(reports: Path) -> list[str]:
    """Return the files of reports/ that are, or could be, committed, by their place."""
    files = [file.relative_to(reports) for file in sorted(reports.rglob("*")) if file.is_file()]
    return [file.as_posix() for file in files if file.parts[0] not in _NOT_COMMITTED]


def _held(executed: Path) -> tuple[str, dict[str, Any]]:
    """Return the chapter of an executed notebook, and its results and figures by their place; nothing if unreadable."""
    try:
        notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
        if not (bundle := last_findings(notebook)):
            return "", {}
        about = notebook.metadata["tr_analysis"]
        title = notebook.cells[0].source.partition("\n")[0].removeprefix("# ")
        held: dict[str, Any] = {f"results/{executed.stem}.json": {**about, **bundle, "title": title}}
        for output in outputs_of(notebook):
            if PNG in output["data"]:
                held |= figure_files(executed.stem, output)
        return about["chapter"], held
    except (ValueError, LookupError, AttributeError, TypeError, nbformat.ValidationError, StudyError):
        return "", {}


def _content(file: Path) -> Any:
    return _json(file) if file.suffix == ".json" else file.read_bytes()


def run_again(folder: Path, copy: Path) -> str:
    """Describe, build and run a copy of the project from its raw tables on; return what stopped it, if anything did.

    It runs with the project's own package where that is there, in processes of their own.
    """
    nothing_built = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    fetched = shutil.ignore_patterns("official")  # reports are committed without the official files
    for part, left_out in {
        "data": fetched,
        "notebooks": nothing_built,
        "src": nothing_built,
        "paper": None,
    }.items():
        if (folder / part).is_dir():
            shutil.copytree(folder / part, copy / part, ignore=left_out)
    for file in ("LICENCE-DATA.md", "CITATION.cff", "README.md", "requirements.lock"):
        if (folder / file).is_file():
            shutil.copy(folder / file, copy)
    environment = {name: value for name, value in os.environ.items() if name != paths.REPORTS}
    places = [str(copy / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment |= {paths.ROOT: str(copy), "PYTHONPATH": os.pathsep.join(places)}
    steps = [["data", "describe"], ["run", "--force", "--out", str(copy / "reports")]]
    steps += [["readme"]] if (copy / "README.md").is_file() else []
    for step in steps:
        command = [sys.executable, "-m", "tr_analysis", *step]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.startswith("tr-analysis: ")]
            return f"`tr-analysis {' '.join(step[:2])}` fails here: {' '.join(said) or done.stderr[-300:]}"
    return ""


def compared(folder: Path, copy: Path) -> Check:
    """Compare what a project has committed with what `run_again` gave in a copy of it."""
    exact = promises_same_bytes(folder / "reports", copy / "reports")
    names = sorted(set(_made(folder)) | set(_made(copy)))
    by_bytes = "byte for byte" if exact else "within the tolerance of another processor or other libraries"
    found = {name: list(_differing(name, folder / name, copy / name, exact=exact)) for name in names}
    return _check(f"files that come out of a fresh run, {by_bytes}", found)


def _made(folder: Path) -> Iterator[str]:
    """Yield the files of a project that commands write from others, but for figures, which the notebooks hold."""
    for file in (_PACKAGE, "data/DICTIONARY.md", "README.md", PAPER):
        if (folder / file).is_file():
            yield file
    for part in ("data/processed", "reports", "reports/results"):
        yield from (f"{part}/{file.name}" for file in (folder / part).glob("[!.]*") if file.is_file())


def promises_same_bytes(reports: Path, fresh: Path) -> bool:
    """Tell whether the same bytes are promised here: on x86-64 under Linux, with the libraries of the reports."""
    same = _libraries(reports) == _libraries(fresh)
    return same and (platform.system(), platform.machine()) == ("Linux", "x86_64")


def _libraries(reports: Path) -> set[str]:
    """Return the libraries, with versions, that results say they were computed with: one set, if all are of one run."""
    results = (_json(file) for file in (reports / "results").glob("*.json"))
    return {json.dumps(each.get("libraries"), sort_keys=True) for each in results}


def _differing(name: str, committed: Path, fresh: Path, *, exact: bool) -> Iterator[str]:
    """Yield how a committed file differs from a fresh one: the first places, and how many more there are."""
    if not (committed.is_file() and fresh.is_file()):
        yield "a fresh run does not give it" if committed.is_file() else "missing; a fresh run gives it"
        return
    found = list(file_differences(name, committed.read_bytes(), fresh.read_bytes(), exact=exact))
    for each in found[:_WITHIN]:
        old, new = each.sides()
        yield f"{each.place}: committed {old}, here {new}"
    if (more := len(found) - _WITHIN) > 0:
        yield f"and {more} more"
