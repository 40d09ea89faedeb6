"""The command that runs chapters."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.site import render_after
from tr_analysis.cli.words import shown
from tr_analysis.errors import ChapterError, StudyError

if TYPE_CHECKING:
    from tr_analysis.runner.run import Outcome


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


@click.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option(
    "-p",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_assignments,
    help="Turn a parameter. With chapters named, each must have it; otherwise the chapters that have it run.",
)
@click.option(
    "--all", "all_providers", is_flag=True, help="Run a chapter about one provider for all of them."
)
@click.option("--jobs", type=click.IntRange(min=1), help="Chapters at a time; by default one per processor.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; by default reports/, "
    "or reports/variants/CHAPTER/NAME=VALUE/ when a parameter is turned.",
)
def run(
    chapters: tuple[str, ...],
    given: dict[str, str],
    all_providers: bool,
    jobs: int | None,
    out: Path | None,
) -> None:
    """Run chapters, all by default, and publish what they yield.

    A chapter is named 03-recall, or 03, or recall.
    """
    from tr_analysis import data
    from tr_analysis.runner.run import run as run_chapters
    from tr_analysis.study.plan import plan, refuse_stale

    # Mistakes of the caller come before the time that the tables take.
    tasks = plan(chapters, given, out, all_providers=all_providers)
    data.build()
    refuse_stale(tasks)
    outcomes = run_chapters(tasks, jobs)
    click.echo("\n".join(_told(outcomes)))
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    try:
        render_after(tasks)
    except StudyError as error:  # what failed before is said as well
        failures.append(str(error))
    if failures:
        raise ChapterError("\n".join(failures))


def _told(outcomes: "Sequence[Outcome]") -> Iterator[str]:
    """Yield a line for each chapter that was run, however often, and one for each run that failed."""
    for chapter, runs in groupby(outcomes, lambda outcome: outcome.task.chapter.name):
        ended = list(runs)
        if done := [outcome for outcome in ended if not outcome.failure]:
            many = len(done) > 1
            name = f"{chapter} for {len(done)} providers" if many else done[0].task.name
            seconds = sum(outcome.seconds for outcome in done) / len(done)
            figures = sum(path.suffix == ".png" for outcome in done for path in outcome.files)
            what = f"notebook{'s' * many}, results, {figures} figure{'' if figures == 1 else 's'}"
            yield f"{name}  {seconds:.1f} s{' each' * many}  {shown(done[0].task.out)}: {what}"
        for outcome in (outcome for outcome in ended if outcome.failure):
            kept = f"; partly executed: {shown(outcome.files[0])}" if outcome.files else ""
            what = f"{outcome.seconds:.1f} s  failed{kept}" if outcome.seconds else "not run"
            yield f"{outcome.task.name}  {what}"
