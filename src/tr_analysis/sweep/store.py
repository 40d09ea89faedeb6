"""What a sweep leaves: a folder for each specification, put in place whole, and one table of all."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tr_analysis.errors import UsageError
from tr_analysis.files import write_files
from tr_analysis.sweep.engines import Ending
from tr_analysis.sweep.specify import Call

_RECORD = "result.json"
_ASIDE = ".writing-"


class Store:
    """The folder of a sweep: ``runs/<id>/result.json`` and, of a chapter, its files beside that."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._runs = out / "runs"

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder, keep other sweeps out of it with a `UsageError`, and sweep up what a killed one left."""
        try:
            self._runs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{self.out} cannot be written: {error.strerror}; name another with --out"
            ) from None
        with _alone(self._runs):
            for left in self._runs.glob(f"{_ASIDE}*"):
                shutil.rmtree(left)
            yield

    def kept(self, call: Call) -> bool:
        """Whether a specification is done: run with the same seed, and without a failure."""
        record = self._record(call)
        return record is not None and not record["failure"] and record["arguments"] == call.arguments

    def publish(self, ending: Ending) -> None:
        """Put what a specification gave in place, all at once; a failure makes room for the next."""
        call = ending.call
        record = {
            "id": call.id,
            "arguments": call.arguments,
            "outcome": ending.found,
            "failure": ending.failure,
        }
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
        aside = Path(mkdtemp(dir=self._runs, prefix=_ASIDE))
        for place, content in (ending.files | {_RECORD: f"{text}\n".encode()}).items():
            (aside / place).parent.mkdir(parents=True, exist_ok=True)
            (aside / place).write_bytes(content)
        aside.chmod(0o755)
        target = self._runs / call.id
        if target.exists():
            earlier = Path(mkdtemp(dir=self._runs, prefix=_ASIDE))
            target.rename(earlier)
            aside.rename(target)
            shutil.rmtree(earlier)
        else:
            aside.rename(target)

    def write_table(self, calls: Sequence[Call], findings: Sequence[str]) -> Path:
        """Write the table: a row for each specification that ended, in the order given.

        Columns are the id, the parameters, what was found, and the failure, empty where there is none. What
        was found under the name of a parameter is called ``<name>_found``. A finding of a chapter has its value,
        ``_low`` and ``_high``; where some are named, only those are shown.
        """
        rows = [(call, record) for call in calls if (record := self._record(call))]
        given = _union(call.arguments for call, _ in rows)
        chosen = [f"{name}{end}" for name in findings for end in ("", "_low", "_high")]
        found = chosen or _union(record["outcome"] for _, record in rows)
        taken = {"id", "failure", *given}
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["id", *given, *(f"{n}_found" if n in taken else n for n in found), "failure"])
        for call, record in rows:
            parameters = [_written(call.arguments.get(name)) for name in given]
            outcome = [_written(record["outcome"].get(name)) for name in found]
            table.writerow([call.id, *parameters, *outcome, record["failure"]])
        (path,) = write_files(self.out, {"table.csv": text.getvalue().encode()})
        return path

    def _record(self, call: Call) -> dict[str, Any] | None:
        try:
            record: dict[str, Any] = json.loads((self._runs / call.id / _RECORD).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return record


def _union(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names in some tables, in the order in which they first appear."""
    return list(dict.fromkeys(name for table in tables for name in table))


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it however the process ends."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows has no such lock
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UsageError(
            f"{folder.parent}: another sweep is at work there; wait for it, or use --out"
        ) from None
    finally:
        os.close(handle)
