"""The adjustment for case mix: what the adjusted rate must be, and whether a printed one is that."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array, numbers

MOST_PLACES = 10
"""Decimals that are looked at; what is beyond them in a float is no print."""
FLOAT = 1e-9
"""Points by which sums of floats of this size may stray."""


def predicted(observed: object, baseline_ogrs: object, cohort_ogrs: object) -> Array:
    """Return the adjusted rate that the identity gives: ``observed + baseline OGRS - cohort OGRS``.

    Checked against the Ministry's national quarterly series of 2000 to 2014, where it holds to eight digits. A
    cohort with a higher mean score than the baseline's is expected to reoffend more, so its rate is lowered.

    Parameters
    ----------
    observed
        Binary rate of the cohort (n), per cent.
    baseline_ogrs, cohort_ogrs
        Mean score of the baseline and of the cohort (n), as per cent; missing where not known.

    Returns
    -------
    numpy.ndarray
        Per cent (n); missing where a part is.

    Raises
    ------
    ValueError
        If a part is not numbers, or lengths differ.

    References
    ----------
    Ministry of Justice, Proven reoffending statistics: definitions and measurement.
    """
    named = {"rates": observed, "baseline scores": baseline_ogrs, "cohort scores": cohort_ogrs}
    parts = [numbers(name, values) for name, values in named.items()]
    if len({len(part) for part in parts}) > 1:
        raise ValueError(f"{', '.join(str(len(part)) for part in parts)} values: give one of each per cohort")
    return np.asarray(parts[0] + parts[1] - parts[2])


def decimals(values: object) -> int:
    """Return the most decimals that any of the numbers is written with; trailing noughts cannot be seen.

    Examples
    --------
    >>> decimals([45.4, 45.0]), decimals([0.1 + 0.2]), decimals([1 / 3]), decimals([])
    (1, 1, 10, 0)
    """
    found = numbers("values", values)
    written = (f"{v:.{MOST_PLACES}f}".partition(".")[2].rstrip("0") for v in found[np.isfinite(found)])
    return max(map(len, written), default=0)


def rounding_tolerance(places: Mapping[str, int]) -> float:
    """Return by how much the two sides may differ when each part is rounded to its own decimals.

    A number printed to ``p`` decimals is known to ``10**-p / 2``. The identity adds and subtracts its parts,
    so their errors add at worst: ``sum(10**-p / 2)``. A part that is worked out from counts is not rounded:
    leave it out.

    Parameters
    ----------
    places
        Decimals of each part that was read as printed, by its name.
    """
    return FLOAT + sum(0.5 * 10.0**-p for p in places.values())


def adjustment_identity(panel: pd.DataFrame, *, by: str = "release") -> pd.DataFrame:
    """Hold every adjusted rate against the identity, cell by cell.

    The observed rate is worked out from the counts where both are there, and taken as printed otherwise.
    Decimals are those of the whole column in one release, because 45.0 does not show how it was rounded.

    Parameters
    ----------
    panel
        One row per provider and cohort: adjusted_rate, baseline_ogrs, ogrs in per cent, and offenders with
        reoffenders or binary_rate; other columns are kept.
    by
        Column of what was printed alike.

    Returns
    -------
    pandas.DataFrame
        The rows of ``panel`` of which every part is known, in their order and with its index, with observed,
        predicted, residual (printed less predicted), tolerance (points) and holds added.

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> row = {"release": "2017-10", "offenders": 1000, "reoffenders": 456, "adjusted_rate": 44.9}
    >>> frame = pd.DataFrame([row | {"binary_rate": 45.6, "baseline_ogrs": 46.2, "ogrs": 46.9}])
    >>> adjustment_identity(frame)[["predicted", "residual", "tolerance", "holds"]].round(3).to_dict("records")
    [{'predicted': 44.9, 'residual': -0.0, 'tolerance': 0.15, 'holds': True}]
    """
    needed = ("adjusted_rate", "baseline_ogrs", "ogrs", "offenders", "reoffenders", "binary_rate", by)
    if lacking := [name for name in needed if name not in panel]:
        raise ValueError(f"no column {lacking[0]!r}: the identity needs {', '.join(needed)}")
    parts = panel.loc[:, list(needed[:-1])].astype(float)
    counted = parts["offenders"].gt(0) & parts["reoffenders"].notna()
    observed = (100 * parts["reoffenders"] / parts["offenders"].where(counted)).fillna(parts["binary_rate"])
    known = parts[["adjusted_rate", "baseline_ogrs", "ogrs"]].notna().all(axis=1) & observed.notna()
    rate = predicted(observed, parts["baseline_ogrs"], parts["ogrs"])
    out = panel.assign(observed=observed, predicted=rate, residual=parts["adjusted_rate"] - rate)
    tolerance = pd.Series(np.nan, panel.index)
    for release in panel.loc[known, by].unique():
        here = known & (panel[by] == release)
        alike = parts[here]
        printed = {name: decimals(alike[name]) for name in ("adjusted_rate", "baseline_ogrs", "ogrs")}
        tolerance[here & counted] = rounding_tolerance(printed)
        tolerance[here & ~counted] = rounding_tolerance(printed | {"rate": decimals(alike["binary_rate"])})
    out = out.assign(tolerance=tolerance)[known]
    return out.assign(holds=out["residual"].abs() <= out["tolerance"])
