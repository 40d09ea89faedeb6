from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.data.periods import exists, financial_year, month_range, period

YEARS = st.integers(1900, 2098)
MONTHS = st.integers(1, 12)
NAMES = ["January", "February", "March", "April", "May", "June", "July"]
NAMES += ["August", "September", "October", "November", "December"]


@pytest.mark.parametrize(
    ("text", "kind", "first", "last"),
    [
        ("2015-02", "month", "2015-02-01", "2015-02-28"),
        ("2015Q4", "quarter", "2015-10-01", "2015-12-31"),
        ("2015/16", "financial year", "2015-04-01", "2016-03-31"),
        ("1999/00", "financial year", "1999-04-01", "2000-03-31"),
        ("2015-06-30", "date", "2015-06-30", "2015-06-30"),
    ],
)
def test_a_period_covers_the_days_its_kind_means(text, kind, first, last):
    made = period(text, kind)
    assert (str(made.start_time.date()), str(made.end_time.date())) == (first, last)


@given(YEARS)
def test_a_financial_year_survives_the_way_there_and_back(year):
    text = f"{year}/{(year + 1) % 100:02d}"
    assert financial_year(period(text, "financial year")) == text
    assert period(financial_year(pd.Period(year=year, freq="Y-MAR")), "financial year").year == year


@pytest.mark.parametrize(
    ("text", "kind", "there"),
    [
        ("2015-02-29", "date", False),
        ("2016-02-29", "date", True),
        ("2015-02-30", "partial date", False),
        ("2015", "partial date", True),
        ("1999/00", "financial year", True),
        ("2015Q4 to 2016Q3", "quarters", True),
        ("2016Q3 to 2015Q4", "quarters", False),
        ("anything", "string", True),
    ],
)
def test_some_periods_are_in_no_calendar(text, kind, there):
    assert exists(text, kind) is there


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2016-17", "2016-04", "2017-03"),
        ("2011-12", "2011-04", "2012-03"),
        ("2014-12", "2014-12", "2014-12"),
        ("2019/20 annual", "2019-04", "2020-03"),
        ("2018", "2018-01", "2018-12"),
        ("2015-2018", "2015-01", "2018-12"),
        ("2014-06-30", "2014-06", "2014-06"),
        ("cohort 2018Q4", "2018-10", "2018-12"),
        ("2005-06Q4", "2006-01", "2006-03"),
        ("March 2018", "2018-03", "2018-03"),
        ("Oct-Dec 2015", "2015-10", "2015-12"),
        ("2018 (Jan-Jun)", "2018-01", "2018-06"),
        ("Sept 2009-Nov 2012", "2009-09", "2012-11"),
        ("year to March 2019", "2018-04", "2019-03"),
        ("year ending 2018-09", "2017-10", "2018-09"),
        ("2014-06 to 2014-09 (17 weeks)", "2014-06", "2014-09"),
        ("2015-16 Q1 to 2017-18 Q1", "2015-04", "2017-06"),
        ("2015/16 (Oct 2015-Mar 2016)", "2015-10", "2016-03"),
        ("2017-18 (to Dec 2017)", "2017-04", "2017-12"),
        ("2020 (inspection)", "2020-01", "2020-12"),
    ],
)
def test_a_printed_period_has_a_first_and_a_last_month(text, first, last):
    assert tuple(map(str, month_range(text))) == (first, last)


OPEN = ["to 2018", "from 2019-04", "before 2015", "contract life", "Summer 2015", "2014-25", "2015Q5"]
OPEN += ["2015-09Q4", "Dec-Jan 2015", "2018-2015", "2017-18 to 2015-16", "18 months to Dec 2017", "٢٠١٥", ""]


@pytest.mark.parametrize("text", OPEN)
def test_words_that_do_not_fix_both_ends_are_not_closed_by_guessing(text):
    assert month_range(text) is None


@given(YEARS, MONTHS, YEARS, MONTHS)
def test_two_months_joined_make_a_span_when_they_are_in_order(year, month, later, other):
    first, last = pd.Period(year=year, month=month, freq="M"), pd.Period(year=later, month=other, freq="M")
    texts = [
        f"{year}-{month:02d}-01 to {later}-{other:02d}-28",
        f"{NAMES[month - 1]} {year}-{NAMES[other - 1][:3]} {later}",
    ]
    assert [month_range(text) for text in texts] == [(first, last) if first <= last else None] * 2


@given(st.text(alphabet="0123456789-/Q() toJanDecMarchyearending", max_size=24))
def test_any_text_gives_an_ordered_span_or_none(text):
    found = month_range(text)
    assert found is None or found.first <= found.last


@pytest.mark.parametrize(
    ("value", "year"),
    [
        (pd.Period("2015-04", "M"), "2015/16"),
        (pd.Period("2015-03", "M"), "2014/15"),
        (pd.Period("2015Q2", "Q-DEC"), "2015/16"),
        (pd.Period("2015Q1", "Q-DEC"), "2014/15"),
        (pd.Timestamp("2015-04-01"), "2015/16"),
        (pd.Timestamp("2015-03-31 23:59"), "2014/15"),
        (date(2015, 4, 1), "2015/16"),
        (pd.Period("2016", "Y-MAR"), "2015/16"),
        (pd.Period("2000", "Y-MAR"), "1999/00"),
    ],
)
def test_a_month_a_quarter_and_a_day_lie_in_their_financial_year(value, year):
    assert financial_year(value) == year


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pd.Period("2015", "Y-DEC"), "lies in two financial years: give one of its months"),
        (pd.Period("2015Q1", "Q-JAN"), "lies in two financial years"),
        (pd.NaT, "has no financial year: give a period or a date"),
        ("2015-04", "has no financial year"),
    ],
)
def test_what_has_no_financial_year_of_its_own_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        financial_year(value)
