"""Plants known faults one at a time and proves that a test catches each: a check of the tests themselves.

Tests may be merged, shortened or dropped as far as this still passes. Each fault of `tests/faults.toml` is planted
alone in a copy of the checkout, and the tests that should catch it run there as `make test` runs them. They pass
first without any fault, so that what fails afterwards fails for the fault.

``python -m tests.planted_faults [--only NAME] [--jobs 2] [--checkout DIR] [--list]``

Exit code 1 if a fault is not caught, or if its text no longer stands once in its file.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
HANGS = 1800  # seconds after which a run has no end
NBVAL = ["-p", "tests.nbval_strict", "--nbval", "--nbval-current-env"]
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


class Fault(NamedTuple):
    """What stands in a file once, what takes its place, and the tests of which one must fail."""

    name: str
    family: str
    file: str
    old: str
    new: str
    tests: list[str]


def read_faults() -> list[Fault]:
    """Return the faults of the list, in its order."""
    listed = tomllib.loads((ROOT / "tests" / "faults.toml").read_text("utf-8"))
    found = []
    for file, about in listed.items():
        stem, folder = Path(file).stem, Path(file).parent.as_posix().removeprefix("src/tr_analysis")
        family = about.pop("family", stem)
        tests = about.pop("tests", f"tests{folder}/test_{stem}.py")
        for name, (old, new, *own) in about.items():
            found.append(Fault(name, family, file, old, new, (own or [tests])[0].split()))
    return found


def rotten(faults: Sequence[Fault], checkout: Path) -> list[str]:
    """Return what is wrong with the list itself."""
    found, names = [], [fault.name for fault in faults]
    for fault in faults:
        times = (checkout / fault.file).read_bytes().count(fault.old.encode())
        gone = [test for test in fault.tests if not (checkout / test.partition("::")[0]).exists()]
        if times != 1:
            found.append(f"{fault.name}: {fault.file} holds its text {times} times, not once")
        found += [f"{fault.name}: there is no {test}" for test in gone]
    return found + [f"{name} is there twice" for name in set(names) if names.count(name) > 1]


class Copy:
    """A copy of a checkout in a folder of its own, in which the copied package and tests are the ones imported."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.folder = folder
        listing = ["git", "-C", checkout, "ls-files", "-coz", "--exclude-standard"]
        listed = subprocess.run(listing, check=True, capture_output=True).stdout.split(b"\0")
        # What a run of the chapters left: with it, only what a fault changes is run again.
        runs = [checkout / "reports" / ".runs.json", *(checkout / "reports" / "figures").rglob("*.*")]
        for path in {*runs, *(checkout / os.fsdecode(name) for name in listed)}:
            if path.is_file():
                to = folder / path.relative_to(checkout)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, to)
        self._kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in self._files()}
        place = self.python("-c", "import tr_analysis; print(tr_analysis.__file__)")[1]
        if not Path(place.strip()).is_relative_to(folder):
            raise SystemExit(f"the tests would import {place}")

    def _files(self) -> Iterator[Path]:
        files = (path for path in self.folder.rglob("*") if "__pycache__" not in path.parts)
        return (path for path in files if path.is_file())

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Plant a fault, and afterwards put back all that it or a test changed."""
        place = self.folder / fault.file
        place.write_bytes(place.read_bytes().replace(fault.old.encode(), fault.new.encode()))
        try:
            yield
        finally:
            for stranger in set(self._files()) - set(self._kept):
                stranger.unlink()
            for path, (content, changed) in self._kept.items():
                if not path.is_file() or path.read_bytes() != content:
                    path.write_bytes(content)
                    os.utime(path, ns=(changed, changed))  # or Python took what it compiled for up to date

    def python(self, *words: str) -> tuple[int, str]:
        """Run Python in the copy; return its exit code and what it wrote. Nothing that it started is left."""
        ours = ("PYTEST_", "TR_ANALYSIS_", "PYTHONDONTWRITEBYTECODE")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=inherited | {"PYTHONPATH": str(self.folder / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            out = process.communicate(timeout=HANGS)[0]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, out

    def first_failure(self, tests: Sequence[str], *options: str) -> str:
        """Run tests, or executed chapters cell by cell, with the options of `make test`; name the first that fails."""
        strict = NBVAL if any(test.startswith("reports/") for test in tests) else []
        always = ["--no-header", "--tb=no", "--color=no", "-rfE", "-p", "no:cacheprovider", "-x"]
        code, out = self.python("-m", "pytest", *always, *options, *strict, *tests)
        failed = _FAILED.search(out)
        if (code != 0) != bool(failed):
            raise SystemExit(f"pytest {' '.join(tests)} ended with code {code}:\n{out}")
        return failed[1] if failed else ""


def plant(faults: Sequence[Fault], checkout: Path, jobs: int) -> list[str]:
    """Plant each fault, print how it was caught, and return the names of those that were not."""
    copies: SimpleQueue[Copy] = SimpleQueue()

    def tried(fault: Fault) -> tuple[str, float]:
        copy, start = copies.get(), time.monotonic()
        try:
            with copy.planted(fault):
                return copy.first_failure(fault.tests, "-n0"), time.monotonic() - start
        finally:
            copies.put(copy)

    missed = []
    with tempfile.TemporaryDirectory(prefix="faults-") as place, ThreadPoolExecutor(jobs) as pool:
        made = [Copy(checkout, Path(place, str(number)).resolve()) for number in range(jobs)]
        tests = list(dict.fromkeys(test for fault in faults for test in fault.tests))
        if failed := made[0].first_failure(tests, f"-n{jobs}", "--dist=loadscope"):
            raise SystemExit(f"without a fault there fails {failed}")
        for copy in made:
            copies.put(copy)
        print(f"{'fault':<52} {'family':<19} {'s':>5}  caught by")
        for fault, (test, seconds) in zip(faults, pool.map(tried, faults), strict=True):
            caught = test or "NOT CAUGHT"
            print(f"{fault.name:<52} {fault.family:<19} {seconds:5.1f}  {caught}", flush=True)
            missed += [] if test else [fault.name]
    return missed


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", action="append", metavar="NAME", help="a fault or a family; again for more")
    parser.add_argument("--jobs", type=int, default=2, help="faults at a time, each in a copy of its own")
    parser.add_argument("--checkout", type=Path, default=ROOT, help="whose tests are tried")
    parser.add_argument("--list", action="store_true", help="list faults and tests, and do nothing")
    given = parser.parse_args()
    chosen = [f for f in read_faults() if not given.only or {f.name, f.family} & set(given.only)]
    if not chosen:
        parser.error(f"no fault or family is called {', '.join(given.only)}")
    if faults := rotten(chosen, given.checkout):
        print("\n".join(faults), file=sys.stderr)
        return 1
    if given.list:
        print("\n".join(f"{f.name:<52} {f.family:<19} {' '.join(f.tests)}" for f in chosen))
        return 0
    missed = plant(chosen, given.checkout.resolve(), given.jobs)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults caught")
    print("".join(f"not caught: {name}\n" for name in missed), end="")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
