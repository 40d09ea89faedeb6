"""What a chapter says of its sources: whom a chart or a table credits, and which published figures it uses.

A credit names whose figures are shown and, where someone else's report was read, whose report.
"""

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
    kinds = _joined(sorted(set(read.loc[at_hand, "kind"])))
    reporters = _joined(sorted(set(read.loc[~at_hand, "publisher"])))
    if not kinds:
        return f", as reported by {reporters}"
    return f" ({kinds}, and as reported by {reporters})" if reporters else f" ({kinds})"


def _joined(names: Sequence[str]) -> str:
    """Join names as prose does: ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


_HEADINGS = {
    "figure_id": "Figure",
    "population": "Whom it covers",
    "period": "Period",
    "value": "Value",
    "unit": "Unit",
    "note": "Note",
    "source_id": "Source",
}


def listed(figures: pd.DataFrame, *, notes: bool = False) -> pd.DataFrame:
    """Lay out rows of the table `published_figures` for `findings.table`, in the order of measure and figure.

    The value is as it was printed, where that is on record. The ids show which figures a chapter uses.

    Examples
    --------
    >>> from tr_analysis.data import load
    >>> listed(load("published_figures").query("figure_id == 'F0611'"))[["Figure", "Value"]].values.tolist()
    [['F0611', 'Two-thirds']]
    """
    rows = in_order(figures, "measure", "figure_id")
    measure = rows["measure"].str[:1].str.upper() + rows["measure"].str[1:]
    shown = rows[list(_HEADINGS)].assign(
        value=rows["as_printed"].fillna(rows["value"].map("{:,.6g}".format)),
        unit=rows["unit"].str.replace(r"\bpercent\b", "per cent", regex=True),
        period=rows["period"].str.replace(r"\b(\d{4})/(\d\d)\b", r"\1-\2", regex=True),
        note=rows["note"].fillna(""),
        population=rows["population"].fillna("as the measure says"),
    )
    if not notes or not rows["note"].notna().any():
        shown = shown.drop(columns="note")
    shown.insert(0, "measure", measure)
    return shown.rename(columns={"measure": "Measure", **_HEADINGS})
