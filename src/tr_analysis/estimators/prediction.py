"""Where the true value of a new unit would lie, with the doubt about the variation between units kept."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tr_analysis.estimators.checks import Array, generator, whole
from tr_analysis.estimators.heterogeneity import check_units, pool, spread


@dataclass(frozen=True)
class Prediction:
    """Mean of the true values, and the interval for the true value of one new unit."""

    estimate: float
    low: float
    high: float
    method: str
    level: float


def prediction_interval(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 20_000,
    seed: int | np.random.Generator = 0,
) -> Prediction:
    """Return the interval in which the true value of one new unit lies with probability ``level``.

    The textbook interval ``mean +- t sqrt(tau2 + se^2)`` takes ``tau2`` as known; with twenty units it held
    in 90% of our simulations, not in 95%. Here ``tau2`` is drawn from its confidence distribution: for a
    draw ``c`` of chi-squared on ``units - 1`` degrees of freedom, the value at which ``Q(tau2) = c``, or 0.
    To each belongs a mean with Hartung and Knapp's error, never less than chance makes it, and a unit about
    that mean; the interval is that of all these units, and no narrower than that of the mean.

    Share of new units held at 0.95, with sampling variances of shares of 300 to 3000 trials: if units are
    all alike 1.00 with 3 of them and 0.99 with 21; if they differ with a standard deviation of 0.02, 0.99 and
    0.95.

    Parameters
    ----------
    estimates, variances
        One value per unit, in any unit of measurement, and its sampling variance; three units or more.
    level
        Probability, between 0 and 1.
    draws
        Number of draws, 1,000 or more.
    seed
        Seed or generator; the same seed gives the same interval.

    Returns
    -------
    Prediction
        In the unit of the estimates; ``estimate`` is the pooled mean.

    Raises
    ------
    ValueError
        As in `pool`, with fewer than three units, or with fewer than 1,000 draws.

    References
    ----------
    Nagashima, Noma and Furukawa (2019), Statistical Methods in Medical Research 28, 1689-1702; here with
    the generalised Q of Viechtbauer (2007), Statistics in Medicine 26, 37-52, whose distribution is exact.
    """
    y, v = check_units(estimates, variances, level)
    freedom = len(y) - 1
    if freedom < 2:
        raise ValueError("two units say too little of a third: give three or more")
    draws = whole("draws", draws, low=1000, advice="give 1,000 or more")
    random = generator(seed)
    tau2 = _confidence_draws(y, v, random.chisquare(freedom, draws))
    weights = 1 / (v + tau2[:, None])
    total = weights.sum(axis=1)
    means = weights @ y / total
    h = (weights * (y - means[:, None]) ** 2).sum(axis=1) / freedom
    error2 = np.maximum(1, h) / total  # as in `pool`: units alike by chance leave the doubt of sampling
    new = means + np.sqrt(error2) * random.standard_t(freedom, draws)
    new += np.sqrt(tau2) * random.standard_normal(draws)
    low, high = np.quantile(new, [(1 - level) / 2, (1 + level) / 2])
    mean = pool(y, v, level=level)
    ends = float(min(low, mean.low)), float(max(high, mean.high))  # a new unit is no surer than the mean
    return Prediction(mean.estimate, *ends, "confidence distribution", level)


def _confidence_draws(y: Array, v: Array, q: Array) -> Array:
    """Return for each value of Q the between-unit variance that gives it, interpolated on a fine grid."""
    top = float(np.var(y)) + float(v.max())
    while spread(y, v, top) > q.min():
        top *= 4
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-9, top, 2000)])
    falling = np.array([spread(y, v, tau2) for tau2 in grid])
    return np.asarray(np.interp(q, falling[::-1], grid[::-1]))
