"""Figures of the register of published figures as a table that says what each of them is."""

import pandas as pd

from tr_analysis.order import in_order

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
