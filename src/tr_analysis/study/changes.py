"""Which tasks would yield something else than last time, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path

from tr_analysis.provenance import machine
from tr_analysis.study import fingerprint
from tr_analysis.study.plan import Task
from tr_analysis.study.records import Records


@dataclass(frozen=True)
class Change:
    """What a task would be made from now, and in words what of it changed: nothing where it need not run."""

    task: Task
    made_from: fingerprint.Parts
    why: tuple[str, ...]


def changes(tasks: Sequence[Task], records: Mapping[Path, Records], *, force: bool) -> list[Change]:
    """Compare tasks with the record of their last run; one that loads results runs when those are made again.

    Parameters
    ----------
    tasks
        From `plan`.
    records
        By folder of results.
    force
        Whether all run.
    """
    by_name = {task.name: task for task in tasks}
    found: dict[str, Change] = {}
    for name in TopologicalSorter({task.name: task.after for task in tasks}).static_order():
        task = by_name[name]
        made_from = fingerprint.chapter(task)
        why = ["--force"] if force else records[task.out].changes(name, made_from)
        why += [f"{other} runs again" for other in task.after if found[other].why]
        found[name] = Change(task, made_from, tuple(why))
    return [found[task.name] for task in tasks]


def to_run(found: Sequence[Change]) -> list[Task]:
    """Return the tasks that must run, each waiting only for others of them."""
    names = {change.task.name for change in found if change.why}
    return [
        replace(change.task, after=tuple(name for name in change.task.after if name in names))
        for change in found
        if change.why
    ]


def keep(change: Change, files: Sequence[Path], records: Mapping[Path, Records]) -> None:
    """Keep what a task was made from: the notebook as it was before, and what it loaded as it is now."""
    task = change.task
    now = fingerprint.chapter(task) | {"the notebook": change.made_from["the notebook"]}
    records[task.out].keep(task.name, now, files, on=machine())
