import numpy as np
import pandas as pd
import pytest

from tests.estimators.test_interrupted import months
from tr_analysis.estimators.autocorrelation import autoregressive
from tr_analysis.estimators.interrupted import interrupted
from tr_analysis.estimators.placebo import joint_test, placebo, placebo_rank, shuffled_years, sign_flips

DATES = pd.period_range("2011-06", "2014-01", freq="M")[::4]


def walk(n: int = 56, slope: float = 0.0) -> pd.Series:
    """A random walk in logarithms, with a change of slope after 56 months."""
    steps = 0.01 * np.random.default_rng(3).standard_normal(n)
    return pd.Series(np.exp(8.6 + steps.cumsum() + slope * (np.arange(n) - 56).clip(0)), months(n))


def test_placebos_are_fits_of_their_own():
    found = placebo(walk(), DATES, autoregressive, harmonics=1)
    assert list(found.index) == list(DATES)
    assert list(found.columns) == ["level", "level_low", "level_high", "slope", "slope_low", "slope_high"]
    alone = autoregressive(interrupted(walk(), "2012-02", harmonics=1)).effects
    expected = alone[["estimate", "low", "high"]].to_numpy().ravel()
    assert found.loc[pd.Period("2012-02", "M")].tolist() == pytest.approx(expected.tolist())


def test_a_true_break_stands_out():
    broken = walk(91, slope=0.03)
    true = autoregressive(interrupted(broken, "2015-02")).effects.loc["slope", "estimate"]
    rank = placebo_rank(true, placebo(broken[:"2015-01"], DATES, autoregressive)["slope"])
    assert (rank.rank, rank.p_value) == (1, 1 / (len(DATES) + 1))


def test_rank_counts_sizes_and_ties_but_not_rounding():
    found = placebo_rank(-2.0, pd.Series([1.0, -2.0, 3.0, 0.5]))
    assert (found.rank, found.of, found.p_value) == (3, 5, 0.6)
    close = pd.Series([-(0.1 + 0.2), 0.1 * 3, 0.3 * (1 - 1e-12), 0.3 * (1 - 1e-8)])
    assert placebo_rank(0.3, close).rank == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: placebo(walk(), [], autoregressive), "no dates"),
        (lambda: placebo(walk(), ["2011-05"], autoregressive), "11 months before 2011-05"),
        (lambda: placebo_rank(np.nan, pd.Series([1.0])), "the true effect is nan, .* rank effects that were"),
        (lambda: placebo_rank(1.0, pd.Series([1.0, np.nan])), "missing or infinite"),
        (lambda: placebo_rank(1.0, pd.Series(dtype=float)), "or empty: give one column of `placebo`"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


MONTHS = pd.period_range("2010-06", "2020-02", freq="M")


@pytest.fixture
def series() -> pd.DataFrame:
    steps = np.random.default_rng(2).normal(0, 0.02, (len(MONTHS), 2))
    return pd.DataFrame(5000 * np.exp(steps.cumsum(axis=0)), MONTHS, ["recall", "remand"])


def test_all_signs_but_the_observed_ones():
    found = sign_flips(3)
    assert found.shape == (7, 3)
    assert len({tuple(row) for row in found}) == 7
    assert set(found.ravel()) == {1, -1}
    assert not (found == 1).all(axis=1).any()
    with pytest.raises(ValueError, match=r"^units is 21: give a whole number from 1 up to 20$"):
        sign_flips(21)


def test_shuffled_years_keep_ends_seasons_and_company(series):
    found = list(shuffled_years(series, "2015-02", draws=5, seed=1))
    assert len(found) == 5
    changes = np.log(series).diff()
    whole = changes["2011-02":"2020-01"]
    years = {tuple(np.round(year, 9)) for year in np.split(whole["recall"].to_numpy(), 9)}
    for one in found:
        assert list(one.index) == list(MONTHS)
        pd.testing.assert_series_equal(one.iloc[-1], series.iloc[-1])
        pd.testing.assert_frame_equal(one[:"2011-01"], series[:"2011-01"])
        moved = np.log(one).diff()["2011-02":"2020-01"]
        assert {tuple(np.round(year, 9)) for year in np.split(moved["recall"].to_numpy(), 9)} == years
        by_month = moved.groupby(moved.index.month).sum()
        pd.testing.assert_frame_equal(by_month, whole.groupby(whole.index.month).sum())
        assert moved["recall"].corr(moved["remand"]) == pytest.approx(whole["recall"].corr(whole["remand"]))
    assert len({one.to_csv() for one in found}) == 5
    pd.testing.assert_frame_equal(found[0], next(shuffled_years(series, "2015-02", seed=1)))


def test_a_year_that_begins_with_the_series_is_cut_from_its_second_month():
    month = pd.period_range("2010-01", periods=36, freq="M")
    rising = pd.DataFrame({"a": np.exp(np.arange(36.0) / 36)}, month)
    pd.testing.assert_frame_equal(next(shuffled_years(rising, "2010-01")), rising)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            lambda s: s.drop(pd.Period("2013-05", "M")),
            {},
            "months of the series recall do not follow one another at 2013-06",
        ),
        (lambda s: s.mask(s == s.iloc[40]), {}, "series recall has no finite value in 2013-10: start"),
        (lambda s: s["2014-12":"2016-11"], {}, "at least two can change places"),
        (lambda s: s["recall"], {}, "no series: give a frame with one column each; `to_frame.*` makes one"),
        (lambda s: s[:0], {}, "no series: give a frame"),
        (
            lambda s: s.to_timestamp(),
            {},
            "series recall is no pandas Series by month.*: set series.index = pd.PeriodIndex",
        ),
        (lambda s: s, {"first": "2021-02"}, "no month of the series"),
        (
            lambda s: s[:12].set_axis(pd.period_range("2014Q1", periods=12, freq="Q")),
            {},
            "not by month: give monthly ones",
        ),
        (lambda s: s, {"draws": 0}, "draws is 0: give 1 or more"),
    ],
)
def test_series_that_cannot_be_shuffled(series, change, options, message):
    with pytest.raises(ValueError, match=message):
        shuffled_years(change(series), **{"first": "2015-02", **options})


@pytest.mark.parametrize(
    ("break_size", "series", "seed", "low", "high"),
    [
        (0.0, 40, 8, 0, 0.175),  # of 40 series 0.05 are below; more than 0.175 are once in a thousand runs
        (0.02, 10, 8, 0.6, 1),
        pytest.param(0.0, 4000, 1, 0.035, 0.065, marks=pytest.mark.full),  # Monte Carlo error 0.0035
    ],
)
def test_shuffled_years_keep_the_level_and_find_a_break(break_size, series, seed, low, high):
    """Share of walks for which no reordering of nineteen has as large a change of growth after 56 months."""
    draw, below = np.random.default_rng(seed), 0

    def change(data: pd.DataFrame) -> float:
        steps = np.diff(np.log(data["recall"].to_numpy()))
        return abs(steps[55:].mean() - steps[:55].mean())

    for _ in range(series):
        shocks = draw.normal(0, 0.01, len(MONTHS) + 3)
        steps = shocks[3:] + 0.5 * shocks[2:-1] + np.where(np.arange(len(MONTHS)) >= 56, break_size, 0)
        walk = pd.DataFrame({"recall": 5000 * np.exp(steps.cumsum())}, MONTHS)
        null = [change(other) for other in shuffled_years(walk, "2015-02", draws=19, seed=draw)]
        below += change(walk) > max(null)
    assert low <= below / series <= high


def test_joint_test_counts_the_curves_as_extreme():
    found = joint_test([[2.0, -5, 0.5, 1, 2], [2, -5, 0.5, 1, 2], [9, -5, 0.5, 1, 2]], np.eye(3, 5) == 0)
    error = [np.sqrt(p * (1 - p) / 5) for p in (0.6, 0.4)]
    assert found.loc["median"].tolist() == pytest.approx([2, 2, 5, 0.6, 0.2, error[0]])
    assert found.loc["share significant"].tolist() == pytest.approx([2 / 3, 4, 5, 1, 0.4, 0])
    other_side = joint_test(
        [[3.0, -1], [2, 1], [-4, 1]], np.ones((3, 2))
    )  # -4 and -1 are not on the median's
    assert other_side["observed"].tolist() == pytest.approx([2, 2 / 3])
    assert other_side["as_extreme"].tolist() == [0, 1]
    nearly = joint_test([[0.1 + 0.2, 0.3]], [[False, False]])
    assert nearly["as_extreme"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("estimates", "significant", "message"),
    [
        ([[1.0, 2]], [[1]], "of one shape: a row a specification"),
        ([[1.0]], [[1]], "two curves or more"),
        ([[1.0, np.nan]], [[1, 1]], "an estimate is missing or infinite"),
    ],
)
def test_curves_that_cannot_be_compared(estimates, significant, message):
    with pytest.raises(ValueError, match=message):
        joint_test(estimates, significant)


def rejections(effect: float, series: int, seed: int) -> float:
    """Share of data sets whose joint test by sign flips is below 0.05: six units, three ways to average."""
    draw = np.random.default_rng(seed)
    signs = np.vstack([np.ones(6), sign_flips(6)])
    ways = np.array([np.ones(6) / 6, np.r_[np.ones(3), np.zeros(3)] / 3, np.arange(1, 7) / 21])
    below = 0
    for _ in range(series):
        data = signs * (draw.standard_t(3, 6) + effect)
        estimates = ways @ data.T
        errors = np.sqrt((ways**2).sum(axis=1))[:, None] * data.std(axis=1, ddof=1)
        tested = joint_test(estimates, np.abs(estimates) > 1.96 * errors)
        below += tested.loc["median", "p_value"] <= 0.05
    return below / series


@pytest.mark.parametrize(
    ("effect", "series", "seed", "low", "high"),
    [
        (0.0, 100, 5, 0, 0.1),  # of 100 data sets more than 10 hardly once in a thousand runs
        (4.0, 20, 5, 0.7, 1),
        # The p-value is a multiple of 2/64, so that its level at 0.05 is 1/32; Monte Carlo error 0.0045.
        pytest.param(0.0, 1500, 1, 0.018, 0.045, marks=pytest.mark.full),
    ],
)
def test_joint_test_keeps_its_level_and_finds_an_effect(effect, series, seed, low, high):
    assert low <= rejections(effect, series, seed) <= high
