"""The layouts of the official tables as data: what their headers mean, and what a table must and must not have."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from tr_analysis.official.parsing import Cohort, parse_provider, plain_text, scan_cohorts, without_notes

Unit = Literal["count", "percent", "points", "average", "test"]
"""What a column holds: whole numbers, percentages, percentage points, other numbers, results of tests."""

LISTS = ("suppressed", "not_applicable")
"""Columns that list others: an empty cell of theirs says that there is none, not that it is unknown."""

COUNTS = ("offenders", "reoffenders", "reoffences")
# Words of normalised headers; others stand for themselves. A rule below names some: all must be there, and none that
# has an exclamation mark.
_WORDS = {
    "kind": r"\b(?:type|kind)\b",
    "whose": r"\b(?:provider|organisation|service)\b",
    "code": r"\b(?:code|number|no|id|ref|reference)\b",
    "area": r"\b(?:cpa|contract package area|crc|area|provider)\b",
    "people": r"offen|cohort",
    "provider": r"\b(?:crcs?|nps|community rehabilitation compan(?:y|ies)|providers?|contract package areas?|cpa"
    r"|divisions?|national probation service|probation area)\b|^(?:area|name|region|organisation)$",
    "measured": r"\b(?:number|no|count|total|size|offenders?|reoffend\w*|reoffen[cd]\w*|rate|percent\w*|average|score"
    r"|baseline|cohort|proportion|difference|binary|frequency|owner|parent|company group|lead|significan\w*|adjusted"
    r"|ogrs|change|result|threshold)\b",
    "period": r"^(?=.*[a-z])(?:(?:the|offender|cohort|quarter|period|entry|calendar|reporting|date|year|quarterly|annual"
    r"|three|3|12|months?|of|name|start|and|commencing|ending|in|ended)\b ?)+$",
    "per_offender": r"\bper (?:offender|100 offenders|(?:one )?hundred offenders)\b",
    "limit": r"\b(?:confidence|limits?|bounds?|thresholds?|interval|trigger|target)\b",
    "lower": r"\b(?:lower|min(?:imum)?|reduc\w*|payment|reward|below|bottom|improve\w*)\b",
    "upper": r"\b(?:upper|max(?:imum)?|increas\w*|deduct\w*|penalty|above|top|worse\w*)\b",
    "past": r"\b(?:rank|previous)\b",
    "frequency": r"\b(?:frequency|reoffences? (?:committed )?per reoffender|(?:average|mean) number of reoffences?)\b",
    "test": r"\bsignifican|\b(?:statistical test|sig|signif)\b|\bpayment\b.*\bdeduction\b"
    r"|^(?:pbr |payment )?(?:outcome|result)$",
    "change": r"\b(?:differences?|changes?|variance|reduction|increase|decrease|improvement|movement|minus|vs|versus)\b"
    r"|^(?!.*\b(?:proportion|rate|adjusted)\b).*\b(?:compar(?:ed|ison) (?:to|with)|percentage points?|pp)\b",
    "of_another": r"\b(?:size|volume|number of (?:offenders|reoffenders|reoffences)(?! per)|eligible|measurable)\b",
    "since": r"\b(?:from|since|compared|comparison|relative|against|than|between|vs|versus)\b",
    "adjusted": r"^(?!.*\b(?:un ?adjusted|not adjusted|non adjusted|before adjustment|observed|actual|raw)\b)"
    r".*\b(?:adjusted|adj|standardised)\b",
    "towards": r"\badj\w* (?:\w+ ){0,8}?(?:(?:to|for|against|with|from|relative to|using|by) (?:the |a )?"
    r"(?:2011|baseline)|comparison with (?:the )?(?:2011|baseline))\b",
    "ogrs": r"\bogrs\b|\boffender group reconviction\b",
    "expected": r"\b(?:predicted|expected)\b",
    "baseline": r"\bbaselines?\b|\b2011\b",
    "rate": r"\b(?:proportion|binary|percent(?:age)?|rate|reoffending)\b",
    "bare": r"^(?:(?:observed|actual|un ?adjusted|raw) )?(?:rate|proportion|percentage)(?: percent)?$",
    "size": r"\b(?:number|size)\b",
    "ratio": r"\b(?:average|mean|per|percent|rate)\b",
    "reoffenders": r"\breoffenders?\b|\boffenders? (?:who|that) (?:have )?reoffend(?:ed)?\b",
    "reoffences": r"\breoffences?\b|\bfurther offences\b",
    "cohort_size": r"^(?:(?:the |total )?(?:number of |no of |no |count of )?(?:offenders|people|adults)"
    r"(?: in (?:the )?cohort)?|cohort size|size of (?:the )?cohort|(?:number|total) in (?:the )?cohort"
    r"|offenders number)$",
}
# The first rule that fits a header gives its column; "" is a header of no known meaning, such as reoffences per
# offender, which is another measure than the frequency rate, or one that says both adjusted and baseline.
_NAMES = (
    ("provider_type", "kind whose"),
    ("", "code area people"),
    ("area_code", "code area"),
    ("provider", "provider !measured"),
)
_COUNT = (
    ("", "ratio"),
    ("reoffenders", "reoffenders"),
    ("reoffences", "reoffences"),
    ("", "eligible measurable"),
    ("eligible", "eligible"),
    ("offenders", "measurable"),
    ("offenders", "cohort_size"),
)
_MEASURES = (
    *(("", word) for word in ("per_offender", "limit", "past")),
    ("frequency_significance", "test frequency"),
    ("significance", "test"),
    ("", "change of_another"),
    ("", "change ogrs !rate"),
    ("frequency_difference", "change frequency"),
    ("difference", "change"),
    ("baseline_frequency", "frequency baseline"),
    ("frequency_rate", "frequency"),
    ("adjusted_rate", "adjusted towards"),
    ("adjusted_rate", "adjusted !baseline"),
    ("", "adjusted"),
    ("baseline_ogrs", "ogrs baseline"),
    ("ogrs", "ogrs"),
    ("baseline_ogrs", "expected rate baseline"),
    ("ogrs", "expected rate"),
    ("", "baseline size"),
    ("baseline_rate", "baseline"),
    ("binary_rate", "rate reoffend !number"),
    ("binary_rate", "binary !number !eligible !measurable !matched"),
    ("binary_rate", "bare"),
    *_COUNT,
)
# A header over others that names their measure: the counts below it are counts.
_TIER = re.compile(
    r"(?:binary|frequency)(?: reoffending)? (?:(?:measure|metric|results?|analysis) "
    r"|(?:rate )?(?=(?:the )?(?:number|no|total) )|(?=reoffen[cd]))"
)
_FIRST_MONTH = 2015 * 12 + 9  # of the first cohort under payment by results; earlier periods are baselines
_LENGTHS = {
    "quarter": r"\b(?:quarter(?:ly|s)?|3 months?)\b",
    "year": r"\b(?:annual(?:ly)?|yearly|12 months?)\b",
}

Rules = Sequence[tuple[str, str]]
Band = Cohort | str
"""What rows and columns of a table are of: a cohort of results; ``quarter`` or ``year``, the length of a baseline's."""


class Key(NamedTuple):
    """What a column holds, and of which band where its header says so."""

    column: str
    band: Band | None = None


@dataclass(frozen=True, eq=False)
class Layout:
    """One kind of official table: what it is about, what its headers mean, and what it must and must not have."""

    family: str  # name of its tidy table
    about: tuple[str, ...]  # columns of the tidy table that say what a row is about
    key: tuple[str, ...]  # those that together name a row, but for the release
    columns: Mapping[str, Unit]  # its other columns
    rules: Rules  # what headers mean: column and words; the first that fit
    names: Mapping[str, str]  # columns to look for, as they are printed
    outcomes: Set[str]  # columns of which a table has one, else it is passed over
    # Columns whose header may not say the measure, and those of the frequency rate that they can be.
    twins: Mapping[str, str]
    rising: tuple[tuple[tuple[str, ...], str], ...]  # columns that must not fall, else what is wrong
    marks: Set[str]  # columns by which a sheet is recognised,
    said: str = r"(?!)"  # or words, beside an outcome and without counts of reoffending,
    foreign: str = r"(?!)"  # and words that such a sheet does not have
    ignored: str = r"(?!)"  # words of headers that mean nothing
    # Columns needed beside any of some (or always, if these are none), unless there are others.
    needs: tuple[tuple[str, Set[str], Set[str]], ...] = ()
    of_cohorts: bool = False  # whether rows are of cohorts, which must be said; else of baselines, by length

    @property
    def types(self) -> dict[str, str]:
        """Type of each column of the tidy table, in its order."""
        kinds = {"count": "Int64", "test": "str"}
        return {
            **{"release": "str", "file": "str", "sheet": "str", "row": "Int64"},
            **dict.fromkeys(self.about, "str"),
            **{column: kinds.get(unit, "float64") for column, unit in self.columns.items()},
            **dict.fromkeys(LISTS, "str"),
        }

    def band_of(self, texts: Sequence[object]) -> Band | None:
        """Return the band of the first text that names exactly one."""
        return next((found[0] for text in texts if len(found := self.bands(text)) == 1), None)

    def bands(self, text: object) -> list[Band]:
        """Return the bands that a text names: cohorts of payment by results, or lengths of cohorts."""
        if not self.of_cohorts:
            return [band for band, words in _LENGTHS.items() if re.search(words, plain_text(text).lower())]
        found = [c for c in scan_cohorts(text)[0] if c.last > _FIRST_MONTH]
        return list(dict.fromkeys(c._replace(first=max(c.first, _FIRST_MONTH)) for c in found))


_TWINS = {
    "baseline_rate": "baseline_frequency",
    "difference": "frequency_difference",
    "significance": "frequency_significance",
}
_TESTED = {"adjusted_rate", *_TWINS, *_TWINS.values()}
_COUNTED = (
    (("reoffenders", "offenders"), "more reoffenders than offenders"),
    (("reoffenders", "reoffences"), "fewer reoffences than reoffenders"),
)
_THRESHOLDS = "lower threshold, baseline and upper threshold must rise"
RESULTS = Layout(
    family="crc_results",
    about=("cohort", "cohort_type", "provider", "provider_type", "stage"),
    key=("cohort", "provider", "stage"),
    columns={
        **dict.fromkeys(("eligible", *COUNTS), "count"),
        **{"binary_rate": "percent", "frequency_rate": "average"},
        **dict.fromkeys(("ogrs", "adjusted_rate", "baseline_rate", "baseline_ogrs"), "percent"),
        **{"difference": "points", "significance": "test"},
        **dict.fromkeys(("baseline_frequency", "frequency_difference"), "average"),
        "frequency_significance": "test",
    },
    rules=(*_MEASURES, ("cohort", "period")),
    names={
        "provider": "CRC name",
        "offenders": "Number of offenders in the measurable cohort",
        "reoffenders": "Number of reoffenders",
        "reoffences": "Number of reoffences",
    },
    outcomes={"reoffenders", "reoffences", "binary_rate", "frequency_rate", "adjusted_rate"},
    twins=_TWINS,
    rising=_COUNTED,
    marks={"reoffenders", "reoffences", "adjusted_rate", "eligible"},
    needs=(
        ("offenders", {"binary_rate"}, _TESTED),
        ("offenders", {"eligible"}, set()),
        ("reoffenders", set(), _TESTED),
        ("reoffences", {"frequency_rate"}, _TESTED),
    ),
    of_cohorts=True,
)
"""Interim and final results of payment by results: a row a provider and cohort."""

_LIMITED = ("lower_threshold", "upper_threshold")
_LIMITED_FREQUENCY = ("frequency_lower", "frequency_upper")
BASELINES = Layout(
    family="crc_baselines",
    about=("provider", "baseline_year", "cohort_type"),
    key=("provider", "baseline_year", "cohort_type"),
    columns={
        **dict.fromkeys(COUNTS, "count"),
        **{"binary_rate": "percent", "frequency_rate": "average", "ogrs": "percent"},
        **dict.fromkeys(_LIMITED, "percent"),
        **dict.fromkeys(_LIMITED_FREQUENCY, "average"),
    },
    rules=(
        ("frequency_lower", "limit frequency lower !upper"),
        ("frequency_upper", "limit frequency upper !lower"),
        ("lower_threshold", "limit lower !upper"),
        ("upper_threshold", "limit upper !lower"),
        *_MEASURES,
    ),
    names={"provider": "CRC name", "binary_rate": "2011 baseline rate", "lower_threshold": "Lower threshold"},
    outcomes={*COUNTS, "binary_rate", "frequency_rate", "ogrs", *_LIMITED, *_LIMITED_FREQUENCY},
    twins={"binary_rate": "frequency_rate", **dict(zip(_LIMITED, _LIMITED_FREQUENCY, strict=True))},
    rising=(
        *_COUNTED,
        (("lower_threshold", "binary_rate", "upper_threshold"), _THRESHOLDS),
        (("frequency_lower", "frequency_rate", "frequency_upper"), _THRESHOLDS),
    ),
    marks={*_LIMITED, *_LIMITED_FREQUENCY},
    said="baseline",
    foreign=r"\b(?:adjusted|eligible|difference)\b|\bsignifican",
    ignored=r"\b(?:quarter(?:ly)?|annual(?:ly)?|cohorts? of|the|2011|baselines?|year|calendar)\b",
)
"""The 2011 baselines of payment by results and the thresholds around them (F15.05): a row a provider."""

LAYOUTS = {layout.family: layout for layout in (BASELINES, RESULTS)}
"""By family; the one that has least in common with the others is tried first."""

RATIOS = (
    ("binary rate", "binary_rate", "reoffenders", "offenders", 100),
    ("frequency rate", "frequency_rate", "reoffences", "reoffenders", 1),
)
"""Printed rates that the counts beside them give: measure, column, numerator, denominator, scale."""

DIFFERENCES = (
    ("difference", "difference", "adjusted_rate", "baseline_rate"),
    ("frequency difference", "frequency_difference", "frequency_rate", "baseline_frequency"),
)
"""Printed differences: measure, column, minuend, subtrahend."""


def normalise(cell: object) -> str:
    """Return a header in small letters, without footnote marks, punctuation and variant spellings.

    Examples
    --------
    >>> normalise("Proportion of offenders who Re-offend (%)[note 1]")
    'proportion of offenders who reoffend percent'
    """
    text = without_notes(plain_text(cell))[:300].lower()
    text = re.sub(r"\((?:note )?\d{1,2}\)|\[[^\]]{1,12}\]|[\u00b9\u00b2\u00b3\u2070-\u2079]", " ", text)
    text = text.replace("&", " and ").replace("%", " percent ").replace("per cent", "percent")
    text = re.sub(r"\bre[- ]?(?=offen[cds])", "re", text).replace("offense", "offence")
    text = re.sub(r"ogrs\W*(\d)\W*g?\b", r"ogrs \1 ", text)
    text = re.sub(r"(?<=[a-z]{4})(?<!ogrs)\d{1,2}\b", "", text)  # a raised digit that lost its height
    return " ".join(re.findall(r"[a-z]+|\d+", text))


_HYPHEN = re.compile(r"(?<=[A-Za-z])[-\u2010\u2011]\s*[\r\n]+\s*(?=[a-z])")


@lru_cache(maxsize=4096)
def meaning(layout: Layout, printed: str) -> Key | None:
    """Return what a header of a layout names: a column, and the band where it says it; None if it is not known."""
    named, rest = scan_cohorts(_HYPHEN.sub("", printed))
    if not layout.of_cohorts and any(c.last > _FIRST_MONTH for c in named):
        return None  # a result, not a baseline
    whole = normalise(rest)
    text = re.sub(r"^(?:(?:the|annual|quarterly|year|quarter) )*cohort ", "", whole) if named else whole
    text = " ".join(re.sub(layout.ignored, " ", text).split())
    if text in ("", "percent") and text != whole and _says("baseline", whole):
        text = "rate"
    tier = _TIER.match(text)
    column = (
        _first(_NAMES, text) or (tier and _first(_COUNT, text[tier.end() :])) or _first(layout.rules, text)
    )
    if column == "provider" and (name := parse_provider(text)) and name.kind != "total":
        return None  # a row of a provider, not the header above it
    if column not in layout.columns:
        known = column in ("provider", "provider_type", "area_code") or (column == "cohort" and not named)
        return Key(column) if column and known else None
    bands = layout.bands(printed)
    if (
        bands
        and layout.of_cohorts
        and column in (*layout.twins, *layout.twins.values())
        and _says("since !baseline", text)
    ):
        return None  # the NPS is compared with its first cohort, not with a baseline
    return Key(column, bands[0] if len(bands) == 1 else None)


def _first(rules: Rules, text: str) -> str:
    """Return the column of the first rule that fits a header."""
    return next((column for column, words in rules if _says(words, text)), "")


def _says(words: str, text: str) -> bool:
    """Return whether a text has all of some words, and none of those after an exclamation mark."""
    return all(_has(word.lstrip("!"), text) != word.startswith("!") for word in words.split())


def _has(word: str, text: str) -> bool:
    return bool(re.search(_WORDS.get(word, rf"\b{word}"), text))


def measure_of(layout: Layout, column: str, printed: str) -> str:
    """Return ``binary`` or ``frequency`` for a column that says which measure it is of, else nothing."""
    if column == "frequency_rate" or column in layout.twins.values():
        return "frequency"
    if column in layout.twins:
        said = re.search(r"\b(?:binary|proportion|percent(?:age)?|adjusted|ogrs|pp)\b", normalise(printed))
        return "binary" if said else ""
    return "binary" if column in ("binary_rate", "adjusted_rate", "ogrs", "baseline_ogrs") else ""
