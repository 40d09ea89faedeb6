"""What happens in a worker: some specifications run one after the other, and what each gave."""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import parent_process
from typing import Any

from tr_analysis.errors import ChapterError, StudyError
from tr_analysis.study import SETTINGS
from tr_analysis.sweep.outcome import Outcome, failure
from tr_analysis.sweep.targets import Target


@dataclass(frozen=True)
class Call:
    """One specification.

    Attributes
    ----------
    id
        Of what is run, its version and its arguments.
    given
        The parameters, as the table shows them.
    seed
        Its seed, if the sweep has one.
    """

    id: str
    given: dict[str, Any]
    seed: int | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything that is handed over."""
        return self.given if self.seed is None else self.given | {"seed": self.seed}


@dataclass(frozen=True)
class Ending:
    """How a specification ended: what it found and its files, or a failure in one line."""

    call: Call
    outcome: Outcome = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    failure: str = ""


class OtherVersionError(StudyError):
    """A worker has other code, tables or libraries than the sweep was planned with."""


def work(target: Target, version: str, calls: Sequence[Call]) -> tuple[list[Ending], float]:
    """Run some specifications; tell how each ended, and how many seconds all took.

    Raises
    ------
    OtherVersionError
        If this worker would compute something else than the others.
    """
    if _version(target) != version:
        raise OtherVersionError(
            f"a worker has other code, tables or libraries for {target.name} than this machine: "
            "install the same everywhere, start the workers again, and run again"
        )
    start = time.perf_counter()
    endings = [_run(target, call) for call in calls]
    return endings, time.perf_counter() - start


_version = cache(lambda target: target.version())


def _run(target: Target, call: Call) -> Ending:
    try:
        return Ending(call, *target.run(call.arguments, call.id))
    except ChapterError as error:  # says itself where
        return Ending(call, failure=" ".join(str(error).split()))
    except (Exception, SystemExit) as error:  # a failure is a result too: it must not stop the others
        return Ending(call, failure=failure(error))


def start_worker(place: str) -> None:
    """Prepare a process of a local pool: quiet at Ctrl-C, and nothing is left of it however it ends.

    Parameters
    ----------
    place
        The sweep's folder for what is passing.
    """
    os.environ.update(SETTINGS)
    tempfile.tempdir = place
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep ends its workers itself
    signal.signal(signal.SIGTERM, lambda *_: _leave())
    threading.Thread(target=_follow_parent, args=(place,), daemon=True).start()


def _follow_parent(place: str) -> None:
    """End when the sweep was killed, and take its folder along."""
    parent = parent_process()
    if parent:
        parent.join()
        _close_kernels()
        shutil.rmtree(place, ignore_errors=True)
        os._exit(1)


def _leave() -> None:
    _close_kernels()
    os._exit(128 + signal.SIGTERM)


def _close_kernels() -> None:
    if chapters := sys.modules.get("tr_analysis.sweep.chapters"):
        chapters.close_kernels()
