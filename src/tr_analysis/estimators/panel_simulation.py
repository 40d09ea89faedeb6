"""A simulated panel of providers by cohort that gives back what is published of the real one."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
import pandas as pd
from scipy.special import ndtr

from tr_analysis.estimators.checks import (
    Array,
    Seed,
    check_frame,
    check_integer,
    check_made,
    generator,
    shown,
    to_floats,
)
from tr_analysis.estimators.panel import INCREASE, REDUCTION, flag_significance
from tr_analysis.estimators.payment import TINY, critical_value, multinomial_region, standard_error
from tr_analysis.order import place_of_smallest
from tr_analysis.simulated import SIMULATED

__all__ = ["simulate_panel", "compare_totals", "spread_likelihood", "with_invented_names"]

# What is not published and had to be assumed; shares, not points.
LEVEL = 0.05  # two-sided significance level of the rule
BASELINE_SPREAD, BASELINE_FREQUENCY_SPREAD = 0.03, 0.08
"""Standard deviation of the baselines between providers: of the rate, and of the logarithm of the frequency."""
FREQUENCY_SPREAD = 0.05  # between providers, of the change of the logarithm of the frequency
CASE_MIX = 0.01  # standard deviation of the change of the mean OGRS score since the baseline
REPEATS = 6.0
"""Variance of the reoffences after the first one of each reoffender, in units of their mean; Poisson's is 1."""

SPREADS = np.linspace(0, 0.1, 201)
"""Spreads between providers that are looked at: none to ten points, in steps of a twentieth of a point."""
HALF_RATE, HALF_FREQUENCY, HALF_EXTREME = 0.0005, 0.05, 0.005
"""Half a unit of the last printed digit of a rate, as a share, of a frequency, and of an extreme change, as a share."""
BLOCK, MOST_BLOCKS, CONTINUATIONS = 2000, 400, 200
"""First cohorts drawn at a time, how often at most, and the later cohorts tried for each that fits."""


@dataclass(frozen=True)
class Published:
    """What is published of all providers together; rates are shares, frequencies reoffences per reoffender.

    ``people``, ``rate`` and ``frequency`` are of all cohorts, as are ``lowest`` and ``highest``, the extreme changes of a
    provider since its baseline, printed in whole points; ``first_rate``, ``winners`` and ``losers`` (providers significantly
    below and above their baselines) of the first; ``baseline`` and ``baseline_frequency`` of the baseline year.
    """

    people: int
    rate: float
    first_rate: float
    baseline: float
    frequency: float
    baseline_frequency: float
    winners: int
    losers: int
    lowest: float
    highest: float


@dataclass(frozen=True)
class _World:
    """What does not change while cohorts are drawn: people and case mix by cohort and provider, and baselines."""

    published: Published
    people: Array
    weight: Array
    base: Array
    mix: Array
    random: np.random.Generator


def simulate_panel(
    published: Published, sizes: pd.Series, cohorts: Sequence[str], *, seed: Seed = 0
) -> pd.DataFrame:
    """Simulate a panel that gives back the published people, rates, frequencies, counts and extreme changes.

    Answers: what would a panel of single providers look like that adds up to what was published of all?

    Tested: gives back what was published, to the printed digit; the calibration finds a known spread
    (`test_what_is_published_comes_back_to_the_printed_digit`, `test_the_calibration_finds_a_known_spread`).

    Baselines and true changes are normal between providers, the latter with the likeliest of `spread_likelihood`;
    reoffenders are binomial. First cohorts are drawn until one has the winners, losers and rate printed, and later
    cohorts to go with it that give all together the rate and the extremes printed. What had to be assumed stands at the
    head of this module.

    ``sizes`` weigh the providers, by name, above 0; ``cohorts`` names two or more, the first one first. The panel has the
    columns of the observed one that are figures, rates in per cent; ``origin`` is "simulated".

    Examples
    --------
    >>> printed = Published(9_000, 0.454, 0.456, 0.475, 4.7, 4.2, 1, 0, -0.04, 0.0)
    >>> panel = simulate_panel(printed, pd.Series(1, ["A", "B", "C"]), ["2015Q4", "2016Q1"])
    >>> panel.shape[0], int(panel["offenders"].sum()), panel.attrs
    (6, 9000, {'origin': 'simulated'})
    """
    check_made("published", published, Published, "Published(people, rate, ...)")
    sizes = _sizes(sizes)
    if len(sizes) < 3:
        raise ValueError("sizes are one number above 0 for each of three providers or more, each named once")
    if isinstance(cohorts, str) or not isinstance(cohorts, Sequence) or not all(map(np.isscalar, cohorts)):
        raise ValueError(f"cohorts is {shown(cohorts)}: give a list of names, the first one first")
    advice = "name two or more, the first one first"
    check_integer("the number of cohorts", len(set(map(str, cohorts))), low=2, advice=advice)
    if not -1 < published.lowest < published.highest < 1:
        raise ValueError(
            f"lowest is {published.lowest} and highest {published.highest}: give shares, the lowest first"
        )
    random, weight = generator(seed), sizes.to_numpy(float) / sizes.sum()
    people = _people(published.people, sizes, len(cohorts))
    base = published.baseline + _centred(random, BASELINE_SPREAD, weight, 1)[0]
    mix = _centred(random, CASE_MIX, weight, len(cohorts))
    world = _World(published, people, weight, base, mix, random)
    return _frame(world, sizes.index, cohorts, _reoffenders(world))


def compare_totals(published: Published, panel: pd.DataFrame) -> pd.DataFrame:
    """Set what a panel gives for all providers together beside what is published.

    Answers: does the simulated panel match the published totals?

    Tested: agrees with the published totals it was made from
    (`test_what_is_published_comes_back_to_the_printed_digit`).

    A row a total, in columns All together, Published and Simulated; rates in per cent. Flags are those at `LEVEL`.

    Examples
    --------
    >>> printed = Published(9_000, 0.454, 0.456, 0.475, 4.7, 4.2, 1, 0, -0.04, 0.0)
    >>> panel = simulate_panel(printed, pd.Series(1, ["A", "B", "C"]), ["2015Q4", "2016Q1"])
    >>> compare_totals(printed, panel).set_index("All together").loc["Winners, first cohort"].tolist()
    [1.0, 1.0]
    """
    check_made("published", published, Published, "Published(people, rate, ...)")
    needed = ("cohort", "offenders", "reoffenders", "reoffences", "adjusted_rate", "baseline_rate")
    check_frame("panel", panel, (*needed, "baseline_frequency"))
    if panel.empty:
        raise ValueError("panel has no rows: give what `simulate_panel` returns")
    first = panel[panel["cohort"] == panel["cohort"].tolist()[0]]
    flags = flag_significance(first, level=LEVEL)["recomputed"]
    people, early = panel["offenders"], first["offenders"]
    frequency = panel["reoffences"].sum() / panel["reoffenders"].sum()
    reoffended = early * first["baseline_rate"]
    change = (people * (panel["adjusted_rate"] - panel["baseline_rate"])).groupby(panel["provider"]).sum()
    change /= people.groupby(panel["provider"]).sum()
    rows = {
        "People, all cohorts": (published.people, people.sum()),
        "Binary rate, all cohorts": (100 * published.rate, _mean(panel["adjusted_rate"], people)),
        "Binary rate, first cohort": (100 * published.first_rate, _mean(first["adjusted_rate"], early)),
        "Binary rate, baseline": (100 * published.baseline, _mean(first["baseline_rate"], early)),
        "Frequency rate, all cohorts": (published.frequency, frequency),
        "Frequency rate, baseline": (
            published.baseline_frequency,
            _mean(first["baseline_frequency"], reoffended),
        ),
        "Winners, first cohort": (published.winners, (flags == REDUCTION).sum()),
        "Losers, first cohort": (published.losers, (flags == INCREASE).sum()),
        "Lowest change since the baseline, all cohorts (points)": (100 * published.lowest, change.min()),
        "Highest change since the baseline, all cohorts (points)": (100 * published.highest, change.max()),
    }
    table = pd.DataFrame([(name, *pair) for name, pair in rows.items()])
    return table.set_axis(["All together", "Published", "Simulated"], axis=1)


def with_invented_names(panel: pd.DataFrame, sizes: pd.Series, kind: str) -> pd.DataFrame:
    """Give providers and owners of a simulated panel names of our own, so that no real one is meant.

    Answers: how do we show a simulated panel without saying anything of a real provider?

    Tested: by hand, largest first (`test_invented_names_go_by_size`).

    ``panel`` has columns provider and owner, 26 owners at most; ``sizes`` are by the providers' names, and the largest
    becomes number 01; ``kind`` is what a provider is called, such as ``"CRC"``.

    Examples
    --------
    >>> panel = pd.DataFrame({"provider": ["Essex", "Kent"], "owner": ["Smith", "Jones"]})
    >>> with_invented_names(panel, pd.Series({"Essex": 1, "Kent": 2}), "CRC").values.tolist()
    [['made-up CRC 02', 'made-up owner B'], ['made-up CRC 01', 'made-up owner A']]
    """
    check_frame("panel", panel, ("provider", "owner"))
    sizes = _sizes(sizes)
    if lacking := sorted(set(map(str, panel["provider"])) - set(map(str, sizes.index))):
        raise ValueError(f"no size of {lacking[0]}: give one for each provider, by its name")
    if not isinstance(kind, str):
        raise ValueError(f"kind is {shown(kind)}: give what a provider is called, such as 'CRC'")
    places = sizes.rank(method="first", ascending=False).astype(int)
    letters = dict(zip(sorted(set(panel["owner"])), ascii_uppercase, strict=False))
    return panel.assign(
        provider=panel["provider"].map(places).map(f"made-up {kind} {{:02d}}".format),
        owner="made-up owner " + panel["owner"].map(letters),
    )


def _sizes(sizes: object) -> pd.Series:
    """Return the size of each provider by its name; refuse what is no such series."""
    values = (
        to_floats("sizes", sizes) if isinstance(sizes, pd.Series) and sizes.index.is_unique else np.zeros(1)
    )
    if not values.size or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(
            f"sizes is {shown(sizes)}: give a series with one number above 0 for each provider, by name"
        )
    return pd.Series(values, sizes.index)  # type: ignore[attr-defined]  # a series, as was seen


def _mean(values: pd.Series, weights: pd.Series) -> float:
    return float(np.average(values, weights=weights))


def spread_likelihood(published: Published, providers: int, cohorts: int) -> pd.DataFrame:
    """Say how likely each spread of true changes makes what is published of single providers.

    Answers: by how much must providers differ to give the published winners, losers and extreme changes?

    Tested: the largest likelihood, and against simulation; finds a known spread
    (`test_the_spread_gives_the_counts_their_largest_likelihood`,
    `test_the_likelihood_of_extremes_against_simulation`, `test_the_calibration_finds_a_known_spread`).

    Mean changes are those of the published rates, and providers alike in size. Winners and losers of the first cohort are
    multinomial (`payment.multinomial_region`). The smallest and largest change over all cohorts lie within half a point of
    ``a`` and ``b``: with ``F(x, y)`` the normal probability of a change between ``x`` and ``y``, ``F(a - h, b + h)^n - F(a + h, b +
    h)^n - F(a - h, b - h)^n + F(a + h, b - h)^n``. ``together`` multiplies the two as if they were independent, which they
    are not quite: the changes of the first cohort are part of all.

    By spread, a share from 0 to 0.1, it returns the log likelihood of the counts, of the extremes and together, up to a
    constant each, and expected_winners and expected_losers in the first cohort.

    Examples
    --------
    >>> printed = Published(108_000, 0.454, 0.456, 0.475, 4.7, 4.2, 13, 2, -0.07, 0.03)
    >>> found = spread_likelihood(printed, providers=21, cohorts=4)
    >>> [float(found.index[found[name].argmax()].round(4)) for name in ("counts", "extremes", "together")]
    [0.0475, 0.0255, 0.03]
    """
    check_made("published", published, Published, "Published(people, rate, ...)")
    providers = check_integer("providers", providers, low=2, high=1000)
    cohorts = check_integer("cohorts", cohorts, low=1, high=100)
    once, always = (
        standard_error(published.people / providers / parts, published.baseline) for parts in (cohorts, 1)
    )
    shift = published.first_rate - published.baseline
    counts = (published.winners, published.losers, providers)
    fits = multinomial_region(*counts, shifts=shift, spreads=SPREADS, error=once, level=LEVEL)
    deviations = np.hypot(SPREADS, always)

    def all_within(low: float, high: float) -> Array:
        ends = [ndtr((end - published.rate + published.baseline) / deviations) for end in (low, high)]
        return np.asarray((ends[1] - ends[0]).clip(0) ** providers)

    a, b, half = published.lowest, published.highest, HALF_EXTREME
    extremes = all_within(a - half, b + half) - all_within(a + half, b + half)
    extremes += all_within(a + half, b - half) - all_within(a - half, b - half)
    found = {"counts": -fits["deviance"].to_numpy() / 2, "extremes": np.log(extremes.clip(TINY))}
    frame = pd.DataFrame(found, index=pd.Index(SPREADS, name="spread"))
    expected = fits[["expected_winners", "expected_losers"]].set_axis(frame.index)
    return frame.assign(together=frame["counts"] + frame["extremes"]).join(expected)


def _people(total: int, sizes: pd.Series, cohorts: int) -> Array:
    """Return people by cohort and provider: shares of the total, rounded so that they sum to it."""
    total = check_integer(
        "people", total, low=100 * cohorts * len(sizes), advice="give the sum of all cohorts"
    )
    ends = np.cumsum(np.tile(sizes.to_numpy(float) / sizes.sum() / cohorts, cohorts)) * total
    return np.diff(np.round(ends), prepend=0).reshape(cohorts, -1)


def _centred(random: np.random.Generator, spread: float, weight: Array, rows: int) -> Array:
    """Return normal numbers (rows, providers) whose weighted mean is 0."""
    drawn = spread * random.standard_normal((rows, len(weight)))
    return np.asarray(drawn - (drawn @ weight)[:, None])


def _reoffenders(world: _World) -> Array:
    """Draw panels until one gives all that is published; return reoffenders by cohort and provider."""
    many, each = world.people.shape
    fits = spread_likelihood(world.published, each, many)["together"]
    tau = float(fits.index[place_of_smallest(-fits)])
    for _ in range(MOST_BLOCKS):
        for first, change in zip(*_first_cohorts(world, tau), strict=True):
            later = _later_cohorts(world, first, world.base + change)
            if len(later):
                return np.vstack([first[None], later[0]])
    raise ValueError("no panel drawn has the rates, winners, losers and extremes: look at what is published")


def _first_cohorts(world: _World, tau: float) -> tuple[Array, Array]:
    """Draw first cohorts and keep those that give winners, losers and rate; return reoffenders and true changes."""
    published, people, base, mix = world.published, world.people[0], world.base, world.mix[0]
    least, error = critical_value(LEVEL), np.sqrt(base * (1 - base) / people)
    change = published.first_rate - published.baseline + _centred(world.random, tau, world.weight, BLOCK)
    found = world.random.binomial(people.astype(int), np.clip(base + change + mix, 0, 1)).astype(float)
    z = (found / people - mix - base) / error
    fits = (z <= -least).sum(axis=1) == published.winners
    fits &= (z >= least).sum(axis=1) == published.losers
    rate = (found - mix * people).sum(axis=1) / people.sum()
    fits &= np.abs(rate - published.first_rate) < HALF_RATE
    return found[fits], change[fits]


def _later_cohorts(world: _World, first: Array, rates: Array) -> Array:
    """Draw later cohorts and keep those that give the rate and extremes of all; the drift is common to all providers."""
    published, rest, mix, total = world.published, world.people[1:], world.mix[1:], world.people.sum()
    adjusted = first - world.mix[0] * world.people[0]
    drift = (published.rate * total - adjusted.sum() - (rates * rest).sum()) / rest.sum()
    size, chances = (CONTINUATIONS, *rest.shape), np.clip(rates + drift + mix, 0, 1)
    found = world.random.binomial(rest.astype(int), chances, size).astype(float)
    sums = adjusted + (found - mix * rest).sum(axis=1)
    change = sums / world.people.sum(axis=0) - world.base
    fits = np.abs(sums.sum(axis=1) / total - published.rate) < HALF_RATE
    fits &= np.abs(change.min(axis=1) - published.lowest) < HALF_EXTREME
    fits &= np.abs(change.max(axis=1) - published.highest) < HALF_EXTREME
    return np.asarray(found[fits])


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
    published, random = world.published, world.random
    weight = world.weight * world.base / (world.weight @ world.base)
    old = np.exp(_centred(random, BASELINE_FREQUENCY_SPREAD, weight, 1)[0])
    old *= published.baseline_frequency / (old @ weight)
    new = old * np.exp(FREQUENCY_SPREAD * random.standard_normal(len(old)))
    more = new * published.frequency * reoffenders.sum() / (new * reoffenders).sum() - 1
    shape = reoffenders * more / (REPEATS - 1)
    for _ in range(MOST_BLOCKS):  # negative binomial: the further ones vary more than Poisson's
        found = reoffenders + random.negative_binomial(shape, 1 / REPEATS)
        if abs(found.sum() / reoffenders.sum() - published.frequency) < HALF_FREQUENCY:
            return old, np.asarray(found)
    raise ValueError("no draw gives the published frequency: look at frequency and baseline_frequency")
