"""Headers of the tables of baselines and thresholds."""

import re
from collections.abc import Hashable
from functools import lru_cache

from tr_analysis.official.words import meanings

COUNTS = ("offenders", "reoffenders", "reoffences")
PERCENTS = ("binary_rate", "ogrs", "lower_threshold", "upper_threshold")
AVERAGES = ("frequency_rate", "frequency_lower", "frequency_upper")
NUMERIC = (*COUNTS, *PERCENTS, *AVERAGES)
THRESHOLDS = ("lower_threshold", "upper_threshold", "frequency_lower", "frequency_upper")
TWINS = {
    "binary_rate": "frequency_rate",
    "lower_threshold": "frequency_lower",
    "upper_threshold": "frequency_upper",
}
_LIMIT = re.compile(
    r"\bthresholds?\b|\blimits?\b|\bbounds?\b|\bconfidence\b|\binterval\b|\btrigger\b|\btarget\b"
)
_LOWER = re.compile(
    r"\blower\b|\bmin(?:imum)?\b|\breduc\w*|\bpayment\b|\breward\b|\bbelow\b|\bbottom\b|\bimprove\w*"
)
_UPPER = re.compile(
    r"\bupper\b|\bmax(?:imum)?\b|\bincreas\w*|\bdeduct\w*|\bpenalty\b|\babove\b|\btop\b|\bworse\w*"
)
_KINDS = {
    "quarter": r"\bquarter(?:ly|s)?\b|\b3 months?\b",
    "year": r"\bannual(?:ly)?\b|\byearly\b|\b12 months?\b",
}


@lru_cache(maxsize=4096)
def meaning(text: str) -> Hashable | None:
    """Return the column that a normalised header names, with the kind of cohort where it names one."""
    kind = kind_of(text)
    rest = " ".join(re.sub(r"\b(?:quarter(?:ly)?|annual(?:ly)?|cohorts? of)\b", " ", text).split())
    column = meanings.provider_column(rest)
    if column:
        return column
    column = _column(re.sub(r"\b(?:the|2011|baselines?|year|calendar)\b", " ", rest), text)
    return (column, kind) if column else None


def _column(rest: str, text: str) -> str | None:
    rest = " ".join(rest.split())
    frequency = meanings.measure(rest) == "frequency_rate" or bool(re.search(r"\bfrequency\b", rest))
    if _LIMIT.search(rest):
        lower, upper = bool(_LOWER.search(rest)), bool(_UPPER.search(rest))
        if lower == upper:
            return None
        name = "lower" if lower else "upper"
        return f"frequency_{name}" if frequency else f"{name}_threshold"
    if rest in ("", "rate", "rate percent", "percent", "proportion", "proportion percent") and re.search(
        r"baseline|2011|rate|proportion", text
    ):
        return "binary_rate"
    found = meanings.measure(rest)
    return found if found in NUMERIC else None


def kind_of(text: str) -> str:
    """Return the kind of cohort, ``quarter`` or ``year``, where a text says one of them."""
    said = [kind for kind, words in _KINDS.items() if re.search(words, text.lower())]
    return said[0] if len(said) == 1 else ""
