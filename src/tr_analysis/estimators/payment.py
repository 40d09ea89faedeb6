"""Payment by results: a rule, the cohorts it is put to, and the true changes it is tried with."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import Array, to_floats, whole
from tr_analysis.estimators.payment_checks import WIDEST, check_share, one_share
from tr_analysis.estimators.payment_power import critical_value

MOST_PEOPLE = 2**31 - 1
"""Most people in a cohort or baseline: scipy's binomial probabilities count no further."""


@dataclass(frozen=True)
class PaymentRule:
    """A payment rule and the cohorts it is put to; made by `payment_rule`.

    Attributes
    ----------
    sizes
        People by cohort (rows) and provider (columns).
    baselines
        Rate of each provider's baseline, a share.
    baseline_sizes
        People in each provider's baseline; infinite where it is known.
    critical
        Standard errors from the baseline at which a rate is significant.
    sides
        2, or 1 where only falls are tested.
    allowed
        Whether the test allows for the sampling error of the baselines.
    """

    sizes: pd.DataFrame
    baselines: Array
    baseline_sizes: Array
    critical: float
    sides: int
    allowed: bool


def payment_rule(
    sizes: pd.DataFrame | pd.Series | npt.ArrayLike,
    baselines: pd.Series | npt.ArrayLike,
    *,
    level: float,
    sides: int = 2,
    cohorts: int = 1,
    baseline_sizes: pd.Series | npt.ArrayLike = np.inf,
    allowed: bool = True,
) -> PaymentRule:
    """Lay out a rule that pays for a significant fall of the rate below the baseline, and deducts for a rise.

    A cohort of ``n`` with ``x`` reoffenders is judged by the score test ``(x / n - b) / sqrt(r (1 - r) (1 / n
    + 1 / m))``, with ``r`` the baseline ``b`` where it is known (``m`` infinite) and the pooled rate where it
    is sampled. It is the one test that serves both, its power has a plain formula (`payment_power.chances`),
    and from a few hundred people on it decides like the exact binomial test but for single counts. As counts
    are whole, the probability of a false payment is not exactly the nominal one: `operating` in `payment_operating` says
    what it is.

    Parameters
    ----------
    sizes
        People per provider, or a frame with one row per cohort and one column per provider.
    baselines
        Baseline rate of all providers, or of each; shares.
    level, sides
        As in `payment_power.critical_value`.
    cohorts
        How many cohorts of these sizes, where ``sizes`` has one row.
    baseline_sizes
        People in the baseline of all providers, or of each: its rate is then a sample, drawn once and kept
        for all cohorts. Infinite: the baseline is known.
    allowed
        Whether the test allows for the sampling of the baselines; if not it takes them for known.

    Raises
    ------
    ValueError
        If there are no cohorts or providers, or one occurs twice, a cohort is called "all", a size is not a
        whole number of 1 to 2,147,483,647, a baseline is no share between 0 and 1, lengths differ, or level,
        sides, cohorts or ``allowed`` is out of range.
    """
    critical = critical_value(level, sides)
    table = sizes if isinstance(sizes, pd.DataFrame) else _one_row(sizes)
    if not table.size:
        raise ValueError("no cohorts or no providers: give the size of at least one")
    advice = "give 1 or more, and only 1 with a row of sizes for each"
    cohorts = whole("cohorts", cohorts, low=1, high=np.inf if len(table) == 1 else 1, advice=advice)
    if not isinstance(allowed, bool | np.bool_):
        raise ValueError(f"allowed is {allowed!r}: give True or False")
    if cohorts > 1:
        table = pd.DataFrame(np.repeat(table.to_numpy(), cohorts, axis=0), columns=table.columns)
    if table.index.equals(pd.RangeIndex(len(table))):
        table = table.set_axis(pd.RangeIndex(1, len(table) + 1))
    if not table.columns.is_unique:
        raise ValueError("a provider occurs twice in sizes: give each once")
    if not table.index.is_unique or "all" in table.index:
        raise ValueError(
            "a cohort occurs twice in sizes, or is called 'all', as their sum is: name each once"
        )
    _check_people("sizes", to_floats("sizes", table))
    people = per_provider("baseline_sizes", baseline_sizes, table)
    _check_people("baseline_sizes", people[~np.isposinf(people)])
    rates = per_provider("baselines", baselines, table)
    if not ((rates > 0) & (rates < 1)).all():
        raise ValueError(f"baselines from {rates.min()} to {rates.max()}: give shares, 0.475 for 47.5%")
    return PaymentRule(table.astype(int), rates, people, critical, sides, allowed)


def score(counts: Array, sizes: Array, baseline_rates: Array, baseline_sizes: Array) -> Array:
    """Return the score statistic of each count against its baseline; see `payment_rule`."""
    weight = sizes / (sizes + baseline_sizes)
    pooled = weight * counts / sizes + (1 - weight) * baseline_rates
    variance = pooled * (1 - pooled) * (1 / sizes + 1 / baseline_sizes)
    with np.errstate(divide="ignore", invalid="ignore"):  # nobody or everybody in both: no evidence, NaN
        return np.asarray((counts / sizes - baseline_rates) / np.sqrt(variance))


def check_truth(
    rule: PaymentRule, shift: pd.Series | npt.ArrayLike, spread: float, drift: npt.ArrayLike
) -> tuple[Array, Array]:
    """Return the own shift of each provider and the drift of each cohort; refuse what cannot be."""
    own = check_share("shift", per_provider("shift", shift, rule.sizes))
    if np.ndim(spread):
        raise ValueError("spread is one number for all providers: give differences between them as shifts")
    one_share("spread", spread, low=0, high=WIDEST)
    drifts = check_share("drift", drift)
    if drifts.ndim > 1 or (drifts.ndim == 1 and len(drifts) != len(rule.sizes)):
        raise ValueError(
            f"drift has shape {drifts.shape}: give one, or one for each of {len(rule.sizes)} cohorts"
        )
    drifts = np.broadcast_to(drifts, len(rule.sizes))
    rates = rule.baselines + own + drifts[:, None]
    if not ((rates >= 0) & (rates <= 1)).all():
        raise ValueError(f"true rates from {rates.min():g} to {rates.max():g}: take smaller shifts or drifts")
    return own, drifts


def per_provider(name: str, values: pd.Series | npt.ArrayLike, sizes: pd.DataFrame) -> Array:
    """Return one number for each provider; a series is matched by name."""
    if isinstance(values, pd.Series):
        if not values.index.is_unique or set(values.index) != set(sizes.columns):
            raise ValueError(f"{name} and sizes name different providers: give each once in both")
        values = values[sizes.columns]
    numbers = to_floats(name, values)
    if numbers.ndim > 1 or (numbers.ndim == 1 and len(numbers) != sizes.shape[1]):
        raise ValueError(
            f"{name} has shape {numbers.shape}: give one, or one for each of {sizes.shape[1]} providers"
        )
    return np.broadcast_to(numbers, sizes.shape[1])


def _one_row(sizes: pd.Series | npt.ArrayLike) -> pd.DataFrame:
    names = sizes.index if isinstance(sizes, pd.Series) else pd.RangeIndex(1, np.size(sizes) + 1)
    numbers = np.atleast_1d(np.asarray(sizes))
    if numbers.ndim > 1:
        raise ValueError(
            "sizes of many cohorts: give a frame, one row per cohort and one column per provider"
        )
    return pd.DataFrame([numbers], columns=names)


def _check_people(name: str, people: Array) -> None:
    if not ((people >= 1) & (people == np.floor(people)) & np.isfinite(people)).all():
        raise ValueError(f"{name} must be whole numbers of 1 or more: leave out who has no cohort")
    if (people > MOST_PEOPLE).any():
        raise ValueError(f"{name} has {people.max():,.0f}: give {MOST_PEOPLE:,} people at most")
