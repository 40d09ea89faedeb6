from io import StringIO
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from tr_analysis.estimators.decomposition import composition_bounds, das_gupta, log_split

# United States 1970 and 1985: people (thousands) and deaths per 1,000 in eleven age groups of two races.
# Source: Das Gupta (1993), Standardization and Decomposition of Rates, table 5.3, as carried by the
# examples of the R package DasGuptR 2.1.
US_DEATHS = pd.read_csv(
    StringIO("""
size_1970,rate_1970,size_1985,rate_1985
2968,18.469,3041,9.163
11484,0.751,11577,0.462
34614,0.391,27450,0.248
30992,1.146,32711,0.929
21983,1.287,35480,1.084
20314,2.672,27411,1.810
20928,6.636,19555,4.715
16897,15.691,19795,12.187
11339,34.723,15254,27.728
5720,79.763,8022,64.068
1315,176.837,2472,157.570
535,36.993,707,17.208
2162,1.352,2692,0.738
6120,0.541,6473,0.328
4781,2.040,6841,1.103
3096,3.523,6547,2.045
2718,6.746,4352,3.724
2363,12.967,3034,8.052
1767,24.471,2540,17.812
1149,45.091,1749,34.128
448,74.902,804,68.276
117,123.205,236,125.161
""")
)
DEATHS_1970, DEATHS_1985 = (
    US_DEATHS.filter(like=year)
    .set_axis(["size", "rate"], axis=1)
    .assign(size=lambda f: f["size"] / f["size"].sum())
    for year in ("1970", "1985")
)

values = st.floats(-5, 5).map(lambda x: round(x, 6))


@st.composite
def populations(draw, most_factors=5):
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, most_factors)))
    names = [f"factor {i}" for i in range(shape[1])]
    return tuple(pd.DataFrame(draw(arrays(float, shape, elements=values)), columns=names) for _ in range(2))


def shapley(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, float]:
    """Switch the factors from before to after one by one, in every order, and average the steps."""
    orders = list(permutations(before.columns))
    effects = dict.fromkeys(before.columns, 0.0)
    for order in orders:
        now = before.copy()
        for factor in order:
            rate = now.prod(axis=1).sum()
            now[factor] = after[factor]
            effects[factor] += (now.prod(axis=1).sum() - rate) / len(orders)
    return effects


def test_first_year_reoffences_per_offender():
    """CRCs, 2011 baseline to the first cohort: binary rate 47.5% to 45.4%, frequency rate 4.2 to 4.7."""
    found = log_split({"binary": 0.475, "frequency": 4.2}, {"binary": 0.454, "frequency": 4.7})
    assert found.loc["product", ["before", "after"]].tolist() == pytest.approx([1.995, 2.1338])
    assert found["percent_change"].round(1).to_dict() == {"binary": -4.4, "frequency": 11.9, "product": 7.0}
    assert found["log_change"].iloc[:2].sum() == pytest.approx(found.loc["product", "log_change"])
    assert found["share_of_log_change"].tolist() == pytest.approx([-0.672, 1.672, 1], abs=5e-4)


def test_das_gupta_of_us_death_rates():
    found = das_gupta(DEATHS_1970, DEATHS_1985.iloc[::-1])["effect"]
    assert found.round(7).to_dict() == {"size": 1.5415096, "rate": -2.2277254, "total": -0.6862158}


def test_das_gupta_of_five_factors():
    """Fertility of South Korea, table 2.4 of the same book; effects as printed by DasGuptR."""
    names = ["married", "noncontraception", "abortion", "lactation", "fecundity"]
    before = dict(zip(names, [0.58, 0.76, 0.84, 0.66, 16.573], strict=True))
    after = dict(zip(names, [0.72, 0.97, 0.97, 0.56, 16.158], strict=True))
    expected = [1.0909785, 1.2298438, 0.7278399, -0.8398707, -0.1290187, 2.0797729]
    assert das_gupta(before, after)["effect"].tolist() == pytest.approx(expected, abs=5e-8)


@given(populations(most_factors=4))
def test_das_gupta_averages_every_order_of_switching(pair):
    found = das_gupta(*pair)["effect"]
    assert found.iloc[:-1].to_dict() == pytest.approx(shapley(*pair), abs=1e-8)


@given(populations(most_factors=9))
def test_das_gupta_adds_up_mirrors_and_ignores_order(pair):
    before, after = pair
    found = das_gupta(before, after)["effect"]
    difference = after.prod(axis=1).sum() - before.prod(axis=1).sum()
    assert found["total"] == pytest.approx(difference, rel=1e-9, abs=1e-6)
    pd.testing.assert_series_equal(das_gupta(after, before)["effect"], -found)
    shuffled = das_gupta(before[before.columns[::-1]], after.iloc[::-1])["effect"]
    pd.testing.assert_series_equal(shuffled[found.index], found)


@pytest.mark.parametrize("factor", [3.0, 0.1, 1e-5, 7e6])
def test_no_change_but_for_rounding_has_no_shares(factor):
    """One factor falls as the other rises: what is left of the product's change is rounding."""
    before, after = {"a": 0.3, "b": 0.7 * factor}, {"a": 0.3 * factor, "b": 0.7}
    for split, column in ((log_split, "share_of_log_change"), (das_gupta, "share")):
        assert split(before, after)[column].isna().all()


def groups(*sizes: float) -> pd.Series:
    return pd.Series(sizes, [f"group {i}" for i in range(len(sizes))], dtype=float)


def bounds(before, after, lowest=0, highest=1):
    return composition_bounds(before, after, lowest=lowest, highest=highest)


@st.composite
def changes(draw, most_groups=6):
    """Sizes before and after, and the rates at both ends."""
    sizes = arrays(float, draw(st.integers(2, most_groups)), elements=st.floats(0.1, 100))
    ends = sorted([draw(st.floats(-10, 10)), draw(st.floats(-10, 10))])
    return groups(*draw(sizes)), groups(*draw(sizes)), *ends


def bounds_by_search(before: pd.Series, after: pd.Series, lowest: float, highest: float) -> list[float]:
    """Smallest and largest effect over all rising rates, by linear programming."""
    effect = (after / after.sum() - before / before.sum()).to_numpy()
    k = len(effect)
    falls = np.eye(k)[:-1] - np.eye(k)[1:]  # each rate less the next one
    ends = [(lowest, lowest), *[(lowest, highest)] * (k - 2), (highest, highest)]
    found = [linprog(sign * effect, falls, np.zeros(k - 1), bounds=ends) for sign in (1, -1)]
    return [found[0].fun, -found[1].fun]


@pytest.mark.parametrize(
    ("before", "after", "ends", "expected"),
    [
        # Shares from 50, 30, 20 to 40, 20, 40 per cent: the middle one falls by 0.1. With its rate at 60 the
        # effect is 50 x (-0.1 + 0.2), at 10 it is 50 x 0.2.
        (groups(50, 30, 20), groups(40, 20, 40), (10, 60), (5, 10)),
        (groups(50, 30, 20), groups(40, 20, 40)[::-1], (10, 60), (5, 10)),  # paired by label
        (groups(3, 1), groups(1, 1), (20, 40), (5, 5)),  # two groups leave nothing open
        (groups(1, 2, 3), groups(10, 20, 30), (0, 100), (0, 0)),  # the same mix
    ],
)
def test_composition_bounds_by_hand(before, after, ends, expected):
    assert bounds(before, after, *ends) == pytest.approx(expected, abs=1e-12)


@given(changes(), st.data())
def test_composition_bounds_are_those_of_a_linear_programme(change, data):
    before, after, lowest, highest = change
    low, high = bounds(*change)
    assert [low, high] == pytest.approx(bounds_by_search(*change), abs=1e-6)
    assert bounds(after, before, lowest, highest) == pytest.approx((-high, -low))
    assert bounds(7 * before, 0.01 * after, 100 * lowest + 7, 100 * highest + 7) == pytest.approx(
        (100 * low, 100 * high), abs=1e-6
    )
    between = data.draw(arrays(float, len(before) - 2, elements=st.floats(lowest, highest)))
    rates = np.r_[lowest, np.sort(between), highest]
    frames = [pd.DataFrame({"share": sizes / sizes.sum(), "rate": rates}) for sizes in (before, after)]
    assert low - 1e-9 <= das_gupta(*frames).loc["share", "effect"] <= high + 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_split({"a": 1.0}, {"b": 1.0}), "only before or only after: a, b"),
        (lambda: log_split({"a": 1.0}, {"a": 0.0}), "factor 'a' after: 0.0 has no logarithm"),
        (lambda: log_split({"a": np.nan}, {"a": 1.0}), "a value before is missing: give every"),
        (lambda: log_split({"a": np.inf}, {"a": 1.0}), "a value before is infinite: find the figure"),
        (lambda: log_split({}, {}), "nothing before: give at least one"),
        (lambda: log_split({"product": 1.0}, {"product": 2.0}), "'product' is the name of the last row"),
        (lambda: das_gupta(DEATHS_1970, {"size": 1.0, "rate": 2.0}), "only before or only after"),
        (lambda: das_gupta(DEATHS_1970, DEATHS_1985[["size"]]), "only before or only after: rate;"),
        (lambda: das_gupta(DEATHS_1970.iloc[[0, 0]], DEATHS_1985.iloc[[0]]), "a row occurs twice"),
        (lambda: bounds([1, 2], groups(1, 2)), "must be series: give the size of each group, indexed by"),
        (lambda: bounds(groups(1), groups(1)), "fewer than two groups"),
        (lambda: bounds(groups(1, -2), groups(1, 2)), "sizes before must be 0 or more, and not all 0"),
        (lambda: bounds(groups(1, 2), groups(0, 0)), "sizes after must be 0 or more, and not all 0"),
        (lambda: bounds(groups(1, 2), groups(1, 2), 1, 0), "rates from 1 to 0: give finite ones, the lowest"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
