"""The official files that are known, from ``register.csv`` beside this module: a line each."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tr_analysis.official.workbooks import KINDS

PUBLISHER = "Ministry of Justice"
LICENCE = "Open Government Licence v3.0"


@dataclass(frozen=True)
class OfficialFile:
    """One official file.

    Parameters
    ----------
    name
        What the command calls it.
    title
        What it holds.
    family
        The layout that a reader expects, such as ``crc_results``.
    release
        Year and month of its publication, such as ``2017-01``; nothing where the file stands for whatever
        release is imported.
    filename
        The name it has in ``data/raw/official/``; where the publisher's is not known, one of ours.
    page
        Where a person finds it.
    url
        Its exact address; nothing where that is not known.
    address_found
        ``printed`` if the address was read in a public source, ``follows`` if it is put together from the number
        and the name of the file that were, ``unknown`` if there is none.
    """

    name: str
    title: str
    family: str
    release: str
    filename: str
    page: str
    url: str = ""
    address_found: str = "unknown"

    @property
    def filenames(self) -> tuple[str, ...]:
        """The names it may have, with the ending of any kind of table; the usual one first."""
        stem, own = Path(self.filename).stem, Path(self.filename).suffix
        return (self.filename, *(stem + ending for ending in KINDS if ending != own))


def _read() -> dict[str, OfficialFile]:
    with Path(__file__).with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    return {row["name"]: OfficialFile(**row) for row in rows}


REGISTER: Mapping[str, OfficialFile] = MappingProxyType(_read())
