"""Gate 2, second half: published results are given back, and a changed figure takes one away."""

import pytest

from tests.ledger.committed import committed_card, recipe_tables
from tr_analysis.cli import main
from tr_analysis.data import load
from tr_analysis.ledger import load_results, scorecard
from tr_analysis.ledger.scorecard import REPRODUCED


def given_back(results, targets):
    """Return which printed numbers of some results are given back, by result and place."""
    values = load("replication_target_values").query("target_id in @targets")
    frames = recipe_tables() | {"results": results}
    card = scorecard(load("replication_targets").query("target_id in @targets"), values, frames)
    return {
        (row["target_id"], row["position"]): row["status"] in REPRODUCED for row in card.to_dict("records")
    }


@pytest.fixture(scope="module")
def card():
    return committed_card()


def test_at_least_forty_published_numbers_are_given_back(card):
    others = card[card["status"].isin(REPRODUCED) & (card["aim"] == "published")]
    rates = load("reconciliation").query("kind == 'rate from its counts' and found == 'agree'")
    assert len(others) + len(rates) >= 40


def test_nothing_published_is_contradicted_unless_known(card):
    """The one number contradicted is our own earlier one, worked out with the table transposed."""
    assert card.loc[card["status"] == "contradicted", "target_id"].tolist() == ["T85"]


def lost(results):
    return {place for place, back in given_back(results, ["T05", "T82"]).items() if not back}


@pytest.mark.full
def test_a_changed_figure_changes_the_scorecard_through_its_chapter(copy, spoil):
    """Reoffences per reoffender of the first year, which chapter 02 multiplies out."""
    figure = "2015Q4 to 2016Q3,CRC,frequency rate,"
    spoil(copy / "data" / "raw" / "pbr_results.csv", f"{figure}4.7,", f"{figure}4.6,")
    assert main(["data", "describe"]) == 0
    assert main(["run", "02-reoffending"]) == 0
    assert lost(load_results("02-reoffending")) == {("T82", 1), ("T82", 3)}


@pytest.fixture
def committed():
    return load_results("02-reoffending")


def test_a_changed_figure_changes_the_scorecard_through_its_table(committed, copy, spoil):
    """Binary rate of the first quarter, which a recipe takes from the table without a chapter."""
    figure = "2015Q4,CRC,binary rate,"
    spoil(copy / "data" / "raw" / "pbr_results.csv", f"{figure}45.6,", f"{figure}45.5,")
    assert [main(["data", step]) for step in ("describe", "build")] == [0, 0]
    assert lost(committed) == {("T05", 1)}
