import numpy as np
import pandas as pd
import pytest

from tests.estimators.test_interrupted import months
from tr_analysis.estimators.autocorrelation import autoregressive
from tr_analysis.estimators.interrupted import interrupted
from tr_analysis.estimators.placebo import placebo, placebo_rank

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
