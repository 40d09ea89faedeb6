import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from tests.ledger.committed import committed_card, committed_frames
from tr_analysis.data import load
from tr_analysis.data.expressions import can_evaluate, sources_of
from tr_analysis.ledger import aim_numbers, claim_verdicts, fill, load_tables, samples, scorecard, standings
from tr_analysis.ledger.scorecard import DIGIT, REPRODUCED

TWO_FIGURES = pd.DataFrame(
    {"figure_id": ["F0001", "F0002"], "value": [10.0, 20.0], "source_id": ["S001", "S002"]}
)
CLAIMS = {"claim_id": ["C01", "C02"], "value": [5.0, 7.0]}
CLAIMS |= {"document": ["D1", "D2"], "source_ids": ["S009", None]}
FRAMES = {"published_figures": TWO_FIGURES, "claims": pd.DataFrame(CLAIMS)}
ROW = {"claim_id": "C01", "number": "F0001", "number_is": "a count", "unit": "people", "source_ids": "S001"}
ROW |= {
    "low": "F0002 / 4",
    "high": "F0002",
    "inside": "supported",
    "outside": "contradicted",
    "verdict": None,
}
ROW |= {"why": "between {low|0} and {high|1}, and {F0002 - F0001|2}; here {number|0}"}


def verdict(**changed):
    return claim_verdicts(pd.DataFrame([ROW | changed]), FRAMES).iloc[0]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, "supported"),
        ({"low": None}, "supported"),
        ({"high": None}, "supported"),
        ({"low": "10", "high": "10"}, "supported"),
        ({"low": "10.5"}, "contradicted"),
        ({"high": "9.9"}, "contradicted"),
        ({"low": None, "high": "-1"}, "contradicted"),
    ],
)
def test_a_number_is_within_its_bounds_or_outside_them(bounds, expected):
    judged = verdict(**bounds, why="at {number|0} and {F0002 - F0001|2}")
    assert (judged["verdict"], judged["decided"]) == (expected, "by rule")
    assert judged["why"] == "at 10 and 10.00"


def test_without_bounds_the_verdict_is_argued():
    judged = verdict(
        low=None, high=None, inside=None, outside=None, verdict="not checkable", why="no count is held"
    )
    assert (judged["verdict"], judged["decided"], judged["number"]) == ("not checkable", "argued", 10)


@given(st.floats(-50, 50, allow_nan=False))
def test_moving_the_number_moves_the_verdict(number):
    frames = FRAMES | {"published_figures": TWO_FIGURES.assign(value=[number, 20.0])}
    found = claim_verdicts(pd.DataFrame([ROW]), frames).iloc[0]["verdict"]
    assert found == ("supported" if 5 - 1e-9 <= number <= 20 + 1e-9 else "contradicted")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"number": "F0009"}, "C01: F0009: must name exactly one number"),
        ({"number": None}, "C01: bounds without a number"),
        ({"high": "F0001 +"}, "C01: cannot be read"),
        ({"outside": "supported"}, "C01: its rule must support the claim on one side"),
        ({"inside": "compatible"}, "C01: its rule must support the claim on one side"),
        ({"number": "claims[claim_id=C01].value * 2"}, r"C01: .* only where the claim itself stands \(D1"),
        ({"number": "7"}, "C01: its number was read only where the claim itself stands"),
        ({"high": "F0001 + 1"}, "C01: F0001 stands in the number and in its bounds"),
        ({"why": "{F0009|1}"}, "C01: F0009"),
    ],
)
def test_a_fault_names_the_claim(changed, fault):
    with pytest.raises(ValueError, match=fault):
        verdict(**changed)


def own_source(**changed):
    """Judge a claim whose item is the very source of the number."""
    claims = pd.DataFrame(CLAIMS | {"source_ids": ["S001 S009", None]})
    return claim_verdicts(pd.DataFrame([ROW | changed]), FRAMES | {"claims": claims}).iloc[0]


ARGUED = {"low": None, "high": None, "inside": None, "outside": None, "why": ""}


@pytest.mark.parametrize("verdict", ["supported", "contradicted", "compatible"])
def test_a_number_read_only_where_the_claim_stands_decides_nothing(verdict):
    with pytest.raises(
        ValueError, match="give a number from another source, or call the claim not checkable"
    ):
        own_source(**ARGUED, verdict=verdict)
    with pytest.raises(ValueError, match="C01: its number was read only where"):
        own_source()
    assert own_source(**ARGUED, verdict="not checkable")["number"] == 10


def test_a_second_source_in_the_number_or_another_document_may_decide():
    assert own_source(number="F0001 + F0002", low="15", high=None, why="")["verdict"] == "supported"
    with_claim = {"number": "claims[claim_id=C02].value", "high": None, "why": ""}
    assert own_source(**with_claim, low="6")["verdict"] == "supported"


def test_an_aim_has_its_number_and_its_reason_filled_in():
    rows = [
        {"aim": "a", "number": "F0001 / 4", "why": "{number|1} of {F0002|0}"},
        {"aim": "b", "number": None, "why": "none"},
    ]
    found = aim_numbers(pd.DataFrame(rows), FRAMES)
    assert found["why"].tolist() == ["2.5 of 20", "none"]
    assert found["number"].tolist() == pytest.approx([2.5, float("nan")], nan_ok=True)
    with pytest.raises(ValueError, match="market: F0009"):
        aim_numbers(pd.DataFrame([{"aim": "market", "number": "F0009", "why": ""}]), FRAMES)


def test_a_text_has_its_numbers_filled_in():
    assert fill("{F0001|0} or {F0001 / 8|2}", FRAMES) == "10 or 1.25"
    with pytest.raises(ValueError, match="F0009"):
        fill("{F0009|0}", FRAMES)


@pytest.mark.parametrize(
    ("table", "columns"),
    [("plan_outcomes", ["planned_is", "outcome_is", "why"]), ("consultation_proposals", ["became"])],
)
def test_the_texts_of_plans_and_proposals_can_be_filled(table, columns):
    frames = {name: load(name) for name in ("published_figures", "claims", "providers")}
    texts = [text for name in columns for text in load(table)[name].dropna()]
    assert not [text for text in texts if "{" in fill(text, frames)]


def test_samples_carry_exact_intervals():
    found = samples(load("claims")).set_index("claim_id")
    for claim in ("C06", "C22", "C24", "C27"):
        count, n = (int(found.loc[claim, part]) for part in ("count", "n"))
        exact = binomtest(count, n).proportion_ci(method="exact")
        assert found.loc[claim, ["low", "high"]].tolist() == pytest.approx(
            [100 * exact.low, 100 * exact.high]
        )
    assert found.loc["C06", "upper"] == pytest.approx(100 * (1 - 0.05 ** (1 / 86)))
    assert found.loc["C25", "count"] == 10  # ten percent of ninety-eight
    assert pd.isna(found.loc["C09", "count"]) and found.loc["C09", "half_width"] == pytest.approx(
        11.55, abs=0.005
    )


def test_every_claim_is_answered_once_and_either_ruled_or_argued():
    ledger = load("claim_verdicts")
    assert set(ledger["claim_id"]) == set(load("claims")["claim_id"])
    assert set(ledger.loc[ledger["aspect"] == "inference", "claim_id"]) <= set(
        ledger.loc[ledger["aspect"] == "number", "claim_id"]
    )
    ruled = ledger["low"].notna() | ledger["high"].notna()
    assert (ledger["verdict"].isna() == ruled).all()
    assert ledger.loc[ruled, ["inside", "outside"]].notna().all(axis=None)


def test_what_is_not_checkable_rests_on_nothing_or_on_its_own_document_alone():
    ledger = load("claim_verdicts")
    alone = ledger["evidence"].isin(["none", "own document"])
    assert (alone == (ledger["verdict"] == "not checkable")).all()


def test_every_source_of_a_number_is_named_beside_it():
    """A reader gets from the verdict to whatever its number was read in."""
    claims = load("claims")
    names = "claims", "events", "pbr_results", "providers", "published_figures", "quality_impact_judgements"
    frames = load_tables(*names, "replication_target_values") | {"samples": samples(claims)}
    for row in load("claim_verdicts").dropna(subset="number").to_dict("records"):
        if "chapter=" not in row["number"]:  # those of a chapter are in its results
            read_in = {source for source in sources_of(row["number"], frames) if source[0] == "S"}
            own = claims.set_index("claim_id").loc[row["claim_id"], "source_ids"]
            assert read_in <= set(f"{row['source_ids']} {own}".split()), row["claim_id"]


def test_a_reader_gets_to_where_every_claim_stands():
    sites = load("claim_documents").set_index("document")["address"]
    claims = load("claims")
    assert (claims["source_ids"].notna() | claims["document"].map(sites).notna()).all()


def test_reasons_type_no_number_that_could_be_worked_out():
    """A digit in a reason stands in braces, or in a year."""
    for row in load("claim_verdicts").to_dict("records"):
        words = re.sub(r"\{[^{}]*\}|\b(19|20)\d\d(/\d\d)?\b", "", row["why"])
        numbers = re.findall(r"\d[\d.,]*", words)
        assert not numbers, (row["claim_id"], numbers)


FIGURES = pd.DataFrame(
    {"figure_id": ["F0001", "F0002"], "value": [155.0, 142.0], "source_id": ["S001", "S002"]}
)
TARGET = {"target_id": "T01", "claim": "fall", "aim": "published", "source_id": "S001"}
TARGET |= {"input_needed": None, "access": None}
TARGET |= dict.fromkeys(
    ["note", "unit", "period", "method", "population", "value_as_printed", "evidence_grade"], ""
)
VALUE = {"target_id": "T01", "position": 1, "label": None, "value": 8.4, "printed_to": 0.1}
VALUE |= {"recipe": "(F0001 - F0002) / F0001 * 100", "tolerance": float("nan"), "why": None}


def card(values=({},), **target):
    rows = pd.DataFrame([VALUE | {"position": place} | value for place, value in enumerate(values, 1)])
    return scorecard(pd.DataFrame([TARGET | target]), rows, {"published_figures": FIGURES})


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ({}, "reproduced to the printed digit"),
        ({"value": 8.5}, "contradicted"),
        ({"value": 8.5, "tolerance": 0.2}, "reproduced within a stated tolerance"),
        ({"value": 8.7, "tolerance": 0.2}, "contradicted"),
        ({"recipe": None}, "input could not be obtained"),
        ({"recipe": "F0002", "value": 142.0}, "matched by a second source"),
        ({"recipe": "F0002", "value": 143.0}, "differs in a second source"),
    ],
)
def test_a_number_stands_where_it_belongs(value, status):
    assert card([value])["status"].item() == status


@given(st.decimals(-99, 99, places=4))
def test_the_printed_digit_is_half_a_unit_away_at_most(number):
    found = card([{"recipe": f"{number} + 0" if number >= 0 else f"0 - {abs(number)}", "value": 8.4}])[
        "status"
    ].item()
    assert (found == DIGIT) == (abs(float(number) - 8.4) <= 0.05 + 1e-9)


def test_a_recipe_cannot_copy_its_own_source():
    with pytest.raises(ValueError, match=r"T01, number 1: F0001 is the same source's own number"):
        card([{"recipe": "F0001"}])
    with pytest.raises(ValueError, match=r"T01, number 2: F0009"):
        card([{}, {"recipe": "F0009 + 1"}])


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ([{}, {}], "reproduced to the printed digit"),
        ([{}, {"value": 8.5, "tolerance": 0.2}], "reproduced within a stated tolerance"),
        ([{}, {"recipe": None}], "reproduced in part"),
        ([{}, {"value": 9.0}], "contradicted"),
        ([{"recipe": None}, {"recipe": "F0002", "value": 142.0}], "matched by a second source"),
        ([{"recipe": None}, {"recipe": None}], "input could not be obtained"),
    ],
)
def test_a_result_stands_by_all_its_numbers(values, status):
    assert standings(card(values))["status"].item() == status


def test_a_result_in_words_is_there_without_a_number():
    found = card([{"target_id": "T02"}], aim="qualitative")
    assert found["printed"].isna().all()
    assert standings(found)["status"].item() == "a result in words"


def test_every_result_is_sorted_and_no_recipe_is_a_result_typed_in():
    whole = committed_card()
    assert set(standings(whole)["target_id"]) == set(load("replication_targets")["target_id"])
    unsaid = whole[whole["status"].isin(["input could not be obtained", "a result in words"])]
    assert unsaid["input_needed"].notna().all()  # what would have to be public
    for recipe in whole["recipe"].dropna():
        assert re.search(r"F\d{4}|\w+\[", recipe), recipe


def broken(frames, token):
    """Return the tables with one cell, or one counted row, made wrong."""
    name, conditions, column = re.fullmatch(r"(\w+)\[([^\]]*)\]\.(\w+)", token).groups()
    frame = frames[name].copy()
    fits = pd.Series(True, frame.index)
    for condition in conditions.split(";"):
        key, _, value = condition.partition("=")
        fits &= frame[key].astype(str) == value
    if column == "rows":
        return frames | {name: frame.drop(frame.index[fits][:4])}
    frame[column] = frame[column].astype(float).where(~fits, frame[column].astype(float) * 4 + 7)
    return frames | {name: frame}


def test_breaking_any_input_changes_its_row():
    """Every figure, cell and count that a recipe names matters to the number it gives."""
    study, whole = committed_frames(), committed_card()
    targets, values = load("replication_targets"), load("replication_target_values")
    checked = 0
    for _, row in whole[whole["status"].isin(REPRODUCED)].iterrows():
        tokens = re.findall(r"F\d{4}|\w+\[[^\]]*\]\.\w+", row["recipe"])
        for token in tokens:
            cell = f"published_figures[figure_id={token}].value" if token[0] == "F" else token
            alone = values[
                (values["target_id"] == row["target_id"]) & (values["position"] == row["position"])
            ]
            again = scorecard(targets[targets["target_id"] == row["target_id"]], alone, broken(study, cell))
            assert again["status"].item() not in REPRODUCED, (row["target_id"], row["position"], token)
            checked += 1
    assert checked > 40


OFFICIAL = {
    "official_pbr": pd.DataFrame(
        {"cohort": ["2015Q4"], "provider_type": ["CRC"], "measure": ["binary rate"], "value": [45.61]}
    ),
    "official_providers": pd.DataFrame({"provider": ["Essex"], "cohort": ["2015Q4"], "difference": [-5.4]}),
}
OFFICIAL_RECIPE = "official_pbr[cohort=2015Q4;provider_type=CRC;measure=binary rate].value"


def official_card(official, instead=OFFICIAL_RECIPE, **value):
    values = pd.DataFrame([VALUE | {"value": 45.6, "recipe": None} | value])
    own = {"target_id": "T01", "position": 1, "recipe": instead, "tolerance": float("nan"), "why": None}
    recipes = pd.DataFrame([own])
    frames = {"published_figures": FIGURES}
    return scorecard(pd.DataFrame([TARGET]), values, frames, recipes=recipes, official=official).iloc[0]


def test_an_official_recipe_decides_once_its_tables_are_held():
    assert official_card({})["status"] == "input could not be obtained"
    row = official_card(OFFICIAL)
    assert (row["status"], row["recipe"]) == ("reproduced to the printed digit", OFFICIAL_RECIPE)
    assert official_card(OFFICIAL, value=45.4)["status"] == "contradicted"


def test_it_goes_before_a_quotation_and_leaves_it_where_a_cell_is_missing():
    quoted = {"recipe": "F0002", "value": 142.0}
    assert official_card(OFFICIAL, **quoted)["status"] == "contradicted"
    elsewhere = OFFICIAL_RECIPE.replace("2015Q4", "2016Q4")
    assert official_card(OFFICIAL, elsewhere, **quoted)["status"] == "matched by a second source"
    for other in (("2015Q4", "2016Q4"), ("official_pbr", "official_providers"), ("official_pbr", "nothing")):
        assert not can_evaluate(OFFICIAL_RECIPE.replace(*other), OFFICIAL)


def test_without_official_tables_the_recipes_change_nothing():
    targets, values = load("replication_targets"), load("replication_target_values")
    after = scorecard(targets, values, committed_frames(), recipes=load("official_recipes"), official={})
    pd.testing.assert_frame_equal(committed_card(), after)


def test_every_official_recipe_can_be_read_and_names_a_number_that_was_printed():
    recipes, values = load("official_recipes"), load("replication_target_values")
    place = ["target_id", "position"]
    assert len(recipes.merge(values, on=place)) == len(recipes) >= 25
    assert not any(can_evaluate(recipe, OFFICIAL) for recipe in recipes["recipe"] if "official_pbr" in recipe)
