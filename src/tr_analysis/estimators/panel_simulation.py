"""A simulated panel of providers by cohort that gives back what is published of the real one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tr_analysis.estimators.checks import Array, generator, number, whole
from tr_analysis.estimators.panel_calibration import Assumed, Published, calibrated_spread
from tr_analysis.estimators.payment_power import critical_value, standard_error
from tr_analysis.simulated import SIMULATED

BLOCK, MOST_BLOCKS = 2000, 200
"""First cohorts drawn at a time, and how often, until one gives the counts and the rate as printed."""


@dataclass(frozen=True)
class _World:
    """What does not change while cohorts are drawn: people and case mix by cohort and provider, and baselines."""

    published: Published
    made: Assumed
    people: Array
    weight: Array
    base: Array
    mix: Array
    random: np.random.Generator

    @property
    def half(self) -> float:
        """Half a unit of the last digit of a printed rate, as a share."""
        return 0.5 * 10.0 ** -(self.published.rate_places + 2)


def simulate_panel(
    published: Published,
    sizes: pd.Series,
    cohorts: Sequence[str],
    *,
    assumed: Assumed | None = None,
    seed: int | np.random.Generator = 0,
) -> pd.DataFrame:
    """Simulate a panel that gives back the published people, rates, frequencies, winners and losers.

    Each provider has a baseline and a true change, normal between providers and centred so that, weighted by size,
    they are the published ones; the spread of the changes is that of `calibrated_spread`. Reoffenders are binomial,
    a cohort's case mix moves the observed rate and is taken out again by the adjustment. First cohorts are drawn
    until one has the winners, losers and rate printed, then the others until all together have theirs.

    Parameters
    ----------
    published
        What the panel must give back.
    sizes
        Weight of each provider, indexed by its name, above 0; shares of the people, however scaled.
    cohorts
        Names of the cohorts, the first one first; two or more.
    assumed
        What is not published.
    seed
        Seed or generator; the same seed gives the same panel.

    Returns
    -------
    pandas.DataFrame
        One row per provider and cohort with the columns of the observed panel that are figures; rates in per cent,
        scores and adjusted rates rounded to two decimals as in a spreadsheet. Column and attribute ``origin``
        are "simulated".

    Raises
    ------
    ValueError
        If sizes, cohorts or seed cannot be used, or no draw gives back what is published.
    """
    _check(sizes, cohorts)
    made, random, weight = assumed or Assumed(), generator(seed), sizes.to_numpy(float) / sizes.sum()
    people = _people(published.people, sizes, len(cohorts))
    base = published.baseline + _centred(random, made.baseline_spread, weight, 1)[0]
    mix = _centred(random, made.case_mix, weight, len(cohorts))
    world = _World(published, made, people, weight, base, mix, random)
    first, change = _first(world)
    reoffenders = np.vstack([first, _later(world, first, base + change)])
    return _frame(world, sizes.index, cohorts, reoffenders)


def _check(sizes: pd.Series, cohorts: Sequence[str]) -> None:
    if len(sizes) < 3 or not sizes.index.is_unique or not (sizes > 0).all():
        raise ValueError("sizes are one number above 0 for each of three providers or more, each named once")
    whole("the number of cohorts", len(set(cohorts)), low=2, advice="name two or more, the first one first")


def _people(total: int, sizes: pd.Series, cohorts: int) -> Array:
    """Return people by cohort and provider: shares of the total, rounded so that they sum to it."""
    total = whole("people", total, low=100 * cohorts * len(sizes), advice="give the sum of all cohorts")
    ends = np.cumsum(np.tile(sizes.to_numpy(float) / sizes.sum() / cohorts, cohorts)) * total
    return np.diff(np.round(ends), prepend=0).reshape(cohorts, -1)


def _centred(random: np.random.Generator, spread: float, weight: Array, rows: int) -> Array:
    """Return normal numbers (rows, providers) whose weighted mean is 0."""
    drawn = number("a spread", spread, low=0) * random.standard_normal((rows, len(weight)))
    return np.asarray(drawn - (drawn @ weight)[:, None])


def _first(world: _World) -> tuple[Array, Array]:
    """Draw changes and first cohorts until one gives winners, losers and rate; return reoffenders and changes."""
    published, people, base, mix = world.published, world.people[0], world.base, world.mix[0]
    fall = standard_error(round(people.mean()), published.baseline)
    tau = calibrated_spread(published, len(base), error=fall, level=world.made.level)
    least, error = critical_value(world.made.level), np.sqrt(base * (1 - base) / people)
    for _ in range(MOST_BLOCKS):
        change = published.first_rate - published.baseline + _centred(world.random, tau, world.weight, BLOCK)
        found = world.random.binomial(people.astype(int), np.clip(base + change + mix, 0, 1)).astype(float)
        z = (found / people - mix - base) / error
        fits = (z <= -least).sum(axis=1) == published.winners
        fits &= (z >= least).sum(axis=1) == published.losers
        rate = (found - mix * people).sum(axis=1) / people.sum()
        fits &= np.abs(rate - published.first_rate) < world.half
        if fits.any():
            at = int(np.flatnonzero(fits)[0])
            return found[at], change[at]
    raise ValueError(
        f"none of {MOST_BLOCKS * BLOCK:,} first cohorts has the winners, losers and rate: turn the level"
    )


def _later(world: _World, first: Array, rates: Array) -> Array:
    """Draw the later cohorts until all together have the published rate; the drift is common to all providers."""
    rest, mix, total = world.people[1:], world.mix[1:], world.people.sum()
    adjusted = (first - world.mix[0] * world.people[0]).sum()
    drift = (world.published.rate * total - adjusted - (rates * rest).sum()) / rest.sum()
    for _ in range(10 * MOST_BLOCKS):
        found = world.random.binomial(rest.astype(int), np.clip(rates + drift + mix, 0, 1)).astype(float)
        rate = (adjusted + (found - mix * rest).sum()) / total
        if abs(rate - world.published.rate) < world.half:
            return np.asarray(found)
    raise ValueError("no later cohorts give the published rate of all: look at rate and first_rate")


def _frame(world: _World, providers: pd.Index, cohorts: Sequence[str], reoffenders: Array) -> pd.DataFrame:
    """Put the panel together, one row per cohort and provider, with reoffences drawn for the reoffenders."""
    many, each = len(cohorts), len(providers)
    old, reoffences = _frequencies(world, reoffenders)
    rate, score = 100 * reoffenders / world.people, np.round(100 * world.base, 2)  # a score is near the rate
    ogrs = np.round(score + 100 * world.mix, 2)
    long = {
        "cohort": np.repeat(list(cohorts), each),
        "provider": np.tile(providers.to_numpy(), many),
        "offenders": world.people.ravel().astype(int),
        "reoffenders": reoffenders.ravel().astype(int),
        "reoffences": reoffences.ravel().astype(int),
        "binary_rate": rate.ravel(),
        "frequency_rate": (reoffences / reoffenders).ravel(),
        "ogrs": ogrs.ravel(),
        "adjusted_rate": np.round(rate + score - ogrs, 2).ravel(),
        "baseline_rate": np.tile(score, many),
        "baseline_ogrs": np.tile(score, many),
        "baseline_frequency": np.tile(np.round(old, 2), many),
    }
    frame = pd.DataFrame(long).assign(cohort_type="quarter", release=SIMULATED, origin=SIMULATED)
    frame["difference"] = frame["adjusted_rate"] - frame["baseline_rate"]
    frame["frequency_difference"] = frame["frequency_rate"] - frame["baseline_frequency"]
    frame.attrs = {"origin": SIMULATED}
    return frame


def _frequencies(world: _World, reoffenders: Array) -> tuple[Array, Array]:
    """Draw baseline frequencies, and reoffences, one at least for each reoffender, with the published frequency."""
    published, made, random = world.published, world.made, world.random
    weight = world.weight * world.base / (world.weight @ world.base)
    old = np.exp(_centred(random, made.baseline_frequency_spread, weight, 1)[0])
    old *= published.baseline_frequency / (old @ weight)
    new = old * np.exp(made.frequency_spread * random.standard_normal(len(old)))
    more = new * published.frequency * reoffenders.sum() / (new * reoffenders).sum() - 1
    half, shape = 0.5 * 10.0**-published.frequency_places, reoffenders * more / (made.repeats - 1)
    for _ in range(
        MOST_BLOCKS
    ):  # negative binomial: the further ones vary `repeats` times as much as Poisson's
        found = reoffenders + random.negative_binomial(shape, 1 / made.repeats)
        if abs(found.sum() / reoffenders.sum() - published.frequency) < half:
            return old, np.asarray(found)
    raise ValueError("no draw gives the published frequency: look at frequency and repeats")
