import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.data.clean import ADDED, Quantity, clean, provider_name, quantity, read
from tr_analysis.data.fields import Table, at_most, column, given_with
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import DataError

COUNTS = Table(
    "counts",
    "Counts",
    "Of people.",
    {
        "year": column("financial year", "when"),
        "people": column("integer", "how many", low=0, high=100),
        "found": column("integer", "how many of them", required=False),
        "rate": column("number", "share", required=False),
        "word": column("string", "which", values=["low", "high"], required=False),
        "note": column("string", "text", required=False),
        "day": column("date", "when", required=False),
        "cohort": column("quarters", "which", required=False),
        "known": column("partial date", "when", required=False),
        "sure": column("yes or no", "whether", required=False),
        "code": column("string", "code", pattern=r"F\d", required=False),
        "sources": column("sources", "where", required=False),
    },
    key=["year"],
    rules=[at_most("found", "people"), given_with("note", "word")],
)
NAMES = list(COUNTS.columns)
HEADER = ",".join(NAMES)


def line(year="2015/16", people="5", **cells: str) -> str:
    return ",".join({"year": year, "people": people, **cells}.get(name, "") for name in NAMES)


def joined(*lines: str) -> str:
    return "\n".join([HEADER, *lines, ""])


def put(folder, content):
    (folder / "counts.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def faults(folder, content) -> list[str]:
    with pytest.raises(DataError) as caught:
        read(put(folder, content), COUNTS)
    return [str(problem).removeprefix("counts.csv") for problem in caught.value.problems]


def test_cells_come_in_their_types_indexed_by_line(tmp_path):
    frame = read(put(tmp_path, joined(line(), line("2016/17", "7", rate="0.5", note="NA"))), COUNTS)
    assert list(frame.index) == [2, 3]
    assert [str(frame[name].dtype) for name in ("year", "found", "rate")] == ["str", "Int64", "float64"]
    assert frame["found"].isna().all()
    assert frame.at[3, "note"] == "NA"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("people", "12a", "must be a whole number without separators, such as 4240"),
        *(("people", bad, "must be a whole number") for bad in ("1e5", "5.0", "1,234", "007", "٣", "9" * 20)),
        *(
            ("rate", bad, "must be a number")
            for bad in ("nan", "45,6", "45%", "\N{MINUS SIGN}3.3", ".5", "9" * 400)
        ),
        ("people", "-1", "must be at least 0"),
        ("people", "5 ", "has space around it; remove it"),
        ("note", "  ", "has space around it; remove it"),
        ("word", "Low", "must be one of: low, high"),
        ("year", "2015-16", "must be a financial year such as 2015/16"),
        ("year", "2015/17", "does not exist; must be a financial year such as 2015/16"),
        ("day", "2015-02-30", "does not exist; must be a date such as 2015-06-30"),
        ("day", "30/06/2015", "must be a date such as 2015-06-30"),
        ("known", "2015-02-30", "does not exist; must be a date, a month or a year"),
        ("cohort", "2015Q5", "must be a quarter (2015Q4)"),
        ("cohort", "2016Q3 to 2015Q4", "does not exist; must be a quarter"),
        ("sure", "Yes", "must be yes or no"),
        ("code", "F10", r"must match F\d"),
        ("sources", "S001, S002", "must be sources separated by one space, such as S066 S188"),
    ],
)
def test_a_bad_cell_is_named_with_its_value_and_rule(tmp_path, name, value, rule):
    shown = f'"{value}"' if "," in value else value
    found = faults(tmp_path, joined(line("2014/15"), line(**{"note": "x", name: shown})))
    assert len(found) == 1
    assert found[0].startswith(f", row 3, column {name}: {value!r}: {rule}")


def test_a_repeated_key_names_every_row_that_has_it(tmp_path):
    lines = [line(), line("2016/17"), line(people="6")]
    rule = "column year: '2015/16': the key must be unique"
    assert faults(tmp_path, joined(*lines)) == [f", row 2, {rule}", f", row 4, {rule}"]


def test_cells_of_a_row_that_contradict_each_other_are_reported_once_in_their_own_column(tmp_path):
    lines = [line(found="5"), line("2016/17", found="6"), line("2017/18", word="low")]
    assert faults(tmp_path, joined(*lines)) == [
        ", row 3, column found: '6': must be at most people",
        ", row 4, column note: must not be empty where word has a value",
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", ": empty; a header and at least one row are needed"),
        (HEADER + "\n", ": empty; a header and at least one row are needed"),
        ("\ufeff" + joined(line()), ", row 1: has a byte-order mark; save the file as UTF-8 without one"),
        (joined(line(note="£5")).encode("latin-1"), ", row 2: '0xa3': not UTF-8; save the file as UTF-8"),
        (joined(line())[5:], ", row 1: 'people': the columns are year, people, found, rate, word"),
        (joined(line()).replace("year,people", "people,year"), ", row 1: 'people': the columns are year"),
        (joined(line()).replace("people", "persons"), ", row 1: 'persons': the columns are year, people"),
        (joined(line()).replace("sources\n", "sources,sources\n"), ", row 1: 'sources': the columns are"),
        (joined(line()).replace(",sources\n", "\n"), ", row 1: the columns are year, people, found"),
        (joined(line()).replace("\n", "\r\n"), ", row 1: ends its lines with CR; save the file with LF"),
        (joined(line(), line("2016/17")).replace("\n", "\r"), ", row 1: ends its lines with CR"),
        (joined(line(people="")), ", row 2, column people: must not be empty"),
        (joined(line(), "2016/17,5"), ", row 3: 2 cells, must be 12; check commas and quotes"),
        (joined(line() + ","), ", row 2: 13 cells, must be 12; check commas and quotes"),
        (joined(line(), "", line("2016/17")), ", row 3: blank line; remove it"),
        (joined(line(note='"open'), line("2016/17")), ", row 2: cannot be split into cells"),
        (joined(line(), line("2016/17", note='"a"b')), ", row 3: cannot be split into cells"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, content, fault):
    assert faults(tmp_path, content)[0].startswith(fault)


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match=rf"counts\.csv: missing; it belongs in {tmp_path.name}/"):
        read(tmp_path, COUNTS)
    (tmp_path / "counts.csv").mkdir()
    with pytest.raises(DataError, match=r"counts\.csv: cannot be read"):
        read(tmp_path, COUNTS)


def test_rows_are_lines_of_the_file_even_after_cells_with_line_breaks(tmp_path):
    frame = read(put(tmp_path, joined(line(note='"two\nlines"'), line("2016/17"))), COUNTS)
    assert (frame.at[2, "note"], list(frame.index)) == ("two\nlines", [2, 4])
    lines = [line(note='"three\n\nlines"'), line("2016/17", "x"), line("2017/18", note='"a\nb"', people="y")]
    found = faults(tmp_path, joined(*lines))
    assert [fault.split(":")[0] for fault in found] == [", row 5, column people", ", row 6, column people"]
    assert faults(tmp_path, joined(lines[0], line("2016/17", "101")))[0].startswith(
        ", row 5, column people: '101'"
    )


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
def tables(raw_frames):
    return raw_frames, clean(raw_frames, TABLES)


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
