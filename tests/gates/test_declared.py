"""What stands beside each notebook is kept by its last run: no entry of nothing, and few enough key numbers to read."""

import json

import pytest

from tr_analysis import paths
from tr_analysis.report.finding import read_declared
from tr_analysis.study.plan import plan

TASKS = {task.name: task.chapter.name for task in plan()}
NUMBERED = [name for name, chapter in TASKS.items() if name == chapter]
# Kept only where official tables are held.
OFFICIAL = {"provider": {"held"}, "15-crc-panel": {"agree", "most"}}


def kept(run):
    """Return the numbers and facts that the committed run of a chapter kept, by name."""
    return json.loads((paths.reports() / "results" / f"{run}.json").read_text("utf-8"))["findings"]


@pytest.mark.parametrize("chapter", sorted(set(TASKS.values())))
def test_every_entry_is_of_a_number_that_is_kept(chapter):
    numbers = set().union(*(kept(run) for run, of in TASKS.items() if of == chapter))
    declared = read_declared(chapter)
    named = {name for name in declared.entries if "*" not in name} - OFFICIAL.get(chapter, set())
    assert sorted(named - numbers) == [], f"notebooks/{declared.file}: entries of numbers that nobody keeps"


@pytest.mark.parametrize("chapter", NUMBERED)
def test_a_chapter_has_ten_to_twenty_five_key_numbers(chapter):
    key = [name for name, about in kept(chapter).items() if about.get("key") and about["value"] is not None]
    assert 10 <= len(key) <= 25, (
        f"{chapter}: {len(key)} key numbers; choose them in `key` of notebooks/{chapter}.toml"
    )
