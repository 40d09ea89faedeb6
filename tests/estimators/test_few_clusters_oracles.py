"""The methods for few clusters beside other packages; these are imported in the tests, as they start slowly."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tr_analysis.estimators.cluster_design import clustered_design
from tr_analysis.estimators.clusters import bootstrap_draws, cluster_jackknife, wild_cluster_bootstrap

CODES = np.repeat(np.arange(8), [10, 14, 18, 24, 30, 40, 56, 80])
NAMES = ["constant", "treated", "case_mix"]


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"cluster": CODES, "treated": np.isin(CODES, [0, 3, 5, 6]) * 1.0, "constant": 1.0})
    frame["case_mix"] = rng.standard_normal(len(CODES)) + CODES / 5
    frame["offenders"] = rng.integers(50, 900, len(CODES)).astype(float)
    shared = 0.4 * rng.standard_normal(8)[CODES]
    return frame.assign(rate=0.3 * frame["treated"] + shared + rng.standard_normal(len(CODES)))


def design(frame: pd.DataFrame, weights: str | None = None):
    return clustered_design(
        frame["rate"],
        frame[["treated", "case_mix"]],
        frame["cluster"],
        "treated",
        weights=None if weights is None else frame[weights],
    )


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
@pytest.mark.parametrize("weights", [None, "offenders"])
def test_jackknife_against_pyfixest(panel, weights):
    """Without corrections, pyfixest leaves the factor (G - 1) / G to the user."""
    import pyfixest

    none = pyfixest.ssc(k_adj=False, G_adj=False)
    oracle = pyfixest.feols(
        "rate ~ treated + case_mix", panel, vcov={"CRV3": "cluster"}, weights=weights, ssc=none
    )
    test = cluster_jackknife(design(panel, weights))
    low, high = oracle.confint().loc["treated"]
    assert test.estimate == pytest.approx(oracle.coef()["treated"], rel=1e-10)
    assert test.high - test.low == pytest.approx(np.sqrt(7 / 8) * (high - low), rel=1e-10)


def enumerated(panel, kind):
    """Every statistic of wildboottest with all signs."""
    from wildboottest.wildboottest import WildboottestCL

    oracle = WildboottestCL(
        X=panel[NAMES], Y=panel["rate"], cluster=CODES, R=np.array([0, 1, 0]), B=999, seed=1, parallel=False
    )
    oracle.get_scores(bootstrap_type=kind, impose_null=True, adj=False, cluster_adj=False)
    oracle.get_weights(weights_type="rademacher")
    for step in (oracle.get_numer, oracle.get_denom, oracle.get_tboot, oracle.get_vcov, oracle.get_tstat):
        step()
    return oracle.t_stat, oracle.t_boot


@pytest.mark.full
@pytest.mark.parametrize(("kind", "variant"), [("11", "C"), ("31", "S")])
def test_all_signs_against_wildboottest(panel, kind, variant):
    """Draw by draw. Its types 13 and 33 do not run with numpy 2.4: test_wild has refits instead."""
    data, draws = enumerated(panel, kind)
    found = bootstrap_draws(design(panel), variant=variant, signs="rademacher")
    distance = -found.estimate
    top = found.top[0] + distance * found.top[1]
    bottom = found.bottom[0] + distance * found.bottom[1] + distance**2 * found.bottom[2]
    assert found.estimate / found.std_error == pytest.approx(data, rel=1e-10)
    assert np.sort(top / np.sqrt(bottom)) == pytest.approx(np.sort(draws), rel=1e-9, abs=1e-12)


@pytest.mark.full
def test_webb_weights_against_wildboottest(panel):
    """Its draws are others: two shares of 9,999 agree within four errors of their difference."""
    from wildboottest.wildboottest import wildboottest

    model = sm.OLS(panel["rate"], panel[NAMES])
    oracle = wildboottest(
        model,
        param="treated",
        cluster=CODES,
        B=9999,
        weights_type="webb",
        bootstrap_type="31",
        seed=2,
        parallel=False,
        show=False,
    )
    p_value = wild_cluster_bootstrap(design(panel)).p_value
    error = np.sqrt(2 * p_value * (1 - p_value) / 9999)
    assert abs(p_value - oracle["p-value"].item()) < 4 * error


def test_clustered_errors_against_statsmodels(panel):
    oracle = sm.WLS(panel["rate"], panel[NAMES], weights=panel["offenders"]).fit(
        cov_type="cluster", cov_kwds={"groups": CODES, "use_correction": False}
    )
    found = bootstrap_draws(design(panel, "offenders"), variant="C", draws=99)
    assert found.estimate == pytest.approx(oracle.params["treated"], rel=1e-10)
    assert found.std_error == pytest.approx(oracle.bse["treated"], rel=1e-10)
