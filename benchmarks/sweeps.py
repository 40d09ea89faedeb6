"""Sweeps: a reader's choices a second for one, two and four processes or Dask workers, and for ten times as many."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import LocalCluster

from benchmarks.measure import Measure, watched
from tr_analysis.sweep.choices import read_choices
from tr_analysis.sweep.run import Engine, dask, processes, run_sweep
from tr_analysis.sweep.specify import Sweep

_WORKERS = (1, 2, 4)


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield both kinds of workers, for each number of them; processes are started within, a cluster before."""
    few = 2 if quick else 10
    for jobs in _WORKERS:
        yield _measure(few, "processes", jobs)
        yield _measure(few, "Dask workers", jobs)
    yield _measure(10 * few, "processes", 2)
    yield _measure(10 * few, "Dask workers", 2)


def _measure(count: int, kind: str, jobs: int) -> Measure:
    sweep = _choices(count)
    opened: AbstractContextManager[Engine] = (
        nullcontext(processes(jobs)) if kind == "processes" else _cluster(jobs)
    )
    with opened as engine:

        def run() -> None:
            with TemporaryDirectory() as folder:
                if run_sweep(sweep, engine, Path(folder)).failed:
                    raise RuntimeError(f"a choice of {sweep.target.name} failed")

        seconds, megabytes = watched(run, 1)
    return Measure("choices", f"{kind}: {jobs}", f"{count} choices", count, seconds, megabytes)


@contextmanager
def _cluster(workers: int) -> Iterator[Engine]:
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with (
        TemporaryDirectory() as folder,
        LocalCluster(workers, local_directory=folder, **options) as opened,
        dask(opened.scheduler_address) as engine,
    ):
        yield engine


def _choices(count: int) -> Sweep:
    """Return the first of the choices that a reader of the chapter on recall has."""
    recall = next(each for each in read_choices() if each.target.name == "03-recall")
    chosen = recall.combinations()[:count]
    return Sweep(recall.target, tuple(recall.target.check(one) for one in chosen))
