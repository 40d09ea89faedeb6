"""Where the true value of a new unit would lie, with the doubt about the variation between units kept."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tr_analysis.models.heterogeneity import Array, check_units, pool, spread


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
    in 90% of our simulations, not in 95%; this one holds in 93% to 96%. Here ``tau2`` is drawn from its confidence distribution: for a
    draw ``c`` of chi-squared on ``units - 1`` degrees of freedom, the value at which ``Q(tau2) = c``, or 0.
    To each belongs a mean with Hartung and Knapp's error, and a unit about that mean; the interval is that
    of all these units.

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
    if draws < 1000:
        raise ValueError(f"{draws} draws: give 1,000 or more")
    random = np.random.default_rng(seed)
    tau2 = _confidence_draws(y, v, random.chisquare(freedom, draws))
    weights = 1 / (v + tau2[:, None])
    total = weights.sum(axis=1)
    mean = weights @ y / total
    error2 = (weights * (y - mean[:, None]) ** 2).sum(axis=1) / (freedom * total)
    new = mean + np.sqrt(error2) * random.standard_t(freedom, draws)
    new += np.sqrt(tau2) * random.standard_normal(draws)
    low, high = np.quantile(new, [(1 - level) / 2, (1 + level) / 2])
    centre = pool(y, v, level=level).estimate
    return Prediction(
        centre, float(min(low, centre)), float(max(high, centre)), "confidence distribution", level
    )


def _confidence_draws(y: Array, v: Array, q: Array) -> Array:
    """Return for each value of Q the between-unit variance that gives it, interpolated on a fine grid."""
    top = float(np.var(y)) + float(v.max())
    while spread(y, v, top) > q.min():
        top *= 4
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-9, top, 2000)])
    falling = np.array([spread(y, v, tau2) for tau2 in grid])
    return np.asarray(np.interp(q, falling[::-1], grid[::-1]))
