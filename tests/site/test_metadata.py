"""How pages are cited, and a toy study as it is packed: what a validator says of it, and what is refused."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest
import requests
from markupsafe import Markup
from rocrate.vocabs import RO_CRATE
from rocrate_validator.models import ValidationSettings
from rocrate_validator.services import validate
from rocrate_validator.utils.http import HttpRequester

from tests.conftest import FINDINGS
from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.site import SITE_TITLE
from tr_analysis.site.metadata import CRATE_FILE, bibtex, citation, cite, metadata
from tr_analysis.study.plan import plan
from tr_analysis.study.records import Records, changes, keep
from tr_analysis.study.runs import run

# What the profile recommends and a notebook of ours does not have: an address of its own.
WITHOUT = {"The Application SHOULD have a url", "The SoftwareApplication id SHOULD be an absolute URI"}
LOADS = 'load_results = lambda name: n\nload_results("01-a")'


@pytest.fixture
def study(toy, tmp_path, monkeypatch):
    """Two chapters in a clone, the second of which loads results of the first, both run."""
    toy("01-a", "n", end=FINDINGS.replace('"recall"', '"events"'))
    toy("02-b", LOADS)
    table = tmp_path / "data" / "processed" / "events.csv"
    table.parent.mkdir(parents=True)
    table.write_text("event\n1\n")
    for file in ("CITATION.cff", "requirements.lock"):
        (tmp_path / file).write_bytes((Path(__file__).parents[2] / file).read_bytes())
    monkeypatch.chdir(tmp_path)
    records = {paths.reports(): Records(paths.reports())}
    found = {change.task.name: change for change in changes(plan(), records, force=False)}
    for outcome in run(plan()):
        assert not outcome.failure
        keep(found[outcome.task.name], outcome.files, records, outcome.seconds)
    for words in (["init", "-q"], ["add", "-A"], ["rm", "-q", "--cached", "reports/.runs.json"]):
        subprocess.run(["git", *words], check=True, cwd=tmp_path)
    return tmp_path


@pytest.fixture
def validated(tmp_path_factory, monkeypatch):
    """Validate a folder without a network: the one thing asked for, the names of terms, comes from rocrate's own copy."""

    def terms(_, url, **__):
        assert url == "https://w3id.org/ro/crate/1.1/context"
        answer = requests.Response()
        answer.status_code, answer._content = 200, json.dumps(RO_CRATE).encode()
        answer.headers["Content-Type"] = "application/ld+json"
        return answer

    monkeypatch.setattr(HttpRequester, "get", terms, raising=False)

    def validated(folder):
        asked = {"profile_identifier": "process-run-crate", "requirement_severity": "RECOMMENDED"}
        cache = tmp_path_factory.mktemp("cache") / "http"
        settings = ValidationSettings(rocrate_uri=str(folder), offline=True, cache_path=cache, **asked)
        return {(issue.severity.name, issue.message) for issue in validate(settings).get_issues()}

    return validated


def entities(folder):
    return {entity["@id"]: entity for entity in json.loads((folder / CRATE_FILE).read_bytes())["@graph"]}


def places(references):
    return [reference["@id"] for reference in references]


def test_a_crate_keeps_its_profile_and_one_that_lost_something_does_not(study, validated, capsys):
    assert main(["crate", "crate"]) == 0, capsys.readouterr().err
    assert validated(study / "crate") == {("RECOMMENDED", message) for message in WITHOUT}
    described = json.loads((study / "crate" / CRATE_FILE).read_bytes())
    for entity in described["@graph"]:
        entity.pop("instrument", None)
    (study / "crate" / CRATE_FILE).write_text(json.dumps(described))
    (study / "crate" / "requirements.lock").unlink()
    lost = {message for severity, message in validated(study / "crate") if severity == "REQUIRED"}
    assert any("instrument" in message for message in lost)
    assert any("requirements.lock" in message for message in lost)


def test_a_run_is_described_from_what_it_read_to_what_it_gave(study):
    assert main(["crate", "crate"]) == 0
    found = entities(study / "crate")
    (first, second) = (found[f"#{name}"] for name in ("01-a", "02-b"))
    assert places(first["object"]) == ["data/processed/events.csv", "#01-a/n", "#01-a/name"]
    assert places(first["result"]) == ["reports/01-a.ipynb", "reports/results/01-a.json"]
    assert places(second["object"])[0] == "reports/results/01-a.json"
    assert places(first["instrument"])[0] == "notebooks/01-a.ipynb"
    assert first["startTime"] <= first["endTime"] <= second["endTime"]
    assert "BLAS kernel" in first["description"]
    assert found["#01-a/n"]["value"] == 2
    assert found["data/processed/events.csv"]["contentSize"] == "8"


def test_the_same_study_gives_the_same_archive(study):
    assert main(["crate", "one.zip"]) == main(["crate", "two.zip"]) == 0
    assert (study / "one.zip").read_bytes() == (study / "two.zip").read_bytes()
    with zipfile.ZipFile(study / "one.zip") as packed:
        assert {CRATE_FILE, "reports/01-a.ipynb"} <= set(packed.namelist())
        assert "reports/.runs.json" not in packed.namelist()


def test_what_would_not_be_so_is_refused(study, toy, capsys):
    (study / "full").mkdir()
    (study / "full" / "a").touch()
    assert main(["crate", "full"]) == 64
    assert main(["crate", "notebooks/new"]) == 64
    toy("02-b", "n + 1")
    assert main(["crate", "a.zip"]) == 1
    assert "02-b is not as it was last run (the notebook changed" in capsys.readouterr().err
    assert not (study / "a.zip").exists()


def test_without_git_there_is_nothing_to_pack(toy, capsys):
    toy("01-a", "n")
    assert main(["crate", "a.zip"]) == 1
    assert "is no clone" in capsys.readouterr().err


def test_a_page_is_cited_by_its_own_title_in_the_study():
    title = Markup("Cost &amp; recall – {}").format(SITE_TITLE)
    parts = cite(SITE_TITLE, title, "0.1.0", "abc")
    assert parts["title"] == "Cost & recall"
    assert parts["note"] == f"{SITE_TITLE}, tr-analysis 0.1.0, commit abc"
    assert len(parts["year"]) == 4
    assert bibtex("06-system", parts).splitlines()[:3] == [
        "@misc{tr-analysis-06-system,",
        "  author = {{tr-analysis contributors}},",
        "  title = {{Cost & recall}},",
    ]


def test_the_home_page_is_cited_as_the_study():
    parts = cite(SITE_TITLE, Markup(SITE_TITLE), "0.1.0", "")
    assert (parts["title"], parts["note"]) == (SITE_TITLE, "tr-analysis 0.1.0")


def test_pages_and_citation_file_cite_the_study_by_one_title():
    assert citation("title") == SITE_TITLE


def test_the_description_cannot_end_its_own_block():
    assert "<" not in metadata("</script><script>", "1")
    assert json.loads(metadata("</script>", "1"))["@graph"][0]["name"] == "</script>"
