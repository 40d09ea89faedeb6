from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.estimators.cluster_design import NotApplicableError, clustered_design
from tr_analysis.estimators.permutation import cluster_permutation, count_assignments

SIZES = [3, 4, 5, 6, 7, 8]
CODES = np.repeat(np.arange(6), SIZES)
HALF, DOSE = [1.0, 0, 0, 1, 1, 0], [0.5, 0, 0, 1.0, 1.0, 0.5]


def panel(values=HALF, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"cluster": CODES, "treated": np.array(values)[CODES]})
    frame["case_mix"] = rng.standard_normal(len(frame)) + CODES / 4
    frame["offenders"] = rng.integers(50, 900, len(frame)).astype(float)
    shared = 0.5 * rng.standard_normal(6)[CODES]
    return frame.assign(rate=1.5 * frame["treated"] + shared + rng.standard_normal(len(frame)))


def design(frame: pd.DataFrame, others=("case_mix",)):
    return clustered_design(
        frame["rate"],
        frame[["treated", *others]],
        frame["cluster"],
        "treated",
        weights=frame["offenders"],
    )


def naive(frame, values, studentised, value=0.0):
    """The p-value of an effect of ``value``, by one regression of statsmodels per assignment."""
    left = frame["rate"] - value * frame["treated"]
    found = []
    for assigned in [tuple(values), *sorted(set(permutations(values)))]:
        x = sm.add_constant(frame.assign(treated=np.array(assigned)[CODES])[["treated", "case_mix"]])
        fit = sm.WLS(left, x, weights=frame["offenders"]).fit(cov_type="cluster", cov_kwds={"groups": CODES})
        found.append((fit.tvalues if studentised else fit.params)["treated"])
    return float(np.mean(np.abs(found[1:]) >= (1 - 1e-9) * abs(found[0])))


@pytest.mark.parametrize("studentised", [True, False])
@pytest.mark.parametrize(
    ("values", "assignments"), [(HALF, 20), pytest.param(DOSE, 90, marks=pytest.mark.full)]
)
def test_every_assignment_against_statsmodels(values, assignments, studentised):
    frame = panel(values)
    test = cluster_permutation(design(frame), studentised=studentised, level=0.7)
    assert test.draws == assignments
    assert test.p_value == pytest.approx(naive(frame, values, studentised))
    width = test.high - test.low
    for end, outwards in ((test.low, -1), (test.high, 1)):
        assert naive(frame, values, studentised, end - 0.001 * outwards * width) > 0.3
        assert naive(frame, values, studentised, end + 0.001 * outwards * width) <= 0.3 + 1e-9


def test_single_treated_cluster():
    """One public owner of nine: no p-value under a ninth, so no interval of 95% has an end."""
    rng = np.random.default_rng(1)
    owner = np.repeat([f"owner {i}" for i in range(9)], 4)
    public = pd.DataFrame({"public": owner == "owner 7"})
    response = 50 * public["public"] + rng.standard_normal(36)
    test = cluster_permutation(clustered_design(response, public, owner, "public"))
    assert (test.draws, test.p_value) == (9, pytest.approx(1 / 9))
    assert (test.low, test.high) == (-np.inf, np.inf)
    assert test.note == "t statistic, all 9 assignments, smallest attainable p 0.11"


@pytest.mark.parametrize(("tails", "values", "smallest"), [
    ("symmetric", HALF, 2 / 20),
    ("symmetric", [1.0, 1, 0, 0, 0, 0], 1 / 15),
    ("equal", [1.0, 1, 0, 0, 0, 0], 2 / 15),
    ("symmetric", DOSE, 2 / 90),
])  # fmt: skip
def test_smallest_attainable_p(tails, values, smallest):
    frame = panel(values).assign(rate=lambda f: 1000 * f["treated"] + f["rate"])
    test = cluster_permutation(design(frame, others=()), tails=tails, studentised=False)
    assert test.p_value == pytest.approx(smallest)
    assert test.note.endswith(f"smallest attainable p {smallest:.2g}")


def test_sample_of_assignments_is_near_all():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(12), 5)
    frame = pd.DataFrame({"treated": codes % 2, "rate": rng.standard_normal(60) + codes % 2 * 0.5})
    found = clustered_design(frame["rate"], frame[["treated"]], codes, "treated")
    every = cluster_permutation(found)
    sample = cluster_permutation(found, draws=800)
    assert (every.draws, sample.draws) == (924, 800)
    assert sample.note == "t statistic, a sample of 924 assignments, smallest attainable p 0.0012"
    assert abs(sample.p_value - every.p_value) < 4 * np.sqrt(every.p_value * (1 - every.p_value) / 800)
    assert sample == cluster_permutation(found, draws=800) != cluster_permutation(found, draws=800, seed=1)


@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_permutation_follows_the_data(seed, factor):
    """Order of rows, names of clusters, halves of rows and units change nothing."""
    frame = panel()
    names = np.random.default_rng(seed).permutation(6)
    other = pd.concat([frame, frame]).assign(
        offenders=lambda f: f["offenders"] / 2, rate=lambda f: f["rate"] * factor
    )
    other = other.assign(cluster=[f"owner {names[code]}" for code in other["cluster"]])
    before = cluster_permutation(design(frame), level=0.7)
    after = cluster_permutation(design(other.sample(frac=1, random_state=seed)), level=0.7)
    assert after.p_value == before.p_value
    assert (after.low, after.high) == pytest.approx((factor * before.low, factor * before.high))


def test_assignment_that_the_other_regressors_explain_counts_as_far_out():
    """Given to the same clusters as another treatment, this one has no coefficient."""
    other = np.isin(CODES, [1, 2, 4]) * 1.0
    found = design(panel().assign(other=other), others=("other",))
    assert cluster_permutation(found).p_value == pytest.approx(4 / 20)


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=6))
def test_count_of_assignments(values):
    assert count_assignments(np.array(values)) == len(set(permutations(values)))


def test_refusals():
    with pytest.raises(NotApplicableError, match=r"'treated' varies within cluster 0: .* use the jackknife"):
        cluster_permutation(design(panel().assign(treated=np.arange(len(CODES)) % 2)))
    with pytest.raises(ValueError, match="draws is 20: give 99"):
        cluster_permutation(design(panel()), draws=20)
    with pytest.raises(ValueError, match="coverage between 0 and 1"):
        cluster_permutation(design(panel()), level=95)


@pytest.mark.parametrize("seed", range(3))
def test_one_treated_of_few_clusters_has_no_interval(seed):
    """No p-value lies below 1 / G, however far the hypothesised coefficient: neither may an end be found there."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 9, 9)
    codes = np.repeat(np.arange(9), sizes)
    frame = pd.DataFrame({"treated": codes == random.integers(9), "case_mix": random.normal(size=len(codes))})
    for names in (["treated"], ["treated", "case_mix"]):
        found = clustered_design(random.integers(0, 2, len(codes)), frame[names], codes, "treated")
        test = cluster_permutation(found)
        assert test.p_value >= 1 / 9
        assert (test.low, test.high) == (-np.inf, np.inf)


@pytest.mark.parametrize("studentised", ["no", None, 2])
def test_studentised_is_yes_or_no(studentised):
    with pytest.raises(ValueError, match=r"studentised is .*: give True or False"):
        cluster_permutation(design(panel()), studentised=studentised)
