"""Sweeps: specifications a second for one, two and four processes or Dask workers, and for ten times as many."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import LocalCluster

from benchmarks.measure import Measure, watched
from tr_analysis.sweep.engines import Engine, dask, processes
from tr_analysis.sweep.run import run_sweep
from tr_analysis.sweep.specify import ChapterTarget, Sweep

_WORKERS = (1, 2, 4)


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield both kinds of workers, for each number of them; processes are started within, a cluster before."""
    few = 2 if quick else 6
    for jobs in _WORKERS:
        yield _measure(few, "processes", jobs)
        yield _measure(few, "Dask workers", jobs)
    yield _measure(10 * few, "processes", 2)


def _measure(count: int, kind: str, jobs: int) -> Measure:
    sweep = _chapters(count)
    opened: AbstractContextManager[Engine] = (
        nullcontext(processes(jobs)) if kind == "processes" else _cluster(jobs)
    )
    with opened as engine:

        def run() -> None:
            with TemporaryDirectory() as folder:
                if run_sweep(sweep, engine, Path(folder)).failed:
                    raise RuntimeError(f"a specification of {sweep.target.name} failed")

        seconds, megabytes = watched(run, 1)
    return Measure(
        "sweep of chapters", f"{kind}: {jobs}", f"{count} specifications", count, seconds, megabytes
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


def _chapters(count: int) -> Sweep:
    target = ChapterTarget("03-recall")
    months = [*(f"2010-{month:02}" for month in range(6, 13)), "2011-01", "2011-02"]
    given = ({"start": start, "harmonics": harmonics} for start, harmonics in product(months, range(7)))
    return Sweep(target, tuple(target.check(one) for one in islice(given, count)))
