import pytest

from tr_analysis.study.records import RECORDS, Records

MADE_FROM = {"the notebook": "a1", "the table recall": "b2"}


@pytest.fixture
def kept(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "03.json").write_text("{}")
    Records(tmp_path).keep("03", MADE_FROM, [tmp_path / "results" / "03.json"])
    return tmp_path


def test_what_is_as_it_was_has_no_changes(kept):
    assert Records(kept).changes("03", MADE_FROM) == []


def test_changes_are_told_in_words(kept):
    now = {"the notebook": "a2", "the table claims": "c3"}
    assert Records(kept).changes("03", now) == [
        "the notebook changed",
        "the table claims changed",
        "the table recall changed",
    ]
    (kept / "results" / "03.json").write_text("{1}")
    assert Records(kept).changes("03", MADE_FROM) == ["results/03.json changed"]
    (kept / "results" / "03.json").unlink()
    assert Records(kept).changes("03", MADE_FROM) == ["results/03.json is gone"]


def test_what_failed_is_forgotten(kept):
    records = Records(kept)
    records.drop("03")
    records.drop("04")
    for found in (records, Records(kept)):
        assert found.changes("03", MADE_FROM) == ["not made yet, or it failed"]


def test_files_may_lie_elsewhere(tmp_path):
    table = tmp_path / "data" / "a.csv"
    table.parent.mkdir()
    table.write_text("1")
    Records(tmp_path / "out").keep("tables", {}, [table], table.parent)
    assert Records(tmp_path / "out").changes("tables", {}, table.parent) == []
    assert Records(tmp_path / "out").changes("tables", {}, tmp_path) == ["a.csv is gone"]


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "null", "{", '{"03": 1}', '{"03": {}}', '{"03": {"made from": {}, "files": 1}}', "\x00"],
)
def test_a_record_that_cannot_be_read_says_nothing(kept, content):
    (kept / RECORDS).write_text(content)
    assert Records(kept).changes("03", MADE_FROM) == ["not made yet, or it failed"]
