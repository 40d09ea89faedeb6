"""The panel: one row a provider and cohort, of one release, with its owner; what is missing is named."""

import numpy as np
import pandas as pd
import pytest

from tr_analysis.data import load
from tr_analysis.errors import DataError
from tr_analysis.official.panel import NUMERIC, baseline_summary, panel, summary, with_years

PROVIDERS = load("providers")
CRCS = PROVIDERS.loc[PROVIDERS["provider_type"] == "CRC", "provider"].tolist()
ROW = dict.fromkeys(NUMERIC, np.nan)
ROW |= {"release": "2017-10", "file": "final.xlsx", "sheet": "1", "row": 4}
ROW |= {"cohort": "2015Q4", "cohort_type": "quarter", "provider": "Essex", "provider_type": "CRC"}
ROW |= {"stage": "final", "significance": None, "suppressed": "", "not_applicable": ""}
COUNTED = {"offenders": 1000, "reoffenders": 450, "reoffences": 1900, "binary_rate": 45.0, "frequency_rate": 4.22}  # fmt: skip
FLAGGED = COUNTED | {"significance": "significant reduction", "adjusted_rate": 44.0, "baseline_rate": 47.0, "baseline_frequency": 4.0}  # fmt: skip
QUARTERS = ("2015Q4", "2016Q1", "2016Q2", "2016Q3")


def made(*rows, baselines=None):
    results = pd.DataFrame([ROW | row for row in rows]).astype({"release": "str"})
    return panel(results, PROVIDERS, baselines)


def whole(*cohorts, **cells):
    """Return a row of every CRC in each cohort."""
    return [FLAGGED | {"cohort": c, "provider": name} | cells for c in cohorts for name in CRCS]


def value(found, measure):
    return found[found["measure"] == measure]["value"].tolist()


def test_only_crcs_stay_each_with_its_owner():
    found = made(COUNTED, {"provider": "NPS Wales", "provider_type": "NPS"}).frame
    assert found[["provider", "owner", "origin"]].to_numpy().tolist() == [["Essex", "Sodexo Justice Services", "official"]]  # fmt: skip


def test_a_change_of_owner_counts_from_its_month():
    """Wales went from Working Links to Seetec in February 2019; when Thames Valley's owner changed is not known."""
    cohorts = ["2018Q4", "2019Q1", "2019Q2"]
    rows = [{"provider": name, "cohort": c} for name in ("Wales", "Thames Valley") for c in cohorts]
    found = made(*rows).frame.set_index(["provider", "cohort"])
    assert found.loc["Wales", "owner"].tolist() == ["Working Links", "Working Links", "Seetec"]
    assert found.loc["Wales", "owner_later"].tolist() == [False, False, True]
    assert set(found.loc["Thames Valley", "owner"]) == {"MTCnovo"}


@pytest.mark.parametrize(
    ("releases", "kept"),
    [
        ([("2017-01", "interim"), ("2017-10", "final"), ("2018-01", "final"), ("2018-04", "interim")], 2),
        ([(None, "final")], 0),
        ([(None, "final"), ("2017-01", "final")], 1),
    ],
)
def test_of_a_cohort_the_latest_final_release_stays_whole(releases, kept):
    rows = [
        {"release": release, "stage": stage, "offenders": i, "provider": name}
        for i, (release, stage) in enumerate(releases)
        for name in ("Essex", "Wales")
    ]
    assert made(*rows).frame["offenders"].tolist() == [kept, kept]


def test_rows_stand_by_cohort_and_provider_and_a_cohort_that_is_none_is_refused():
    rows = [("2016Q1", "Wales"), ("2016Q1", "Essex"), ("2015Q4", "Wales")]
    found = made(*({"cohort": cohort, "provider": name} for cohort, name in rows)).frame
    assert list(found[["cohort", "provider"]].itertuples(index=False, name=None)) == rows[::-1]
    with pytest.raises(DataError, match=r"'winter'.*no cohort"):
        made({"cohort": "winter"})


def test_gaps_are_named_and_not_filled():
    found = made(COUNTED, {"provider": "Wales", "offenders": 900, "suppressed": "reoffenders reoffences"})
    gaps = found.gaps.set_index("provider")["what"]
    assert gaps["Northumbria"] == "no row"
    assert "not in the table: eligible, ogrs" in gaps[""]
    assert "suppressed: reoffences, reoffenders" in gaps["Wales"].tolist()
    assert found.frame.set_index("provider").loc["Wales", ["reoffenders", "binary_rate"]].isna().all()


def test_differences_come_from_their_parts_and_baselines_from_their_own_table():
    base = {"provider": "Essex", "release": "2014-02", "cohort_type": "quarter", "offenders": 5000}
    baselines = pd.DataFrame([base | {"binary_rate": 47.0, "frequency_rate": 4.2, "ogrs": 46.0}])
    row = made(COUNTED | {"adjusted_rate": 44.5}, baselines=baselines).frame.iloc[0]
    assert row[["baseline_rate", "baseline_frequency", "baseline_ogrs"]].tolist() == [47.0, 4.2, 46.0]
    assert row["difference"] == -2.5
    assert row["frequency_difference"] == pytest.approx(0.02)
    assert row["derived"] == "difference frequency_difference"
    row = made(COUNTED | {"baseline_rate": 48.0, "difference": -1.0}, baselines=baselines).frame.iloc[0]
    assert row[["baseline_rate", "difference", "derived"]].tolist() == [48.0, -1.0, "frequency_difference"]


def test_all_together_need_every_one_of_them_and_every_flag():
    rows = whole("2015Q4", "2016Q1")
    found = summary(made(*rows[:-1]).frame, CRCS, kind="CRC")
    assert set(found["cohort"]) == {"2015Q4"}
    expected = {"offenders in cohort": 21_000, "binary rate": 45.0, "adjusted binary rate": 44.0,
        "CRCs significantly below their 2011 baseline": 21, "CRCs significantly above their 2011 baseline": 0,
        "CRCs below their 2011 baseline": 21, "CRCs below both 2011 baselines": 0}  # fmt: skip
    assert {measure: value(found, measure) for measure in expected} == {m: [v] for m, v in expected.items()}
    rows[3]["significance"] = None
    found = summary(made(*rows[:21]).frame, CRCS, kind="CRC")
    assert value(found, "CRCs significantly below their 2011 baseline") == []


def test_a_year_is_pooled_from_its_quarters_if_all_are_there_and_it_is_not_printed():
    quarters = whole(*QUARTERS)
    frame = with_years(made(*quarters).frame)
    year = frame[frame["cohort"] == "2015Q4 to 2016Q3"]
    assert (len(year), year["offenders"].sum()) == (21, 84_000)
    assert year["difference"].round(9).unique().tolist() == [-3.0]
    assert "2015Q4 to 2016Q3" not in set(with_years(made(*quarters[:63]).frame)["cohort"])
    printed = whole("2015Q4 to 2016Q1", cohort_type="year", offenders=2222)
    frame = with_years(made(*printed, *quarters[:42]).frame)
    assert frame.loc[frame["cohort"] == "2015Q4 to 2016Q1", "offenders"].unique().tolist() == [2222]


def test_the_baseline_of_all_is_weighted_by_the_people_in_it():
    base = {"release": "2014-02", "cohort_type": "year", "binary_rate": 50.0, "frequency_rate": 4.0}
    rows = [base | {"provider": name, "offenders": 1000} for name in CRCS]
    rows[0] |= {"offenders": 21_000, "binary_rate": 40.0, "frequency_rate": 5.0}
    found = baseline_summary(pd.DataFrame(rows), CRCS).set_index("measure")["value"]
    assert found["binary rate"] == pytest.approx((21 * 40 + 20 * 50) / 41)
    assert found["frequency rate"] == pytest.approx((21 * 40 * 5 + 20 * 50 * 4) / (21 * 40 + 20 * 50))
    assert baseline_summary(pd.DataFrame(rows[1:]), CRCS).empty
