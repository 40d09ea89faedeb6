"""The command ``tr-analysis``. Heavy imports wait until a command needs them: listing is instant."""

import os
import signal
import traceback
from collections.abc import Sequence

import click

from tr_analysis import __version__
from tr_analysis.cli import chapters, fetch, run, share, sweep
from tr_analysis.errors import StudyError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tr-analysis")
def cli() -> None:
    """Read, run and check the study of Transforming Rehabilitation, 2014-2021."""


for command in (
    chapters.list_command,
    chapters.params,
    run.run,
    sweep.sweep,
    run.site,
    chapters.new,
    chapters.lint,
    chapters.readme,
    chapters.data_group,
    fetch.fetch,
    share.verify,
    share.crate,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    0 done; 1 bad data or a failed check; 2 a chapter failed; 3 something outside is missing: Chromium, a scheduler,
    a worker, an official file; 64 called wrongly; 70 a fault of ours; 130 interrupted.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends a command as Ctrl-C does
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
    finally:
        signal.signal(signal.SIGTERM, before)


def _said(message: str, code: int) -> int:
    click.echo(f"tr-analysis: {message}", err=True)
    return code
