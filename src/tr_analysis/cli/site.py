"""The command that makes the pages, and what a run shows of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tr_analysis.cli.words import shown
from tr_analysis.errors import StudyError

if TYPE_CHECKING:
    from tr_analysis.study.incremental import Records
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


def render_after(
    tasks: "Sequence[Task]", records: "Mapping[Path, Records]", *, force: bool, why: bool
) -> None:
    """Make the pages of the study, or of each variant, which is no part of it, where what they show changed.

    Outside a checkout there is no study: there each chapter has a page that stands alone, as a variant has.
    """
    from tr_analysis import paths
    from tr_analysis.study.incremental import page_parts

    def render(name: str, out: Path, make: Callable[[Path], list[Path]], source: Path) -> None:
        parts = page_parts(out)
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

    page = write_variant(executed)
    click.echo(f"page: {shown(page)}")
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
