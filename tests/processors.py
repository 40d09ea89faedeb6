"""The study as other processors compute it, and worse: ``python -m tests.processors`` (``make processors``).

It runs the whole study under every kernel of the BLAS library and every level of numpy's own that this processor
can run, and under each disturbance of `DISTURBANCES`, and writes what differs from the reports. The gates
(tests/gates/test_processors.py) use the same disturbances, which need no other processor.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from tr_analysis import paths

NOISE = Path(__file__).with_name("noise")
OPTIMISED = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
"""What numpy's kernels use of this processor beyond the least of its kind."""

PLAIN_NUMPY = {"NPY_DISABLE_CPU_FEATURES": " ".join(OPTIMISED)}
PLAIN_LIBM = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"}
"""The C library's own exponentials and logarithms otherwise use fused multiply-add where there is such a thing."""

DISTURBANCES = {
    "rows of the raw tables in another order": {},
    "floats that are loaded moved, ties by chance": {"TR_ANALYSIS_NOISE": "floats,ties"},
    "results of linear algebra moved, ties by chance": {"TR_ANALYSIS_NOISE": "algebra,ties"},
    "numpy and the C library without their optimised kernels": PLAIN_NUMPY | PLAIN_LIBM,
}
ROWS = next(iter(DISTURBANCES))
BLAS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
KERNELS = {f"BLAS kernel {name}": {"OPENBLAS_CORETYPE": name} for name in BLAS}
KERNELS["C library without fused multiply-add"] = PLAIN_LIBM
KERNELS |= {f"numpy without {name}": {"NPY_DISABLE_CPU_FEATURES": name} for name in OPTIMISED}


def environment(disturbance: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process that computes with a disturbance."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    places = [str(NOISE), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(places), **disturbance}


def copy_project(folder: Path) -> Path:
    """Copy what a study is made from into a folder."""
    for part in ("data", "notebooks"):
        shutil.copytree(paths.root() / part, folder / part)
    for file in ("LICENCE-DATA.md", "CITATION.cff"):
        shutil.copy(paths.root() / file, folder)
    return folder


def shuffle_rows(project: Path) -> None:
    """Bring the rows of every raw table into another order; the tables have no line breaks within a cell."""
    for file in sorted((project / "data" / "raw").glob("*.csv")):
        head, *rows = file.read_text("utf-8").splitlines(keepends=True)
        random.Random(file.name).shuffle(rows)
        file.write_text("".join([head, *rows]), "utf-8")


def study(out: Path, disturbance: dict[str, str], *chapters: str, project: Path | None = None) -> None:
    """Run chapters, all by default, of this project or another into a folder.

    Raises
    ------
    RuntimeError
        With what the command said, if it failed.
    """
    where = environment(disturbance) | {"TR_ANALYSIS_ROOT": str(project or paths.root())}
    for words in (["data", "describe"] if project else [], ["run", *chapters, "--force", "--out", str(out)]):
        if words:
            command = [sys.executable, "-m", "tr_analysis", *words]
            done = subprocess.run(command, env=where, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files in a folder, by their path below it."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def files(folder: Path) -> dict[str, bytes]:
    """Return what runs yield; the pages made of them lead to each other, so a part of the study has others."""
    made = ("site", ".runs", "failed", "sweeps", "variants")
    return {name: content for name, content in tree(folder).items() if not name.startswith(made)}


def differing(one: Path, other: Path) -> list[str]:
    """Return the files that two folders of results have not alike."""
    first, second = files(one), files(other)
    return [name for name in sorted(first.keys() | second.keys()) if first.get(name) != second.get(name)]


def main() -> int:
    """Run the study under each setting; return 1 if one gives other files than the reports."""
    found = 0
    for name, setting in {**KERNELS, **DISTURBANCES}.items():
        with tempfile.TemporaryDirectory() as folder:
            project = copy_project(Path(folder, "project")) if name == ROWS else None
            if project:
                shuffle_rows(project)
            try:
                study(Path(folder, "reports"), setting, project=project)
                other = differing(paths.reports(), Path(folder, "reports"))
                said = "the same bytes" if not other else f"{len(other)} files differ: {', '.join(other)}"
            except RuntimeError as error:
                other, said = [name], f"failed: {error}"
        print(f"{name}: {said}", flush=True)
        found |= bool(other)
    return found


if __name__ == "__main__":
    sys.exit(main())
