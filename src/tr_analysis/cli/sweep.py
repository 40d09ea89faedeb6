"""The command that runs a chapter over many values of its parameters."""

from pathlib import Path

import click

from tr_analysis import paths
from tr_analysis.cli.chapters import shown
from tr_analysis.errors import ChapterError, UsageError
from tr_analysis.files import using_data
from tr_analysis.study import plan as planning


@click.command()
@click.argument("spec", type=click.Path(path_type=Path), metavar="SPEC.toml")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; by default one per processor.")
@click.option(
    "--scheduler", metavar="tcp://HOST:PORT", help="Run on the workers of this Dask scheduler instead."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; by default reports/sweeps/SPEC/.",
)
def sweep(spec: Path, jobs: int | None, scheduler: str | None, out: Path | None) -> None:
    """Run a chapter over many specifications.

    What is done already is not run again. docs/sweeps.md shows how SPEC.toml is written.
    """
    from tr_analysis.sweep.run import engine_of, run_sweep
    from tr_analysis.sweep.specify import read_sweep

    if jobs and scheduler:
        raise UsageError("--jobs is about this machine, --scheduler about others: give one of them")
    planned = read_sweep(spec)
    out = out or paths.reports() / "sweeps" / spec.stem
    planning.refuse_folder(out, is_variant=True)
    click.get_current_context().with_resource(using_data())
    with engine_of(jobs, scheduler) as engine:
        planning.build_tables()
        tally = run_sweep(planned, engine, out)
    there = tally.specifications - tally.ran
    click.echo(
        f"{tally.specifications} specifications: {tally.ran} run, {there} there already, {tally.failed} failed"
        f"  {shown(tally.table)}"
    )
    if tally.failed:
        raise ChapterError(
            f"{tally.failed} of {tally.specifications} failed, and will be tried again the next time; "
            f"the first: {tally.first_failure}"
        )
