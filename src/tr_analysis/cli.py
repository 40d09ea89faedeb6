"""The command ``tr-analysis``. Heavy imports wait until a command needs them: listing is instant."""

import os
import shlex
import traceback
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis import __version__
from tr_analysis.errors import ChapterError, StudyError, UsageError

if TYPE_CHECKING:
    from tr_analysis.study.plan import Task
    from tr_analysis.study.run import Outcome


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tr-analysis")
def cli() -> None:
    """Read, run and check the study of Transforming Rehabilitation, 2014-2021."""


@cli.command("list")
def list_command() -> None:
    """List the chapters and the questions they answer."""
    from tr_analysis.study.chapters import find_chapters

    chapters = find_chapters()
    width = max(len(chapter.name) for chapter in chapters)
    for chapter in chapters:
        click.echo(f"{chapter.name:<{width}}  {chapter.title}")
        if chapter.question:
            click.echo(_wrapped(chapter.question, " " * (width + 2)))


@cli.command()
@click.argument("chapter")
def params(chapter: str) -> None:
    """Show what may be turned in CHAPTER: types, defaults, what is allowed, what it means."""
    from tr_analysis.study.chapters import choose, find_chapters
    from tr_analysis.study.parameters import read_parameters

    (found,) = choose([chapter], find_chapters())
    parameters = read_parameters(found.path)
    click.echo(f"{found.name}: {found.title}")
    if found.question:
        click.echo(_wrapped(found.question, ""))
    for parameter in parameters:
        click.echo(f"\n{parameter.name} = {parameter.default}")
        click.echo(_wrapped(f"{parameter.help}; {parameter.allowed}", "    "))
        if parameter.kind == "Provider":
            click.echo("\n".join(f"        {name}" for name in parameter.choices))
    if not parameters:
        click.echo("\nNothing to turn.")
        return
    name, value = parameters[0].name, str(parameters[0].default)
    click.echo(f"\n  tr-analysis run {found.name} -p {shlex.quote(f'{name}={value}')}")
    click.echo(f"  papermill {_shown(found.path)} out.ipynb -p {name} {shlex.quote(value)}")


def _wrapped(text: str, indent: str) -> str:
    return click.wrap_text(text, width=100, initial_indent=indent, subsequent_indent=indent)


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


@cli.command()
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
    from tr_analysis.study.plan import plan, refuse_stale
    from tr_analysis.study.run import run as run_chapters

    # Mistakes of the caller come before the time that the tables take.
    tasks = plan(chapters, given, out, all_providers=all_providers)
    data.build()
    refuse_stale(tasks)
    outcomes = run_chapters(tasks, jobs)
    click.echo("\n".join(_told(outcomes)))
    _render(tasks)
    if failures := [outcome.failure for outcome in outcomes if outcome.failure]:
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
            yield f"{name}  {seconds:.1f} s{' each' * many}  {_shown(done[0].task.out)}: {what}"
        for outcome in (outcome for outcome in ended if outcome.failure):
            kept = f"; partly executed: {_shown(outcome.files[0])}" if outcome.files else ""
            what = f"{outcome.seconds:.1f} s  failed{kept}" if outcome.seconds else "not run"
            yield f"{outcome.task.name}  {what}"


def _render(tasks: "Sequence[Task]") -> None:
    """Write the pages, unless only variants were run, which are no part of the study."""
    from tr_analysis.site import write_site

    for out in {task.out for task in tasks if not task.turned}:
        if executed := sorted(out.glob("*.ipynb")):
            pages = write_site(executed, out / "site")
            click.echo(f"{len(pages)} pages: {_shown(pages[0])}")


def _shown(path: Path) -> str:
    """Return a path as a reader would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@cli.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a chapter called NAME that already runs, for a question of your own."""
    from tr_analysis.study.new import new_chapter

    chapter = new_chapter(name)
    click.echo(f"{_shown(chapter.path)}: {chapter.title}")
    for command, what in {"run": "run it", "params": "what may be turned", "lint": "check it"}.items():
        click.echo(f"  tr-analysis {command} {chapter.name}  # {what}")


@cli.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
def lint(chapters: tuple[str, ...]) -> None:
    """Check chapters, all by default, against the rules they are written by."""
    from tr_analysis.study.chapters import choose, find_chapters
    from tr_analysis.study.lint import refuse_faults

    chosen = choose(chapters, found := find_chapters())
    refuse_faults(chosen, found)
    click.echo(f"{len(chosen)} chapter{'s keep' if len(chosen) > 1 else ' keeps'} the rules")


@cli.command()
@click.option("--check", is_flag=True, help="Change nothing; fail if it is not what the study says.")
def readme(check: bool) -> None:
    """Renew the README's figure, and its map from chapters to what they read and write."""
    from tr_analysis.study.readme import renew

    click.echo(_shown(renew(check=check)))


@cli.group("data")
def data_group() -> None:
    """Check and build the tables the chapters stand on."""


@data_group.command()
def check() -> None:
    """Validate the published figures and reconcile them with one another."""
    from tr_analysis import data

    click.echo(data.check())


@data_group.command()
def build() -> None:
    """Write the analysis tables and their manifest, all or none."""
    from tr_analysis import data

    click.echo(f"{sum(path.suffix == '.csv' for path in data.build())} tables")


@data_group.command()
def describe() -> None:
    """Write the data package's description and the data dictionary."""
    from tr_analysis import data

    click.echo("\n".join(map(_shown, data.describe())))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    0 done; 1 bad data or rules broken; 2 a chapter failed; 64 called wrongly; 70 a fault of ours;
    130 and 143 interrupted.
    """
    try:
        return cli.main(arguments, prog_name="tr-analysis", standalone_mode=False) or 0
    except StudyError as error:
        return _said(str(error), error.exit_code)
    except click.UsageError as error:
        error.show()
        return UsageError.exit_code
    except click.ClickException as error:
        return _said(error.format_message(), StudyError.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _said("interrupted", 130)
    except Exception as error:
        if os.environ.get("TR_ANALYSIS_DEBUG"):
            traceback.print_exc()
        if isinstance(error, OSError) and error.filename:
            remedy = "make room and see that it can be read and written, then run again"
            return _said(f"{error.filename}: {error.strerror}; {remedy}", StudyError.exit_code)
        remedy = "run again with TR_ANALYSIS_DEBUG=1 for the traceback"
        return _said(f"{type(error).__name__}: {error}; {remedy}", 70)


def _said(message: str, code: int) -> int:
    click.echo(f"tr-analysis: {message}", err=True)
    return code
