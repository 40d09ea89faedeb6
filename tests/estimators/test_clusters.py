import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tr_analysis.estimators.cluster_design import NotApplicableError, clustered_design
from tr_analysis.estimators.clusters import cluster_jackknife, left_out

SIZES = [6, 9, 12, 15, 20, 27, 34, 41]
OWNERS = np.array(["Sodexo", "Interserve", "RRP", "Working Links", "MTC", "Seetec", "ARCC", "PeoplePlus"])


def panel(seed: int = 0) -> pd.DataFrame:
    """Rows of eight owners, four of them treated, with what owners share."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(8), SIZES)
    shared = 0.5 * rng.standard_normal(8)
    frame = pd.DataFrame({"owner": OWNERS[codes], "treated": np.isin(codes, [0, 3, 4, 6]) * 1.0})
    frame["case_mix"] = rng.standard_normal(len(frame)) + codes / 4
    frame["offenders"] = rng.integers(50, 900, len(frame)).astype(float)
    noise = shared[codes] + rng.standard_normal(len(frame))
    return frame.assign(rate=0.4 * frame["treated"] + 0.3 * frame["case_mix"] + noise)


def design(frame: pd.DataFrame, regressors=("treated", "case_mix"), weights="offenders"):
    return clustered_design(
        frame["rate"],
        frame[list(regressors)],
        frame["owner"],
        regressors[0],
        weights=None if weights is None else frame[weights],
    )


def numbers(test) -> list[float]:
    return [test.estimate, test.low, test.high, test.p_value]


def fitted(frame: pd.DataFrame, regressors, weights):
    w = np.ones(len(frame)) if weights is None else frame[weights]
    return sm.WLS(frame["rate"], sm.add_constant(frame[list(regressors)]), weights=w).fit()


@pytest.mark.parametrize("weights", [None, "offenders"])
def test_jackknife_against_refits(weights):
    frame = panel()
    names = ["treated", "case_mix"]
    full = fitted(frame, names, weights).params["treated"]
    without = {
        owner: fitted(frame[frame["owner"] != owner], names, weights).params["treated"] for owner in OWNERS
    }
    found = design(frame, names, weights)
    assert left_out(found).to_dict() == pytest.approx(without, rel=1e-10)
    error = np.sqrt(7 / 8 * sum((estimate - full) ** 2 for estimate in without.values()))
    test = cluster_jackknife(found, level=0.9)
    assert (test.clusters, test.draws, test.level) == (8, 0, 0.9)
    reach = stats.t.ppf(0.95, 7) * error
    p_value = 2 * stats.t.sf(abs(full) / error, 7)
    assert numbers(test) == pytest.approx([full, full - reach, full + reach, p_value], rel=1e-10)


def test_jackknife_with_a_dummy_for_each_cluster():
    """The dummies go with their clusters; the coefficient stays, as if means were taken off first."""
    frame = panel()
    dummies = pd.get_dummies(frame["owner"], drop_first=True).astype(float)
    x = pd.concat([frame[["case_mix"]], dummies], axis=1)
    test = cluster_jackknife(clustered_design(frame["rate"], x, frame["owner"], "case_mix"))
    means = frame.groupby("owner")[["rate", "case_mix"]].transform("mean")
    inner = (frame[["rate", "case_mix"]] - means).assign(owner=frame["owner"])
    within = {
        owner: rest["rate"] @ rest["case_mix"] / (rest["case_mix"] @ rest["case_mix"])
        for owner in [None, *OWNERS]
        for rest in [inner[inner["owner"] != owner]]
    }
    full = within.pop(None)
    error = np.sqrt(7 / 8 * sum((estimate - full) ** 2 for estimate in within.values()))
    assert test.estimate == pytest.approx(full)
    assert test.high - full == pytest.approx(stats.t.ppf(0.975, 7) * error)


def test_large_numbers_that_hardly_vary():
    """Years as they are, and squared, are no more trouble than years from the middle."""
    frame = panel().assign(year=lambda f: 2011.0 + np.arange(len(f)) % 9, square=lambda f: f["year"] ** 2)
    middle = frame.assign(year=frame["year"] - 2015, square=(frame["year"] - 2015) ** 2)
    names = ("treated", "year", "square")
    found = numbers(cluster_jackknife(design(frame, names)))
    assert found == pytest.approx(numbers(cluster_jackknife(design(middle, names))), rel=1e-6)


@given(st.integers(0, 10**6), st.floats(0.01, 100), st.floats(-5, 5), st.floats(0.01, 100))
def test_jackknife_follows_the_data(seed, factor, shift, scale):
    """Order of rows, names of clusters, scale of weights and a shift of the response change nothing."""
    frame = panel()
    before = cluster_jackknife(design(frame))
    other = frame.sample(frac=1, random_state=seed)
    names = dict(zip(OWNERS, np.random.default_rng(seed).permutation(8), strict=True))
    other = other.assign(
        owner=other["owner"].map(names),
        offenders=scale * other["offenders"],
        rate=factor * other["rate"] + shift + 2 * other["case_mix"],
    )
    after = cluster_jackknife(design(other))
    expected = [factor * before.estimate, factor * before.low, factor * before.high, before.p_value]
    assert numbers(after) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_row_counts_as_its_weight():
    """A row split into two of half its weight, or a row without weight added, changes nothing."""
    frame = panel()
    halves = pd.concat([frame, frame]).assign(offenders=lambda f: f["offenders"] / 2)
    empty = pd.concat([frame, frame.head(3).assign(rate=1e3, offenders=0)])
    expected = numbers(cluster_jackknife(design(frame)))
    assert numbers(cluster_jackknife(design(halves))) == pytest.approx(expected)
    assert numbers(cluster_jackknife(design(empty))) == pytest.approx(expected)


def test_effective_clusters():
    equal = pd.DataFrame({"owner": np.repeat(np.arange(8), 5), "rate": np.arange(40.0) ** 2})
    half = equal.assign(treated=equal["owner"] < 4)
    pair = equal.assign(treated=equal["owner"] < 2)
    assert design(half, ["treated"], None).effective_clusters == pytest.approx(8)
    shares = np.array([0.75**2] * 2 + [0.25**2] * 6)
    expected = shares.sum() ** 2 / (shares**2).sum()
    assert design(pair, ["treated"], None).effective_clusters == pytest.approx(expected)
    assert "not to be trusted" in cluster_jackknife(design(pair, ["treated"], None)).note
    assert "not to be trusted" not in cluster_jackknife(design(half, ["treated"], None)).note


def test_clusters_all_alike_are_refused():
    """The rows differ, but each cluster has the same: no cluster left out would move the estimate."""
    frame = pd.DataFrame({"owner": np.repeat(np.arange(8), 4), "rate": [1.0, 2.0, 3.0, 4.0] * 8})
    with pytest.raises(ValueError, match=r"clusters do not differ .* repeated in each"):
        design(frame.assign(treated=frame["owner"] < 4), ["treated"], None)


def test_single_treated_cluster_is_refused():
    frame = panel().assign(treated=lambda f: f["owner"].eq("Sodexo") * 1.0)
    with pytest.raises(NotApplicableError, match=r"only cluster Sodexo tells .* use cluster_permutation"):
        cluster_jackknife(design(frame))


@pytest.mark.parametrize("level", [0, 1, 95])
def test_level_out_of_range(level):
    with pytest.raises(ValueError, match="coverage between 0 and 1"):
        cluster_jackknife(design(panel()), level=level)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(rate=f["rate"].where(f["rate"] < 2)), "the response hold a missing"),
        (
            lambda f: f.assign(case_mix=f["case_mix"].replace(f["case_mix"].max(), np.inf)),
            "the regressors hold",
        ),
        (lambda f: f.assign(case_mix="high"), "which are not numbers"),
        (lambda f: f.assign(offenders=np.nan), "the weights hold a missing"),
        (lambda f: f.assign(offenders=-f["offenders"]), "a weight is negative"),
        (lambda f: f.assign(offenders=f["offenders"].where(f["owner"] != "MTC", 0)), "MTC has no weight"),
        (lambda f: f.assign(owner="Sodexo"), "1 clusters: with fewer than 3"),
        (lambda f: f.assign(owner=np.where(f["treated"] == 1, "a", "b")), "2 clusters: with fewer than 3"),
        (lambda f: f.assign(owner=f["owner"].where(f["owner"] != "MTC")), "a row has no cluster"),
        (lambda f: f.assign(case_mix=3.0), "leave out a constant"),
        (lambda f: f.assign(case_mix=0.0), "leave out a constant"),
        (lambda f: f.assign(case_mix=2 - 3 * f["treated"]), "collinear"),
        (lambda f: f.groupby("owner").head(1).head(3), "as many as the rows"),
        (lambda f: f.assign(rate=1 + 2 * f["case_mix"]), "clusters do not differ"),
        (lambda f: f.assign(rate=5.0), "clusters do not differ"),
        (lambda f: f.assign(rate=f["rate"] * 1e200), r"the response reach \de\+200, .*: choose another unit"),
        (lambda f: f.assign(rate=f["rate"] * 1e-200), r"the response reach \de-200, .*: choose another unit"),
        (lambda f: f.assign(rate=f["rate"].astype(str)), "the response hold string, which are not numbers"),
        (lambda f: f.assign(offenders=f["offenders"].astype(str)), "the weights hold string"),
    ],
)
def test_refusals(change, message):
    with pytest.raises(ValueError, match=message):
        design(change(panel()))


def test_rows_and_names_must_match():
    frame = panel()
    with pytest.raises(ValueError, match=r"unequal lengths \(164 responses, 164 regressors, 163 clusters"):
        clustered_design(frame["rate"], frame[["treated"]], frame["owner"].iloc[1:], "treated")
    for name in ("public", ["treated"]):
        with pytest.raises(ValueError, match=r"no regressor .*: name one of treated, case_mix"):
            clustered_design(frame["rate"], frame[["treated", "case_mix"]], frame["owner"], name)


@pytest.mark.parametrize(("clusters", "how_many"), [(None, 0), (5, 1), ("abc", 1), ([], 0)])
def test_clusters_are_one_per_row(clusters, how_many):
    frame = panel()
    with pytest.raises(ValueError, match=f"164 regressors, {how_many} clusters, 164 weights"):
        clustered_design(frame["rate"], frame[["treated"]], clusters, "treated")


def test_regressors_are_a_frame_and_a_response_a_row():
    frame = panel()
    for table in (None, frame[["treated"]].to_numpy(), {"treated": frame["treated"]}):
        with pytest.raises(ValueError, match="regressors come as a pandas DataFrame, not as"):
            clustered_design(frame["rate"], table, frame["owner"], "treated")
    with pytest.raises(ValueError, match="1 responses, 164 regressors"):
        clustered_design(1.0, frame[["treated"]], frame["owner"], "treated")
