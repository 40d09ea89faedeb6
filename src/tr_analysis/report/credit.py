"""Whom a chart or a table credits: whose figures it shows and, where someone else's report was read, whose report."""

from collections.abc import Iterable, Sequence

import pandas as pd

from tr_analysis.data.store import load
from tr_analysis.errors import nearest
from tr_analysis.order import in_order


def credit(source_ids: Iterable[str]) -> str:
    """Say whose figures were read, in what, and who reported those that were not read in their own publication.

    The ids are those of the table `sources`, such as a column ``source_id``; a cell may hold several, separated by
    spaces.

    Raises
    ------
    ValueError
        If there is no source, or an unknown one.

    Examples
    --------
    >>> credit(["S074"])
    'Source: National Audit Office, as reported by HuffPost UK'
    >>> credit(["S117", "S120", "S124", "S075"])
    'Sources: Ministry of Justice (official statistics, and as reported by BBC Shared Data Unit and Hinckley Times); National Audit Office (audit report)'
    """
    ids = {part for cell in source_ids for part in cell.split()}
    sources = load("sources")
    if unknown := sorted(ids - set(sources["source_id"])):
        raise ValueError(f"no source {unknown[0]!r}{nearest(unknown[0], sources['source_id'])}")
    if not ids:
        raise ValueError("there is no source to credit: give the ids of what was read, as in ['S001']")
    read = in_order(sources[sources["source_id"].isin(list(ids))], "source_id")
    whose = read["producer"].fillna(read["publisher"])
    credits = [f"{name}{_read_in(rows)}" for name, rows in read.groupby(whose)]
    return f"Source{'s' * (len(ids) > 1)}: {'; '.join(credits)}"


def _read_in(read: pd.DataFrame) -> str:
    """Say in what the figures of one producer were read: its own kinds of publication, others' reports."""
    at_hand = read["producer"].isna()
    kinds = _listed(sorted(set(read.loc[at_hand, "kind"])))
    reporters = _listed(sorted(set(read.loc[~at_hand, "publisher"])))
    if not kinds:
        return f", as reported by {reporters}"
    return f" ({kinds}, and as reported by {reporters})" if reporters else f" ({kinds})"


def _listed(names: Sequence[str]) -> str:
    """Join names as prose does: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
