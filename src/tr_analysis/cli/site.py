"""The command that makes the pages, and what a run shows of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.words import shown
from tr_analysis.errors import StudyError

if TYPE_CHECKING:
    from tr_analysis.study.plan import Task


_PDF = "study.pdf"


@click.command()
@click.option("--pdf", is_flag=True, help="Print the whole study as one PDF as well; this needs Chromium.")
def site(pdf: bool) -> None:
    """Make the pages of the study from the chapters as they were last run."""
    from tr_analysis import paths

    pages = _study_pages(paths.reports())
    if not pages:
        raise StudyError("no chapter has been run yet: run `tr-analysis run` first")
    if pdf:
        from tr_analysis.site.pdf import write_pdf

        click.echo(shown(write_pdf(pages, pages[0].parent / _PDF)))


def render_after(tasks: "Sequence[Task]") -> None:
    """Make the pages of the study, or of each variant, which is no part of it."""
    from tr_analysis.site import write_variant

    for out in {task.out for task in tasks if not task.turned}:
        _study_pages(out)
    for task in (task for task in tasks if task.turned):
        if (executed := task.out / f"{task.name}.ipynb").exists():
            click.echo(f"page: {shown(write_variant(executed))}")


def _study_pages(out: Path) -> list[Path]:
    """Make the pages of what was run into a folder, and say so."""
    from tr_analysis.site import write_site

    executed = sorted(out.glob("*.ipynb"))
    pages = write_site(executed, out / "site") if executed else []
    (out / "site" / _PDF).unlink(missing_ok=True)  # an older one would not be of these pages
    if pages:
        click.echo(f"{len(pages)} pages: {shown(pages[0])}")
    return pages
