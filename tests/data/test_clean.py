import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.data.clean import ADDED, Quantity, clean, provider_name, quantity

QUALIFIERS = ["", "about", "Almost", "approximately", "more than", "nearly", "up to", "as high as", "some"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3,729", (3729, None, None, None)),
        ("more than 3,700", (3700, None, None, "more than")),
        ("7000-10000", (None, 7000, 10000, None)),
        ("about 1,000 - 2,000", (None, 1000, 2000, "about")),
        ("two thirds", (2 / 3, None, None, None)),
        ("around three-quarters", (0.75, None, None, "around")),
        ("less than half", (0.5, None, None, "less than")),
        ("nearly three in ten", (0.3, None, None, "nearly")),
        ("one in seven", (None, None, None, None)),
        ("seven thirds", (None, None, None, None)),
        ("up to 70%", (None, None, None, "up to")),
        ("1.2.3-4", (None, None, None, None)),
        ("26 June 2021", (None, None, None, None)),
        ("two\nlines", (None, None, None, None)),
    ],
)
def test_a_quantity_in_words_is_value_ends_and_qualifier(text, expected):
    assert quantity(text) == Quantity(*expected)


@given(st.sampled_from(QUALIFIERS), st.integers(0, 10**12), st.integers(0, 3))
def test_a_number_keeps_its_value_behind_any_qualifier(qualifier, number, places):
    value = number / 10**places
    for written in (f"{value:.{places}f}", f"{value:,.{places}f}"):
        read_back = quantity(f"{qualifier} {written}".strip())
        assert read_back == (pytest.approx(value, rel=1e-12), None, None, qualifier.lower() or None)


@given(st.text(alphabet="0123456789,.- aboutndrefhlfi", max_size=20))
def test_any_text_is_a_quantity_or_nothing(text):
    found = quantity(text)
    assert found.value is None or found.low is None


PROVIDERS = pd.Series(
    ["Derbyshire, Leicestershire, Nottinghamshire and Rutland", "Cumbria and Lancashire", "NPS Wales"]
)


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("DLNR CRC", PROVIDERS[0]),
        ("Cumbria & Lancashire", PROVIDERS[1]),
        ("Cumbria/Lancashire CRC", PROVIDERS[1]),
        ("Cumbria and Lancashire CRC (Sodexo)", PROVIDERS[1]),
        ("NPS Wales", PROVIDERS[2]),
        ("21 CRCs", None),
        ("Wales", None),
    ],
)
def test_a_provider_goes_by_one_name(text, provider):
    assert provider_name(text, PROVIDERS) == provider


@pytest.fixture(scope="module")
def tables(raw_frames, kinds):
    return raw_frames, clean(raw_frames, kinds)


def test_no_row_and_no_column_is_lost(tables):
    raw, cleaned = tables
    assert list(cleaned) == list(raw)
    for name, frame in raw.items():
        assert set(frame) <= set(cleaned[name])
        assert list(cleaned[name].index) == list(range(len(frame)))
        assert frame.index[0] == 2  # left alone


def test_the_columns_added_are_those_described(tables):
    raw, cleaned = tables
    added = {name: set(cleaned[name]) - set(frame) for name, frame in raw.items()}
    assert {name: columns for name, columns in added.items() if columns} == {
        n: set(a) for n, a in ADDED.items()
    }
    assert str(cleaned["pbr_results"]["last_month"].dtype) == "period[M]"
    assert str(cleaned["pbr_results"]["pandemic_overlap"].dtype) == "bool"


def test_derived_rates_come_from_the_counts(tables):
    annual = tables[1]["proven_reoffending_annual"].set_index("cohort_year").loc["2014"]
    assert annual["binary_rate"] == 186582 / 599297
    assert annual["frequency_rate"] == 663973 / 186582
    assert annual["reoffences_per_offender"] == pytest.approx(663973 / 599297)
    shares = tables[1]["adult_cohort_by_previous_offences"].groupby("cohort")["share"].sum()
    assert shares.to_numpy() == pytest.approx(1)


def test_printed_values_win_over_words_and_words_fill_the_rest(tables):
    raw, cleaned = tables
    before, after = raw["published_figures"].reset_index(drop=True), cleaned["published_figures"]
    printed = before["value"].notna()
    pd.testing.assert_series_equal(after.loc[printed, "value"], before.loc[printed, "value"])
    assert not after.loc[printed, "value_in_words"].any()
    assert after.loc[printed, ["low", "high"]].isna().all(axis=None)
    words = after.set_index("as_printed").loc["around three-quarters"]
    assert (words["value"], words["qualifier"], words["value_in_words"]) == (0.75, "around", True)


def test_owners_and_providers_are_added_where_they_are_known(tables):
    _, cleaned = tables
    northumbria = cleaned["providers"].set_index("provider").loc["Northumbria"]
    assert (northumbria["caseload"], northumbria["caseload_qualifier"]) == (3700, "more than")
    inspections = cleaned["inspection_ratings"]
    assert inspections["owner"].isna().sum() == inspections["provider"].isna().sum() == 1
    known = set(cleaned["providers"]["provider"])
    assert set(cleaned["quality_impact_judgements"]["provider"].dropna()) <= known
    assert set(cleaned["published_figures"]["provider"].dropna()) <= known
