"""The tables that the chapters read: those of the published figures, and of the official files where there are any."""

from pathlib import Path

from tr_analysis import data, paths
from tr_analysis.official.store import build_official, verify


def build_tables() -> list[Path]:
    """Check the raw files and build every table; return the files written: all of them or, on an error, none.

    Raises
    ------
    DataError
        With every fault found in the raw files, or in the official ones where there are any.
    """
    raw = data.read_raw()
    official = build_official_tables()
    return [*data.write_tables(raw), *official]


def build_official_tables() -> list[Path]:
    """Build the tables of the official files, or remove them with the last of these; without any, do nothing."""
    if not (paths.official().is_dir() or paths.official_tables().is_dir()):
        return []
    verify()
    return build_official()
