"""Sweeps: specifications a second for one, two and four processes or Dask workers, and for ten times as many."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import LocalCluster

from benchmarks.measure import Measure, watched
from tr_analysis.sweep.run import Engine, dask, processes, run_sweep
from tr_analysis.sweep.specify import ChapterTarget, FunctionTarget, Sweep

_FUNCTION = FunctionTarget("tr_analysis.estimators.proportions:detectable_share", ".")
_WORKERS = (1, 2, 4)


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield functions and chapters, for each number of workers; processes are started within, a cluster before."""
    functions, chapters, repeats = (200, 2, 1) if quick else (500, 6, 3)
    for jobs in _WORKERS:
        yield _measure("functions", _functions(functions), "processes", jobs, repeats)
        yield _measure("functions", _functions(functions), "Dask workers", jobs, repeats)
    yield _measure("functions", _functions(10 * functions), "processes", 2, 1)
    yield _measure("functions", _functions(10 * functions), "Dask workers", 2, 1)
    for jobs in _WORKERS:
        yield _measure("chapters", _chapters(chapters), "processes", jobs, 1)
    yield _measure("chapters", _chapters(10 * chapters), "processes", 2, 1)


def _measure(what: str, sweep: Sweep, kind: str, jobs: int, repeats: int) -> Measure:
    opened: AbstractContextManager[Engine] = (
        nullcontext(processes(jobs)) if kind == "processes" else _cluster(jobs)
    )
    with opened as engine:

        def run() -> None:
            with TemporaryDirectory() as folder:
                if run_sweep(sweep, engine, Path(folder)).failed:
                    raise RuntimeError(f"a specification of {sweep.target.name} failed")

        seconds, megabytes = watched(run, repeats)
    count = len(sweep.given)
    return Measure(
        f"sweep of {what}", f"{kind}: {jobs}", f"{count} specifications", count, seconds, megabytes
    )


@contextmanager
def _cluster(workers: int) -> Iterator[Engine]:
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with (
        TemporaryDirectory() as folder,
        LocalCluster(workers, local_directory=folder, **options) as opened,
        dask(opened.scheduler_address) as engine,
    ):
        yield engine


def _functions(count: int) -> Sweep:
    given = ({"share_1": 0.3 + 0.3 * i / count, "trials_1": 80, "trials_2": 60} for i in range(count))
    return Sweep(_FUNCTION, tuple(given))


def _chapters(count: int) -> Sweep:
    given = ({"lags": 1 + i % 36, "harmonics": i // 36} for i in range(count))
    return Sweep(ChapterTarget.named("recall"), tuple(given))
