"""The command that fetches or imports the Ministry's own spreadsheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.chapters import shown, wrapped
from tr_analysis.errors import UsageError
from tr_analysis.files import using_data

if TYPE_CHECKING:
    import pandas as pd

    from tr_analysis.official.fetch import FileStatus

_DEMO = (
    "SIMULATED: `tr-analysis run` shows these results in the panel of CRCs and on the pages of providers, marked so; no "
    "claim, published result or key finding rests on them. To remove them, delete data/raw/official/ and run again"
)
_COHORT = "The cohort of a table that does not say it: 'Oct-Dec 2015', 'Table 1=Oct-Dec 2015 final'."
_FROM = "Take files that you downloaded yourself from a folder, or one file; they may have other names."
_LIST = "Name the official files, where they are, and which you have."


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listing", is_flag=True, help=_LIST)
@click.option("--from", "source", type=click.Path(path_type=Path), metavar="PATH", help=_FROM)
@click.option("--cohort", "cohorts", multiple=True, metavar="[SHEET=]COHORT", help=_COHORT)
@click.option("--demo", is_flag=True, help="Place simulated results, to see what is done with real ones.")
@click.option(
    "--accept-changes", "accept", is_flag=True, help="Take files that changed since they were first fetched."
)
def fetch(
    names: tuple[str, ...],
    listing: bool,
    source: Path | None,
    cohorts: tuple[str, ...],
    demo: bool,
    accept: bool,
) -> None:
    """Fetch or import the Ministry's own spreadsheets.

    By default all whose address is known are fetched, and tidy tables are built of them.
    Every file is checked before it takes its place in data/raw/official/: that it is whole, that it is a table whose
    every number is understood, and that it is the one that was first fetched.
    """
    others = bool(source or accept or cohorts)
    if listing and (others or demo):
        raise UsageError("--list changes nothing; leave out the other options")
    if demo and (others or names):
        raise UsageError("--demo goes without names and other options: it fetches nothing that was published")
    if cohorts and not source:
        raise UsageError("--cohort is for a file of your own; name it with --from FILE")
    if listing:
        click.echo("\n".join(_list_entries(names)))
        return
    click.get_current_context().with_resource(using_data(to_change=True))
    from tr_analysis.official import fetch

    if demo:
        statuses = [fetch.place_demo()]
    elif source:
        said = {sheet: cohort for sheet, _, cohort in (text.rpartition("=") for text in cohorts)}
        statuses = fetch.import_local(source, names, accept=accept, cohorts=said)
    else:
        statuses = fetch.fetch(names, accept=accept)
    _report(statuses, source)


def _report(statuses: Sequence["FileStatus"], source: Path | None) -> None:
    """Say what was done with each file, and what the tables hold; an `UnavailableError` if no file was one of ours."""
    from tr_analysis.official import fetch, store

    for status in statuses:
        click.echo(f"{status.file}  {status.state}{f': {status.note}' if status.note else ''}")
    if source and all(status.state == "left out" for status in statuses):
        rule = "no official table is there, nothing was changed; `tr-analysis fetch --list` names what can be imported"
        raise fetch.UnavailableError(f"{source}: {rule}")
    for line in _describe_tables():
        click.echo(line)
    if any(map(store.is_simulated, store.local_files())):
        click.echo(_DEMO)


def _list_entries(names: Sequence[str]) -> Iterator[str]:
    """Yield what is known of each file."""
    from tr_analysis.official.register import LICENCE, PUBLISHER, find_entries

    for entry in find_entries(names):
        place = entry.local_path
        yield f"{entry.name}  {f'here: {shown(place)}' if place else 'not here'}"
        yield wrapped(f"{entry.title}; {PUBLISHER}, {LICENCE}", "    ")
        yield f"    {entry.url or f'download it from {entry.page} and import it with --from'}"


def _describe_tables() -> Iterator[str]:
    """Yield a line for each table that was read, to check against the file, and for sheets of which nothing was."""
    from tr_analysis.official.layouts import LAYOUTS
    from tr_analysis.official.store import official
    from tr_analysis.simulated import marked, origin_of

    if (asides := official("set_aside")) is None:
        return
    left: dict[str, str] = {}
    for place, rules in asides.groupby("file")["rule"]:
        left[str(place)] = ", ".join(f"{why} ({n})" for why, n in rules.groupby(rules).size().items())
    for family in LAYOUTS:
        if (table := official(family)) is None:
            continue
        by = ["file", "sheet", *(part for part in ("stage", "release") if part in table)]
        table[by] = table[by].fillna("not said")
        for (file, sheet, *about), rows in table.groupby(by):
            cohorts = sorted(set(rows["cohort" if "cohort" in rows else "baseline_year"]))
            said = [f"cohort{'s' * (len(cohorts) > 1)} {', '.join(cohorts)}"]
            said += [f"{part} {value}" for part, value in zip(by[2:], about, strict=True)]
            sheet = f"{file}, sheet {sheet!r}"
            line = f"{family}: {sheet}: {', '.join(said)}: {_providers(rows)}"
            yield marked(f"{line}; set aside: {left.pop(sheet, 'nothing')}", origin_of(table))
    for place, aside in left.items():
        yield f"{place}: nothing is read; set aside: {aside}"
    if len(asides):
        yield "what was set aside is listed in data/processed/official/set_aside.csv"


def _providers(rows: "pd.DataFrame") -> str:
    """Return how many providers of each kind a table has, and their offenders in all of its rows."""
    kinds = rows.groupby("provider_type")["provider"].nunique()
    people, without = rows["offenders"].sum(), rows["offenders"].isna().sum()
    text = f"{' and '.join(f'{n} {kind}' for kind, n in kinds.items())}, {people:,} offenders"
    return text + (f" (rows without a number: {without})" if without else "")
