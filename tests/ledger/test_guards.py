"""No simulated number reaches scorecard, claims, key findings or another chapter; official recipes need what they name."""

import json

import pandas as pd
import pytest

from tests.ledger.committed import committed_card, committed_frames
from tests.ledger.test_scorecard import FIGURES, TARGET, VALUE
from tr_analysis import paths
from tr_analysis.data import load
from tr_analysis.data.expressions import can_evaluate, evaluate
from tr_analysis.errors import StudyError
from tr_analysis.ledger import load_results, scorecard

OFFICIAL = {
    "official_pbr": pd.DataFrame(
        {"cohort": ["2015Q4"], "provider_type": ["CRC"], "measure": ["binary rate"], "value": [45.61]}
    ),
    "official_providers": pd.DataFrame({"provider": ["Essex"], "cohort": ["2015Q4"], "difference": [-5.4]}),
}
RECIPE = "official_pbr[cohort=2015Q4;provider_type=CRC;measure=binary rate].value"


def test_the_committed_panel_is_refused_by_name():
    with pytest.raises(StudyError, match=r"10-crc-panel.* simulated.*tr-analysis fetch"):
        load_results("02-reoffending", "10-crc-panel")


@pytest.mark.parametrize("marked", ["top", "finding", "label"])
def test_one_mark_anywhere_is_enough(tmp_path, monkeypatch, marked):
    content = json.loads((paths.reports() / "results" / "02-reoffending.json").read_text("utf-8"))
    name = next(iter(content["findings"]))
    if marked == "top":
        content["origin"] = "simulated"
    elif marked == "finding":
        content["findings"][name]["origin"] = "simulated"
    else:
        content["findings"][name]["label"] = "SIMULATED: a fall"
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "02-reoffending.json").write_text(json.dumps(content))
    monkeypatch.setattr(paths, "reports", lambda: tmp_path)
    with pytest.raises(StudyError, match=r"02-reoffending.*are simulated"):
        load_results("02-reoffending")


def test_observed_results_pass():
    assert len(load_results("02-reoffending"))


def test_expressions_refuse_a_simulated_frame():
    frame = OFFICIAL["official_pbr"]
    assert evaluate(RECIPE, {"official_pbr": frame}) == 45.61
    with pytest.raises(ValueError, match="official_pbr is simulated"):
        evaluate(RECIPE, {"official_pbr": frame.assign(origin="simulated")})


def card(official, instead=RECIPE, **value):
    values = pd.DataFrame([VALUE | {"value": 45.6, "recipe": None} | value])
    recipes = pd.DataFrame(
        {
            "target_id": ["T01"],
            "position": [1],
            "recipe": [instead],
            "tolerance": [float("nan")],
            "why": [None],
        }
    )
    frames = {"published_figures": FIGURES}
    return scorecard(pd.DataFrame([TARGET]), values, frames, recipes=recipes, official=official).iloc[0]


def test_an_official_recipe_decides_once_its_tables_are_held():
    assert card({})["status"] == "input not held"
    row = card(OFFICIAL)
    assert (row["status"], row["recipe"]) == ("reproduced to the printed digit", RECIPE)
    assert card(OFFICIAL, value=45.4)["status"] == "contradicted"


def test_it_goes_before_a_quotation_and_leaves_it_where_a_cell_is_missing():
    quoted = {"recipe": "F0002", "value": 142.0}
    assert card(OFFICIAL, **quoted)["status"] == "contradicted"
    elsewhere = RECIPE.replace("2015Q4", "2016Q4")
    assert card(OFFICIAL, elsewhere, **quoted)["status"] == "printed alike elsewhere"


def test_a_missing_cell_column_or_table_is_a_gap():
    assert can_evaluate(RECIPE, OFFICIAL)
    for other in (("2015Q4", "2016Q4"), ("official_pbr", "official_providers"), ("official_pbr", "nothing")):
        assert not can_evaluate(RECIPE.replace(*other), OFFICIAL)


def test_without_official_tables_the_recipes_change_nothing():
    targets, values = load("replication_targets"), load("replication_target_values")
    after = scorecard(targets, values, committed_frames(), recipes=load("official_recipes"), official={})
    pd.testing.assert_frame_equal(committed_card(), after)


def test_every_official_recipe_can_be_read_and_names_a_number_that_was_printed():
    recipes, values = load("official_recipes"), load("replication_target_values")
    place = ["target_id", "position"]
    assert len(recipes.merge(values, on=place)) == len(recipes) >= 25
    assert not any(can_evaluate(recipe, OFFICIAL) for recipe in recipes["recipe"] if "official_pbr" in recipe)
