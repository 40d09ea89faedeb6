"""Sweeps: specifications a second for one, two and four processes, and when there are ten times as many."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Measure, timed
from tr_analysis.sweep.engines import processes
from tr_analysis.sweep.run import run_sweep
from tr_analysis.sweep.specify import Sweep
from tr_analysis.sweep.targets import ChapterTarget, FunctionTarget

_FUNCTION = FunctionTarget("tr_analysis.models.power:detectable_share", ".")


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield functions and chapters, for each number of processes; start and table included."""
    count, repeats = (200, 1) if quick else (2000, 3)
    for jobs in (1, 2, 4):
        yield _measure("functions", _functions(count), jobs, repeats)
    yield _measure("functions", _functions(10 * count), 2, 1)
    for jobs in (1, 2, 4):
        yield _measure("chapters", _chapters(4 if quick else 24), jobs, 1)


def _measure(what: str, sweep: Sweep, jobs: int, repeats: int) -> Measure:
    def run() -> None:
        with TemporaryDirectory() as folder:
            if run_sweep(sweep, processes(jobs), Path(folder)).failed:
                raise RuntimeError(f"a specification of {sweep.target.name} failed")

    count = len(sweep.given)
    way = f"{jobs} process{'es' * (jobs > 1)}"
    return Measure(f"sweep of {what}", way, f"{count} specifications", count, timed(run, repeats))


def _functions(count: int) -> Sweep:
    given = ({"share_1": 0.3 + 0.3 * i / count, "trials_1": 80, "trials_2": 60} for i in range(count))
    return Sweep(_FUNCTION, tuple(given))


def _chapters(count: int) -> Sweep:
    return Sweep(ChapterTarget.named("recall"), tuple({"lags": lags} for lags in range(1, count + 1)))
