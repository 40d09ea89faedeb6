"""Every public estimator, with the arguments of its own example, and one of them of a wrong kind."""

import doctest
import importlib
import inspect
import traceback

import numpy as np
import pandas as pd
import pytest

from tr_analysis import estimators
from tr_analysis.estimators import (
    decomposition,
    funnel,
    heterogeneity,
    panel,
    proportions,
    ratings,
)
from tr_analysis.estimators.autocorrelation import autoregressive
from tr_analysis.estimators.cluster_design import clustered_design
from tr_analysis.estimators.clusters import cluster_jackknife
from tr_analysis.estimators.interrupted import interrupted
from tr_analysis.estimators.placebo import placebo, shuffled_years

WRONG = {
    "an object": object(),
    "None": None,
    "text": "one",
    "a number": 2.5,
    "a negative number": -1,
    "a huge number": 1e300,
    "nan": np.nan,
    "pandas' missing value": pd.NA,
    "a missing time": pd.NaT,
    "True": True,
    "a list": [1, 2, 3],
    "a list of words": ["a", "b"],
    "an empty list": [],
    "lists of unlike length": [[1], [1, 2]],
    "a square": np.ones((2, 2)),
    "a dictionary": {"a": 1},
    "a set": {1, 2},
    "a function": lambda *_, **__: None,
    "a series": pd.Series([1.0, 2.0, 3.0]),
    "an empty series": pd.Series(dtype=float),
    "a series of words": pd.Series(["a", "b"]),
    "categories": pd.Series(["a", "b", "a"], dtype="category"),
    "a frame": pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
    "an empty frame": pd.DataFrame(),
    "a time": pd.Timestamp("2015-02-01"),
    "a year": pd.Period("2015", "Y"),
    "a complex number": 1j,
}


def example(name):
    """Return an estimator and the arguments of the first call in its docstring."""
    module, _, function = name.partition(".")
    module = importlib.import_module(f"tr_analysis.estimators.{module}")
    estimator, calls = getattr(module, function), []

    def recorded(*args, **options):
        calls.append(inspect.signature(estimator).bind(*args, **options))
        return estimator(*args, **options)

    code = "".join(one.source for one in doctest.DocTestParser().get_examples(inspect.getdoc(estimator)))
    exec(code, {**vars(module), function: recorded, "print": lambda *_: None})
    return estimator, calls[0]


def attempts(name):
    """Yield each parameter, what is wrong, and the call that gives it."""
    estimator, bound = example(name)
    for parameter in inspect.signature(estimator).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        for kind, value in WRONG.items():
            changed = inspect.BoundArguments(bound.signature, bound.arguments | {parameter.name: value})
            yield parameter.name, kind, lambda given=changed: estimator(*given.args, **given.kwargs)


@pytest.mark.parametrize("name", estimators.index()["name"])
@pytest.mark.filterwarnings("ignore")
def test_a_wrong_kind_is_taken_or_refused_by_a_message_of_ours(name):
    """No traceback out of pandas or numpy: a ValueError, raised here, that says what to give."""
    for parameter, kind, call in attempts(name):
        at = f"{name}({parameter}={kind})"
        try:
            call()
        except ValueError as error:
            origin = traceback.extract_tb(error.__traceback__)[-1].filename
            assert "tr_analysis/estimators" in origin.replace("\\", "/"), f"{at}: {error}, from {origin}"
            assert len(str(error)) < 400, f"{at}: {error}"
        except Exception as error:
            pytest.fail(f"{at} gives {type(error).__name__}: {error}")
        else:
            assert kind != "an object", f"{at} is taken"


def objects(frame):
    """The frame as a spreadsheet gives it: whole numbers as objects."""
    return frame.astype(object)


COUNTS = pd.DataFrame({"k": [10, 40, 62], "n": [100, 90, 110]}, index=["x", "y", "z"])
MONTHS = pd.DataFrame(
    {"people": [5000 + 40 * (t % 5) + 600 * (t >= 24) for t in range(48)]},
    pd.period_range("2013-01", periods=48, freq="M"),
)
PANEL = pd.DataFrame({"adjusted_rate": [44, 47], "baseline_rate": [47, 47], "offenders": [1286, 900]})


@pytest.mark.parametrize(
    "estimate",
    [
        lambda f: proportions.proportions(f(COUNTS), "k", "n"),
        lambda f: funnel.funnel(f(COUNTS), "k", "n"),
        lambda f: heterogeneity.shrink(f(COUNTS), "k", "n"),
        lambda f: panel.flag_significance(f(PANEL), level=0.05),
        lambda f: heterogeneity.heterogeneity(f(COUNTS)["k"], f(COUNTS)["n"]),
        lambda f: decomposition.das_gupta(f(COUNTS), f(COUNTS + 1)),
        lambda f: clustered_design(f(COUNTS)["k"], f(COUNTS)[["n"]], ["a", "b", "c"], "n").estimate,
        lambda f: interrupted(f(MONTHS)["people"], "2015-01").series,
        lambda f: ratings.superiority(f(COUNTS)["k"], f(COUNTS)["n"]),
        lambda f: next(shuffled_years(f(MONTHS), "2015-01")),
    ],
)
def test_whole_numbers_typed_as_objects_are_numbers(estimate):
    as_objects, as_numbers = estimate(objects), estimate(lambda frame: frame)
    if isinstance(as_numbers, pd.DataFrame | pd.Series):
        as_objects, as_numbers = as_objects.to_numpy().tolist(), as_numbers.to_numpy().tolist()
    assert as_objects == as_numbers


@pytest.mark.parametrize(
    ("call", "column"),
    [
        (lambda f: proportions.proportions(f, "k", "n"), "low"),
        (lambda f: funnel.funnel(f, "k", "n"), "estimate"),
        (lambda f: heterogeneity.shrink(f, "k", "n"), "high"),
        (lambda f: heterogeneity.rank_intervals(f, "k", "n"), "estimate"),  # a share beside ranks
    ],
)
def test_a_column_of_the_users_own_is_not_replaced(call, column):
    with pytest.raises(ValueError, match=f"column '{column}' has the name of a result.*: rename it"):
        call(COUNTS.assign(**{column: 1.0}))
    assert column in call(COUNTS) or column == "estimate"


@pytest.mark.parametrize(
    "call",
    [
        lambda: panel.flag_significance(PANEL.assign(baseline_rate=0.47), level=0.05),
        lambda: panel.flag_significance(PANEL.assign(adjusted_rate=0.44), level=0.05),
        lambda: decomposition.log_split({"rate": 0.475, "each": 4.2}, {"rate": 45.4, "each": 4.7}),
        lambda: decomposition.das_gupta({"rate": 47.5, "each": 4.2}, {"rate": 0.454, "each": 4.7}),
    ],
)
def test_per_cent_and_shares_do_not_mix(call):
    with pytest.raises(ValueError, match=r"look like shares; give per cent|as shares or both in per cent"):
        call()


def test_rows_are_paired_by_label_or_refused():
    rate, owner = pd.Series([5.0, 7, 6, 2], list("abcd")), pd.Series(["A", "A", "B", "C"], list("abcd"))
    label = pd.DataFrame({"public": [1, 1, 0, 0]}, list("abcd"))
    known = clustered_design(rate, label, owner, "public", weights=2).estimate
    turned = clustered_design(rate[::-1], label, owner[::-1], "public")
    assert turned.estimate == pytest.approx(known)
    assert [turned.labels[code] for code in turned.codes] == ["A", "A", "B", "C"]
    with pytest.raises(
        ValueError, match=r"the response and the regressors have different labels: .*to_numpy"
    ):
        clustered_design(rate.reset_index(drop=True), label, owner, "public")
    with pytest.raises(ValueError, match="second measure and the first have different labels"):
        panel.association(rate, pd.Series([1.0, 2, 3, 4]))
    assert panel.association(rate, rate[::-1]).estimate == pytest.approx(1)


def test_one_variance_for_all():
    alike = heterogeneity.heterogeneity([1, 3, 8, 4], 0.5)
    assert alike == heterogeneity.heterogeneity([1, 3, 8, 4], [0.5] * 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: autoregressive(d.series), r"design is a Series .*: give what `interrupted\(series"),
        (lambda d: autoregressive(d).effect_at(d), "is no month: write year and month"),
        (lambda d: cluster_jackknife(MONTHS), r"design is a DataFrame .*: give what `clustered_design\("),
        (lambda d: placebo(d.series, ["2015-01"], "ols"), "estimator is 'ols': give a function, such as"),
        (lambda d: placebo(d.series, ["2015-01"], lambda design: 1.0), "what the estimator returned is 1"),
    ],
)
def test_the_call_to_make_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(interrupted(MONTHS["people"], "2015-01"))
