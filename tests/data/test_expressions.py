import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.data.expressions import evaluate, sources_of

FRAMES = {
    "published_figures": pd.DataFrame(
        {"figure_id": ["F0001", "F0002", "F0003"], "value": [6.0, 0.0, None], "unit": ["a", "b", "c"]}
    ),
    "recalls": pd.DataFrame(
        {
            "month": ["2015-01", "2015-01", "2015-02"],
            "status": ["recall", "remand", "recall"],
            "people": [4, 5, 6],
        }
    ),
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("F0001", 6),
        ("F0001 + 2 * 3", 12),
        ("(F0001 + 2) * 3", 24),
        ("-F0001 - -2", -4),
        ("recalls[month=2015-01].rows", 2),
        ("recalls[month=2014-01].rows", 0),
        ("recalls[month=2015-01;status=recall].rows * (F0001 - recalls[month=2015-02].people)", 0),
        ("F0001 / 4 - 1", 0.5),
        ("recalls[month=2015-01;status=remand].people", 5),
        ("recalls[month=2015-02].people / F0001 * 100 - 100", 0),
    ],
)
def test_an_expression_follows_the_rules_of_arithmetic(expression, value):
    assert evaluate(expression, FRAMES) == value


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("F0001 +", "cannot be read; write figures, cells and numbers joined by"),
        ("F0001 F0002", "cannot be read"),
        ("F0001 ** 2", "cannot be read"),
        ("(F0001", "cannot be read"),
        ("F0001 // 2", "cannot be read"),
        ("1_000", "cannot be read"),
        ("~1", "cannot be read"),
        ("F00011", "cannot be read"),
        ("+ + 1", "cannot be read"),
        ("1 / F0002", "divides by zero: 1 / F0002"),
        ("F0009", "F0009: must name exactly one number, names 0"),
        ("F0003", "F0003: must name exactly one number, names 0 cells with a value"),
        ("recalls[month=2015-01].people", "must name exactly one number, names 2 cells"),
        ("recalls[month=2015-02].status", "must name exactly one number"),
        ("recalls[month=2015-02].persons", "no such table or column"),
        ("arrests[month=2015-02].people", "no such table or column"),
    ],
)
def test_what_cannot_be_worked_out_says_why(expression, fault):
    with pytest.raises(ValueError, match=fault):
        evaluate(expression, FRAMES)


@given(
    st.recursive(
        st.integers(0, 999).map(str),
        lambda part: st.builds("({} {} {})".format, part, st.sampled_from("+-*"), part),
        max_leaves=6,
    )
)
def test_numbers_signs_and_brackets_follow_arithmetic(expression):
    assert evaluate(expression, FRAMES) == float(eval(expression))


@given(st.text(alphabet="F0123 +-*/()_[]=;.recalsmonth", max_size=25))
def test_no_text_ends_in_another_error(expression):
    try:
        assert isinstance(evaluate(expression, FRAMES), float)
    except ValueError as error:
        assert str(error)


def test_a_simulated_table_is_refused():
    simulated = {"recalls": FRAMES["recalls"].assign(origin="simulated")}
    with pytest.raises(ValueError, match="recalls is simulated"):
        evaluate("recalls[month=2015-02].people", simulated)


READ_IN = {
    "published_figures": pd.DataFrame({"figure_id": ["F0001"], "value": [1.0], "source_id": ["S001"]}),
    "areas": pd.DataFrame(
        {
            "area": ["Kent", "Gwent"],
            "people": [3.0, 4.0],
            "people_source_id": ["S003", None],
            "source_id": "S002",
        }
    ),
    "claims": pd.DataFrame(
        {"claim_id": ["C01"], "value": [5.0], "document": ["D1"], "source_ids": ["S004 S005"]}
    ),
    "plain": pd.DataFrame({"name": ["x"], "value": [1.0]}),
}


@pytest.mark.parametrize(
    ("expression", "sources"),
    [
        ("F0001 * 2", "S001"),
        ("areas[area=Kent].people", "S003"),  # of the number, not of the row
        ("areas[area=Gwent].people + F0001", "S001"),  # which is not known
        ("areas[area=Kent].rows", "S002"),
        ("claims[claim_id=C01].value", "D1 S004 S005"),
        ("plain[name=x].value / 12", ""),
        ("12", ""),
    ],
)
def test_an_expression_says_where_its_numbers_were_read(expression, sources):
    assert sources_of(expression, READ_IN) == set(sources.split())
