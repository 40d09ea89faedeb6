import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.estimators.clustered import design, panel
from tr_analysis.estimators.cluster_design import clustered_design
from tr_analysis.estimators.clusters import bootstrap_draws, cluster_jackknife


def test_estimate_and_clustered_errors_against_statsmodels():
    frame = panel()
    x = sm.add_constant(frame[["treated", "case_mix"]])
    cluster = {"groups": frame["cluster"], "use_correction": False}
    oracle = sm.WLS(frame["rate"], x, frame["offenders"]).fit(cov_type="cluster", cov_kwds=cluster)
    found = bootstrap_draws(design(frame), draws=99)
    assert found.estimate == pytest.approx(oracle.params["treated"], rel=1e-10)
    assert found.std_error == pytest.approx(oracle.bse["treated"], rel=1e-10)


def test_effective_clusters():
    equal = pd.DataFrame({"cluster": np.repeat(np.arange(8), 5), "rate": np.arange(40.0) ** 2})
    half, pair = (design(equal.assign(treated=equal["cluster"] < n), ["treated"], None) for n in (4, 2))
    shares = np.array([0.75**2] * 2 + [0.25**2] * 6)
    assert half.effective_clusters == pytest.approx(8)
    assert pair.effective_clusters == pytest.approx(shares.sum() ** 2 / (shares**2).sum())
    assert "not to be trusted" in cluster_jackknife(pair).note
    assert "not to be trusted" not in cluster_jackknife(half).note


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": lambda f: f["rate"].where(f["rate"] < 1)}, "the response hold a missing"),
        ({"case_mix": lambda f: f["case_mix"].where(f["case_mix"] < 1, np.inf)}, "the regressors hold"),
        ({"case_mix": "high"}, "holds what is no number"),
        ({"offenders": np.nan}, "the weights hold a missing"),
        ({"offenders": -1}, "a weight is negative"),
        ({"offenders": lambda f: f["offenders"].where(f["cluster"] != 5, 0)}, "cluster 5 has no weight"),
        ({"cluster": lambda f: f["treated"]}, "2 clusters: with fewer than 3"),
        ({"cluster": lambda f: f["cluster"].where(f["cluster"] != 5)}, "a row has no cluster"),
        ({"case_mix": 3.0}, "leave out a constant"),
        ({"case_mix": lambda f: 2 - 3 * f["treated"]}, "collinear"),
        ({"rate": lambda f: 1 + 2 * f["case_mix"]}, "clusters do not differ"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        design(panel().assign(**change))


def test_regressors_have_the_coefficient_and_a_response_a_row():
    frame = panel()
    for name in ("public", ["treated"]):
        with pytest.raises(ValueError, match=r"no regressor .*: name one of treated, case_mix"):
            clustered_design(frame["rate"], frame[["treated", "case_mix"]], frame["cluster"], name)
    with pytest.raises(ValueError, match="two regressors have one name"):
        clustered_design(frame["rate"], frame[["treated"]].assign(constant=1), frame["cluster"], "treated")
    with pytest.raises(ValueError, match="33 regressors, 2 clusters, 33 weights"):
        clustered_design(frame["rate"], frame[["treated"]], [1, 2], "treated")
    with pytest.raises(ValueError, match="1 responses, 33 regressors"):
        clustered_design(1.0, frame[["treated"]], frame["cluster"], "treated")
