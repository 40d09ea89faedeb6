import numpy as np
import pytest
from scipy import stats

from tr_analysis.estimators.proportions import detectable_share, fisher_power


@pytest.mark.parametrize(("n1", "n2", "p1", "p2"), [(7, 21, 0.7, 0.1), (5, 4, 0.0, 0.9), (1, 6, 0.5, 0.5)])
def test_power_by_going_through_every_table(n1, n2, p1, p2):
    expected = sum(
        stats.binom.pmf(k1, n1, p1) * stats.binom.pmf(k2, n2, p2)
        for k1 in range(n1 + 1)
        for k2 in range(n2 + 1)
        if stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue <= 0.05
    )
    assert fisher_power(p1, n1, p2, n2)[0] == pytest.approx(expected, abs=1e-12)


def test_size_is_kept_where_nothing_differs():
    shares = np.linspace(0, 0.5, 6)
    assert max(fisher_power(p, 86, [p], 98)[0] for p in shares) <= 0.05


def test_power_is_symmetric():
    there, back = fisher_power(0.2, 24, [0.6], 62), fisher_power(0.6, 62, [0.2], 24)
    assert there == pytest.approx(back)
    assert there == pytest.approx(fisher_power(0.8, 24, [0.4], 62))


def test_detectable_share_has_the_power_asked_for():
    found = detectable_share(0.1, 24, 62)
    assert fisher_power(0.1, 24, found, 62)[0] == pytest.approx(0.8, abs=1e-6)
    assert detectable_share(0.1, 96, 248) < found


def test_nothing_is_detectable_in_two_pairs():
    assert np.isnan(detectable_share(0.0, 2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fisher_power(10, 24, 0.2, 62), "divide percentages by 100"),
        (lambda: fisher_power(0.1, 24, [20], 62), "divide percentages by 100"),
        (lambda: fisher_power(0.1, 0, 0.2, 62), "whole number of 1 or more"),
        (lambda: fisher_power(0.1, 24, 0.2, 2.5), "whole number of 1 or more"),
        (lambda: fisher_power(0.1, 24, 0.2, 62, alpha=5), "between 0 and 1"),
        (lambda: detectable_share(0.1, 24, 62, power=80), "between alpha"),
        (lambda: detectable_share(0.1, 24, 62, power="0.8"), "power is '0.8', which is not a number"),
        (lambda: detectable_share("0.1", 24, 62), "the true share is '0.1', which is not a number"),
        (lambda: fisher_power(None, 24, 0.2, 62), "the true share is None"),
        (lambda: fisher_power(0.1, 24, ["0.2"], 62), "the shares hold string"),
        (lambda: fisher_power(0.1, 24, [np.nan], 62), "the true share is nan"),
        (lambda: fisher_power(0.1, np.inf, 0.2, 62), "trials is inf, which is not a finite number"),
        (lambda: fisher_power(0.1, "24", 0.2, 62), "trials is '24', which is not a number"),
        (lambda: fisher_power(0.1, 24, 0.2, 62, alpha=None), "alpha is None, which is not a number"),
    ],
)
def test_impossible_questions_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_whole_numbers_may_come_as_floats():
    assert fisher_power(0.1, 7.0, 0.7, np.float64(21)) == fisher_power(0.1, 7, 0.7, 21)
