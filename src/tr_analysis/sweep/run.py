"""A sweep from its specifications to its table: what is there is kept, the rest is run."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tr_analysis.errors import StudyError
from tr_analysis.sweep.engines import Engine
from tr_analysis.sweep.schedule import collect
from tr_analysis.sweep.specify import Sweep
from tr_analysis.sweep.store import Store
from tr_analysis.sweep.worker import Ending


class SweepInterruptedError(StudyError):
    """A sweep that was ended with Ctrl-C."""

    exit_code = 130


@dataclass(frozen=True)
class Tally:
    """What a sweep came to.

    Attributes
    ----------
    specifications, ran, failed
        How many there are, were run now, and failed.
    first_failure
        The first that failed, in one line.
    table
        Where the table is.
    """

    specifications: int
    ran: int
    failed: int
    first_failure: str
    table: Path


def run_sweep(sweep: Sweep, engine: Engine, out: Path) -> Tally:
    """Run the specifications that are not done yet, publish each as it ends, and write the table.

    Parameters
    ----------
    sweep
        From `specify.read_sweep`.
    engine
        From `engines`, or any other with an executor.
    out
        Folder of the sweep.

    Raises
    ------
    SweepInterruptedError
        After Ctrl-C: what is done is kept, and no worker is left.
    StudyError
        As in `schedule.collect`, or when two specifications are the same.
    """
    version = sweep.target.version()
    calls = sweep.calls(version)
    store = Store(out)
    with store.opened():
        todo = [call for call in calls if not store.kept(call)]
        with (
            tqdm(total=len(calls), initial=len(calls) - len(todo), unit=" runs", disable=None) as bar,
            closing(collect(sweep.target, version, todo, engine)) as endings,
        ):
            failures = _published(endings, store, bar)
        first = next((failures[call.id] for call in calls if call.id in failures), "")
        return Tally(len(calls), len(todo), len(failures), first, store.write_table(calls, sweep.findings))


def _published(endings: Iterable[Ending], store: Store, bar: tqdm) -> dict[str, str]:
    """Publish each specification as it ends; return the failures by id."""
    failures = {}
    try:
        for ending in endings:
            store.publish(ending)
            if ending.failure:
                failures[ending.call.id] = ending.failure
            bar.update()
    except KeyboardInterrupt:
        raise SweepInterruptedError("interrupted: what is done is kept; run again to go on") from None
    return failures
