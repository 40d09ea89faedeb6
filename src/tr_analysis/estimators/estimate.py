"""What the estimators of one number return."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval and, where they apply, the p-value of no effect, the method and the sample.

    ``separated`` says that two groups do not overlap, which leaves the interval one-sided.
    """

    estimate: float
    low: float
    high: float
    p_value: float | None = None
    method: str = ""
    units: int | None = None
    separated: bool = False
