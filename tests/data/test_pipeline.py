from pathlib import Path

import pytest

from tr_analysis.data import load
from tr_analysis.data.schemas import TABLES

ANNUAL = "proven_reoffending_annual"
STALE = (
    "not what the tables and schemas say; if they are right, run `tr-analysis data describe`, "
    "then `tr-analysis data build` or `tr-analysis run`"
)


def test_the_projects_data_pass_and_say_what_was_checked(study):
    said = study.run("check")
    assert said.startswith(f"{len(TABLES)} tables, ")
    assert "24 printed rates and 5 rating tallies come out of their counts" in said


def test_a_second_build_and_a_second_description_change_nothing(study):
    before = study.tree()
    tables = sum(name.startswith("data/processed/") and name.endswith(".csv") for name in before)
    (study.processed / "old.csv").write_bytes(b"stale\n")  # a table that no longer exists is removed
    assert study.run("build") == f"{tables} tables\n"
    study.run("describe")
    assert study.tree() == before


def test_a_change_that_was_not_described_is_refused_until_it_is(study):
    study.change("events", "event", "35 Trusts replaced", event_id="split")
    for command in ("build", "check"):
        first, *rest = study.refuses(command)
        assert first == "events.csv: its content is not the one recorded in datapackage.json"
        assert rest == [f"datapackage.json: {STALE}"]
    study.run("describe")
    study.run("build")
    assert load("events").set_index("event_id").loc["split", "event"] == "35 Trusts replaced"


@pytest.mark.parametrize("content", [None, b"{", b"[]", b"\xff", b'{"resources": [{"path": "a.csv"}]}'])
def test_a_description_that_is_gone_or_cannot_be_read_says_how_to_make_it(study, content):
    path = study.raw / "datapackage.json"
    path.unlink() if content is None else path.write_bytes(content)
    assert study.refuses("check") == [f"datapackage.json: {STALE}"]


def test_bad_data_are_not_described_and_an_edited_dictionary_is_refused(study):
    (study.raw.parent / "DICTIONARY.md").write_text("mine")
    assert study.refuses()[0].startswith("DICTIONARY.md: not what the tables and schemas say")
    study.change(ANNUAL, "offenders", "x", cohort_year="2012/13")
    assert len(study.refuses("describe")) == 1


def test_a_disk_that_fills_up_leaves_the_old_tables_and_their_leftovers(study, monkeypatch):
    (study.processed / "old.csv").write_bytes(b"stale\n")
    for name in ("events.csv", "claims.csv"):
        (study.processed / name).write_bytes(b"by hand\n")
    real, calls = Path.replace, []

    def failing(path: Path, target: Path) -> Path:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    (fault,) = study.refuses()
    assert fault.startswith(f"{study.processed}: No space left on device; make room")
