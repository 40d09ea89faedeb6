import pandas as pd
import pytest

from tests.estimators.simulated import SIMULATIONS, WORLDS, simulate
from tr_analysis import estimators


def test_the_table_is_of_these_worlds_and_of_public_estimators():
    table = pd.read_csv(SIMULATIONS)
    assert set(table["estimator"]) <= set(estimators.index()["name"])
    assert set(table["data"]) == set(WORLDS)
    assert dict(zip(table["data"], table["runs"], strict=True)) == {
        w: runs for w, (_, runs) in WORLDS.items()
    }


@pytest.mark.full
def test_the_table_is_what_the_simulations_give():
    """Another processor may decide two draws in a thousand otherwise, where an end lies on the truth."""
    table, again = pd.read_csv(SIMULATIONS), simulate()
    pd.testing.assert_frame_equal(table.drop(columns="found"), again.drop(columns="found"))
    assert (table["found"] - again["found"]).abs().max() <= 0.002
