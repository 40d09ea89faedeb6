"""The layouts of the official tables as data: what their headers mean, their units, and what titles say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from tr_analysis.official.parsing import Cohort, plain_text, scan_cohorts, without_notes

Unit = Literal["count", "percent", "points", "average", "change", "test"]
"""What a column holds: people or offences, percentages, percentage points, averages, their changes, tests."""

LISTS = ("suppressed", "not_applicable")
"""Columns that list others: an empty cell of theirs says that there is none, not that it is unknown."""

COUNTS = ("offenders", "reoffenders", "reoffences")

_PHRASES = (
    (r"\bpercent(?:age)? points?\b|\bp ?pts?\b|\bpp\b", "points"),
    (r"\bre ?(?=offen[cds])", "re"),
    (r"\b(?:offenders?|people) (?:who|that) (?:have )?reoffend(?:ed)?\b", "reoffender"),
    (r"\bfurther offences\b", "reoffence"),
    (r"\bogrs ?(?:4 ?g|4|3|g)?\b|\boffender group reconviction (?:scale|score)\b", "ogrs"),
    (r"\bcommunity rehabilitation compan(?:y|ies)\b", "crc"),
    (r"\bnational probation service\b", "nps"),
    (r"\bcontract package areas?\b", "cpa"),
)
_SAYS_NOTHING = [
    "the",
    "of",
    "a",
    "an",
    "in",
    "for",
    "who",
    "that",
    "have",
    "had",
    "has",
    "by",
    "and",
    "is",
    "was",
    "proven",
    "total",
    "score",
    "to",
    "between",
    "from",
    "less",
    "minus",
    "using",
    "name",
    "adult",
    "s",
    "test",
    "statistically",
    "statistical",
]
_SAME = {
    "number": "no count size volume", "offender": "offenders people persons adults", "reoffender": "reoffenders",
    "reoffence": "reoffences", "crc": "crcs", "provider": "providers", "rate": "proportion rates",
    "percent": "percentage", "average": "mean", "adjusted": "adj", "baseline": "baselines 2011",
    "observed": "actual unadjusted raw", "difference": "change differences", "threshold": "thresholds",
    "significant": "significance sig signif", "division": "divisions", "cohort": "cohorts",
}  # fmt: skip
_WORDS = dict.fromkeys(_SAYS_NOTHING, "") | {w: word for word, same in _SAME.items() for w in same.split()}
# What each column is called: the words that its header must have, and after the bar those that it may have besides.
# A header with any other word is none of it. What does not say its measure is of the binary rate, and its values
# must be as well (see RANGES).
_HEADERS = tuple(
    (column, frozenset(must.split()), frozenset(f"{must} {may}".split()))
    for column, must, may in (
        ("eligible", "eligible", "number offender cohort"),
        ("offenders", "measurable", "number offender cohort binary measure"),
        ("offenders", "offender", "number"),
        ("offenders", "offender number cohort", ""),
        ("offenders", "cohort number", ""),
        ("reoffenders", "reoffender", "number"),
        ("reoffenders", "reoffender binary measure", "number"),
        ("reoffences", "reoffence", "number"),
        ("reoffences", "reoffence frequency measure", "number"),
        ("binary_rate", "rate reoffender", "binary observed percent measure reoffending"),
        ("binary_rate", "percent reoffender", "binary observed measure reoffending"),
        ("binary_rate", "rate reoffending", "binary observed percent measure"),
        ("binary_rate", "percent reoffending", "binary observed measure"),
        ("binary_rate", "binary rate", "observed percent measure reoffending"),
        ("binary_rate", "binary percent", "observed measure"),
        ("binary_rate", "observed rate", "percent"),
        ("frequency_rate", "reoffence per reoffender", "average number frequency rate measure"),
        ("frequency_rate", "frequency rate", "observed measure reoffending"),
        ("ogrs", "ogrs", "average percent expected reoffending rate"),
        ("adjusted_rate", "adjusted rate", "binary reoffender reoffending percent ogrs measure"),
        ("adjusted_rate", "adjusted percent", "binary reoffender reoffending ogrs measure"),
        ("difference", "difference", "points binary adjusted rate reoffender baseline measure"),
        ("frequency_difference", "difference frequency", "rate baseline measure"),
        ("frequency_difference", "difference average reoffence per reoffender", "number frequency baseline"),
        ("significance", "significant", "binary difference rate measure adjusted baseline"),
        ("frequency_significance", "significant frequency", "difference rate measure baseline"),
        (
            "threshold",
            "threshold",
            "lower upper binary frequency rate percent measure baseline annual quarterly cohort",
        ),
        *(
            ("provider", of, "")
            for of in ("crc", "nps", "crc nps", "nps division", "crc nps division", "provider")
        ),
        *(("provider", of, "") for of in ("probation provider", "cpa", "crc cpa")),
        ("provider_type", "provider type", ""),
        *(
            ("cohort", of, "")
            for of in ("cohort", "offender cohort", "cohort period", "quarter", "cohort quarter")
        ),
    )
)
_BARE_BASELINE = {"": "baseline_rate", "binary": "baseline_rate", "frequency": "baseline_frequency"}
# Headers of what is known and not kept, so that nothing takes it for something else.
_ASIDE = {
    "a confidence limit": r"\b(?:confidence|ci|standard error|p value|interval)\b",
    "a relative change": r"\brelative\b|\bpercent(?:age)? (?:change|difference)\b"
    r"|^(?!.*points).*\b(?:change|difference)\b.* percent$",
    "a rate of all offenders": r"\bper (?:offender|1?0?0? ?offenders|hundred offenders)\b",
    "a comparison": r"\b(?:previous|rank|since|last (?:year|quarter))\b",
    "not used": r"\bmatched\b|^(?:owner|parent|parent (?:organisation|company)|lead (?:provider|organisation)|region"
    r"|notes?|comments?|code|id|ref|(?:crc|cpa|provider|area) (?:code|number|no|id|ref))$",
}
_COMPARES = re.compile(r"\b(?:change|difference|compar\w+|since|from|against|versus|vs|between)\b")
# Words of a title that says what its table holds, and no more.
_TITLE = re.compile(
    r"[a-z]|\d{1,2}|tables?|annex|data|interim|final|proven|reoffending|results?|of|the|for|by|and|in|crcs?|nps"
    r"|national|probation|service|community|rehabilitation|compan(?:y|ies)|providers?|divisions?|cohorts?"
    r"|offenders?|adult|quarter(?:ly)?|annual|year|payment|pbr|binary|frequency|rates?|measures?|england|wales"
    r"|baselines?|2011|thresholds?|f15|all|each|number"
)


class Key(NamedTuple):
    """What a column holds, and of which cohort where its header says so; ``aside`` is known and not kept."""

    column: str
    cohort: Cohort | None = None
    why: str = ""


@dataclass(frozen=True, eq=False)
class Layout:
    """One kind of official table: its tidy table, and what must be true of its numbers."""

    family: str  # name of its tidy table
    key: tuple[str, ...]  # columns that together name a row, but for the release
    about: tuple[str, ...]  # others that say what it is about
    columns: Mapping[str, Unit]  # its numbers and tests

    @property
    def types(self) -> dict[str, str]:
        """Type of each column of the tidy table, in its order."""
        kinds = {"count": "Int64", "test": "str"}
        return {
            **{"release": "str", "file": "str", "sheet": "str", "row": "Int64"},
            **dict.fromkeys((*self.key, *self.about), "str"),
            **{column: kinds.get(unit, "float64") for column, unit in self.columns.items()},
            **dict.fromkeys(LISTS, "str"),
        }


RESULTS = Layout(
    "crc_results",
    ("cohort", "provider", "stage"),
    ("cohort_type", "provider_type"),
    {
        **dict.fromkeys(("eligible", *COUNTS), "count"),
        **{"binary_rate": "percent", "frequency_rate": "average"},
        **dict.fromkeys(("ogrs", "adjusted_rate", "baseline_rate", "baseline_ogrs"), "percent"),
        **{"baseline_frequency": "average", "difference": "points", "frequency_difference": "change"},
        **{"significance": "test", "frequency_significance": "test"},
    },
)
"""Interim and final results of payment by results: a row a provider and cohort."""

BASELINES = Layout(
    "crc_baselines",
    ("provider",),
    ("provider_type", "baseline_year"),
    {
        **dict.fromkeys(COUNTS, "count"),
        "binary_rate": "percent",
        "frequency_rate": "average",
        "ogrs": "percent",
    },
)
"""The 2011 baselines of payment by results (F15.05): a row a provider. The thresholds around them are set aside."""

LAYOUTS = {layout.family: layout for layout in (BASELINES, RESULTS)}

BASELINE_OF = {
    **{column: f"baseline_{column}" for column in COUNTS},
    **{"binary_rate": "baseline_rate", "frequency_rate": "baseline_frequency", "ogrs": "baseline_ogrs"},
}
"""What the columns of the table of baselines are called beside results."""

UNITS: Mapping[str, Unit] = {**RESULTS.columns, **{f"baseline_{column}": "count" for column in COUNTS}}
"""What each column that a header can name holds."""

RANGES: Mapping[str, tuple[float, float]] = {"percent": (10, 90), "average": (1, 10)}
"""Where rates of a provider lie: no percentage can be taken for a number of reoffences per reoffender."""

RATIOS = (
    ("binary_rate", "reoffenders", "offenders", 100),
    ("frequency_rate", "reoffences", "reoffenders", 1),
)
"""Rates that the counts beside them give: column, numerator, denominator, scale."""

DIFFERENCES = (
    ("difference", "adjusted_rate", "baseline_rate"),
    ("frequency_difference", "frequency_rate", "baseline_frequency"),
)
"""Differences: column, minuend, subtrahend."""

RISING = (
    (("reoffenders", "offenders", "eligible"), "reoffenders, offenders and eligible offenders must not fall"),
    (("reoffenders", "reoffences"), "fewer reoffences than reoffenders"),
)
"""Columns that must not fall, and what is wrong otherwise."""


def normalise(cell: object) -> str:
    """Return a header or a title in small letters, without footnote marks and punctuation.

    Examples
    --------
    >>> normalise("Proportion of offenders who Re-offend (%)[note 1]")
    'proportion of reoffender percent'
    """
    text = without_notes(plain_text(cell))[:300].lower()
    text = re.sub(r"\((?:note )?\d{1,2}\)|\[[^\]]{1,12}\]|[\u00b9\u00b2\u00b3\u2070-\u2079]", " ", text)
    text = text.replace("&", " and ").replace("%", " percent ").replace("per cent", "percent")
    text = " ".join(re.findall(r"[a-z]+|\d+", text))
    for phrase, word in _PHRASES:
        text = re.sub(phrase, word, text)
    return text


@lru_cache(maxsize=8192)
def meaning(printed: str) -> Key | None:
    """Return what a header names: a column, and the cohort where it says it; None if any word of it is not known."""
    cohorts, rest = scan_cohorts(printed)
    text = normalise(rest)
    if (cohorts or "period" in text) and (len(cohorts) != 1 or _COMPARES.search(text)):
        return Key("cohort") if text == "cohort period" else Key("aside", None, "a comparison")
    for why, form in _ASIDE.items():
        if re.search(form, text):
            return Key("aside", None, why)
    words = frozenset(_WORDS.get(word, word) for word in text.split()) - {""}
    column = _column(words) or (cohorts and _column(words - {"cohort"})) or None
    if column == "threshold":
        return Key("aside", None, "a threshold")
    if column is None or (cohorts and column in ("cohort", "provider", "provider_type")):
        return None
    return Key(column, cohorts[0] if cohorts else None)


def _column(words: frozenset[str]) -> str | None:
    """Return the column whose header has these words: all that it must have, and none that it may not."""
    found = next((column for column, must, may in _HEADERS if must <= words <= may), None)
    if found or "baseline" not in words:
        return found
    rest = words - {"baseline"}
    bare = " ".join(rest - {"rate", "percent", "measure"})
    return _BARE_BASELINE.get(bare) or BASELINE_OF.get(_column(rest) or "")


class Title(NamedTuple):
    """What a text above a table, or the name of its sheet, says of it; nothing if it is not clean and says more."""

    clean: bool = False
    cohort: Cohort | None = None
    names_cohort: bool = False  # whether it calls it the cohort
    stage: str = ""
    baseline: bool = False


@lru_cache(maxsize=4096)
def read_title(text: str) -> Title:
    """Read a text that may be a title; one with a word that no title needs, such as "published", is a note.

    Examples
    --------
    >>> read_title("Table 2: Final results, October to December 2015 cohort").cohort.name
    '2015Q4'
    >>> read_title("Final results will be published in April 2018").stage
    ''
    """
    cohorts, rest = scan_cohorts(text)
    compared = r"\b(?:compared (?:with|to)|against|relative to) (?:the )?2011(?: baselines?)?\b"
    words = re.sub(compared, "2011", normalise(rest)).split()
    if len(text) > 200 or len(cohorts) > 1 or not all(map(_TITLE.fullmatch, words)):
        return Title()
    stages = {"interim", "final"} & set(words)
    names = not {"cohort", "cohorts"}.isdisjoint(words)
    return Title(
        True,
        cohorts[0] if cohorts else None,
        names,
        "".join(stages) if len(stages) == 1 else "",
        "2011" in words,
    )
