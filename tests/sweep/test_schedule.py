from collections.abc import Callable
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from tr_analysis.sweep.engines import Engine, EngineError
from tr_analysis.sweep.schedule import Backlog, collect
from tr_analysis.sweep.targets import FunctionTarget
from tr_analysis.sweep.worker import Call, Ending, OtherVersionError, work

CALLS = [Call(str(number), {"x": number}) for number in range(1000)]
TARGET = FunctionTarget("statistics:mean", ".")


class Counting(ThreadPoolExecutor):
    """Two threads that end calls in a way of their own; remembers how many were in flight at most."""

    def __init__(self, end: Callable[[list[Call]], list[Ending]]) -> None:
        super().__init__(2)
        self.end, self.flying, self.most = end, 0, 0

    def submit(self, function, target, version, chunk):
        self.flying += 1
        self.most = max(self.most, self.flying)
        return super().submit(self.ended, chunk)

    def ended(self, chunk):
        try:
            return self.end(chunk), 0.001 * len(chunk)
        finally:
            self.flying -= 1


def test_few_are_in_flight_and_cheap_ones_go_together():
    sizes = []

    def end(chunk):
        sizes.append(len(chunk))
        return [Ending(call) for call in chunk]

    executor = Counting(end)
    endings = list(collect(TARGET, "v", CALLS, Engine(2, lambda: nullcontext(executor))))
    assert sorted(int(ending.call.id) for ending in endings) == list(range(1000))
    assert executor.most <= 4
    assert min(sizes) == 1
    assert 1 < max(sizes) <= 200


def test_workers_that_never_stay_end_the_sweep():
    def end(chunk):
        raise BrokenExecutor

    with pytest.raises(EngineError, match="every worker is lost") as refused:
        list(collect(TARGET, "v", CALLS, Engine(2, lambda: Counting(end))))
    assert refused.value.exit_code == 3


def test_workers_without_the_package_end_the_sweep_with_a_remedy():
    def end(chunk):
        raise ModuleNotFoundError("No module named 'tr_analysis'", name="tr_analysis")

    with pytest.raises(
        EngineError, match=r"No module named 'tr_analysis'.*install on every machine"
    ) as refused:
        list(collect(TARGET, "v", CALLS, Engine(2, lambda: Counting(end))))
    assert refused.value.exit_code == 3


def test_what_was_in_flight_when_a_worker_was_lost_runs_alone():
    backlog = Backlog(CALLS[:4], 2)
    first, second = backlog.chunk(0), backlog.chunk(1)
    assert backlog.lost(first) == backlog.lost(second) == []
    assert backlog.chunk(1) == []
    alone = backlog.chunk(0)
    assert (alone, backlog.chunk(1)) == (first, [])


def test_who_is_lost_three_times_alone_is_to_blame():
    backlog = Backlog(CALLS[:1], 2)
    assert backlog.lost(backlog.chunk(0)) == []
    ends = [backlog.lost(backlog.chunk(0)) for _ in range(3)]
    assert ends[:2] == [[], []]
    assert [ending.failure[:4] for ending in ends[2]] == ["lost"]
    assert not backlog


def test_a_worker_with_other_code_is_refused():
    with pytest.raises(OtherVersionError, match="install the same everywhere"):
        work(TARGET, "other", CALLS[:1])
