"""The command that runs chapters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis import study
from tr_analysis.cli.site import render_after
from tr_analysis.cli.words import shown
from tr_analysis.errors import ChapterError, StudyError

if TYPE_CHECKING:
    from tr_analysis.study.execution import RunOutcome
    from tr_analysis.study.incremental import Change, Records
    from tr_analysis.study.kernels import Kernels
    from tr_analysis.study.plan import Task


def _assignments(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{value!r} is not of the form name=value")
        if name in given:
            raise click.BadParameter(f"{name} is given twice")
        given[name] = text
    return given


def _forked(context: click.Context, option: click.Parameter, kernels: str | None) -> bool:
    if kernels == "forked" and not study.CAN_FORK:
        raise click.BadParameter("kernels are forked on Linux only; leave --kernels away")
    return study.CAN_FORK if kernels is None else kernels == "forked"


@click.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option(
    "-p",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_assignments,
    help="Change a parameter. With chapters named, each must have it; otherwise the chapters that have it run.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Chapters at a time; by default two more than processors."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; by default reports/, "
    "or reports/variants/CHAPTER/NAME=VALUE/ when a parameter is changed.",
)
@click.option("--force", is_flag=True, help="Run also what would yield the same as last time.")
@click.option("--why", is_flag=True, help="Say for each chapter what changed since it was last run.")
@click.option(
    "--kernels",
    "forked",
    callback=_forked,
    type=click.Choice(["forked", "standard"]),
    help="Whether kernels are forked from one process that has imported what chapters need, the default on Linux, "
    "or each starts on its own.",
)
def run(
    chapters: tuple[str, ...],
    given: dict[str, str],
    jobs: int | None,
    out: Path | None,
    force: bool,
    why: bool,
    forked: bool,
) -> None:
    """Run the chapters in which something changed, of all by default, and publish what they yield.

    A chapter is named 03-recall, or 03, or recall. The one about a provider runs for each, unless -p names one.
    """
    from tr_analysis.study.incremental import Records, changes, to_run
    from tr_analysis.study.plan import plan

    # Mistakes of the caller come before the time that the tables take.
    tasks = plan(chapters, given, out)
    records = {out: Records(out) for out in {task.out for task in tasks}}
    with ExitStack() as opened:

        @cache
        def kernels() -> "Kernels":
            from tr_analysis.study.execution import kernels_for

            return opened.enter_context(kernels_for(tasks, forked=forked))

        found = changes(tasks, records, force=force)
        if forked and to_run(found):
            kernels()  # they import while the tables are built
        if _build(records, force=force):
            found = changes(tasks, records, force=force)
        if lines := list(_explained(found) if why else _unchanged(found)):
            click.echo("\n".join(lines))
        failures = _run(found, records, jobs, kernels)
    try:
        render_after(tasks, records, force=force, why=why)
    except StudyError as error:  # what failed before is said as well
        failures.append(str(error))
    if failures:
        raise ChapterError("\n".join(failures))


def _build(records: "Mapping[Path, Records]", *, force: bool) -> bool:
    """Build the analysis tables, unless they are there and nothing that they are made from changed; tell whether."""
    from tr_analysis import paths
    from tr_analysis.study.incremental import table_parts

    if not paths.has_own_data():
        return False
    parts, folder = table_parts(), paths.processed()
    stale = force or any(record.changes("tables", parts, folder) for record in records.values())
    if stale:
        from tr_analysis.study.tables import build_tables

        files = build_tables()
        for record in records.values():
            record.keep("tables", parts, files, folder)
    return stale


def _run(
    found: "Sequence[Change]",
    records: "Mapping[Path, Records]",
    jobs: int | None,
    kernels: "Callable[[], Kernels]",
) -> list[str]:
    """Run what changed, say how it ended, and return what failed."""
    from tr_analysis.study.incremental import keep, to_run
    from tr_analysis.study.plan import refuse_stale

    if not (tasks := to_run(found)):
        return []
    import tr_analysis.site  # noqa: F401 the pages need it in the end; now kernels import as well
    from tr_analysis.study.execution import run as run_chapters

    by_name = {change.task.name: change for change in found}

    def record(outcome: "RunOutcome") -> None:
        if outcome.failure:
            records[outcome.task.out].drop(outcome.task.name)
        else:
            keep(by_name[outcome.task.name], outcome.files, records)

    refuse_stale(tasks)
    outcomes = run_chapters(tasks, jobs, kernels=kernels(), done=record)
    click.echo("\n".join(_ended(outcomes)))
    return [outcome.failure for outcome in outcomes if outcome.failure]


def _unchanged(found: "Sequence[Change]") -> Iterator[str]:
    """Yield a line that names the chapters that need not run, if there are any."""
    same = [change.task for change in found if not change.why]
    if same:
        by_chapter = groupby(same, lambda task: task.chapter.name)
        yield f"unchanged: {', '.join(_named(list(tasks)) for _, tasks in by_chapter)}"


def _explained(found: "Sequence[Change]") -> Iterator[str]:
    """Yield a line for each chapter, or each of its runs where these differ, that says what changed."""
    for (_, why), same in groupby(found, lambda change: (change.task.chapter.name, change.why)):
        yield f"{_named([change.task for change in same])}: {'; '.join(why) or 'unchanged'}"


def _named(tasks: "Sequence[Task]") -> str:
    """Name one or more runs of a chapter."""
    return tasks[0].name if len(tasks) == 1 else f"{tasks[0].chapter.name} for {len(tasks)} providers"


def _ended(outcomes: "Sequence[RunOutcome]") -> Iterator[str]:
    """Yield a line for each chapter that was run, however often, and one for each run that failed."""
    for _, runs in groupby(outcomes, lambda outcome: (outcome.task.chapter.name, bool(outcome.failure))):
        ended = list(runs)
        if ended[0].failure:
            for outcome in ended:
                kept = f"; partly executed: {shown(outcome.files[0])}" if outcome.files else ""
                what = f"{outcome.seconds:.1f} s  failed{kept}" if outcome.seconds else "not run"
                yield f"{outcome.task.name}  {what}"
            continue
        many = len(ended) > 1
        seconds = sum(outcome.seconds for outcome in ended) / len(ended)
        figures = sum(path.suffix == ".png" for outcome in ended for path in outcome.files)
        what = f"notebook{'s' * many}, results, {figures} figure{'' if figures == 1 else 's'}"
        name, out = _named([outcome.task for outcome in ended]), shown(ended[0].task.out)
        yield f"{name}  {seconds:.1f} s{' each' * many}  {out}: {what}"
