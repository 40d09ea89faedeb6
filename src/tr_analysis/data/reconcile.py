"""Arithmetic between published figures: rates against counts, tallies against rows, sums against totals."""

import operator
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd

from tr_analysis.errors import Problem

Frames = Mapping[str, pd.DataFrame]
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
_TOKEN = re.compile(r"F\d{4}|\w+\[[^\]]*\]\.\w+|\d+(?:\.\d+)?|[-+*/]")
_TALLIES = {  # register figure -> kind of provider and overall rating it counts in round 1
    "F0367": ("CRC", "Good"),
    "F0368": ("CRC", "Requires improvement"),
    "F0369": ("CRC", "Inadequate"),
    "F0370": ("NPS", "Good"),
    "F0371": ("NPS", "Requires improvement"),
}


def printed(numerator: int, denominator: int, places: int, scale: int = 1) -> Decimal:
    """Return a ratio the way statistics are printed: exact, then rounded half up.

    Parameters
    ----------
    numerator, denominator
        Counts.
    places
        Decimals printed.
    scale
        100 for a percentage.
    """
    exact = Fraction(numerator * scale, denominator)
    shifted = Decimal(exact.numerator) / Decimal(exact.denominator)
    return shifted.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def annual_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Recompute each printed rate of the annual table from its counts.

    Returns
    -------
    DataFrame
        Two rows per cohort year: cohort_year, measure, published, recomputed, agrees.
    """
    specs = [
        ("binary rate", "reoffenders", "offenders", "published_binary_rate", 1, 100),
        ("frequency rate", "reoffences", "reoffenders", "published_frequency_rate", 2, 1),
    ]
    rows = [
        (
            row["cohort_year"],
            measure,
            row[column],
            float(printed(int(row[top]), int(row[bottom]), places, scale)),
        )
        for row in frame.to_dict("records")
        for measure, top, bottom, column, places, scale in specs
    ]
    out = pd.DataFrame(rows, columns=["cohort_year", "measure", "published", "recomputed"])
    return out.assign(agrees=(out["published"] - out["recomputed"]).abs() < 1e-9)


def rating_tallies(frames: Frames) -> pd.DataFrame:
    """Count the round-1 overall ratings and set them beside the published tallies.

    Returns
    -------
    DataFrame
        One row per tally: figure_id, provider_type, rating, published, counted, agrees.
    """
    inspections, figures = frames["inspection_ratings"], frames["published_figures"].set_index("figure_id")
    first = inspections[inspections["inspection_round"] == 1]
    rows = [
        (
            figure,
            kind,
            rating,
            figures.at[figure, "value"],
            int(((first["provider_type"] == kind) & (first["overall_rating"] == rating)).sum()),
        )
        for figure, (kind, rating) in _TALLIES.items()
    ]
    out = pd.DataFrame(rows, columns=["figure_id", "provider_type", "rating", "published", "counted"])
    return out.assign(agrees=out["published"] == out["counted"])


def figure_checks(frames: Frames) -> pd.DataFrame:
    """Work out both sides of every row of `figure_checks`.

    Returns
    -------
    DataFrame
        The rows with left_value, right_value, difference and found (agree or differ).

    Raises
    ------
    ValueError
        If an expression names a figure or a cell that does not exist, or has no value.
    """
    checks = frames["figure_checks"]
    left, right = ([evaluate(text, frames) for text in checks[side]] for side in ("left", "right"))
    out = checks.assign(left_value=left, right_value=right)
    out["difference"] = out["left_value"] - out["right_value"]
    agrees = out["difference"].abs() <= out["tolerance"] + 1e-9
    return out.assign(found=agrees.map({True: "agree", False: "differ"}))


def evaluate(expression: str, frames: Frames) -> float:
    """Work out an expression of `figure_checks`, from left to right."""
    tokens = _TOKEN.findall(expression)
    if "".join(tokens).replace(" ", "") != expression.replace(" ", "") or len(tokens) % 2 == 0:
        raise ValueError(f"cannot read {expression!r}: write figures, cells and numbers joined by + - * /")
    value = _operand(tokens[0], frames)
    for sign, operand in zip(tokens[1::2], tokens[2::2], strict=True):
        if sign not in _OPERATORS:
            raise ValueError(f"cannot read {expression!r}: {sign!r} stands where an operator should")
        value = _OPERATORS[sign](value, _operand(operand, frames))
    return value


def _operand(token: str, frames: Frames) -> float:
    """Return the number that a token names."""
    if token[0].isdigit():
        return float(token)
    if "[" not in token:
        token = f"published_figures[figure_id={token}].value"
    name, conditions, column = re.fullmatch(r"(\w+)\[(.*)\]\.(\w+)", token).groups()  # type: ignore[union-attr]
    if name not in frames or column not in frames[name]:
        raise ValueError(f"{token}: no such table or column")
    rows = frames[name]
    for condition in conditions.split(";"):
        key, value = condition.split("=", 1)
        rows = rows[rows[key].astype(str) == value]
    if len(rows) != 1 or pd.isna(rows[column].iloc[0]):
        raise ValueError(f"{token}: must name exactly one value, names {rows[column].count()}")
    return float(rows[column].iloc[0])


def reconciliation(frames: Frames) -> pd.DataFrame:
    """Put every comparison of published figures with each other in one table.

    Returns
    -------
    DataFrame
        One row a comparison: kind, subject, left_value, right_value, difference, tolerance, expected, found,
        why.
    """
    rates = annual_rates(frames["proven_reoffending_annual"]).rename(
        columns={"published": "left_value", "recomputed": "right_value"}
    )
    rates["kind"], rates["subject"] = "rate from its counts", rates["measure"] + " " + rates["cohort_year"]
    tallies = rating_tallies(frames).rename(columns={"published": "left_value", "counted": "right_value"})
    tallies["kind"] = "tally from its rows"
    tallies["subject"] = "round 1: " + tallies["provider_type"] + " rated " + tallies["rating"].str.lower()
    exact = pd.concat([rates, tallies])
    exact = exact.assign(
        expected="agree", found=exact["agrees"].map({True: "agree", False: "differ"}), tolerance=0.0
    )
    out = pd.concat([exact, figure_checks(frames).assign(kind="figure against figure")], ignore_index=True)
    out["difference"] = out["left_value"] - out["right_value"]
    columns = [
        "kind",
        "subject",
        "left_value",
        "right_value",
        "difference",
        "tolerance",
        "expected",
        "found",
        "why",
    ]
    return out[columns]


def problems(frames: Frames) -> list[Problem]:
    """Return every disagreement between published figures that is not recorded as one."""
    found = []
    annual = frames["proven_reoffending_annual"]
    lines = {year: row for row, year in enumerate(annual["cohort_year"], start=2)}
    for r in annual_rates(annual).query("not agrees").to_dict("records"):
        rule = f"contradicts the counts of {r['cohort_year']}, which give {r['recomputed']}"
        column = "published_" + r["measure"].replace(" ", "_")
        file = "proven_reoffending_annual.csv"
        found.append(Problem(file, rule, lines[r["cohort_year"]], column, str(r["published"])))
    for r in rating_tallies(frames).query("not agrees").to_dict("records"):
        rule = (
            f"the published tally {r['figure_id']} says {r['published']:g} {r['provider_type']} {r['rating']}"
        )
        found.append(Problem("inspection_ratings.csv", rule, None, "overall_rating", str(r["counted"])))
    try:
        checks = figure_checks(frames)
    except ValueError as error:
        return [*found, Problem("figure_checks.csv", str(error))]
    for row, r in enumerate(checks.to_dict("records"), start=2):
        if r["found"] != r["expected"]:
            sides = f"{r['left_value']:g} and {r['right_value']:g} {r['found']}"
            rule = f"{r['subject']}: {sides}, expected to {r['expected']}"
            found.append(Problem("figure_checks.csv", rule, row, "expected", r["check_id"]))
    return found
