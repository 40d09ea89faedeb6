import numpy as np
import pytest

from tr_analysis.data import load
from tr_analysis.estimators import arma as module
from tr_analysis.estimators.arma import arma
from tr_analysis.estimators.optimum import polish
from tr_analysis.estimators.series import segmented_design


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


def test_estimates_with_arma_errors_agree_though_the_search_stops_elsewhere(monkeypatch):
    """The search of another processor stops up to 5e-7 further off; what is estimated must not show it."""
    prison = load("prison_population_monthly").pivot(index="month", columns="status", values="people")
    design = segmented_design(prison.loc["2010-06":"2020-02", "recall"].astype(float), "2015-02", harmonics=2)
    exact = arma(design).effects
    search = module.minimize

    def elsewhere(*args, **options):
        found = search(*args, **options)
        found.x = np.add(found.x, [5e-7, -5e-7])
        return found

    monkeypatch.setattr(module, "minimize", elsewhere)
    moved = arma(design).effects
    assert np.abs((moved - exact)["estimate"] / exact["std_error"]).max() < 1e-8
