"""Tests by draws, and the intervals of what they do not reject."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tr_analysis.estimators.checks import Array

Tails = Literal["symmetric", "equal"]

REACH = np.geomspace(2**-6, 2**30, 145)
"""Distances from the estimate, in standard errors, between which the ends of an interval are sought."""
TIE = 1e-9
"""Relative difference up to which two statistics count as equal."""


@dataclass(frozen=True)
class NullDraws:
    """Draws of the statistic of a coefficient, as they would be if any hypothesised value were true.

    At a value ``distance`` from the estimate the statistic of the data is ``-distance / std_error``, and
    that of draw b is ``top / sqrt(bottom)``, top linear and bottom quadratic in the distance.

    Attributes
    ----------
    estimate, std_error
        Those of the data.
    top
        Coefficients of the numerators: constant, slope (2, B).
    bottom
        Coefficients of the squared denominators: constant, slope, square (3, B).
    with_data
        Whether the data are one of the draws, as when these are all there can be.
    tails
        "symmetric" compares absolute values; "equal" doubles the smaller tail.
    """

    estimate: float
    std_error: float
    top: Array
    bottom: Array
    with_data: bool
    tails: Tails = "symmetric"

    def __post_init__(self) -> None:
        if self.tails not in ("symmetric", "equal"):
            raise ValueError(f'tails is {self.tails!r}: give "symmetric" or "equal"')

    def p_value(self, value: float = 0.0) -> float:
        """Return the share of draws at least as far out as the data, if the coefficient were ``value``.

        The data count as one more draw, unless they are among them.
        """
        return self._p_value(value - self.estimate)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the outermost values not rejected at ``1 - level``, infinite where none is rejected."""
        low = self.estimate - self._reach(-1, level) * self.std_error
        return low, self.estimate + self._reach(1, level) * self.std_error

    def _p_value(self, distance: float) -> float:
        top = self.top[0] + distance * self.top[1]
        bottom = self.bottom[0] + distance * (self.bottom[1] + distance * self.bottom[2])
        # Products instead of quotients: a draw without variance, 0 / 0, counts as further out than the data.
        data = -distance / self.std_error * np.sqrt(bottom.clip(0))
        if self.tails == "symmetric":
            return self._share(np.abs(top) >= (1 - TIE) * np.abs(data))
        slack = TIE * np.abs(data)
        return min(1.0, 2 * min(self._share(top >= data - slack), self._share(top <= data + slack)))

    def _share(self, far: np.ndarray) -> float:
        if self.with_data:
            return float(far.mean())
        return float((1 + far.sum()) / (1 + len(far)))

    def _reach(self, side: int, level: float) -> float:
        """Return the largest distance not rejected, in standard errors."""

        def accepted(distance: float) -> bool:
            return self._p_value(side * distance * self.std_error) > 1 - level + TIE

        inside = np.flatnonzero([accepted(distance) for distance in REACH])
        last = inside[-1] if len(inside) else -1
        if last == len(REACH) - 1:
            return np.inf
        low, high = (REACH[last] if last >= 0 else 0.0), REACH[last + 1]
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if accepted(middle) else (low, middle)
        return float(low)


def squared_length(parts: Array) -> Array:
    """Return constant, slope and square (3, B) of the squared length of ``constant + slope * distance``.

    ``parts`` has constant and slope of each component (2, B, G).
    """
    constant, slope = parts
    return np.array([(constant**2).sum(1), 2 * (constant * slope).sum(1), (slope**2).sum(1)])
