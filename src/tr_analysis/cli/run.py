"""The commands that run chapters and sweeps, and make the pages of what they leave."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis import paths, study
from tr_analysis.cli.chapters import shown
from tr_analysis.errors import ChapterError, StudyError, UsageError
from tr_analysis.study import plan as planning
from tr_analysis.study.plan import Change, Records, Task

if TYPE_CHECKING:
    from tr_analysis.study.execution import RunOutcome
    from tr_analysis.study.kernels import Kernels
    from tr_analysis.sweep.run import Engine


_PDF = "study.pdf"


@click.command()
@click.option("--pdf", is_flag=True, help="Print the whole study as one PDF as well; this needs Chromium.")
def site(pdf: bool) -> None:
    """Make the pages of the study from the chapters as they were last run."""
    pages = _study_pages(paths.reports())
    if not pages:
        raise StudyError("no chapter has been run yet: run `tr-analysis run` first")
    if pdf:
        from tr_analysis.site.pdf import write_pdf

        click.echo(shown(write_pdf(pages, pages[0].parent / _PDF)))


def render_after(tasks: Sequence[Task], records: Mapping[Path, Records], *, force: bool, why: bool) -> None:
    """Make the pages of the study, or of each variant, which is no part of it, where what they show changed.

    Outside a checkout there is no study: there each chapter has a page that stands alone, as a variant has.
    """

    def render(name: str, out: Path, make: Callable[[Path], list[Path]], source: Path) -> None:
        parts = planning.page_parts(out)
        changed = ["--force"] if force else records[out].changes(name, parts)
        if why or not changed:
            click.echo(f"{name}: {'; '.join(changed) or 'unchanged'}")
        if changed and (pages := make(source)):
            records[out].keep(name, parts, {*pages, *(out / "site").rglob("*")})

    alone = [task for task in tasks if task.is_variant or not paths.has_own_data()]
    for out in dict.fromkeys(task.out for task in tasks if task not in alone):
        render("pages", out, _study_pages, out)
    for task in alone:
        if (executed := task.out / f"{task.name}.ipynb").exists():
            render(f"page of {task.name}", task.out, _variant_page, executed)


def _variant_page(executed: Path) -> list[Path]:
    from tr_analysis.site import write_variant

    click.echo(f"page: {shown(page := write_variant(executed))}")
    return [page]


def _study_pages(out: Path) -> list[Path]:
    """Make the pages of what was run into a folder, and say so."""
    from tr_analysis.site import write_site

    executed = sorted(out.glob("*.ipynb"))
    pages = write_site(executed, out / "site") if executed else []
    (out / "site" / _PDF).unlink(missing_ok=True)  # an older one would not be of these pages
    if pages:
        click.echo(f"{len(pages)} pages: {shown(pages[0])}")
    return pages


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
    # Mistakes of the caller come before the time that the tables take.
    tasks = planning.plan(chapters, given, out)
    records = {out: Records(out) for out in {task.out for task in tasks}}
    with ExitStack() as opened:

        @cache
        def kernels() -> "Kernels":
            from tr_analysis.study.execution import kernels_for

            return opened.enter_context(kernels_for(tasks, forked=forked))

        found = planning.changes(tasks, records, force=force)
        if forked and planning.to_run(found):
            kernels()  # they import while the tables are built
        if _build(records, force=force):
            found = planning.changes(tasks, records, force=force)
        if lines := list(_explained(found) if why else _unchanged(found)):
            click.echo("\n".join(lines))
        failures = _run(found, records, jobs, kernels)
    try:
        if not (given or out or failures) and paths.has_own_data():
            _fill(records[paths.reports()], {task.chapter.name for task in tasks} if chapters else (), jobs)
        render_after(tasks, records, force=force, why=why)
    except StudyError as error:  # what failed before is said as well
        failures.append(str(error))
    if failures:
        raise ChapterError("\n".join(failures))


def _fill(records: Records, chapters: Collection[str], jobs: int | None) -> None:
    """Compute the choices of some chapters, or of all, if anything that they are made from changed."""
    parts = planning.choice_parts(paths.reports())
    if chapters or records.changes("choices", parts):
        files = fill_choices(_engine(jobs, None), chapters)
        if not chapters:
            records.keep("choices", parts, files)


def _build(records: Mapping[Path, Records], *, force: bool) -> bool:
    """Build the analysis tables, unless they are there and nothing that they are made from changed; tell whether."""
    if not paths.has_own_data():
        return False
    parts, folder = planning.table_parts(), paths.processed()
    stale = force or any(record.changes("tables", parts, folder) for record in records.values())
    if stale:
        files = planning.build_tables()
        for record in records.values():
            record.keep("tables", parts, files, folder)
    return stale


def _run(
    found: Sequence[Change],
    records: Mapping[Path, Records],
    jobs: int | None,
    kernels: "Callable[[], Kernels]",
) -> list[str]:
    """Run what changed, say how it ended, and return what failed."""
    if not (tasks := planning.to_run(found)):
        return []
    import tr_analysis.site  # noqa: F401 the pages need it in the end; now kernels import as well
    from tr_analysis.study.execution import run as run_chapters

    by_name = {change.task.name: change for change in found}

    def record(outcome: "RunOutcome") -> None:
        if outcome.failure:
            records[outcome.task.out].drop(outcome.task.name)
        else:
            planning.keep(by_name[outcome.task.name], outcome.files, records, outcome.seconds)

    planning.refuse_stale(tasks)
    outcomes = run_chapters(tasks, jobs, kernels=kernels(), done=record)
    click.echo("\n".join(_ended(outcomes)))
    return [outcome.failure for outcome in outcomes if outcome.failure]


def _unchanged(found: Sequence[Change]) -> Iterator[str]:
    """Yield a line that names the chapters that need not run, if there are any."""
    same = [change.task for change in found if not change.why]
    if same:
        by_chapter = groupby(same, lambda task: task.chapter.name)
        yield f"unchanged: {', '.join(_named(list(tasks)) for _, tasks in by_chapter)}"


def _explained(found: Sequence[Change]) -> Iterator[str]:
    """Yield a line for each chapter, or each of its runs where these differ, that says what changed."""
    for (_, why), same in groupby(found, lambda change: (change.task.chapter.name, change.why)):
        yield f"{_named([change.task for change in same])}: {'; '.join(why) or 'unchanged'}"


def _named(tasks: Sequence[Task]) -> str:
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


_jobs = click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one per processor.")
_scheduler = click.option(
    "--scheduler", metavar="tcp://HOST:PORT", help="Run on the workers of this Dask scheduler instead."
)


def _engine(jobs: int | None, scheduler: str | None) -> "AbstractContextManager[Engine]":
    """Return where a sweep runs; to ask for this machine and for others is a `UsageError`."""
    from tr_analysis.sweep.run import dask, processes

    if jobs and scheduler:
        raise UsageError("--jobs is about this machine, --scheduler about others: give one of them")
    return dask(scheduler) if scheduler else nullcontext(processes(jobs))


@click.command()
@_jobs
@_scheduler
def choices(jobs: int | None, scheduler: str | None) -> None:
    """Compute what the pages show when a reader changes a choice; what is done already is not computed again.

    notebooks/choices.toml lists the choices. A run of the whole study does this as well.
    """
    planning.build_tables()
    fill_choices(_engine(jobs, scheduler), [])
    _study_pages(paths.reports())


def fill_choices(opened: "AbstractContextManager[Engine]", chapters: Collection[str]) -> list[Path]:
    """Compute the choices of some chapters, or of all, that are not there yet; say so, and return what pages read."""
    from tr_analysis.sweep.choices import compute, read_choices

    asked = [each for each in read_choices() if not chapters or each.target.name in chapters]
    with opened as engine:
        tallies = [compute(each, engine) for each in asked]
    if ran := sum(tally.ran for tally in tallies):
        click.echo(f"choices: {ran} of {sum(tally.specifications for tally in tallies)} computed")
    return [each.folder / study.CHOICES_PAGE for each in asked]


@click.command()
@click.argument("spec", type=click.Path(path_type=Path), metavar="SPEC.toml")
@_jobs
@_scheduler
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; by default reports/sweeps/SPEC/.",
)
def sweep(spec: Path, jobs: int | None, scheduler: str | None, out: Path | None) -> None:
    """Run a function, or a chapter, over many specifications; what is done already is not run again.

    docs/sweeps.md shows how SPEC.toml is written.
    """
    from tr_analysis.sweep.run import run_sweep
    from tr_analysis.sweep.specify import ChapterTarget, read_sweep

    planned = read_sweep(spec)
    out = out or paths.reports() / "sweeps" / spec.stem
    planning.refuse_folder(out, is_variant=True)
    with _engine(jobs, scheduler) as engine:
        if isinstance(planned.target, ChapterTarget):
            planning.build_tables()
        tally = run_sweep(planned, engine, out)
    there = tally.specifications - tally.ran
    click.echo(
        f"{tally.specifications} specifications: {tally.ran} run, {there} there already, {tally.failed} failed"
        f"  {shown(tally.table)}"
    )
    if tally.failed:
        raise ChapterError(
            f"{tally.failed} of {tally.specifications} failed, and will be tried again the next time; "
            f"the first: {tally.first_failure}"
        )
