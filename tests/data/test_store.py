import json

import pandas as pd
import pytest

from tr_analysis.data import load
from tr_analysis.data.checks import reconciliation
from tr_analysis.data.clean import clean
from tr_analysis.data.schemas import TABLES
from tr_analysis.errors import DataError
from tr_analysis.order import in_order


@pytest.fixture(scope="module")
def cleaned(raw_frames):
    raw = {name: in_order(f, *TABLES[name].key).reset_index(drop=True) for name, f in raw_frames.items()}
    return {**clean(raw, TABLES), "reconciliation": reconciliation(raw)}


def test_tables_come_back_as_they_were_made(built, cleaned, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(built))
    manifest = json.loads((built / "data" / "processed" / "manifest.json").read_text())["tables"]
    assert set(manifest) == {*TABLES, "reconciliation"}
    for name, recorded in manifest.items():
        loaded = load(name)
        pd.testing.assert_frame_equal(loaded, cleaned[name], rtol=1e-11, obj=name)
        assert loaded.attrs == {"table": name, "sha256": recorded["sha256"]}
        assert len(loaded) == recorded["rows"]


def test_a_table_that_does_not_exist_is_refused_with_those_that_do(study):
    with pytest.raises(ValueError, match="no table 'recalls'; there are: prison_population_monthly, "):
        load("recalls")
    with pytest.raises(ValueError, match=r"no table 'provider'; did you mean providers\?"):
        load("provider")


def fault(name="events") -> str:
    with pytest.raises(DataError) as caught:
        load(name)
    assert "`tr-analysis data build`" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"\xff", b'{"tables": {}}'])
def test_a_manifest_that_cannot_be_read_says_so(study, content):
    place = study.processed / "manifest.json"
    place.write_bytes(content)
    assert fault().startswith("data/processed/manifest.json: cannot be read")
    place.unlink()
    assert fault().startswith("data/processed: not built yet")


def test_without_a_name_the_tables_are_listed(study):
    listed = load()
    assert list(listed.index) == [*TABLES, "reconciliation"]
    assert listed.loc["providers"].to_dict() == {"rows": 28, "holds": "The 21 CRCs and 7 NPS divisions"}


def test_a_table_edited_by_hand_is_refused_and_a_build_mends_it(study):
    path = study.processed / "events.csv"
    path.write_bytes(path.read_bytes().replace(b"2014-06-01", b"2014-06-02"))
    assert fault().startswith("data/processed/events.csv: missing or edited by hand")
    path.unlink()
    assert fault().startswith("data/processed/events.csv: missing or edited by hand")
    study.run("build")
    assert load("events").set_index("event_id").loc["split", "date"] == "2014-06-01"


def test_a_change_of_any_raw_file_is_refused_because_tables_draw_on_each_other(study):
    study.change("providers", "owner", "Seetec", provider="Northumbria")
    assert fault("inspection_ratings") == (
        "data/raw/providers.csv: changed since the tables were built: "
        "if that is right, run `tr-analysis data describe`, then `tr-analysis data build`"
    )
    for path in study.raw.iterdir():
        path.unlink()
    assert len(load("events")) == 17  # the tables can be read without the raw files
