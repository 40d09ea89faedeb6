import numpy as np
import pytest

from tr_analysis.estimators.payment_power import standard_error
from tr_analysis.estimators.payment_selection import expected_best, next_cohort

ERROR = standard_error(1286, 0.475)


def test_best_of_21_by_chance_alone():
    # The mean of the largest of 21 standard normal numbers is 1.889 (Harter 1961, Biometrika 48, 151-165).
    assert expected_best(21, shift=0.0, spread=0.0, error=0.1) == pytest.approx(-0.1889, abs=1e-4)
    assert expected_best(1, shift=-0.02, spread=0.03, error=ERROR) == pytest.approx(-0.02)


def test_best_and_its_next_cohort_against_simulation():
    rng = np.random.default_rng(8)
    true = -0.019 + 0.03 * rng.standard_normal((10_000, 21))
    first = true + ERROR * rng.standard_normal(true.shape)
    runs, best = np.arange(len(true)), first.argmin(axis=1)
    following = true[runs, best] + ERROR * rng.standard_normal(len(true))
    expected = expected_best(21, shift=-0.019, spread=0.03, error=ERROR)
    margin = 4 * 0.035 / np.sqrt(len(true))  # four Monte Carlo errors
    assert first.min(axis=1).mean() == pytest.approx(expected, abs=margin)
    predicted = next_cohort(expected, shift=-0.019, spread=0.03, error=ERROR)
    assert following.mean() == pytest.approx(predicted.estimate, abs=margin)
    each = [next_cohort(y, shift=-0.019, spread=0.03, error=ERROR) for y in first.min(axis=1)[:500]]
    held = np.mean([p.low <= y <= p.high for p, y in zip(each, following[:500], strict=True)])
    assert held == pytest.approx(0.95, abs=0.04)  # four again


def test_nothing_true_goes_back_all_the_way():
    found = next_cohort(-0.082, shift=-0.019, spread=0.0, error=ERROR)
    assert (found.estimate, found.reliability) == (-0.019, 0)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * ERROR)


def test_a_larger_next_cohort_is_predicted_more_closely():
    one, more = (
        next_cohort(-0.08, shift=-0.02, spread=0.03, error=ERROR, next_error=e) for e in (None, ERROR / 2)
    )
    assert more.estimate == one.estimate
    assert more.high - more.low < one.high - one.low


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"observed": -8.2}, "observed has -8.2: give shares"),
        ({"spread": -0.03}, "spread has -0.03"),
        ({"error": 0.0}, "error is 0: give a share"),
        ({"next_error": 0.0}, "next_error is 0: give a share"),
        ({"error": 0.7}, "error is 0.7: give a share above 0 and up to 0.5"),
        ({"error": 1e-200, "spread": 1e-200}, "error is 1e-200: give a share"),
        ({"spread": 0.9}, "spread has 0.9: give shares from 0 to 0.5"),
        ({"spread": [0.1]}, "spread is .0.1., which is not a number: give one share, not many"),
        ({"observed": [-0.1]}, "observed is .-0.1., which is not a number: give one share"),
        ({"shift": "0.1"}, "shift is '0.1', which is not a number"),
    ],
)
def test_what_cannot_be_predicted(options, message):
    with pytest.raises(ValueError, match=message):
        next_cohort(**{"observed": -0.082, "shift": -0.019, "spread": 0.03, "error": ERROR, **options})


@pytest.mark.parametrize("providers", [0, 2.5, np.nan, 10**40, [21], "21"])
def test_best_of_none_or_too_many(providers):
    with pytest.raises(ValueError, match=r"providers is .*: give 1 or more, up to a million"):
        expected_best(providers, shift=0.0, spread=0.0, error=ERROR)


def test_best_of_a_list():
    with pytest.raises(ValueError, match=r"spread is .* give one share, not many"):
        expected_best(21, shift=0.0, spread=[0.1], error=ERROR)


def test_best_of_a_million():
    # The mean of the largest of a million standard normal numbers, by their quantiles, is 4.863.
    assert expected_best(10**6, shift=0.0, spread=0.0, error=0.1) == pytest.approx(-0.4863, abs=1e-4)
