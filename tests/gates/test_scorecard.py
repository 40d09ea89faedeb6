"""Gate 2, second half: published results are given back, and a changed figure takes one away."""

import pytest

from tr_analysis.cli import main
from tr_analysis.data import load
from tr_analysis.ledger import load_results, load_tables, scorecard
from tr_analysis.ledger.scorecard import GIVEN_BACK

CHAPTERS = ["02-reoffending", "03-recall", "04-inspection", "05-payment-by-results"]
TABLES = [
    "crc_published_results",
    "inspection_ratings",
    "pbr_results",
    "providers",
    "published_figures",
    "replication_target_values",
]


def given_back(results, targets):
    """Return which printed numbers of some results are given back, by result and place."""
    values = load("replication_target_values")
    card = scorecard(
        load("replication_targets").query("target_id in @targets"),
        values.query("target_id in @targets"),
        load_tables(*TABLES) | {"results": results},
    )
    return {
        (row["target_id"], row["position"]): row["status"] in GIVEN_BACK for row in card.to_dict("records")
    }


def test_at_least_forty_published_numbers_are_given_back():
    card = scorecard(
        load("replication_targets"),
        load("replication_target_values"),
        load_tables(*TABLES) | {"results": load_results(*CHAPTERS)},
    )
    others = card[card["status"].isin(GIVEN_BACK) & (card["aim"] == "published")]
    rates = load("reconciliation").query("kind == 'rate from its counts' and found == 'agree'")
    assert len(others) + len(rates) >= 40


def test_nothing_published_is_contradicted_unless_known():
    """The one number contradicted is our own earlier one, worked out with the table transposed."""
    card = scorecard(
        load("replication_targets"),
        load("replication_target_values"),
        load_tables(*TABLES) | {"results": load_results(*CHAPTERS)},
    )
    assert card.loc[card["status"] == "contradicted", "target_id"].tolist() == ["T85"]


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        # reoffences per reoffender of the first year, which chapter 02 multiplies out
        (
            "2015Q4 to 2016Q3,CRC,frequency rate,4.7,",
            "2015Q4 to 2016Q3,CRC,frequency rate,4.6,",
            {("T82", 1), ("T82", 3)},
        ),
        # binary rate of the first quarter, which a recipe takes from the table
        ("2015Q4,CRC,binary rate,45.6,", "2015Q4,CRC,binary rate,45.5,", {("T05", 1)}),
    ],
)
def test_a_changed_figure_changes_the_scorecard(copy, spoil, old, new, lost):
    targets = ["T05", "T82"]
    spoil(copy / "data" / "raw" / "pbr_results.csv", old, new)
    assert main(["data", "describe"]) == 0
    assert main(["run", "02-reoffending"]) == 0
    found = given_back(load_results("02-reoffending"), targets)
    assert {place for place, back in found.items() if not back} == lost
