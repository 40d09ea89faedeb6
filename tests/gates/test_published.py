"""Gate 2, second half: key numbers against the published results they should give back."""

import json

import pytest

from tr_analysis import paths
from tr_analysis.data import load

# Chapter, key number, published result, place among its numbers, half a unit of its last printed digit. T05 is
# printed as a reduction; the key number is a change.
REDUCTIONS = {"T05"}
AIMS = [
    ("02-reoffending", "crc_base", "T04", 1, 0.05),
    ("02-reoffending", "crc_first_quarter", "T05", 1, 0.05),
    ("02-reoffending", "nps_change", "T27", 1, 0.05),
    ("02-reoffending", "nao_frequency", "T32", 1, 0.5),
    ("02-reoffending", "crc_audit", "T34", 1, 0.05),
    ("02-reoffending", "crc_product", "T82", 1, 0.05),
    ("03-recall", "recalls_first", "T41", 1, 0.5),
    ("03-recall", "recalls_last", "T41", 2, 0.5),
    ("03-recall", "share_first", "T42", 1, 0.5),
    ("03-recall", "share_last", "T42", 2, 0.5),
]


def misses(values: dict[tuple[str, str], float]) -> list[str]:
    """Return the key numbers that do not give their published result back to the printed digit."""
    published = load("replication_target_values").set_index(["target_id", "position"])["value"]
    return [
        name
        for chapter, name, target, place, half in AIMS
        if abs(values[chapter, name] - (-1 if target in REDUCTIONS else 1) * published[target, place])
        > half + 1e-9
    ]


@pytest.fixture
def values():
    found = {}
    for chapter, name, *_ in AIMS:
        results = json.loads((paths.reports() / "results" / f"{chapter}.json").read_text("utf-8"))
        found[chapter, name] = results["findings"][name]["value"]
    return found


def test_published_results_are_given_back(values):
    assert misses(values) == []


@pytest.mark.parametrize(("chapter", "name", "half"), [(c, n, h) for c, n, _, _, h in AIMS])
def test_the_gate_bites_on_the_last_printed_digit(values, chapter, name, half):
    assert misses(values | {(chapter, name): values[chapter, name] + 2.1 * half}) == [name]
