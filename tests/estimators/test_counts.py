import numpy as np
import pandas as pd
import pytest

from tr_analysis.estimators.checks import counts, one_count


def test_counts_are_whole_numbers_wide_enough_to_add():
    frame = pd.DataFrame({"k": np.array([100, 27], np.int8), "n": [120.0, 100.0]}, index=["x", "y"])
    k, n = counts(frame, "k", "n")
    assert (k.dtype, n.dtype) == (np.int64, np.int64)
    assert (k.tolist(), n.tolist()) == ([100, 27], [120, 100])


def test_one_count_is_a_pair_of_plain_whole_numbers():
    found = one_count(np.int16(3), np.float64(5))
    assert found == (3, 5)
    assert [type(count) for count in found] == [int, int]


@pytest.mark.parametrize("frame", [None, {"k": [1], "n": [5]}, [1, 5]])
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(ValueError, match="counts come as a pandas DataFrame, not as"):
        counts(frame, "k", "n")


def test_columns_must_be_told_apart():
    frame = pd.DataFrame([[1, 2, 5]], columns=["k", "k", "n"])
    with pytest.raises(ValueError, match="several columns are called 'k'"):
        counts(frame, "k", "n")
    with pytest.raises(ValueError, match=r"no column \['n'\]: the frame has k, n"):
        counts(frame.iloc[:, 1:], "k", ["n"])
    with pytest.raises(ValueError, match="column 'n' is named for both successes and trials"):
        counts(frame, "n", "n")
    with pytest.raises(ValueError, match="column 'n' has the name of a result"):
        counts(frame.iloc[:, 1:], "k", "n", results=("m", "n"))
