"""Pure functions: frames in, tidy frames or small frozen results out; no files, no plots.

What cannot be is a ValueError that names the argument, the value, and what to give instead.
"""

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
