import pandas as pd
import pytest

from tests.estimators.simulated import WORLDS, laid_out, rows_of_worlds
from tr_analysis import estimators
from tr_analysis.data import simulations


def test_the_table_is_of_these_worlds_and_of_public_estimators():
    table = simulations()
    assert set(table["estimator"]) <= set(estimators.index()["name"])
    of_worlds = table[table["method"].isna()]
    runs = {world: many for world, (_, many, _) in WORLDS.items()}
    assert dict(zip(of_worlds["data"], of_worlds["runs"], strict=True)) == runs


@pytest.mark.full
def test_the_table_is_what_the_simulations_give():
    """Another processor may decide two draws in a thousand otherwise, where an end lies on the truth."""
    table, again = simulations(), laid_out(rows_of_worlds())
    table = table[table["method"].isna()].assign(method="").reset_index(drop=True)
    pd.testing.assert_frame_equal(table.drop(columns="found"), again.drop(columns="found"))
    assert (table["found"] - again["found"]).abs().max() <= 0.002
