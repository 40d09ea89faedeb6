from io import StringIO
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tr_analysis.estimators.decomposition import das_gupta, kitagawa, log_split

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
DEATHS_1970 = US_DEATHS[["size_1970", "rate_1970"]].set_axis(["size", "rate"], axis="columns")
DEATHS_1985 = US_DEATHS[["size_1985", "rate_1985"]].set_axis(["size", "rate"], axis="columns")

values = st.floats(-5, 5).map(lambda x: round(x, 6))


def with_shares(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(size=frame["size"] / frame["size"].sum())


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


def test_peterborough():
    """Reconviction events per 100 in the first cohort, against its control: 142 and 155."""
    found = log_split({"events": 155}, {"events": 142})
    assert found.loc["product", "percent_change"] == pytest.approx(-8.39, abs=5e-3)


def test_unmoved_product_has_no_shares():
    found = log_split({"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 2.0})
    assert found.loc["product", "log_change"] == pytest.approx(0, abs=1e-15)
    assert found["share_of_log_change"].isna().all()


def test_das_gupta_of_us_death_rates():
    found = das_gupta(with_shares(DEATHS_1970), with_shares(DEATHS_1985))["effect"]
    assert found.round(7).to_dict() == {"size": 1.5415096, "rate": -2.2277254, "total": -0.6862158}


def test_das_gupta_of_five_factors():
    """Fertility of South Korea, table 2.4 of the same book; effects as printed by DasGuptR."""
    names = ["married", "noncontraception", "abortion", "lactation", "fecundity"]
    before = dict(zip(names, [0.58, 0.76, 0.84, 0.66, 16.573], strict=True))
    after = dict(zip(names, [0.72, 0.97, 0.97, 0.56, 16.158], strict=True))
    expected = [1.0909785, 1.2298438, 0.7278399, -0.8398707, -0.1290187, 2.0797729]
    assert das_gupta(before, after)["effect"].tolist() == pytest.approx(expected, abs=5e-8)


def test_das_gupta_of_three_factors_by_age():
    """Births in Taiwan, 1960 and 1970, table 4.3 of the same book; effects as printed by DasGuptR."""
    before = pd.DataFrame(
        {
            "births": [393, 407, 369, 274, 184, 90, 16],
            "married": [0.122, 0.622, 0.903, 0.930, 0.916, 0.873, 0.800],
            "women": [0.043, 0.041, 0.036, 0.032, 0.026, 0.020, 0.018],
        }
    )
    after = pd.DataFrame(
        {
            "births": [488, 452, 338, 156, 63, 22, 3],
            "married": [0.082, 0.527, 0.866, 0.941, 0.942, 0.923, 0.876],
            "women": [0.058, 0.038, 0.032, 0.030, 0.026, 0.023, 0.019],
        }
    )
    expected = [-7.285632, -2.720633, -1.565181, -11.571446]
    assert das_gupta(before, after)["effect"].tolist() == pytest.approx(expected, abs=5e-7)


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


@given(st.data())
def test_kitagawa_is_das_gupta_of_two_factors(data):
    n = data.draw(st.integers(1, 6))
    sizes, rates = arrays(float, n, elements=st.floats(0.1, 50)), arrays(float, n, elements=values)
    before, after = (pd.DataFrame({"n": data.draw(sizes), "p": data.draw(rates)}) for _ in range(2))
    found = kitagawa(before, after, size="n", rate="p").loc["total"]
    expected = das_gupta(*(f.assign(n=f["n"] / f["n"].sum()) for f in (before, after)))["effect"]
    assert found.tolist() == pytest.approx(expected[["n", "p", "total"]].tolist(), abs=1e-9)


@pytest.mark.parametrize("split", [log_split, das_gupta])
def test_factors_may_be_rows_of_a_frame(split):
    """Such rows carry the name of their year, which is not the name of a group."""
    years = pd.DataFrame({"binary": [0.475, 0.454], "frequency": [4.2, 4.7]}, ["2011/12", "2015/16"])
    found = split(years.loc["2011/12"], years.loc["2015/16"][::-1])
    expected = split({"binary": 0.475, "frequency": 4.2}, {"binary": 0.454, "frequency": 4.7})
    pd.testing.assert_frame_equal(found, expected)


def test_kitagawa_pairs_groups_by_label_and_takes_counts_or_shares():
    found = kitagawa(DEATHS_1970, DEATHS_1985.iloc[::-1])
    assert found.loc["total"].round(7).tolist() == [1.5415096, -2.2277254, -0.6862158]
    assert found.iloc[:-1].sum().tolist() == pytest.approx(found.loc["total"].tolist())
    pd.testing.assert_frame_equal(found, kitagawa(with_shares(DEATHS_1970), with_shares(DEATHS_1985)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: log_split({"a": 1.0}, {"b": 1.0}), "only before or only after: a, b"),
        (lambda: log_split({"a": 1.0}, {"a": 0.0}), "factor 'a' after: 0.0 has no logarithm"),
        (lambda: log_split({"a": np.nan}, {"a": 1.0}), "a value before is missing: give every"),
        (lambda: log_split({"a": np.inf}, {"a": 1.0}), "a value before is infinite: find the figure"),
        (lambda: log_split({"a": "many"}, {"a": 1.0}), "the table before holds what is no number: turn text"),
        (lambda: log_split({"a": "2"}, {"a": 1.0}), "the table before holds what is no number: turn text"),
        (lambda: log_split({"a": 2.0}, {"a": True}), "the table after holds what is no number"),
        (lambda: log_split(None, {"a": 1.0}), "factors of type NoneType: give a dictionary or series"),
        (lambda: das_gupta([1.0], {"a": 1.0}), "factors of type list: give a dictionary or series"),
        (lambda: kitagawa({"size": [1], "rate": [2]}, DEATHS_1985), "must be frames: give one row per group"),
        (lambda: kitagawa(DEATHS_1970, None), "must be frames: give one row per group"),
        (lambda: kitagawa(DEATHS_1970, DEATHS_1985, size="rate"), "one column cannot be size and rate"),
        (lambda: log_split({}, {}), "nothing before: give at least one"),
        (lambda: log_split({"product": 1.0}, {"product": 2.0}), "'product' is the name of the last row"),
        (lambda: das_gupta({}, {}), "nothing before: give at least one"),
        (lambda: das_gupta({"a": 1.0}, {"a": np.nan}), "a value after is missing: give every group"),
        (lambda: das_gupta({"a": 1.0}, {"a": -np.inf}), "a value after is infinite"),
        (lambda: das_gupta({"total": 1.0}, {"total": 2.0}), "'total' is the name of the last row"),
        (lambda: das_gupta(DEATHS_1970, {"size": 1.0, "rate": 2.0}), "only before or only after"),
        (lambda: das_gupta(DEATHS_1970, DEATHS_1985.iloc[1:]), "only before or only after: 0;"),
        (lambda: das_gupta(DEATHS_1970, DEATHS_1985[["size"]]), "only before or only after: rate;"),
        (lambda: das_gupta(DEATHS_1970.iloc[[0, 0]], DEATHS_1985.iloc[[0]]), "a row occurs twice"),
        (lambda: kitagawa(DEATHS_1970, DEATHS_1985, size="n"), "no column 'n' in both frames"),
        (lambda: kitagawa(DEATHS_1970, DEATHS_1985.assign(size=0)), "not all 0"),
        (lambda: kitagawa(DEATHS_1970, DEATHS_1985.assign(size=-1)), "sizes must be 0 or more"),
        (lambda: kitagawa(DEATHS_1970, DEATHS_1985.assign(rate=np.inf)), "a value after is infinite"),
        (
            lambda: kitagawa(DEATHS_1970.assign(rate="high"), DEATHS_1985),
            "the table before holds what is no number",
        ),
        (lambda: kitagawa(DEATHS_1970[:0], DEATHS_1985[:0]), "nothing before"),
        (lambda: kitagawa(DEATHS_1970.rename({0: "total"}), DEATHS_1985.rename({0: "total"})), "last row"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_das_gupta_takes_rows_of_a_frame_whatever_they_are_called():
    rows = pd.DataFrame({"size": [100.0, 90.0], "rate": [0.3, 0.2]}, index=["2012/13", "2015/16"])
    effects = das_gupta(rows.loc["2012/13"], rows.loc["2015/16"])["effect"]
    assert effects["total"] == pytest.approx(90 * 0.2 - 100 * 0.3)
    assert effects["size"] == pytest.approx(-10 * 0.25)


@pytest.mark.parametrize("factor", [3.0, 0.1, 1e-5, 7e6])
def test_no_change_but_for_rounding_has_no_shares(factor):
    """One factor falls as the other rises: what is left of the product's change is rounding."""
    before, after = {"a": 0.3, "b": 0.7 * factor}, {"a": 0.3 * factor, "b": 0.7}
    for split, column in ((log_split, "share_of_log_change"), (das_gupta, "share")):
        assert split(before, after)[column].isna().all()


def test_a_small_change_has_shares():
    found = log_split({"a": 2.0, "b": 3.0}, {"a": 2.0 * (1 + 1e-6), "b": 3.0})["share_of_log_change"]
    assert found.tolist() == pytest.approx([1, 0, 1])
