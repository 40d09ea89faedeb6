"""Measure the project on this machine, and write `benchmarks/RESULTS.md` and its two pictures."""

import argparse
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path

import psutil

from benchmarks import models, study, sweeps
from benchmarks.chart import draw, draw_parts
from benchmarks.measure import Measure
from tr_analysis import __version__

_HERE = Path(__file__).parent
_LIBRARIES = (
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
    "papermill",
    "nbconvert",
    "wildboottest",
)


def main() -> None:
    """Measure, print each line as it is there, and write the table and the chart."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of everything: a look, not a result")
    parser.add_argument("--out", type=Path, default=_HERE, help="folder for the table and the chart")
    options = parser.parse_args()
    found: list[Measure] = []
    for part in (models, sweeps, study):
        for measure in part.measures(quick=options.quick):
            print(f"{measure.task}, {measure.way}, {measure.size}: {measure.seconds:.3f} s", flush=True)
            found.append(measure)
    pairs = compared(found)
    options.out.mkdir(parents=True, exist_ok=True)
    draw(pairs, options.out / "results.png")
    draw_parts([m for m in found if m.task == study.PARTS], options.out / "parts.png")
    text = "\n".join(
        [*_head(quick=options.quick), *_beside(pairs), *_limit(found), *_throughput(found), *_growth(found)]
    )
    (options.out / "RESULTS.md").write_text(f"{text}\n", encoding="utf-8")


def compared(found: list[Measure]) -> list[tuple[Measure, Measure]]:
    """Return what was done in two ways at one size: ours, and each other."""
    ours = {(m.task, m.work): m for m in found if m.ours}
    return [(ours[m.task, m.work], m) for m in found if not m.ours and (m.task, m.work) in ours]


def _head(*, quick: bool) -> list[str]:
    memory = psutil.virtual_memory().total / 1e9
    machine = f"{os.cpu_count()} processors ({platform.machine()}), {memory:.0f} GB, {platform.system()}"
    versions = ", ".join([f"tr-analysis {__version__}", *(f"{name} {version(name)}" for name in _LIBRARIES)])
    return [
        "# Measured",
        "",
        "Written by `make bench`, all in one run: medians over repeats, but for the study and the choices, which are "
        "run once. Every process has one thread for linear algebra. Memory is the most held at once.",
        "",
        *(["**A quick look with few repeats on a busy machine, not a result.**", ""] if quick else []),
        f"- Date: {datetime.now(UTC):%Y-%m-%d}",
        f"- Machine: {machine}",
        f"- Versions: Python {platform.python_version()}, {versions}",
    ]


def _beside(pairs: list[tuple[Measure, Measure]]) -> list[str]:
    rows = [
        f"| {ours.task} | {ours.size} | {_time(ours)} | {other.way} | {_time(other)} | "
        f"{other.seconds / ours.seconds:.1f} | {ours.megabytes:.0f} | {other.megabytes:.0f} |"
        for ours, other in pairs
    ]
    heading = "| task | size | here, s | other way | there, s | times as fast | here, MB | there, MB |"
    return ["", "## Beside the other way", "", "![Times as fast as the other way, by task](results.png)", "",
            heading, "|---|---|--:|---|--:|--:|--:|--:|", *rows]  # fmt: skip


def _limit(found: list[Measure]) -> list[str]:
    """Return how near the study is to the least it could take, and what a run takes in which nothing changed."""
    whole = next(m for m in found if m.task == "study" and m.ours)
    least = next(m for m in found if m.task == study.PARTS and m.way == "cells")
    unchanged = next(m for m in found if m.task == study.UNCHANGED)
    lacking = [way for way in study.OPTIONAL if not any(m.way == way for m in found)]
    return [
        "",
        f"The processor time of the cells alone, over all processors, is {_time(least)} s: the study takes "
        f"{whole.seconds / least.seconds:.2f} times as long. A run in which nothing changed takes {_time(unchanged)} s."
        + (f" Not installed, so not measured: {', '.join(lacking)}." if lacking else ""),
        "",
        "![Seconds of the whole study, by what they are for](parts.png)",
    ]


def _throughput(found: list[Measure]) -> list[str]:
    rows = [
        f"| {m.task} | {m.size} | {m.way} | {_time(m)} | {m.work / m.seconds:.1f} | {m.megabytes:.0f} |"
        for m in found
        if m.task == "choices"
    ]
    heading = "| task | size | with | s | choices a second | MB |"
    return ["", "## What a reader can choose", "", heading, "|---|---|---|--:|--:|--:|", *rows]


def _growth(found: list[Measure]) -> list[str]:
    """Return how the seconds grow with tenfold work, for each way measured at two sizes."""
    ordered = sorted((m for m in found if m.work), key=lambda m: (m.task, m.way, m.work))
    rows = []
    for first, tenfold in product(ordered, ordered):
        if (tenfold.task, tenfold.way, tenfold.work) == (first.task, first.way, 10 * first.work):
            memory = f"{first.megabytes:.0f} | {tenfold.megabytes:.0f}" if first.megabytes else " | "
            longer = tenfold.seconds / first.seconds
            rows.append(
                f"| {first.task} | {first.way} | {first.size} | {_time(first)} | {_time(tenfold)} | {longer:.1f} "
                f"| {memory} |"
            )
    heading = "| task | way | size | s | s, ten times as much | times as long | MB | MB, ten times as much |"
    return ["", "## Ten times the work", "", heading, "|---|---|---|--:|--:|--:|--:|--:|", *rows]


def _time(measure: Measure) -> str:
    return f"{measure.seconds:.3g}"


if __name__ == "__main__":
    main()
