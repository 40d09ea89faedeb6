import hashlib
import json
import re

import pytest

from tr_analysis.data.dictionary import descriptor, dictionary, entries
from tr_analysis.data.fields import Run, Table, at_most, column
from tr_analysis.data.schemas import TABLES

TYPES = {"string", "integer", "number", "date", "yearmonth", "boolean"}


@pytest.fixture(scope="module")
def raw(built):
    return built / "data" / "raw"


def test_the_dictionary_says_of_every_table_and_column_what_it_is(raw_frames):
    written = dictionary(raw_frames, TABLES).decode()
    for name, made in TABLES.items():
        section = written.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert section.startswith(f"\n{made.title}. {made.description}\n")
        for column_name, described in made.columns.items():
            assert f"\n| `{column_name}` |" in section
            assert str(described.description) in section


def test_the_section_of_a_table_lists_its_promises(raw_frames):
    made = Table(
        "pbr_results",
        "Counts",
        "Of people.",
        {
            "when": column("month", "month counted"),
            "found": column("integer", "people found", unit="people", low=0, required=False),
            "people": column("integer", "people there"),
        },
        key=["when"],
        runs=[Run("when", "2010-06", "2010-08")],
        rules=[at_most("found", "people")],
    )
    lines = (
        dictionary({"pbr_results": raw_frames["pbr_results"]}, {"pbr_results": made}).decode().splitlines()
    )
    assert "Key: `when`. Rows: 36." in lines
    assert "No gap from 2010-06 to 2010-08." in lines
    assert "`found` must be at most people." in lines
    assert "| `found` | integer | people | may be | people found | minimum 0 |" in lines
    assert lines[-1].startswith("- `last_month`: last month")


def test_an_entry_names_the_sources_of_its_table_once_and_in_order(raw_frames):
    (entry,) = entries(raw_frames, {"pbr_results": TABLES["pbr_results"]})
    named = {source for cell in raw_frames["pbr_results"]["source_ids"].dropna() for source in cell.split()}
    assert entry["sources"] == sorted(named)
    assert len(named) > 1


@pytest.fixture(scope="module")
def resources(raw, raw_frames):
    described = json.loads(descriptor(raw, raw_frames, TABLES))
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert described["licenses"][0]["name"] == "OGL-UK-3.0"
    return {resource["name"]: resource for resource in described["resources"]}


def test_each_resource_is_its_file(raw, resources, raw_frames):
    for name, made in TABLES.items():
        resource, content = resources[name], (raw / f"{name}.csv").read_bytes()
        assert resource["path"] == f"{name}.csv"
        assert resource["bytes"] == len(content), name
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}", name
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == list(raw_frames[name].columns), name
        assert {field["type"] for field in fields} <= TYPES, name
        assert all(field["description"] for field in fields), name
        assert resource["schema"]["primaryKey"] == made.key, name


def test_constraints_are_those_of_the_schema(resources):
    fields = {field["name"]: field for field in resources["proven_reoffending_annual"]["schema"]["fields"]}
    assert fields["offenders"]["constraints"] == {"required": True, "minimum": 1}
    assert fields["published_binary_rate"] == {
        "name": "published_binary_rate",
        "type": "number",
        "unit": "percent",
        "description": "binary rate as printed, one decimal",
        "constraints": {"required": True, "minimum": 0, "maximum": 100},
    }
    fields = {field["name"]: field for field in resources["prison_population_monthly"]["schema"]["fields"]}
    assert fields["month"]["type"] == "yearmonth"
    assert fields["status"]["constraints"]["enum"] == ["recall", "remand"]
    fields = {field["name"]: field for field in resources["pbr_results"]["schema"]["fields"]}
    overlap = fields["pandemic_overlap"]
    assert (overlap["type"], overlap["trueValues"], overlap["falseValues"]) == ("boolean", ["yes"], ["no"])


def test_references_are_keys_and_sources_are_listed_with_title_and_address(resources):
    keys = resources["inspection_standard_ratings"]["schema"]["foreignKeys"]
    reference = {"resource": "inspection_ratings", "fields": ["service"]}
    assert {"fields": ["service"], "reference": reference} in keys
    assert "foreignKeys" not in resources["pbr_results"]["schema"]  # a list of sources is none
    sources = resources["pbr_results"]["sources"]
    assert {"S066", "S188", "S197"} <= {source["name"] for source in sources}
    assert all(source["title"] and source["path"] for source in sources)


@pytest.mark.parametrize(
    ("name", "field", "good", "bad"),
    [
        ("proven_reoffending_annual", "cohort_year", "2015/16", "2015-16"),
        ("adult_cohort_by_previous_offences", "cohort", "2015Q4", "2015 Q4"),
        ("pbr_results", "source_ids", "S066 S188", "S066, S188"),
        ("published_figures", "figure_id", "F0001", "F001"),
    ],
)
def test_text_of_a_kind_is_held_to_its_form(resources, name, field, good, bad):
    fields = {f["name"]: f for f in resources[name]["schema"]["fields"]}
    assert fields[field]["type"] == "string"
    pattern = re.compile(fields[field]["constraints"]["pattern"])
    assert pattern.fullmatch(good)
    assert not pattern.fullmatch(bad)
