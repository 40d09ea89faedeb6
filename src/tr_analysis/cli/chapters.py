"""Commands on chapters and tables that run nothing: what there is, what can be changed, a new one, the rules."""

import shlex
from pathlib import Path

import click

from tr_analysis.study import plan
from tr_analysis.study.chapters import choose, find_chapters, new_chapter
from tr_analysis.study.parameters import read_parameters


def wrapped(text: str, indent: str) -> str:
    """Break a text into lines of a hundred characters, each with an indent."""
    return click.wrap_text(text, width=100, initial_indent=indent, subsequent_indent=indent)


def shown(path: Path) -> str:
    """Return a path as a reader would type it from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


@click.command("list")
def list_command() -> None:
    """List the chapters and the questions they answer."""
    chapters = find_chapters()
    width = max(len(chapter.name) for chapter in chapters)
    for chapter in chapters:
        click.echo(f"{chapter.name:<{width}}  {chapter.title}")
        if chapter.question:
            click.echo(wrapped(chapter.question, " " * (width + 2)))


@click.command()
@click.argument("chapter")
def params(chapter: str) -> None:
    """Show what can be changed in CHAPTER.

    Each parameter has its default, what is allowed and what it means.
    """
    (found,) = choose([chapter], find_chapters())
    parameters = read_parameters(found.path)
    click.echo(f"{found.name}: {found.title}")
    if found.question:
        click.echo(wrapped(found.question, ""))
    for parameter in parameters:
        click.echo(f"\n{parameter.name} = {parameter.default}")
        click.echo(wrapped(f"{parameter.help}; {parameter.allowed}", "    "))
        if parameter.kind == "Provider":
            click.echo("\n".join(f"        {name}" for name in parameter.choices))
    if not parameters:
        click.echo("\nNothing to change.")
        return
    name, value = parameters[0].name, str(parameters[0].default)
    click.echo(f"\n  tr-analysis run {found.name} -p {shlex.quote(f'{name}={value}')}")
    click.echo(f"  papermill {shown(found.path)} out.ipynb -p {name} {shlex.quote(value)}")


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Begin a chapter called NAME, which already runs."""
    chapter = new_chapter(name)
    click.echo(f"{shown(chapter.path)}: {chapter.title}")
    click.echo(f"{shown(chapter.path.with_suffix('.toml'))}: what each of its numbers is")
    for command, what in {"run": "run it", "params": "what can be changed", "lint": "check it"}.items():
        click.echo(f"  tr-analysis {command} {chapter.name}  # {what}")


@click.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
def lint(chapters: tuple[str, ...]) -> None:
    """Check chapters, by default all, against the rules of chapters."""
    from tr_analysis.lint import refuse_faults

    chosen = choose(chapters, found := find_chapters())
    refuse_faults(chosen, found)
    click.echo(f"{len(chosen)} chapter{'s keep' if len(chosen) > 1 else ' keeps'} the rules")


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail if it is not what the study says.")
def readme(check: bool) -> None:
    """Renew what README, package and paper say of the study.

    These are the README's findings, figure and map, the package's list of estimators, and the numbers of the paper.
    """
    from tr_analysis.study.readme import renew

    for path in renew(check=check):
        click.echo(shown(path))


@click.group("data")
def data_group() -> None:
    """Check and build the tables that the chapters read."""


@data_group.command()
def check() -> None:
    """Check the published figures against their rules and one another."""
    from tr_analysis.data import pipeline

    click.echo(pipeline.check())


@data_group.command()
def build() -> None:
    """Write the analysis tables and their manifest, all or none."""
    click.echo(f"{sum(path.suffix == '.csv' for path in plan.build_tables())} tables")


@data_group.command()
def describe() -> None:
    """Write the data package's description and the data dictionary."""
    from tr_analysis.data import pipeline

    click.echo("\n".join(map(shown, pipeline.describe())))
