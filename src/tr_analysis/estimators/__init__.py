"""Pure functions: frames in, tidy frames or small frozen results out; no files, no plots.

An argument that cannot be right is a ValueError that names it, its value, and what to give instead.
"""

import inspect
import re
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


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


def index() -> "pd.DataFrame":
    """List the estimators: what every module names in ``__all__`` whose docstring says what it answers.

    A row an estimator, by module and in the order of ``__all__``: name (``proportions.difference``), question,
    summary (one line), tested (against what, and the tests in brackets, by default of the file named after the module),
    example and reference. What ``__all__`` names and is not there is a ValueError.
    """
    import pandas as pd

    rows = []
    for name in sorted(module.name for module in iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        for public in getattr(module, "__all__", ()):
            if not hasattr(module, public):
                raise ValueError(f"__all__ of {module.__name__} names {public}, which is not there")
            if about := _about(getattr(module, public)):
                about["tested"] = re.sub(r"`(test_\w+)`", rf"`test_{name}.\1`", about["tested"])
                rows.append({"name": f"{name}.{public}", **about})
    return pd.DataFrame(rows, columns=["name", "question", "summary", "tested", "example", "reference"])


def _about(estimator: Any) -> dict[str, str] | None:
    """Read what a docstring says of an estimator; None where it says no question."""
    text = (inspect.getdoc(estimator) if callable(estimator) else None) or ""
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]

    def after(label: str) -> str:
        return next((p.removeprefix(label) for p in paragraphs if p.startswith(label)), "")

    if not (question := after("Answers: ")):
        return None
    return {
        "question": question,
        "summary": paragraphs[0],
        "tested": after("Tested: "),
        "example": text.partition("\nExamples\n--------\n")[2].strip("\n"),
        "reference": after("Reference: "),
    }
