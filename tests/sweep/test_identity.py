import math
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.sweep.identity import canonical, derived_seed, specification_id

scalars = st.one_of(st.text(), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
tables = st.dictionaries(st.text(), values, max_size=5)


@given(tables, st.randoms(use_true_random=False))
def test_order_of_arguments_makes_no_difference(arguments: dict, chance: random.Random):
    names = list(arguments)
    chance.shuffle(names)
    shuffled = {name: arguments[name] for name in names}
    assert specification_id("f", "v", shuffled) == specification_id("f", "v", arguments)


@given(scalars, scalars)
def test_ids_are_equal_where_plain_values_are(one, other):
    same = one == other and isinstance(one, bool) == isinstance(other, bool)
    ids = [specification_id("f", "v", {"x": value}) for value in (one, other)]
    assert (ids[0] == ids[1]) == same


@given(values)
def test_canonical_of_canonical_is_itself(value):
    once = canonical(value, "x")
    assert canonical(once, "x") == once


def test_id_is_the_same_in_another_process():
    code = "from tr_analysis.sweep.identity import specification_id as i; print(i('f', 'v', {'é': 1.5, 'a': [True]}))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert told == specification_id("f", "v", {"a": [True], "é": 1.5}) == "7e5aa29b90243620"


@pytest.mark.parametrize("other", [("g", "v", {"x": 1}), ("f", "w", {"x": 1}), ("f", "v", {"x": 2})])
def test_name_version_and_arguments_count(other):
    assert specification_id(*other) != specification_id("f", "v", {"x": 1})


@pytest.mark.parametrize("value", [math.nan, math.inf, None, object()])
def test_what_json_cannot_write_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"arguments\.x: .* no text, finite number"):
        specification_id("f", "v", {"x": value})


@given(st.integers(), st.text("0123456789abcdef", min_size=16, max_size=16))
def test_seed_fits_and_depends_on_both(seed: int, identity: str):
    derived = derived_seed(seed, identity)
    assert 0 <= derived < 2**63
    assert derived != derived_seed(seed + 1, identity)
