import json

import pytest

from tr_analysis.study import fingerprint
from tr_analysis.study.plan import plan


@pytest.fixture
def task(toy, tmp_path):
    """A chapter that names a table, records another, and loads the results of a third one."""
    for table in ("recall", "claims", "sources", "unused"):
        path = tmp_path / "data" / "processed" / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table)
    results = tmp_path / "reports" / "results"
    results.mkdir(parents=True)
    (results / "01-a.json").write_text(json.dumps({"data": {"claims": "ab12"}}))
    (results / "02-b.json").write_text("{}")
    toy("01-a", "tables = ['recall']\ndef load_results(*names): ...\nload_results('02-b')")
    toy("02-b", "n")
    return plan(["01"])[0]


def test_a_chapter_is_made_from_its_notebook_its_tables_the_results_it_loads_and_the_package(task):
    assert set(fingerprint.chapter(task)) == {
        "the notebook",
        "parameters",
        "the table recall",
        "the table claims",
        "the table sources",
        "the results of 02-b",
        "the package",
        "the libraries",
    }


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("notebooks/01-a.ipynb", "the notebook"),
        ("data/processed/recall.csv", "the table recall"),
        ("data/processed/unused.csv", None),
        ("reports/results/02-b.json", "the results of 02-b"),
        ("requirements.lock", "the libraries"),
    ],
)
def test_a_change_of_a_file_changes_its_part_alone(task, tmp_path, file, part):
    before = fingerprint.chapter(task)
    with (tmp_path / file).open("a") as stream:
        stream.write(" ")
    now = fingerprint.chapter(task)
    assert [name for name in before if before[name] != now[name]] == ([part] if part else [])


def test_a_turned_parameter_is_a_change(task):
    (turned,) = plan(["01"], {"n": 3})
    assert fingerprint.chapter(task)["parameters"] != fingerprint.chapter(turned)["parameters"]


def test_only_what_can_reach_a_result_counts_for_a_chapter(task, tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "_PACKAGE", tmp_path / "package")
    for place, reaches in {
        "models/a.py": True,
        "report/b.py": True,
        "site/c.py": False,
        "cli/d.py": False,
    }.items():
        fingerprint._source.cache_clear()
        before, pages = fingerprint.chapter(task), fingerprint.pages(task.out)
        (tmp_path / "package" / place).parent.mkdir(parents=True)
        (tmp_path / "package" / place).write_text(place)
        fingerprint._source.cache_clear()
        assert (fingerprint.chapter(task)["the package"] != before["the package"]) is reaches
        assert fingerprint.pages(task.out)["the package"] != pages["the package"]
    fingerprint._source.cache_clear()


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("reports/01-a.ipynb", "the chapters"),
        ("reports/results/02-b.json", "the chapters"),
        ("notebooks/01-a.ipynb", "the notebooks"),
        ("data/raw/a.csv", "the data"),
        ("CITATION.cff", "the data"),
    ],
)
def test_pages_are_made_from_all_they_show(task, tmp_path, file, part):
    before = fingerprint.pages(task.out)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    with (tmp_path / file).open("a") as stream:
        stream.write(" ")
    now = fingerprint.pages(task.out)
    assert [name for name in before if before[name] != now[name]] == [part]
