"""The command that packs the study for an archive."""

from pathlib import Path

import click

from tr_analysis import __version__
from tr_analysis.cli.chapters import shown


@click.command()
@click.argument("out", required=False, type=click.Path(path_type=Path), metavar="[FOLDER|FILE.zip]")
def crate(out: Path | None) -> None:
    """Pack the study as an RO-Crate, by default into dist/.

    The crate holds every file that git keeps, and ro-crate-metadata.json. This says what each file is, and of each
    chapter when it last ran, on which processor, with what, from which tables and parameters, and what it gave.
    """
    from tr_analysis.site.metadata import write_crate

    click.echo(shown(write_crate(out or Path("dist", f"tr-analysis-{__version__}-crate.zip"))))
