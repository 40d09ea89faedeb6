"""What stands here for other places: how to cite and check the study, the workflow, the containers, the checklists."""

import json
import os
import re
import tomllib

import pytest
import yaml

from tr_analysis import __version__, paths
from tr_analysis.cli import cli
from tr_analysis.data import load
from tr_analysis.site.metadata import metadata
from tr_analysis.study.chapters import find_chapters

ROOT = paths.root()
QUALITY = ROOT / "docs" / "quality.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in QUALITY.read_text("utf-8").splitlines()
    if re.search(r"\| (Yes|Partly|No) \|", line)
]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def read(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


def test_the_citation_is_complete_and_of_this_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (__version__, project["license"])
    assert citation["authors"] == citation["contact"] == project["authors"]  # an entity: a name and no more
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", citation["date-released"])  # a text, as the format wants it
    assert f"## [{citation['version']}] - {citation['date-released']}" in read("CHANGELOG.md")
    known = {"cff-version", "message", "title", "type", "authors", "version", "date-released", "license"}
    assert citation.keys() == known | {"repository-code", "abstract", "contact", "keywords"}


def test_the_version_stands_in_one_place_and_what_repeats_it_agrees():
    project = tomllib.loads(read("pyproject.toml"))
    assert project["project"]["dynamic"] == ["version"]
    place = project["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{__version__}"\n' in read(place)
    assert json.loads(read("data/raw/datapackage.json"))["version"] == __version__
    of_site = json.loads(metadata("The study", __version__))["@graph"]
    assert {one["version"] for one in of_site} == {__version__}
    assert (
        yaml.safe_load(read("codecheck.yml"))["paper"]["title"]
        == yaml.safe_load(read("CITATION.cff"))["title"]
    )


def test_who_checks_the_code_finds_every_chapter_and_every_file():
    text = read("codecheck.yml")
    listed = [entry["file"] for entry in yaml.safe_load(text)["manifest"]]
    assert text.startswith("---\n")
    assert [file for file in listed if not (ROOT / file).is_file()] == []
    numbered = [chapter.name for chapter in find_chapters() if chapter.number]
    made = {f"reports/{place}" for name in numbered for place in (f"{name}.ipynb", f"results/{name}.json")}
    assert made <= set(listed)


def test_the_workflow_runs_what_must_hold_on_each_system_processor_and_python():
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))
    jobs = workflow["jobs"]
    assert [jobs[name]["strategy"]["matrix"]["python"] for name in ("linux", "macos")] == [PYTHONS] * 2
    machines = [jobs[name]["strategy"]["matrix"]["machine"] for name in ("linux", "macos")]
    assert machines == [["ubuntu-24.04", "ubuntu-24.04-arm"], ["macos-15", "macos-15-intel"]]
    for name in ("linux", "macos"):
        assert {"run": "bash .ci/run"} in jobs[name]["steps"]
    canary = [step.get("run", "") for step in jobs["canary"]["steps"]]
    assert "tr-analysis verify" in canary
    assert not any(".lock" in command for command in canary)
    assert workflow[True]["schedule"]  # YAML reads the key `on` as true


@pytest.mark.parametrize(
    "file",
    [
        ".github/workflows/ci.yml",
        "Containerfile",
        ".devcontainer/devcontainer.json",
        ".binder/requirements.txt",
        ".binder/postBuild",
    ],
)
def test_nothing_is_fetched_from_a_named_host(file):
    assert "://" not in read(file)


def test_the_containers_are_built_from_the_lock():
    targets = re.findall(
        r"make ((?:\$?[\w./]+ ?)+)", read("Containerfile") + read(".devcontainer/devcontainer.json")
    )
    assert {word for words in targets for word in words.split()} >= {
        ".venv/.study",
        ".venv/.test",
        ".venv/.lab",
    }
    assert "$(VENV)/.study: requirements.lock" in read("Makefile")
    build = json.loads(read(".devcontainer/devcontainer.json"))["build"]
    assert (ROOT / ".devcontainer" / build["dockerfile"]).resolve() == ROOT / "Containerfile"


def test_a_binder_is_built_from_the_lock_on_a_python_that_was_tried():
    (lock,) = re.findall(r"^-r (.+)$", read(".binder/requirements.txt"), re.MULTILINE)
    assert (ROOT / ".binder" / lock).resolve() == ROOT / "requirements-lab.lock"
    assert read(".binder/runtime.txt").removeprefix("python-").strip() in PYTHONS
    (installed,) = re.findall(r"pip (install .+)$", read(".binder/postBuild"), re.MULTILINE)
    assert installed in read(".ci/install").replace("$install", "install")
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)


def test_each_item_of_the_checklists_is_answered_and_what_it_names_is_there():
    assert len(ROWS) > 60
    assert [row for row in ROWS if not all(row)] == []
    text = QUALITY.read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert len(links) > 40
    assert [link for link in links if not (QUALITY.parent / link).exists()] == []
    assert set(re.findall(r"`tr-analysis (\w+)", text)) <= cli.commands.keys()
    makefile = read("Makefile")
    assert [name for name in re.findall(r"`make (\w+)`", text) if f"\n{name}:" not in makefile] == []


def test_what_the_checklists_say_of_the_access_dates_is_so():
    (row,) = [row for row in ROWS if row[0].startswith("date of access")]
    assert (row[1] == "Yes") == load("sources")["accessed"].notna().all()
