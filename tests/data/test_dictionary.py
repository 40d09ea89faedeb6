import pytest

from tr_analysis.data.dictionary import dictionary, entries
from tr_analysis.data.fields import Run, at_most, column, table
from tr_analysis.data.read import read
from tr_analysis.data.schemas import TABLES


@pytest.fixture(scope="module")
def frames(built):
    return {name: read(built / "data" / "raw", table) for name, table in TABLES.items()}


def test_the_dictionary_says_of_every_table_and_column_what_it_is(frames):
    written = dictionary(frames, TABLES).decode()
    for name, made in TABLES.items():
        section = written.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert section.startswith(f"\n{made.schema.title}. {made.schema.description}\n")
        for column_name, described in made.schema.columns.items():
            assert f"\n| `{column_name}` |" in section
            assert str(described.description) in section


def test_the_section_of_a_table_lists_its_promises(frames):
    made = table(
        "pbr_results",
        "Counts",
        "Of people.",
        {
            "when": column("month", "month counted"),
            "found": column("integer", "people found", unit="people", low=0, required=False),
            "people": column("integer", "people there", values=None),
        },
        key=["when"],
        runs=[Run("when", "2010-06", "2010-08")],
        rows=[at_most("found", "people")],
    )
    lines = dictionary({"pbr_results": frames["pbr_results"]}, {"pbr_results": made}).decode().splitlines()
    assert "Key: `when`. Rows: 36." in lines
    assert "No gap from 2010-06 to 2010-08." in lines
    assert "`found` must be at most people." in lines
    assert "| `found` | integer | people | may be | people found | minimum 0 |" in lines
    assert lines[-1].startswith("- `last_month`: last month")


def test_an_entry_names_the_sources_of_its_table_once_and_in_order(frames):
    (entry,) = entries(frames, {"pbr_results": TABLES["pbr_results"]})
    named = {source for cell in frames["pbr_results"]["source_ids"].dropna() for source in cell.split()}
    assert entry.sources == sorted(named)
    assert len(named) > 1
