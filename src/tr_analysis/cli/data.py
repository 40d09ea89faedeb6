"""Commands on the tables."""

import click

from tr_analysis.cli.words import shown


@click.group("data")
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
    from tr_analysis.study.tables import build_tables

    click.echo(f"{sum(path.suffix == '.csv' for path in build_tables())} tables")


@data_group.command()
def describe() -> None:
    """Write the data package's description and the data dictionary."""
    from tr_analysis import data

    click.echo("\n".join(map(shown, data.describe())))
