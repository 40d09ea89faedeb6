"""The last steps to an optimum: a search stops where it pleases, which is not the same place on every processor."""

from collections.abc import Callable

import numpy as np

from tr_analysis.estimators.checks import Array

STEP = 0.02
"""Step of the differences: wide enough that rounding of the loss does not show, of an error of its fourth power."""

ROUNDS = 4  # Newton's steps: each squares the distance that the search left


def polish(loss: Callable[[Array], float], start: Array) -> Array:
    """Take Newton's steps from where a search stopped to where the slope of the loss is nought.

    A search by values alone scatters by the root of their rounding, 1e-8 to 1e-6 of the parameter's scale; after
    these steps, with a slope of central differences ``(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h``, by 1e-10.
    The start (k,) itself comes back where the loss does not curve upwards in every direction, has no finite value
    around it, or is smallest further off than one step of the differences.
    """
    steps = list(STEP * np.eye(len(start)))

    def slope(at: Array) -> Array:
        near = np.array([loss(at + h) - loss(at - h) for h in steps])
        far = np.array([loss(at + 2 * h) - loss(at - 2 * h) for h in steps])
        return np.asarray((8 * near - far) / (12 * STEP))

    curvature = np.array(
        [
            [
                loss(start + g + h) - loss(start + g - h) - loss(start - g + h) + loss(start - g - h)
                for g in steps
            ]
            for h in steps
        ]
    ) / (4 * STEP**2)
    if not len(start) or not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature).min() <= 0:
        return start
    found = start
    for _ in range(ROUNDS):
        found = found - np.linalg.solve(curvature, slope(found))
    return found if np.abs(found - start).max() < STEP else start
