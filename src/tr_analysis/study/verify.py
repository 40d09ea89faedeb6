"""Whether this machine gives what is committed: the raw tables as recorded, everything else as a fresh run gives it.

Nothing is written into the folder that is looked at: the fresh run has a copy of what the study is made from.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tr_analysis import paths
from tr_analysis.files import file_hash
from tr_analysis.study.comparison import file_differences
from tr_analysis.study.readme import FIGURE, PAPER

_PACKAGE = "data/raw/datapackage.json"
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


def recorded(folder: Path) -> Check:
    """Hold the raw tables of a project against the hashes that its data package records."""
    try:
        resources = json.loads((folder / _PACKAGE).read_bytes())["resources"]
        known = {each["path"]: each["hash"].removeprefix("sha256:") for each in resources}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return _check("descriptions of the raw tables", {_PACKAGE: ["missing, or cannot be read"]})
    raw = folder / "data" / "raw"
    there = {file.name for file in raw.glob("*.csv")}
    faults = {}
    for name in sorted(there | known.keys()):
        fault = "" if known.get(name) == file_hash(raw / name) else "changed since it was recorded"
        fault = fault if name in there else "missing"
        fault = fault if name in known else f"not named in {_PACKAGE}"
        faults[f"data/raw/{name}"] = [fault] if fault else []
    return _check(f"raw tables as {_PACKAGE} records them", faults)


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
    return _check(f"files that a fresh run gives, {by_bytes}", found)


def _made(folder: Path) -> Iterator[str]:
    """Yield the files of a project that commands write from others; of the figures only the one that is committed."""
    figure = f"reports/figures/{'/'.join(FIGURE)}.png"
    for file in (_PACKAGE, "data/DICTIONARY.md", "README.md", PAPER, figure):
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
    found = set()
    for file in (reports / "results").glob("*.json"):
        with suppress(ValueError, AttributeError):  # one that cannot be read differs anyway
            found.add(json.dumps(json.loads(file.read_bytes()).get("libraries"), sort_keys=True))
    return found


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
