"""The slow estimators beside the plain way of computing the same, at one size and at ten times that."""

import resource
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measure import Measure, timed
from tr_analysis.estimators.cluster_design import ClusteredDesign, clustered_design
from tr_analysis.estimators.clusters import cluster_jackknife, permutation_draws, wild_cluster_bootstrap
from tr_analysis.estimators.payment_design import payment_rule, simulated_counts

Call = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """One way of one task: its call at a size, what the size counts, and the size to begin with."""

    task: str
    way: str
    unit: str
    size: int
    call: Callable[[int], Call]
    ours: bool = True


def _panel(clusters: int) -> tuple[pd.DataFrame, Any]:
    """Return 20 rows for each cluster, half of the clusters treated."""
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(clusters), 20)
    frame = pd.DataFrame({"treated": codes % 2 * 1.0, "case_mix": rng.standard_normal(len(codes))})
    return frame.assign(rate=0.2 * frame["treated"] + rng.standard_normal(len(codes))), codes


def _design(clusters: int) -> ClusteredDesign:
    frame, codes = _panel(clusters)
    return clustered_design(frame["rate"], frame[["treated", "case_mix"]], codes, "treated")


def payment(runs: int) -> Call:
    """Simulate 21 providers over 8 cohorts."""
    rule = payment_rule(np.full(21, 1286), 0.45, level=0.05, cohorts=8, baseline_size=5143)
    return lambda: simulated_counts(rule, spread=0.03, runs=runs)


def wild(draws: int) -> Call:
    """Bootstrap 20 clusters."""
    design = _design(20)
    return lambda: wild_cluster_bootstrap(design, draws=draws)


def wildboottest(draws: int) -> Call:
    """Bootstrap 20 clusters with the package wildboottest, which gives no interval."""
    import statsmodels.api as sm
    from wildboottest.wildboottest import wildboottest as oracle

    frame, codes = _panel(20)
    model = sm.OLS(frame["rate"], sm.add_constant(frame[["treated", "case_mix"]]))
    options = {"weights_type": "webb", "bootstrap_type": "31", "seed": 2, "parallel": False, "show": False}
    return lambda: oracle(model, param="treated", cluster=codes, B=draws, **options)


def jackknife(clusters: int) -> Call:
    """Leave out one cluster at a time, from sums by cluster."""

    def call() -> object:
        return cluster_jackknife(_design(clusters))

    return call


def refits(clusters: int) -> Call:
    """Leave out one cluster at a time, and fit again."""
    import statsmodels.api as sm

    frame, codes = _panel(clusters)
    regressors = sm.add_constant(frame[["treated", "case_mix"]])

    def call() -> float:
        kept = [codes != code for code in range(clusters)]
        left = [sm.OLS(frame["rate"][rows], regressors[rows]).fit().params["treated"] for rows in kept]
        return float(np.var(left) * (clusters - 1))

    return call


def _labels() -> tuple[Any, Any]:
    rng = np.random.default_rng(4)
    return rng.random(200), np.arange(200) < 100


def permutations(draws: int) -> Call:
    """Permute the labels of 200 units, all draws at once."""
    outcomes, labelled = _labels()
    design = clustered_design(outcomes, pd.DataFrame({"label": labelled}), np.arange(200), "label")
    return lambda: permutation_draws(design, studentised=False, draws=draws).p_value()


def loop(draws: int) -> Call:
    """Permute the labels of 200 units in a loop over draws."""
    outcomes, labelled = _labels()

    def call() -> float:
        rng = np.random.default_rng(0)
        observed = outcomes[labelled].mean() - outcomes[~labelled].mean()
        reached = 1
        for _ in range(draws):
            drawn = rng.permutation(labelled)
            reached += abs(outcomes[drawn].mean() - outcomes[~drawn].mean()) >= abs(observed)
        return float(reached / (draws + 1))

    return call


CASES = (
    Case("payment simulation", "tr_analysis", "runs", 1000, payment),
    Case("wild cluster bootstrap", "tr_analysis", "draws", 9999, wild),
    Case("wild cluster bootstrap", "wildboottest", "draws", 9999, wildboottest, ours=False),
    Case("cluster jackknife", "tr_analysis", "clusters", 21, jackknife),
    Case("cluster jackknife", "refits", "clusters", 21, refits, ours=False),
    Case("permutation test", "tr_analysis", "draws", 9999, permutations),
    Case("permutation test", "Python loop", "draws", 9999, loop, ours=False),
)


def measures(*, quick: bool) -> Iterator[Measure]:
    """Yield each case at its size and at ten times that, each in a process of its own."""
    repeats = 3 if quick else 15
    context = get_context("spawn")
    for number, case in enumerate(CASES):
        for work in (case.size, 10 * case.size):
            with ProcessPoolExecutor(1, context) as process:
                seconds, megabytes = process.submit(_measured, number, work, repeats).result()
            yield Measure(case.task, case.way, f"{work:,} {case.unit}", work, seconds, megabytes, case.ours)


def _measured(number: int, work: int, repeats: int) -> tuple[float, float]:
    call = CASES[number].call(work)
    call()  # what is compiled or imported at the first call is not measured
    seconds = timed(call, repeats)
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
