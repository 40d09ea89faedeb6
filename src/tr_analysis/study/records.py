"""What a folder of results was made from, so that a run does again only what would come out otherwise."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tr_analysis.files import write_files
from tr_analysis.study.fingerprint import Parts, hashes

RECORDS = ".runs.json"


class Records:
    """The record of one folder of results: of each thing made, what it was made from and the files it gave.

    A record that is missing or cannot be read says nothing, and everything is made again.

    Parameters
    ----------
    out
        The folder.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._made = _read(out / RECORDS)

    def changes(self, name: str, made_from: Parts, folder: Path | None = None) -> list[str]:
        """Return in words what changed since a thing was made; nothing when it need not be made again.

        Parameters
        ----------
        name
            Name of the run, or ``tables`` or ``pages``.
        made_from
            What it would be made from now.
        folder
            Where its files are, if not in the folder of results.
        """
        if name not in self._made:
            return ["not made yet, or it failed"]
        before, files = self._made[name]["made from"], self._made[name]["files"]
        folder = folder or self._out
        there = hashes((folder / file for file in files), folder)
        changed = [part for part in {**made_from, **before} if made_from.get(part) != before.get(part)]
        return [f"{part} changed" for part in changed] + [
            f"{file} {'changed' if file in there else 'is gone'}"
            for file in files
            if there.get(file) != files[file]
        ]

    def keep(
        self, name: str, made_from: Parts, files: Iterable[Path], folder: Path | None = None, *, on: str = ""
    ) -> None:
        """Keep what a thing was made from, the files it gave, and the machine that computed it."""
        made = {"made from": dict(made_from), "files": hashes(files, folder or self._out), "computed on": on}
        with self._lock:
            self._made[name] = made
            self._write()

    def computed_on(self, name: str) -> str:
        """Return the machine that computed a run, in words; empty where that is not on record."""
        return str(self._made.get(name, {}).get("computed on", ""))

    def drop(self, name: str) -> None:
        """Forget a thing that failed: it is made again."""
        with self._lock:
            if self._made.pop(name, None):
                self._write()

    def _write(self) -> None:
        text = json.dumps(self._made, indent=1, sort_keys=True)
        write_files(self._out, {RECORDS: f"{text}\n".encode()})


def _read(place: Path) -> dict[str, Any]:
    """Return the entries of a record that are whole."""
    try:
        found = json.loads(place.read_bytes()).items()
    except (OSError, ValueError, AttributeError):
        return {}
    return {name: made for name, made in found if _is_whole(made)}


def _is_whole(made: Any) -> bool:
    parts = [made.get("made from"), made.get("files")] if isinstance(made, dict) else [None]
    return all(isinstance(part, dict) for part in parts)
