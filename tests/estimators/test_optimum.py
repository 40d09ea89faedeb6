import numpy as np
import pytest

from tr_analysis.estimators.optimum import polish


def bowl(at):
    x, y = at
    return 3 * (x - 1.25) ** 2 + (x - 1.25) * (y + 0.5) + 2 * (y + 0.5) ** 2 + 0.3 * (x - 1.25) ** 4 - 700


@pytest.mark.parametrize("off", [(1e-3, -2e-3), (-5e-3, 1e-3), (0, 0)])
def test_searches_that_stopped_apart_end_in_one_place(off):
    assert polish(bowl, np.array([1.25, -0.5]) + off) == pytest.approx([1.25, -0.5], abs=1e-9)


def test_noise_of_the_loss_hardly_moves_the_place():
    chance = np.random.default_rng(4)
    found = [
        polish(lambda at: bowl(at) * (1 + 1e-15 * chance.standard_normal()), np.array([1.2503, -0.5004]))
        for _ in range(5)
    ]
    assert np.ptp(found, axis=0).max() < 1e-9


@pytest.mark.parametrize(
    "loss",
    [
        lambda at: -float(at @ at),  # a top
        lambda at: 0.0,  # flat
        lambda at: float(at @ at) if (np.abs(at - 0.5) < 0.001).all() else np.inf,  # no room
        lambda at: float(((at - 3) ** 2).sum()),  # far off: the search did not end near it
    ],
)
def test_what_is_no_optimum_is_left_as_it_was(loss):
    start = np.array([0.5, 0.5])
    assert polish(loss, start) is start
    assert polish(loss, np.empty(0)).size == 0
