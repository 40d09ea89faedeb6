"""The only way to sort, and to take the first of several: on a key that leaves no ties.

Where a key leaves ties, a sort that is not stable brings them into an order that depends on the processor, and a
stable one into that of the file; either can change a table, a chart or a number.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_float_dtype

from tr_analysis.digits import settle


def in_order(frame: pd.DataFrame, *by: str, descending: Sequence[str] = ()) -> pd.DataFrame:
    """Sort rows on a complete key of columns or index levels, some of them descending; missing values come last.

    Numbers that agree to ten digits count as equal.

    Raises
    ------
    ValueError
        If two rows agree in the key and differ elsewhere: name another column.

    Examples
    --------
    >>> rows = pd.DataFrame({"place": [2, 1, 1], "name": ["c", "b", "a"]})
    >>> in_order(rows, "place", "name")["name"].to_list()
    ['a', 'b', 'c']
    """
    whole = frame.reset_index() if any(name in frame.index.names for name in by) else frame
    key = pd.DataFrame({name: _settled(whole[name]) for name in by}).reset_index(drop=True)
    tied = key.duplicated(keep=False).to_numpy()
    if len(whole[tied].astype(str).drop_duplicates()) > len(key[tied].drop_duplicates()):
        tie = ", ".join(f"{name} {value}" for name, value in key[tied].iloc[0].items())
        raise ValueError(f"rows tie at {tie}: name another column, so that none is first by chance")
    rising = [name not in descending for name in by]
    return frame.iloc[key.sort_values(list(by), ascending=rising, kind="stable").index]


def _settled(values: "pd.Series[Any]") -> Any:
    return settle(values.astype(float)) if is_float_dtype(values) else values


def only(rows: Any) -> Any:
    """Return the one row of a frame, or the one value of a series; a `ValueError` if there are none or several.

    Examples
    --------
    >>> only(pd.Series([47.5]))
    np.float64(47.5)
    """
    if len(rows) != 1:
        raise ValueError(f"there are {len(rows)} rows where there should be one: select more narrowly")
    return rows.iloc[0]


def largest(values: "pd.Series[Any]") -> Any:
    """Return the label of the largest value; of several as large, to ten digits, the first label in order.

    Examples
    --------
    >>> largest(pd.Series({"b": 0.3, "a": 0.1 + 0.2, "c": 0.1}))
    'a'
    """
    known = values.dropna()
    numbers = settle(known.astype(float))
    return min(known.index[numbers == numbers.max()])


def smallest(values: "pd.Series[Any]") -> Any:
    """Return the label of the smallest value, as `largest` does."""
    return largest(-values)


def place_of_smallest(values: npt.ArrayLike) -> int:
    """Return the place of the smallest number of a row; of several as small, to ten digits, the first."""
    numbers = settle(values)
    return int(np.flatnonzero(numbers == numbers.min())[0])
