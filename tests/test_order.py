import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tr_analysis
from tr_analysis.lint import order_faults
from tr_analysis.order import in_order, largest, only, place_of_smallest, smallest

ROWS = pd.DataFrame(
    {"place": [2.0, 0.1 + 0.2, 0.3, np.nan], "name": ["d", "b", "a", "c"]},
    index=pd.Index(list("wxyz"), name="row"),
)


def test_rows_stand_by_a_complete_key_whatever_their_order():
    expected = ["y", "x", "w", "z"]
    for chance in range(4):
        shuffled = ROWS.sample(frac=1, random_state=chance)
        assert in_order(shuffled, "place", "name").index.to_list() == expected
        assert in_order(shuffled, "place", "row", descending=["row"]).index.to_list() == expected
        assert in_order(shuffled, "name", descending=["name"])["name"].to_list() == ["d", "c", "b", "a"]


def test_a_key_with_ties_is_refused_with_their_place():
    with pytest.raises(ValueError, match=r"rows tie at place 0\.3: name another column"):
        in_order(ROWS, "place")
    with pytest.raises(KeyError, match="size"):
        in_order(ROWS, "size")


def test_rows_that_are_alike_altogether_may_tie():
    twice = pd.concat([ROWS, ROWS]).reset_index(drop=True)
    assert in_order(twice, "place", "name")["name"].to_list() == list("aabbddcc")
    with pytest.raises(ValueError, match="rows tie"):
        in_order(twice.reset_index(), "place", "name", "index").pipe(in_order, "place")


def test_what_was_loaded_is_still_known_after_sorting():
    frame = ROWS.copy()
    frame.attrs = {"table": "rows", "sha256": "ab12"}
    assert in_order(frame, "name").attrs == frame.attrs


def test_only_one():
    assert only(ROWS[ROWS["name"] == "d"])["place"] == 2
    for rows in (ROWS, ROWS[:0]):
        with pytest.raises(ValueError, match=f"there are {len(rows)} rows where there should be one"):
            only(rows)


def test_the_largest_and_smallest_do_not_hang_on_noise_or_order():
    values = pd.Series({"b": 0.3, "a": 0.1 + 0.2, "c": 0.1, "d": np.nan})
    for chance in range(4):
        shuffled = values.sample(frac=1, random_state=chance)
        assert (largest(shuffled), smallest(shuffled)) == ("a", "c")
    assert place_of_smallest([2.0, 0.1 + 0.2, 0.3]) == 1


@pytest.mark.parametrize(
    "code",
    [
        "frame.sort_values('place')",
        "frame.sort_values(['a', 'b'], kind='stable')",
        "frame.groupby('year').first()",
        "frame[frame['a'] > 2].iloc[0]",
        "frame['a'].iloc[-1]",
        "frame['a'].idxmax()",
        "np.argmin(loss)",
        "np.argsort(values)",
        "frame.nlargest(3, 'a')",
        "frame['a'].value_counts()",
        "frame.drop_duplicates('year')",
    ],
)
def test_the_rule_bites_on_what_leaves_ties_to_chance(code):
    (fault,) = order_faults(ast.parse(code))
    assert "take" in fault


def test_the_rule_passes_what_has_a_key():
    sound = "in_order(f, 'a', 'b'); f.iloc[1]; f.iloc[:3]; np.argsort(settle(x), kind='stable'); sorted(names); f.head(2)"
    assert list(order_faults(ast.parse(sound))) == []


def test_the_package_sorts_in_one_place():
    package = Path(tr_analysis.__file__).parent
    faults = {
        path.relative_to(package).as_posix(): list(order_faults(ast.parse(path.read_text("utf-8"))))
        for path in package.rglob("*.py")
    }
    assert faults.pop("order.py"), "the rule sees the sorts that there are"
    assert {path: found for path, found in faults.items() if found} == {}
