"""Counts of successes in trials, checked: of one unit, and of the rows of a frame."""

from collections.abc import Collection, Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import whole

Counts = npt.NDArray[np.int64]


def one_count(successes: object, trials: object, which: str = "") -> tuple[int, int]:
    """Return the successes and trials of one unit as whole numbers; refuse what cannot be, by its name."""
    advice = "no proportion without trials; give a whole number of 1 or more"
    n = whole(f"trials{which}", trials, low=1, advice=advice)
    advice = "give a whole number from 0 to the number of trials"
    k = whole(f"successes{which}", successes, low=0, advice=advice)
    if k > n:
        raise ValueError(f"successes{which} is {k} of {n}: more successes than trials; are the two swapped?")
    return k, n


def counts(
    frame: pd.DataFrame, successes: str, trials: str, *, results: Collection[str] = ()
) -> tuple[Counts, Counts]:
    """Return the successes and the trials of each row (n); refuse what cannot be.

    Parameters
    ----------
    frame
        One row per unit.
    successes, trials
        Names of the columns with the counts.
    results
        Names of columns that the caller will add, which the counts would be lost to.

    Raises
    ------
    ValueError
        If there are no rows, a column is missing, there twice, named twice or named as a result, or a count
        is missing, negative or not whole, a row has no trials or more successes than trials. The message
        names the first row and column at fault.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(f"counts come as a pandas DataFrame, not as {type(frame).__name__}")
    if frame.empty:
        raise ValueError("no rows: give at least one, or check the filter before")
    if successes == trials:
        raise ValueError(f"column {successes!r} is named for both successes and trials: name two columns")
    for column in (successes, trials):
        if column in results:
            raise ValueError(f"column {column!r} has the name of a result, which would replace it: rename it")
        _check_column(frame, column)
    k, n = (frame[column].to_numpy(dtype=np.int64) for column in (successes, trials))
    _refuse(frame, trials, n == 0, "no proportion without trials; drop the row")
    _refuse(frame, successes, k > n, f"more successes than {trials!r}")
    return k, n


def _check_column(frame: pd.DataFrame, column: str) -> None:
    if not isinstance(column, Hashable) or column not in frame:
        raise ValueError(f"no column {column!r}: the frame has {', '.join(map(str, frame.columns))}")
    if isinstance(frame[column], pd.DataFrame):
        raise ValueError(f"several columns are called {column!r}: rename all but one")
    if not pd.api.types.is_numeric_dtype(frame[column]):
        raise ValueError(f"column {column!r} holds {frame[column].dtype}: turn it into whole numbers")
    count = frame[column].to_numpy(dtype=float, na_value=np.nan)
    _refuse(frame, column, np.isnan(count), "a count is needed; drop the row or find the figure")
    _refuse(frame, column, count < 0, "a count cannot be negative")
    is_whole = np.isfinite(count) & (np.floor(count) == count)
    _refuse(frame, column, ~is_whole, "a count is a whole number; round it first")


def _refuse(frame: pd.DataFrame, column: str, at_fault: npt.NDArray[np.bool_], rule: str) -> None:
    if at_fault.any():
        first = int(np.flatnonzero(at_fault)[0])
        raise ValueError(f"row {frame.index[first]}, column {column!r}: {frame[column].iloc[first]}: {rule}")
