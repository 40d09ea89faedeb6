"""Estimators beside other packages that compute the same; these are imported in the tests, as they start slowly."""

import numpy as np
import pandas as pd
import pytest

from tests.estimators.clustered import design, panel
from tests.estimators.test_autocorrelation import broken
from tr_analysis.estimators.autocorrelation import newey_west
from tr_analysis.estimators.clusters import bootstrap_draws, cluster_jackknife, wild_cluster_bootstrap

pytestmark = pytest.mark.full
NAMES = ["constant", "treated", "case_mix"]
SIZES, TREATED = [10, 14, 18, 24, 30, 40, 56, 80], [0, 3, 5, 6]


def test_newey_west_against_linearmodels():
    from linearmodels.iv import IV2SLS

    model = broken([0.8])
    x = model.regressors.set_index(model.regressors.index.to_timestamp())
    oracle = IV2SLS(pd.Series(model.response, x.index), x, None, None)
    result = oracle.fit(cov_type="kernel", kernel="bartlett", bandwidth=12, debiased=False)
    found = newey_west(model).effects
    for effect in ("level", "slope"):
        assert found.loc[effect, "estimate"] == pytest.approx(result.params[effect])
        assert found.loc[effect, "std_error"] == pytest.approx(result.std_errors[effect])
        assert found.loc[effect, "p_value"] == pytest.approx(result.pvalues[effect])


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
@pytest.mark.parametrize("weights", [None, "offenders"])
def test_jackknife_against_pyfixest(weights):
    """Without corrections, pyfixest leaves the factor (G - 1) / G to the user."""
    import pyfixest

    frame = panel(SIZES, TREATED)
    none = pyfixest.ssc(k_adj=False, G_adj=False)
    oracle = pyfixest.feols(
        "rate ~ treated + case_mix", frame, vcov={"CRV3": "cluster"}, weights=weights, ssc=none
    )
    test = cluster_jackknife(design(frame, weights=weights))
    low, high = oracle.confint().loc["treated"]
    assert test.estimate == pytest.approx(oracle.coef()["treated"], rel=1e-10)
    assert test.high - test.low == pytest.approx(np.sqrt(7 / 8) * (high - low), rel=1e-10)


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
def test_all_signs_and_webb_weights_against_wildboottest():
    """All signs draw by draw; Webb's draws are others: two shares of 9,999 agree within four errors of their difference."""
    import statsmodels.api as sm
    from wildboottest.wildboottest import WildboottestCL, wildboottest

    frame = panel(SIZES, TREATED).assign(constant=1.0)
    codes = frame["cluster"].astype("category").cat.codes.to_numpy()
    oracle = WildboottestCL(
        X=frame[NAMES], Y=frame["rate"], cluster=codes, R=np.array([0, 1, 0]), B=999, seed=1, parallel=False
    )
    oracle.get_scores(bootstrap_type="31", impose_null=True, adj=False, cluster_adj=False)
    oracle.get_weights(weights_type="rademacher")
    for step in (oracle.get_numer, oracle.get_denom, oracle.get_tboot, oracle.get_vcov, oracle.get_tstat):
        step()
    found = bootstrap_draws(design(frame, weights=None), signs="rademacher")
    distance = -found.estimate
    top = found.numerator[0] + distance * found.numerator[1]
    bottom = found.denominator[0] + distance * found.denominator[1] + distance**2 * found.denominator[2]
    assert found.estimate / found.std_error == pytest.approx(oracle.t_stat, rel=1e-10)
    assert np.sort(top / np.sqrt(bottom)) == pytest.approx(np.sort(oracle.t_boot), rel=1e-9, abs=1e-12)

    model = sm.OLS(frame["rate"], frame[NAMES])
    options = {"weights_type": "webb", "bootstrap_type": "31", "seed": 2, "parallel": False, "show": False}
    webb = wildboottest(model, param="treated", cluster=codes, B=9999, **options)["p-value"].item()
    p_value = wild_cluster_bootstrap(design(frame, weights=None)).p_value
    assert abs(p_value - webb) < 4 * np.sqrt(2 * p_value * (1 - p_value) / 9999)
