"""The commands for others: whether their machine gives what is committed, and the study packed for an archive."""

import zipfile
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from tr_analysis import __version__, paths
from tr_analysis.cli.chapters import shown
from tr_analysis.errors import StudyError, UsageError

if TYPE_CHECKING:
    from tr_analysis.study.verify import Check

_SHOWN = 8  # files named of each step, so that all fits on one screen


@click.command()
@click.argument("place", required=False, type=click.Path(exists=True, path_type=Path), metavar="[FOLDER|ZIP]")
def verify(place: Path | None) -> None:
    """Say whether this machine gives every committed result.

    A FOLDER or ZIP may be another clone, or a crate that `tr-analysis crate` packed. The raw tables are compared with their
    recorded hashes. Then the whole study runs from them in a temporary folder, and each result that differs from the
    committed one is named. Nothing is written into the project.
    """
    with ExitStack() as opened:
        folder = (place or paths.root()).resolve()
        click.echo(f"verifying {folder}")
        if folder.is_file():
            folder = _unpacked(
                folder, Path(opened.enter_context(TemporaryDirectory(prefix="tr-analysis-zip-")))
            )
        if not (folder / "data" / "raw").is_dir() or not (folder / "reports").is_dir():
            raise UsageError(f"{place or folder} has no data/raw or no reports; name a clone or a crate")
        _verify(folder)


def _unpacked(file: Path, folder: Path) -> Path:
    """Unpack an archive into a folder; return where its files are, which may be one folder further down."""
    try:
        with zipfile.ZipFile(file) as packed:
            packed.extractall(folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UsageError(f"{file} is no ZIP archive that can be read ({error}); download it again") from None
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 else folder


def _verify(folder: Path) -> None:
    from tr_analysis.study.verify import compared, recorded, run_again

    right = [_said(recorded(folder))]
    click.echo("  running the whole study again from the raw tables: a minute or two")
    with TemporaryDirectory(prefix="tr-analysis-verify-") as copy:
        if failure := run_again(folder, Path(copy)):
            click.echo(f"  FAIL  {failure}")
        right.append(not failure and _said(compared(folder, Path(copy))))
    if not all(right):
        raise StudyError("this machine does not give every committed result: see the lines after FAIL")
    click.echo("this machine gives every committed result")


def _said(check: "Check") -> bool:
    """Say how a check ended, with the first files that are at fault; return whether none is."""
    click.echo(f"  {'FAIL' if check.faults else 'ok  '}  {check.good} of {check.of} {check.subject}")
    for fault in check.faults[:_SHOWN]:
        click.echo(f"        {fault}")
    if len(check.faults) > _SHOWN:
        click.echo(f"        and {len(check.faults) - _SHOWN} more files")
    return not check.faults


@click.command()
@click.argument("out", required=False, type=click.Path(path_type=Path), metavar="[FOLDER|FILE.zip]")
def crate(out: Path | None) -> None:
    """Pack the study as an RO-Crate, by default into dist/.

    The crate holds every file that git keeps, and ro-crate-metadata.json. This says what each file is, and of each
    chapter when it last ran, on which processor, with what, from which tables and parameters, and what it gave.
    """
    from tr_analysis.site.metadata import write_crate

    click.echo(shown(write_crate(out or Path("dist", f"tr-analysis-{__version__}-crate.zip"))))
