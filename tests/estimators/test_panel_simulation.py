from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.panel import adjustment_identity, flag_significance
from tr_analysis.estimators.panel_simulation import (
    Published,
    compare_totals,
    simulate_panel,
    spread_likelihood,
    with_invented_names,
)
from tr_analysis.estimators.payment import outcome_probabilities, standard_error
from tr_analysis.simulated import SIMULATED, origin_of

PUBLISHED = Published(108_000, 0.454, 0.456, 0.475, 4.7, 4.2, 13, 2, -0.07, 0.03)
SIZES = pd.Series(np.geomspace(3000, 20_000, 21), [f"CRC {i}" for i in range(21)])
COHORTS = ["2015Q4", "2016Q1", "2016Q2", "2016Q3"]
ERROR = standard_error(1286, 0.475)


def panel(seed=1):
    return simulate_panel(PUBLISHED, SIZES, COHORTS, seed=seed)


def mean(frame, column, weight):
    return float(np.average(frame[column], weights=weight))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_published_comes_back_to_the_printed_digit(seed):
    frame = panel(seed)
    first = frame[frame["cohort"] == "2015Q4"]
    people, base = frame["offenders"], first["offenders"]
    assert (len(frame), people.sum(), set(frame["origin"])) == (84, 108_000, {SIMULATED})
    assert origin_of(frame) == SIMULATED
    assert round(mean(frame, "adjusted_rate", people), 1) == 45.4
    assert round(mean(first, "adjusted_rate", base), 1) == 45.6
    assert round(mean(first, "baseline_rate", base), 1) == 47.5
    assert round(frame["reoffences"].sum() / frame["reoffenders"].sum(), 1) == 4.7
    assert round(mean(first, "baseline_frequency", base * first["baseline_rate"]), 1) == 4.2
    flags = flag_significance(first, level=0.05)["recomputed"].value_counts()
    assert flags["significant reduction"] == 13
    assert flags["significant increase"] == 2
    assert adjustment_identity(frame)["holds"].all()
    for_all = frame.assign(change=people * (frame["adjusted_rate"] - frame["baseline_rate"]))
    sums = for_all.groupby("provider")[["change", "offenders"]].sum()
    change = sums["change"] / sums["offenders"]
    assert (round(change.min()), round(change.max())) == (-7, 3)
    table = compare_totals(PUBLISHED, frame).set_index("All together")["Simulated"]
    assert table.iloc[-2:].to_list() == pytest.approx([change.min(), change.max()])


def test_the_spread_gives_the_counts_their_largest_likelihood():
    """Oracle: the multinomial likelihood written out, over a grid of spreads."""
    spreads = np.linspace(0, 0.1, 201)
    error, likelihood = standard_error(108_000 / 84, 0.475), []
    for spread in spreads:
        found = outcome_probabilities(np.array([-0.019]), error=error, level=0.05, spread=float(spread))
        won, lost = float(found.payment[0]), float(found.deduction[0])
        likelihood.append(13 * np.log(won) + 2 * np.log(lost) + 6 * np.log(1 - won - lost))
    found = spread_likelihood(PUBLISHED, 21, 4)["counts"]
    assert (found - found.max()).to_numpy() == pytest.approx(np.array(likelihood) - max(likelihood))
    assert spreads[int(np.argmax(likelihood))] == pytest.approx(0.0475)


def test_the_likelihood_of_extremes_against_simulation():
    """Oracle: the share of 100,000 panels whose smallest and largest change round to the printed points."""
    random, found = np.random.default_rng(5), spread_likelihood(PUBLISHED, 21, 4)["extremes"]
    error = standard_error(108_000 / 21, 0.475)
    for spread in (0.02, 0.03, 0.05):
        change = -0.021 + np.hypot(spread, error) * random.standard_normal((100_000, 21))
        hits = (np.abs(change.min(axis=1) + 0.07) < 0.005) & (np.abs(change.max(axis=1) - 0.03) < 0.005)
        share = np.exp(found.iloc[int(np.abs(found.index - spread).argmin())])
        assert hits.mean() == pytest.approx(share, abs=4 * np.sqrt(share / 100_000))


@pytest.mark.parametrize(
    ("true", "providers"),
    [
        (0.03, 120),
        *(pytest.param(*case, marks=pytest.mark.full) for case in [(0.02, 120), (0.04, 120), (0.03, 400)]),
    ],
)
def test_the_calibration_finds_a_known_spread(true, providers):
    """Worlds of known spread, with so many providers that the counts say something: the true one is in the middle."""
    random = np.random.default_rng(3)
    found = {"counts": [], "extremes": [], "together": []}
    people = 4 * 1286 * providers
    for _ in range(6):
        own = true * random.standard_normal(providers)
        noise = ERROR * random.standard_normal((4, providers))
        seen, year = -0.019 + own + noise[0], -0.021 + own + noise.mean(axis=0)
        won, lost = int((seen <= -1.96 * ERROR).sum()), int((seen >= 1.96 * ERROR).sum())
        ends = year.min().round(2), year.max().round(2)
        printed = Published(people, 0.454, 0.456, 0.475, 4.7, 4.2, won, lost, *ends)
        for name, spreads in found.items():
            fits = spread_likelihood(printed, providers, 4)[name]
            spreads.append(fits.index[fits.argmax()])
    for spreads in found.values():
        assert np.median(spreads) == pytest.approx(true, abs=0.006)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"sizes": SIZES.head(2)}, "three providers or more"),
        ({"sizes": SIZES.mask(SIZES > 19_000, 0)}, "above 0"),
        ({"cohorts": ["2015Q4"]}, "number of cohorts"),
        ({"published": Published(500, 0.454, 0.456, 0.475, 4.7, 4.2, 13, 2, -0.07, 0.03)}, "people"),
        ({"seed": -1}, "seed"),
        ({"published": replace(PUBLISHED, lowest=3.0)}, "lowest is 3.0 and highest 0.03: give shares"),
    ],
)
def test_what_cannot_be_is_refused(about, message):
    given = {"published": PUBLISHED, "sizes": SIZES, "cohorts": COHORTS} | about
    with pytest.raises(ValueError, match=message):
        simulate_panel(**given)


def test_invented_names_go_by_size():
    panel = pd.DataFrame({"provider": ["Essex", "Kent", "Essex"], "owner": ["Smith", "Jones", "Smith"]})
    found = with_invented_names(panel, pd.Series({"Kent": 2, "Essex": 3}), "CRC")
    assert found["provider"].tolist() == ["made-up CRC 01", "made-up CRC 02", "made-up CRC 01"]
    assert found["owner"].tolist() == ["made-up owner B", "made-up owner A", "made-up owner B"]
    with pytest.raises(ValueError, match="no size of Kent: give one for each provider"):
        with_invented_names(panel, pd.Series({"Essex": 3}), "CRC")
