"""The commands that run chapters, and make pages of what they give."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis import paths, study
from tr_analysis.cli.chapters import shown
from tr_analysis.errors import ChapterError, StudyError, UsageError
from tr_analysis.files import using_data
from tr_analysis.study import plan as planning
from tr_analysis.study import records as recording
from tr_analysis.study.plan import Task
from tr_analysis.study.records import Change, Records

if TYPE_CHECKING:
    from tr_analysis.study.runs import RunOutcome

_PDF = "study.pdf"
_MOST_REASONS = 3  # named of why something runs again


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
        raise click.BadParameter("kernels are forked on Linux only; leave out --kernels")
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
@click.option("--force", is_flag=True, help="Run also the chapters in which nothing changed.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Stop a chapter that takes longer, and say in which cell; by default none is stopped.",
)
@click.option(
    "--kernels",
    "forked",
    callback=_forked,
    type=click.Choice(["forked", "standard"]),
    help="Whether kernels are forked from one process that has imported what chapters need, the default on Linux, "
    "or each starts on its own.",
)
@click.option(
    "--scheduler",
    metavar="tcp://HOST:PORT",
    help="Compute what readers can choose on the workers of this Dask scheduler.",
)
def run(
    chapters: tuple[str, ...],
    given: dict[str, str],
    jobs: int | None,
    out: Path | None,
    force: bool,
    timeout: float | None,
    forked: bool,
    scheduler: str | None,
) -> None:
    """Run the chapters in which something changed, and publish them.

    All chapters are looked at unless some are named. A chapter is named 03-recall, or 03, or recall. The one about a provider runs for each, unless -p names one.
    """
    # Mistakes of the caller come before the time that the tables take.
    if scheduler and (given or out):
        raise UsageError(
            "--scheduler is for what readers can choose in the study itself: leave -p and --out away"
        )
    tasks = planning.plan(chapters, given, out)
    click.get_current_context().with_resource(using_data())
    records = {out: Records(out) for out in {task.out for task in tasks}}
    failures = [
        outcome.failure for outcome in _run(tasks, records, force, jobs, timeout, forked) if outcome.failure
    ]
    try:
        if not (given or out or failures) and paths.has_own_data():
            named = {task.chapter.name for task in tasks} if chapters else ()
            _fill(records[paths.reports()], named, jobs, scheduler)
        _render(tasks, records, force=force)
    except StudyError as error:
        if not failures:
            raise
        failures.append(str(error))  # what failed before is said as well
    if failures:
        raise ChapterError("\n".join(failures))


def _run(
    tasks: Sequence[Task],
    records: Mapping[Path, Records],
    force: bool,
    jobs: int | None,
    timeout: float | None,
    forked: bool,
) -> "list[RunOutcome]":
    """Build the tables and run the chapters, where anything changed; say why, and how each chapter ended."""
    stale = _stale_tables(records, force=force)
    found = recording.changes(tasks, records, force=force)
    if not (stale or recording.to_run(found)):
        click.echo("\n".join(_reasons(found)))
        return []
    from tr_analysis.study.runs import kernels_for
    from tr_analysis.study.runs import run as run_chapters

    with kernels_for(tasks, forked=forked) as kernels:  # they import while the tables are built
        _import_for_pages(tasks)
        if stale:
            _build_tables(records)
            found = recording.changes(tasks, records, force=force)
        click.echo("\n".join(_reasons(found)))
        changed = recording.to_run(found)
        planning.refuse_stale(changed)
        record = _recorder(found, records)
        outcomes = run_chapters(changed, jobs, kernels=kernels, timeout=timeout, done=record)
    for line in _ended(outcomes):
        click.echo(line)
    return outcomes


def _import_for_pages(tasks: Sequence[Task]) -> None:
    """Import what the pages need in the end, while another processor has nothing to do but import.

    What cannot be imported stops no chapter that does without it: the page that needs it says so.
    """
    with suppress(Exception):
        import tr_analysis.site  # noqa: F401
        from tr_analysis import estimators

        if not all(task.is_variant for task in tasks):  # whose page lists no estimators
            estimators.index()  # imports every estimator


def _recorder(found: Sequence[Change], records: Mapping[Path, Records]) -> "Callable[[RunOutcome], None]":
    """Return what keeps on record how a run ended, as soon as it did."""
    by_name = {change.task.name: change for change in found}

    def record(outcome: "RunOutcome") -> None:
        if outcome.failure:
            records[outcome.task.out].drop(outcome.task.name)
        else:
            recording.keep(by_name[outcome.task.name], outcome.files, records, outcome.seconds)

    return record


def _stale_tables(records: Mapping[Path, Records], *, force: bool) -> bool:
    """Tell whether the analysis tables must be built, of which there are none outside a checkout."""
    if force or not paths.has_own_data():
        return paths.has_own_data()
    parts, folder = recording.table_parts(), paths.processed()
    return any(record.changes("tables", parts, folder) for record in records.values())


def _build_tables(records: Mapping[Path, Records]) -> None:
    parts = recording.table_parts()
    files = planning.build_tables()
    for record in records.values():
        record.keep("tables", parts, files, paths.processed())


def _fill(records: Records, chapters: Collection[str], jobs: int | None, scheduler: str | None) -> None:
    """Compute the choices that a reader has in some chapters, or in all, if anything they are made from changed."""
    parts = recording.choice_parts(paths.reports())
    if not (chapters or records.changes("choices", parts)):
        return
    from tr_analysis.sweep.choices import compute, read_choices
    from tr_analysis.sweep.run import engine_of

    asked = [each for each in read_choices() if not chapters or each.target.name in chapters]
    with engine_of(jobs, scheduler) as engine:
        tallies = [compute(each, engine) for each in asked]
    if ran := sum(tally.ran for tally in tallies):
        click.echo(f"choices: {ran} of {sum(tally.specifications for tally in tallies)} computed")
    if not chapters:
        records.keep("choices", parts, [each.folder / study.CHOICES_PAGE for each in asked])


def _reasons(found: Sequence[Change]) -> Iterator[str]:
    """Yield a line for each reason to run chapters, and for those that need not, that names them."""
    by_reason: dict[str, list[Task]] = {}
    for change in found:
        more = len(change.why) - _MOST_REASONS
        why = [*change.why[:_MOST_REASONS], *([f"and {more} more"] if more > 0 else [])]
        by_reason.setdefault("; ".join(why) or "unchanged", []).append(change.task)
    for reason, tasks in by_reason.items():
        by_chapter = groupby(tasks, lambda task: task.chapter.name)
        yield f"{reason}: {', '.join(_named(list(same)) for _, same in by_chapter)}"


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


@click.command()
@click.option("--pdf", is_flag=True, help="Print the whole study as one PDF as well; this needs Chromium.")
def site(pdf: bool) -> None:
    """Make the pages of the study from the last run of its chapters."""
    pages = _study_pages(paths.reports())
    if not pages:
        raise StudyError("no chapter has been run yet: run `tr-analysis run` first")
    if pdf:
        from tr_analysis.site.pdf import write_pdf

        click.echo(shown(write_pdf(pages, pages[0].parent / _PDF)))


def _render(tasks: Sequence[Task], records: Mapping[Path, Records], *, force: bool) -> None:
    """Make the pages of the study, or of each variant, which is no part of it, where what they show changed.

    Outside a checkout there is no study: there each chapter has a page that stands alone, as a variant has.
    """

    def render(name: str, out: Path, make: Callable[[Path], list[Path]], source: Path) -> None:
        parts = recording.page_parts(out)
        if not (force or records[out].changes(name, parts)):
            click.echo(f"unchanged: {name}")
        elif pages := make(source):
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
