"""The official files that are known, from ``register.csv`` beside this module: a line each."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tr_analysis import paths
from tr_analysis.errors import UsageError, nearest
from tr_analysis.official.parsing import MONTHS
from tr_analysis.official.workbooks import KINDS
from tr_analysis.text import slugify

PUBLISHER = "Ministry of Justice"
LICENCE = "Open Government Licence v3.0"
_NAMED = rf"(?<![a-z])({'|'.join(MONTHS)})"
_RELEASE = rf"{_NAMED}[a-z]*[-_ ]?((?:20)?[12]\d)(?!\d)|(?<!\d)(20[12]\d)[-_](0[1-9]|1[0-2])(?!\d)"


@dataclass(frozen=True)
class OfficialFile:
    """One official file."""

    name: str  # what the command calls it
    title: str
    family: str  # of the layout that it has, such as crc_results
    release: str  # year and month of its publication, such as 2017-01
    filename: str  # in data/raw/official/; where the publisher's is not known, one of ours
    page: str  # where a person finds it
    url: str = ""  # its exact address, if that was read in a public source

    @property
    def local_path(self) -> Path | None:
        """Where it is on disk, with the ending of any kind of table, or None."""
        places = [(paths.official() / self.filename).with_suffix(ending) for ending in KINDS]
        return next((place for place in places if place.is_file()), None)


with Path(__file__).with_suffix(".csv").open(newline="", encoding="utf-8") as file:
    REGISTER = {row["name"]: OfficialFile(**row) for row in csv.DictReader(file)}


def find_entries(names: Sequence[str] = ()) -> list[OfficialFile]:
    """Return the entries of the register by their names, which must be known; all of them if none is given."""
    for name in names:
        if name not in REGISTER:
            hint = nearest(name, REGISTER)
            raise UsageError(f"no official file {name!r}{hint}; `tr-analysis fetch --list` names them")
    return [REGISTER[name] for name in dict.fromkeys(names)] or list(REGISTER.values())


def find_entry(filename: str) -> OfficialFile | None:
    """Return the entry that a file's name means: the publisher's name in any capitals, or the register's."""
    stem = Path(filename).stem
    known = (e for e in REGISTER.values() if e.name == slugify(stem) or Path(e.filename).stem == stem.lower())
    return next(known, None)


def release_of(filename: str) -> str:
    """Return the month of publication that a file's name says, such as ``2017-01`` of ``...-jan17.xlsx``; else nothing.

    A name with more than one month is of the period that the figures are about.
    """
    name = filename.lower()
    found = re.findall(_RELEASE, name)
    if len(found) != 1 or len(re.findall(_NAMED, name)) > 1:
        return ""
    month, year, full, number = found[0]
    return f"{full}-{number}" if full else f"20{year[-2:]}-{MONTHS.index(month) + 1:02d}"
