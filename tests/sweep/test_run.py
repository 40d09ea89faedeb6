import csv
import json
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.processors import tree
from tr_analysis.sweep import run
from tr_analysis.sweep.run import (
    Ending,
    Engine,
    EngineError,
    OtherVersionError,
    collect,
    dask,
    processes,
    run_sweep,
    work,
)
from tr_analysis.sweep.specify import Call, FunctionTarget, read_sweep


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "table.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def whole(out: Path, expected: int) -> bool:
    """Whether each specification is published once and whole, and nothing half-written is left."""
    runs = list((out / "runs").iterdir())
    ids = {json.loads((run / "result.json").read_bytes())["id"] for run in runs}
    return len(runs) == expected and ids == {run.name for run in runs} == {row["id"] for row in rows(out)}


def local(folder: Path, **options):
    from distributed import LocalCluster  # here: every worker collects this module, one runs it

    options |= {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    return LocalCluster(2, local_directory=str(folder), **options)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Dask workers that are threads of this process, but hear of their work as others do."""
    with local(tmp_path_factory.mktemp("dask"), processes=False, protocol="tcp://") as opened:
        yield opened.scheduler_address


@pytest.fixture
def pool():
    return processes(2)


def test_table_has_parameters_and_outcomes_in_order(spec, threads, tmp_path):
    sweep = read_sweep(spec("add", "[fixed]\ny = 2\n[grid]\nx = [3, 1]"))
    tally = run_sweep(sweep, threads, tmp_path)
    assert (tally.specifications, tally.ran, tally.failed) == (2, 2, 0)
    assert [{**row, "id": ""} for row in rows(tmp_path)] == [
        {"id": "", "y": "2", "x": "3", "total": "5", "ratio": "1.5", "x_found": "-3", "failure": ""},
        {"id": "", "y": "2", "x": "1", "total": "3", "ratio": "0.5", "x_found": "-1", "failure": ""},
    ]


@pytest.mark.parametrize(
    ("function", "columns"),
    [("parity", ["total", "parity"]), ("nothing", ["value"])],
)
def test_what_functions_may_return(spec, threads, tmp_path, function, columns):
    run_sweep(read_sweep(spec(function, "[grid]\nx = [3]")), threads, tmp_path)
    assert list(rows(tmp_path)[0]) == ["id", "x", *columns, "failure"]


def test_what_is_there_is_not_run_again(spec, threads, tmp_path):
    path = spec("add", "[grid]\nx = [1, 2]")
    run_sweep(read_sweep(path), threads, tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert run_sweep(read_sweep(path), threads, tmp_path).ran == 0
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_another_seed_runs_again(spec, threads, tmp_path):
    def values(seed: int) -> list[str]:
        path = spec("chance", "")
        path.write_text(f"seed = {seed}\n{path.read_text()}[grid]\nx = [1, 2]")
        run_sweep(read_sweep(path), threads, tmp_path)
        return [row["value"] for row in rows(tmp_path)]

    first = values(1)
    assert not set(first) & set(values(2))
    assert values(1) == first


def test_failures_are_rows_and_run_again(spec, threads, tmp_path):
    path = spec("add", "[fixed]\ny = 0\n[[specifications]]\nx = 1\n[[specifications]]\nx = 2\ny = 1")
    for _ in range(2):
        tally = run_sweep(read_sweep(path), threads, tmp_path)
        assert tally.failed == 1
        assert [row["failure"] for row in rows(tmp_path)] == [tally.first_failure, ""]
        assert tally.first_failure.startswith("ZeroDivisionError: division by zero | sweep_toys.py:")
        assert tally.first_failure.endswith(" in add")
    assert tally.ran == 1
    assert whole(tmp_path, 2)


@pytest.mark.parametrize(
    ("function", "said"), [("strange", "returned table as list"), ("quits", "SystemExit: 3")]
)
def test_what_makes_no_row_is_a_failure(spec, threads, tmp_path, function, said):
    assert said in run_sweep(read_sweep(spec(function, "[grid]\nx = [1]")), threads, tmp_path).first_failure


def test_what_a_killed_sweep_left_is_run_again(spec, threads, tmp_path):
    path = spec("add", "[grid]\nx = [1]")
    run_sweep(read_sweep(path), threads, tmp_path)
    first = tree(tmp_path)
    (result,) = tmp_path.glob("runs/*/result.json")
    result.unlink()
    half = result.parent / ".writing-abc" / "new-0"
    half.parent.mkdir()
    half.write_text("{")
    assert run_sweep(read_sweep(path), threads, tmp_path).ran == 1
    assert tree(tmp_path) == first


def test_table_is_the_same_whatever_the_engine(spec, threads, tmp_path, cluster):
    path = spec("chance", "")
    path.write_text(f"seed = 1\n{path.read_text()}[grid]\nx = {list(range(30))}")
    sweep = read_sweep(path)
    with dask(cluster) as workers:
        engines = {"thread": threads, "processes": processes(2), "dask": workers}
        for name, engine in engines.items():
            assert run_sweep(sweep, engine, tmp_path / name).failed == 0
    made = [tree(tmp_path / name) for name in engines]
    assert len(made[0]) == 31
    assert made.count(made[0]) == len(engines)


def killing(spec, marker: Path, count: int, lives: int) -> Path:
    marker.mkdir()
    return spec("deadly", f"[fixed]\nmarker = '{marker}'\nlives = {lives}\n[grid]\nx = {list(range(count))}")


def check_killed(path: Path, engine, marker: Path, out: Path, count: int) -> None:
    tally = run_sweep(read_sweep(path), engine, out)
    assert len(list(marker.iterdir())) == 1
    assert (tally.ran, tally.failed) == (count, 0)
    assert [row["value"] for row in rows(out)] == [str(x * x) for x in range(count)]
    assert whole(out, count)
    assert run_sweep(read_sweep(path), engine, out).ran == 0


def test_a_killed_process_costs_nothing(spec, tmp_path):
    path = killing(spec, tmp_path / "marker", 30, 1)
    check_killed(path, processes(2), tmp_path / "marker", tmp_path / "out", 30)


@pytest.mark.full
def test_a_killed_dask_worker_costs_nothing(spec, tmp_path):
    path = killing(spec, tmp_path / "marker", 30, 1)
    with local(tmp_path / "dask") as cluster, dask(cluster.scheduler_address) as engine:
        check_killed(path, engine, tmp_path / "marker", tmp_path / "out", 30)


def test_workers_without_the_package_are_named(cluster, monkeypatch):
    monkeypatch.setattr(run, "_PACKAGE", "no-such-package")
    with (
        pytest.raises(EngineError, match="no no-such-package is installed for tcp://"),
        dask(cluster),
    ):
        pass


@pytest.mark.parametrize("engine", ["cluster", pytest.param("pool", marks=pytest.mark.full)])
def test_chapters_give_files_and_key_numbers(spec, chapter, tmp_path, request, engine):
    sweep = read_sweep(spec("", 'chapter = "toy"\n[grid]\nn = [8, 13]\nscale = ["level"]'))
    opened = request.getfixturevalue(engine)
    with dask(opened) if engine == "cluster" else nullcontext(opened) as workers:
        tally = run_sweep(sweep, workers, tmp_path / "out")
    good, bad = rows(tmp_path / "out")
    shown = {"n": "8", "scale": "level", "gap": "2.0", "gap_low": "1.0", "gap_high": "", "words": "level"}
    assert {name: good[name] for name in shown} == shown
    assert (good["failure"], bad["gap"]) == ("", "")
    assert bad["failure"] == tally.first_failure == "03-toy, under “Evidence”: ValueError: unlucky"
    files = sorted(
        path.name for path in (tmp_path / "out" / "runs" / good["id"]).rglob("*") if path.is_file()
    )
    assert files == ["03-toy.ipynb", "03-toy.json", "result.json"]
    assert (tally.ran, tally.failed) == (2, 1)


CALLS = [Call(str(number), {"x": number}) for number in range(1000)]
TARGET = FunctionTarget("statistics:mean", ".")


class Counting(ThreadPoolExecutor):
    """Two threads that end calls in a way of their own; remembers how many were in flight at most."""

    def __init__(self, end: Callable[[Call], Ending]) -> None:
        super().__init__(2)
        self.end, self.flying, self.most = end, 0, 0

    def submit(self, function, target, version, call):
        self.flying += 1
        self.most = max(self.most, self.flying)
        return super().submit(self.ended, call)

    def ended(self, call):
        try:
            return self.end(call)
        finally:
            self.flying -= 1


def breaking(*deadly: int) -> Callable[[Call], Ending]:
    """End the worker at some calls, at all where none is named."""

    def end(call):
        if not deadly or call.arguments["x"] in deadly:
            raise BrokenExecutor
        return Ending(call)

    return end


def collected(end: Callable[[Call], Ending], calls: list[Call]) -> list[Ending]:
    return list(collect(TARGET, "v", calls, Engine(2, lambda: nullcontext(Counting(end)))))


def test_few_are_in_flight():
    executor = Counting(Ending)
    endings = list(collect(TARGET, "v", CALLS, Engine(2, lambda: nullcontext(executor))))
    assert sorted(int(ending.call.id) for ending in endings) == list(range(1000))
    assert executor.most <= 8


def test_workers_that_never_stay_end_the_sweep():
    with pytest.raises(EngineError, match="every worker is lost") as refused:
        collected(breaking(), CALLS)
    assert refused.value.exit_code == 3


def test_who_is_lost_three_times_alone_is_to_blame_and_nobody_else():
    endings = collected(breaking(7, 8), CALLS[:20])
    assert sorted(int(ending.call.id) for ending in endings) == list(range(20))
    blamed = {ending.call.id: ending.failure for ending in endings if ending.failure}
    assert {name: failure[:33] for name, failure in blamed.items()} == dict.fromkeys(
        "78", "lost: its worker was killed 3 tim"
    )


def test_a_worker_with_other_code_is_refused():
    with pytest.raises(OtherVersionError, match="install the same everywhere"):
        work(TARGET, "other", CALLS[0])


def test_more_specifications_run_only_what_is_new(spec, threads, tmp_path):
    run_sweep(read_sweep(spec("add", "[grid]\nx = [1, 2]")), threads, tmp_path)
    assert run_sweep(read_sweep(spec("add", "[grid]\nx = [2, 3, 1]")), threads, tmp_path).ran == 1
    assert [row["x"] for row in rows(tmp_path)] == ["2", "3", "1"]
