"""The official files that are known, from ``register.csv`` beside this module: a line each."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tr_analysis import paths
from tr_analysis.errors import UsageError, nearest
from tr_analysis.official.workbooks import KINDS

PUBLISHER = "Ministry of Justice"
LICENCE = "Open Government Licence v3.0"


@dataclass(frozen=True)
class OfficialFile:
    """One official file."""

    name: str  # what the command calls it
    title: str
    family: str  # of the layout that it has, such as crc_results
    release: str  # year and month of its publication, such as 2017-01
    filename: str  # in data/raw/official/; where the publisher's is not known, one of ours
    page: str  # where a person finds it
    url: str = ""  # its exact address, if that is known
    address_found: str = (
        "unknown"  # "printed" in a public source; it "follows" from number and name of the file
    )

    @property
    def filenames(self) -> tuple[str, ...]:
        """The names it may have, with the ending of any kind of table; the usual one first."""
        stem, own = Path(self.filename).stem, Path(self.filename).suffix
        return (self.filename, *(stem + ending for ending in KINDS if ending != own))

    @property
    def local_path(self) -> Path | None:
        """Where it is on disk, or None."""
        places = (paths.official() / name for name in self.filenames)
        return next((place for place in places if place.is_file()), None)


def _read() -> dict[str, OfficialFile]:
    with Path(__file__).with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    return {row["name"]: OfficialFile(**row) for row in rows}


REGISTER: Mapping[str, OfficialFile] = MappingProxyType(_read())


def find_entries(names: Iterable[str] = ()) -> list[OfficialFile]:
    """Return the entries of the register by their names, which must be known; all of them if none is given."""
    names = list(dict.fromkeys(names))
    for name in names:
        if name not in REGISTER:
            hint = nearest(name, REGISTER)
            raise UsageError(f"no official file {name!r}{hint}; `tr-analysis fetch --list` names them")
    return [REGISTER[name] for name in names] or list(REGISTER.values())
