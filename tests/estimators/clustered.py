"""Panels of owners, and their designs, for the tests of few clusters."""

import numpy as np
import pandas as pd

from tr_analysis.estimators.cluster_design import clustered_design

SIX, HALF = (3, 4, 5, 6, 7, 8), (0, 3, 4)


def panel(sizes=SIX, treated=HALF, effect: float = 0.4, seed: int = 0) -> pd.DataFrame:
    """Rows of some owners, a few of them treated, with what the rows of an owner share."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame({"cluster": codes, "treated": np.isin(codes, treated) * 1.0})
    frame["case_mix"] = rng.standard_normal(len(frame)) + codes / 4
    frame["offenders"] = rng.integers(50, 900, len(frame)).astype(float)
    shared = 0.5 * rng.standard_normal(len(sizes))[codes]
    return frame.assign(rate=effect * frame["treated"] + shared + rng.standard_normal(len(frame)))


def design(frame: pd.DataFrame, regressors=("treated", "case_mix"), weights="offenders"):
    return clustered_design(
        frame["rate"],
        frame[list(regressors)],
        frame["cluster"],
        regressors[0],
        weights=None if weights is None else frame[weights],
    )


def rewritten(frame: pd.DataFrame, seed: int, factor: float) -> pd.DataFrame:
    """Put the rows in another order, split into halves, with other names and units: nothing may change."""
    names = np.random.default_rng(seed).permutation(frame["cluster"].nunique())
    halves = pd.concat([frame, frame]).assign(
        offenders=lambda f: f["offenders"] / 2,
        rate=lambda f: f["rate"] * factor,
        cluster=lambda f: [f"owner {names[code]}" for code in f["cluster"]],
    )
    return halves.sample(frac=1, random_state=seed)


def numbers(test) -> list[float]:
    return [test.estimate, test.low, test.high, test.p_value]
