from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.estimators.cluster_design import NotApplicableError, clustered_design
from tr_analysis.estimators.clusters import bootstrap_draws, wild_cluster_bootstrap
from tr_analysis.estimators.permutation import cluster_permutation

CODES = np.repeat(np.arange(6), [3, 4, 5, 6, 7, 8])


def panel(seed: int = 0, treated=(0, 3, 4), effect: float = 0.4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"cluster": CODES, "treated": np.isin(CODES, treated) * 1.0})
    frame["case_mix"] = rng.standard_normal(len(frame)) + CODES / 4
    frame["offenders"] = rng.integers(50, 900, len(frame)).astype(float)
    shared = 0.5 * rng.standard_normal(6)[CODES]
    return frame.assign(rate=effect * frame["treated"] + shared + rng.standard_normal(len(frame)))


def design(frame: pd.DataFrame):
    return clustered_design(
        frame["rate"],
        frame[["treated", "case_mix"]],
        frame["cluster"],
        "treated",
        weights=frame["offenders"],
    )


def least_squares(x, y, w):
    root = np.sqrt(w)
    return np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]


def t_statistic(x, y, w, variant, null):
    """The t statistic of the last column, by refits (CV3) or by the sandwich (CV1)."""
    beta = least_squares(x, y, w)
    if variant in "VB":
        without = [least_squares(x[g != CODES], y[g != CODES], w[g != CODES])[-1] for g in range(6)]
        return (beta[-1] - null) / np.sqrt(((without - beta[-1]) ** 2).sum())
    bread = np.linalg.inv(x.T @ (x * w[:, None]))
    scores = (x * (w * (y - x @ beta))[:, None]).T @ np.eye(6)[CODES]
    return (beta[-1] - null) / np.sqrt((bread @ scores @ scores.T @ bread)[-1, -1])


def naive(frame, variant, null):
    """The statistic of the data and of each of the 64 draws, each response built and refitted."""
    w, z = frame["offenders"].to_numpy(), np.column_stack([np.ones(len(frame)), frame["case_mix"]])
    treated = frame["treated"].to_numpy()
    x, y = np.column_stack([z, treated]), frame["rate"].to_numpy()
    left = y - null * treated
    restricted = z @ least_squares(z, left, w)
    residual = left - restricted
    if variant in "SB":
        for g in range(6):
            others = g != CODES
            residual[~others] = (left - z @ least_squares(z[others], left[others], w[others]))[~others]
    draws = [
        t_statistic(x, restricted + null * treated + np.array(signs)[CODES] * residual, w, variant, null)
        for signs in product([-1, 1], repeat=6)
    ]
    return t_statistic(x, y, w, variant, null), np.array(draws)


@pytest.mark.parametrize("null", [0.0, 1.3])
@pytest.mark.parametrize("variant", ["C", "S", "V", "B"])
def test_all_signs_against_refits(variant, null):
    frame = panel()
    data, draws = naive(frame, variant, null)
    found = bootstrap_draws(design(frame), variant=variant, signs="rademacher")
    distance = null - found.estimate
    top = found.top[0] + distance * found.top[1]
    bottom = found.bottom[0] + distance * found.bottom[1] + distance**2 * found.bottom[2]
    assert -distance / found.std_error == pytest.approx(data)
    assert top / np.sqrt(bottom) == pytest.approx(draws)
    far = (np.abs(draws) >= (1 - 1e-9) * abs(data)).sum()
    share = (
        far / 64 if variant in "CV" else (far + 1) / 65
    )  # the data are a draw only if residuals are as they are
    assert found.p_value(null) == pytest.approx(share)
    tails = [(draws >= data - 1e-9).sum(), (draws <= data + 1e-9).sum()]
    equal = replace(found, tails="equal").p_value(null)
    share = min(tails) / 64 if variant in "CV" else (min(tails) + 1) / 65
    assert equal == pytest.approx(min(1, 2 * share))


@pytest.mark.parametrize("tails", ["symmetric", "equal"])
@pytest.mark.parametrize("variant", ["C", "S", "V", "B"])
def test_interval_holds_what_is_not_rejected(variant, tails):
    frame = panel(seed=2)
    choices = {"variant": variant, "tails": tails, "draws": 1999, "level": 0.9}
    test = wild_cluster_bootstrap(design(frame), **choices)
    width = test.high - test.low
    assert np.isfinite(width)
    for end, outwards in ((test.low, -1), (test.high, 1)):
        for step, rejected in ((-0.01, False), (0.01, True)):
            value = end + step * outwards * width
            left = design(frame.assign(rate=frame["rate"] - value * frame["treated"]))
            assert (wild_cluster_bootstrap(left, **choices).p_value <= 0.1 + 1e-9) == rejected


@pytest.mark.parametrize("variant", ["C", "S", "V", "B"])
def test_dummies_of_clusters_are_the_same_as_means_taken_off(variant):
    """Although without a cluster nothing tells the coefficient of its dummy."""
    frame = panel()
    dummies = pd.get_dummies(frame["cluster"], drop_first=True).astype(float).add_prefix("owner ")
    with_dummies = pd.concat([frame[["case_mix"]], dummies], axis=1)
    inner = frame[["rate", "case_mix"]] - frame.groupby("cluster")[["rate", "case_mix"]].transform("mean")
    found, expected = (
        wild_cluster_bootstrap(
            clustered_design(y, x, CODES, "case_mix"), variant=variant, signs="rademacher", level=0.8
        )
        for y, x in ((frame["rate"], with_dummies), (inner["rate"], inner[["case_mix"]]))
    )
    assert found.p_value == expected.p_value
    assert [found.low, found.high] == pytest.approx([expected.low, expected.high])


@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_all_signs_follow_the_data(seed, factor):
    """Order of rows, names of clusters, halves of rows and units change nothing."""
    frame = panel()
    other = pd.concat([frame, frame]).assign(
        offenders=lambda f: f["offenders"] / 2, rate=lambda f: f["rate"] * factor
    )
    names = np.random.default_rng(seed).permutation(6)
    other = other.assign(cluster=[f"owner {names[code]}" for code in other["cluster"]])
    before = wild_cluster_bootstrap(design(frame), signs="rademacher", level=0.8)
    after = wild_cluster_bootstrap(
        design(other.sample(frac=1, random_state=seed)), signs="rademacher", level=0.8
    )
    assert after.p_value == before.p_value
    assert (after.low, after.high) == pytest.approx((factor * before.low, factor * before.high))


def test_order_of_rows_and_units_do_not_move_the_draws():
    frame = panel()
    before = wild_cluster_bootstrap(design(frame), seed=5)
    after = wild_cluster_bootstrap(
        design(frame.sample(frac=1, random_state=1).assign(rate=lambda f: 7 * f["rate"])), seed=5
    )
    assert after.p_value == before.p_value
    assert (after.low, after.high) == pytest.approx((7 * before.low, 7 * before.high))


def test_seed():
    found = [wild_cluster_bootstrap(design(panel()), draws=999, seed=seed).p_value for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    # Two runs of 999 draws differ by chance by less than four of their errors.
    assert abs(found[0] - found[2]) < 4 * np.sqrt(2 * 0.25 / 999)


def test_two_treated_clusters_break_it():
    """An effect that the permutation finds goes unnoticed: the two clusters' residuals carry it themselves."""
    codes = np.repeat(np.arange(21), 10)
    treated = pd.DataFrame({"treated": np.isin(codes, [5, 15]) * 1.0})
    noise = np.random.default_rng(1).standard_normal(len(codes))
    found = clustered_design(2 * treated["treated"] + noise, treated, codes, "treated")
    test = wild_cluster_bootstrap(found)
    assert cluster_permutation(found).p_value < 0.01
    assert test.p_value > 0.05
    assert test.low < 0
    assert "not to be trusted: the coefficient rests on 2.4 effective clusters" in test.note


def test_single_treated_cluster_is_refused():
    with pytest.raises(NotApplicableError, match="only cluster 2"):
        wild_cluster_bootstrap(design(panel(treated=(2,))))


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"draws": 98}, "draws is 98: give 99 at least"),
        ({"variant": "U"}, "variant is 'U'"),
        ({"signs": "mammen"}, "signs is 'mammen'"),
        ({"tails": "both"}, "tails is 'both'"),
        ({"draws": 100.5}, "draws is 100.5: give 99 at least"),
        ({"draws": None}, "draws is None, which is not a number"),
        ({"seed": "one"}, "seed is 'one', which is not a number"),
        ({"level": 1.0}, "coverage between 0 and 1"),
        ({"level": "0.95"}, "level is '0.95', which is not a number"),
    ],
)
def test_refusals(choice, message):
    with pytest.raises(ValueError, match=message):
        wild_cluster_bootstrap(design(panel()), **choice)
