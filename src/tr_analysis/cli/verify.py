"""The command that says whether what is committed comes out here."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from tr_analysis import paths
from tr_analysis.errors import StudyError, UsageError

if TYPE_CHECKING:
    from tr_analysis.study.verify import Check

_SHOWN = 8  # files named of each step, so that all fits on one screen


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, exists=True, path_type=Path))
def verify(folder: Path | None) -> None:
    """Say whether every committed result comes out here, and where not, for this project or the one in FOLDER.

    The raw tables are held against their recorded hashes; then the whole study runs from them on in a temporary
    folder, and what it gives is compared with what is committed. Nothing is written into the project.
    """
    from tr_analysis.study.verify import compared, recorded, run_again

    folder = (folder or paths.root()).resolve()
    if not (folder / "data" / "raw").is_dir() or not (folder / "reports").is_dir():
        raise UsageError(f"{folder} has no data/raw or no reports; name the folder of a clone")
    click.echo(f"verifying {folder}")
    right = [_said(recorded(folder))]
    click.echo("  running the whole study again, from the raw tables on: a minute or two")
    with TemporaryDirectory(prefix="tr-analysis-verify-") as copy:
        if failure := run_again(folder, Path(copy)):
            click.echo(f"  FAIL  {failure}")
        right.append(not failure and _said(compared(folder, Path(copy))))
    if not all(right):
        raise StudyError("not every committed result comes out here: see the lines after FAIL")
    click.echo("every committed result comes out here")


def _said(check: "Check") -> bool:
    """Say how a check ended, with the first files that are at fault; return whether none is."""
    click.echo(f"  {'FAIL' if check.faults else 'ok  '}  {check.good} of {check.of} {check.subject}")
    for fault in check.faults[:_SHOWN]:
        click.echo(f"        {fault}")
    if len(check.faults) > _SHOWN:
        click.echo(f"        and {len(check.faults) - _SHOWN} more files")
    return not check.faults
