"""Payment by results: what a rule pays for, by simulation."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from tr_analysis.estimators.checks import Array, whole
from tr_analysis.estimators.payment import PaymentRule, check_truth, score
from tr_analysis.estimators.payment_operating import Operating, chances_frame, counts_frame, winners_frame


def simulate(
    rule: PaymentRule,
    *,
    shift: pd.Series | npt.ArrayLike = 0.0,
    spread: float = 0.0,
    drift: npt.ArrayLike = 0.0,
    runs: int = 10_000,
    seed: int | np.random.Generator = 0,
) -> Operating:
    """Simulate what a rule pays for; the true shifts are as in `payment_operating.operating`, which it confirms.

    In each run every provider draws its own shift and, where baselines are sampled, its baseline; both then
    stay for all cohorts, so that luck in the baseline returns every time. The standard errors of the sums
    over cohorts show that.

    Parameters
    ----------
    rule, shift, spread, drift
        As in `payment_operating.operating`.
    runs
        Simulated runs of all cohorts, 2 or more. A million provider-cohorts take about a fifth of a second.
    seed
        Seed or generator; the same seed gives the same numbers.

    Raises
    ------
    ValueError
        If there are fewer than 2 runs, or as in `payment_operating.operating`.
    """
    runs = whole("runs", runs, low=2, advice="give 2 or more, and a thousand or more to see anything")
    own, drifts = check_truth(rule, shift, spread, drift)
    rng = np.random.default_rng(seed)
    providers = rule.sizes.shape[1]
    shifts = own + spread * rng.standard_normal((runs, providers))
    rates = np.clip(rule.baselines + shifts[:, None] + drifts[:, None], 0, 1)
    sizes = rule.sizes.to_numpy()
    counts = rng.binomial(sizes, rates).astype(float)
    reckoned = rule.baseline_sizes if rule.allowed else np.full(providers, np.inf)
    statistic = score(counts, sizes, _baselines(rule, runs, rng)[:, None], reckoned)
    paid = statistic <= -rule.critical
    deducted = (statistic >= rule.critical) & (rule.sides == 2)
    return _summary(rule, paid, deducted, paid & (shifts >= 0)[:, None])


def _baselines(rule: PaymentRule, runs: int, rng: np.random.Generator) -> Array:
    """Return the baseline rates that the test sees, runs by providers."""
    seen = np.tile(rule.baselines, (runs, 1))
    sampled = np.isfinite(rule.baseline_sizes)
    people = rule.baseline_sizes[sampled].astype(int)
    seen[:, sampled] = rng.binomial(people, rule.baselines[sampled], (runs, sampled.sum())) / people
    return seen


def _summary(
    rule: PaymentRule,
    paid: npt.NDArray[np.bool_],
    deducted: npt.NDArray[np.bool_],
    false: npt.NDArray[np.bool_],
) -> Operating:
    """Average over the runs; runs, cohorts and providers are the axes."""
    runs, _, providers = paid.shape
    chances = np.stack([what.mean(axis=0).ravel() for what in (paid, deducted, false)], axis=1)
    sums = [what.sum(axis=2) for what in (paid, deducted, false)]
    by_cohort = np.stack([*sums, sums[2] > 0], axis=2).astype(float)
    measures = np.concatenate([by_cohort, by_cohort.sum(axis=1, keepdims=True)], axis=1)
    winners = np.stack([np.bincount(column, minlength=providers + 1) for column in sums[0].T]) / runs
    return Operating(
        chances_frame(rule, chances, _share_error(chances, runs)),
        counts_frame(rule, measures.mean(axis=0), measures.std(axis=0, ddof=1) / np.sqrt(runs)),
        winners_frame(rule, winners, _share_error(winners, runs)),
    )


def _share_error(shares: Array, runs: int) -> Array:
    return np.asarray(np.sqrt(shares * (1 - shares) / runs))
