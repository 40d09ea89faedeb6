"""Tidy tables as CSV that no spreadsheet takes for formulas, and back."""

import io
from collections.abc import Mapping

import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
# Columns that list names: an empty cell of theirs says that there is none, not that it is unknown.
LISTS = ("suppressed", "not_applicable")


def safe(text: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Parameters
    ----------
    text
        A cell. Numbers, and texts that start with anything but ``= + - @``, a tab, a return or an apostrophe,
        stay as they are, but that returns become line feeds first.
    """
    if not isinstance(text, str):
        return text
    text = text.replace("\r\n", "\n").replace(
        "\r", "\n"
    )  # a bare return would end a row where it is not quoted
    return "'" + text if text.startswith(_STARTS) else text


def to_csv(frame: pd.DataFrame) -> bytes:
    """Write a tidy table; the same table gives the same bytes."""
    texts = {
        str(c): frame[c].map(safe, na_action="ignore") for c, t in frame.dtypes.items() if str(t) == "str"
    }
    return frame.assign(**texts).to_csv(index=False, lineterminator="\n", float_format="%.12g").encode()


def from_csv(content: bytes, types: Mapping[str, str]) -> pd.DataFrame:
    """Read a tidy table that `to_csv` wrote, with its types and without the apostrophes."""
    frame = pd.read_csv(io.BytesIO(content), dtype=dict(types), keep_default_na=False, na_values=[""])
    for column, kind in types.items():
        if kind == "str":
            frame[column] = frame[column].str.removeprefix("'")
            if column in LISTS:
                frame[column] = frame[column].fillna("")
    return frame
