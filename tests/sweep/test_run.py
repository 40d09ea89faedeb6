import csv
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.processors import tree
from tests.sweep.toys import Toy, sweep
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
from tr_analysis.sweep.specify import Call, Sweep, read_sweep


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


def test_table_has_parameters_and_outcomes_in_order(threads, tmp_path):
    tally = run_sweep(sweep("add", [3, 1], y=2), threads, tmp_path)
    assert (tally.specifications, tally.ran, tally.failed) == (2, 2, 0)
    same = {"id": "", "y": "2", "nothing": "", "failure": ""}
    assert [{**row, "id": ""} for row in rows(tmp_path)] == [
        same | {"x": "3", "total": "5", "ratio": "1.5", "x_found": "-3"},
        same | {"x": "1", "total": "3", "ratio": "0.5", "x_found": "-1"},
    ]


def test_what_is_there_is_not_run_again(threads, tmp_path):
    run_sweep(sweep("add", [1, 2]), threads, tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    assert run_sweep(sweep("add", [1, 2]), threads, tmp_path).ran == 0
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before
    assert run_sweep(sweep("add", [2, 3, 1]), threads, tmp_path).ran == 1
    assert [row["x"] for row in rows(tmp_path)] == ["2", "3", "1"]


def test_failures_are_rows_and_run_again(threads, tmp_path):
    two = Sweep(Toy("add"), ({"x": 1, "y": 0}, {"x": 2, "y": 1}))
    for _ in range(2):
        tally = run_sweep(two, threads, tmp_path)
        assert tally.failed == 1
        assert [row["failure"] for row in rows(tmp_path)] == [tally.first_failure, ""]
        assert tally.first_failure.startswith("ZeroDivisionError: division by zero | toys.py:")
        assert tally.first_failure.endswith(" in add")
    assert tally.ran == 1
    assert whole(tmp_path, 2)


def test_what_quits_is_a_failure(threads, tmp_path):
    assert "SystemExit: 3" in run_sweep(sweep("quits", [1]), threads, tmp_path).first_failure


def test_what_a_killed_sweep_left_is_run_again(threads, tmp_path):
    run_sweep(sweep("add", [1]), threads, tmp_path)
    first = tree(tmp_path)
    (result,) = tmp_path.glob("runs/*/result.json")
    result.unlink()
    half = result.parent / ".writing-abc" / "new-0"
    half.parent.mkdir()
    half.write_text("{")
    assert run_sweep(sweep("add", [1]), threads, tmp_path).ran == 1
    assert tree(tmp_path) == first


def test_table_is_the_same_whatever_the_engine(threads, tmp_path, cluster):
    with dask(cluster) as workers:
        kinds = {"thread": threads, "processes": processes(2), "dask": workers}
        for name, engine in kinds.items():
            assert run_sweep(sweep("add", range(30)), engine, tmp_path / name).failed == 0
    made = [tree(tmp_path / name) for name in kinds]
    assert len(made[0]) == 31
    assert made.count(made[0]) == len(kinds)


def test_a_killed_worker_ends_the_sweep_and_what_is_done_is_kept(tmp_path):
    (tmp_path / "marker").mkdir()
    deadly = sweep("deadly", range(30), marker=str(tmp_path / "marker"))
    with pytest.raises(EngineError, match=r"a worker was killed.* run again to go on") as refused:
        run_sweep(deadly, processes(1), tmp_path / "out")
    assert refused.value.exit_code == 3
    done = len(list(tmp_path.glob("out/runs/*/result.json")))
    tally = run_sweep(deadly, processes(1), tmp_path / "out")
    assert (tally.ran, tally.failed) == (30 - done, 0)
    assert [row["value"] for row in rows(tmp_path / "out")] == [str(x * x) for x in range(30)]
    assert whole(tmp_path / "out", 30)


@pytest.mark.full
def test_a_killed_dask_worker_costs_nothing(tmp_path):
    (tmp_path / "marker").mkdir()
    deadly = sweep("deadly", range(30), marker=str(tmp_path / "marker"))
    with local(tmp_path / "dask") as cluster, dask(cluster.scheduler_address) as engine:
        assert run_sweep(deadly, engine, tmp_path / "out").failed == 0
    assert whole(tmp_path / "out", 30)


def test_workers_without_the_package_are_named(cluster, monkeypatch):
    monkeypatch.setattr("tr_analysis.sweep.run._PACKAGE", "no-such-package")
    with pytest.raises(EngineError, match="no no-such-package is installed for tcp://"), dask(cluster):
        pass


@pytest.mark.parametrize("engine", ["cluster", pytest.param("pool", marks=pytest.mark.full)])
def test_chapters_give_files_and_key_numbers(spec, chapter, tmp_path, request, engine):
    toy = read_sweep(spec('chapter = "toy"\n[grid]\nn = [8, 13]\nscale = ["level"]'))
    opened = request.getfixturevalue(engine)
    with dask(opened) if engine == "cluster" else nullcontext(opened) as workers:
        tally = run_sweep(toy, workers, tmp_path / "out")
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
TARGET = Toy("add")


class Counting(ThreadPoolExecutor):
    """Two threads; remembers how many calls were in flight at most."""

    def __init__(self) -> None:
        super().__init__(2)
        self.flying, self.most = 0, 0

    def submit(self, job, target, version, call):
        self.flying += 1
        self.most = max(self.most, self.flying)
        return super().submit(self.ended, call)

    def ended(self, call):
        self.flying -= 1
        return Ending(call)


def test_few_are_in_flight():
    executor = Counting()
    endings = list(collect(TARGET, "v", CALLS, Engine(2, lambda: nullcontext(executor))))
    assert sorted(int(ending.call.id) for ending in endings) == list(range(1000))
    assert executor.most <= 8


def test_a_worker_with_other_code_is_refused():
    with pytest.raises(OtherVersionError, match="install the same everywhere"):
        work(TARGET, "other", CALLS[0])
