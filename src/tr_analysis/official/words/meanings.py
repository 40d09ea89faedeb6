"""What the headers of reoffending tables mean: one set of words for the columns that several families share."""

import re

# Columns of counts and rates that the tables of providers and of cohorts share.
COUNTS = ("eligible", "offenders", "reoffenders", "reoffences")
PERCENTS = ("binary_rate", "ogrs", "adjusted_rate", "baseline_rate", "baseline_ogrs", "difference")
AVERAGES = ("frequency_rate", "baseline_frequency", "frequency_difference")
JUDGEMENTS = ("significance", "frequency_significance")

_FREQUENCY = re.compile(
    r"\bfrequency\b|\breoffences? (?:committed )?per reoffender\b|\baverage number of reoffences?\b|\bmean number of reoffences?\b"
)
_PER_OFFENDER = re.compile(r"\bper offender\b|\bper 100 offenders\b|\bper (?:one )?hundred offenders\b")
_OGRS = re.compile(r"\bogrs\b|\boffender group reconviction\b")
_SIGNIFICANCE = re.compile(
    r"\bsignifican|\bstatistical test\b|\bsig\b|\bsignif\b|\bpayment\b.*\bdeduction\b|^(?:pbr |payment )?(?:outcome|result)$"
)
_DIFFERENCE = re.compile(
    r"\bdifferences?\b|\bchanges?\b|\bvariance\b|\breduction or increase\b|\bincrease or reduction\b"
    r"|\b(?:reduction|increase|decrease|improvement|movement)\b|\bpercentage points?\b|\bpp\b|\bcompar(?:ed|ison) (?:to|with)\b|\bvs\b|\bversus\b"
    r"|\bminus\b"
)
# A change of something else than the rate, or from something else than the baseline.
_OTHER_CHANGE = re.compile(
    r"\bsize\b|\bvolume\b|\bnumber of (?:offenders|reoffenders|reoffences)(?! per)|\beligible\b|\bmeasurable\b"
)
_ADJUSTED = re.compile(r"\badjusted\b|\badj\b|\bstandardised\b")
_NOT_ADJUSTED = re.compile(
    r"\b(?:un ?adjusted|not adjusted|non adjusted|before adjustment|observed|actual|raw)\b"
)
_BASELINE = re.compile(r"\bbaselines?\b|\b2011\b")
_TOWARDS_BASELINE = re.compile(
    r"\badj\w* (?:\w+ ){0,8}?(?:to|for|against|with|from|relative to|using|by) (?:the |a )?(?:2011 |baseline )"
    r"|\badj\w* (?:\w+ ){0,8}?comparison with (?:the )?(?:2011|baseline)"
)
# A header over others that names their measure: the counts below it are counts.
_TIER = re.compile(
    r"(?:binary|frequency)(?: reoffending)? (?:(?:measure|metric|results?|analysis) |(?:rate )?(?=(?:the )?(?:number|no|total) )|(?=reoffen[cd]))"
)
_RATE = re.compile(r"\bproportion\b|\bbinary\b|\bpercent(?:age)?\b|\brate\b|\breoffending\b")
_REOFFENDERS = re.compile(r"\breoffenders?\b|\boffenders? (?:who|that) (?:have )?reoffend(?:ed)?\b")
_REOFFENCES = re.compile(r"\breoffences?\b|\bfurther offences\b")
_COHORT_ONLY = re.compile(
    r"(?:the |offender )?(?:cohort|quarter|period|entry|calendar|reporting|date|year|quarterly|annual|3 month|three month|month|months|of|name|start|and|commencing|ending|in|12|ended|12 month)+"
)
_COUNT_WORDS = re.compile(
    r"\b(?:number|no|count|total|size|offenders?|reoffend\w*|reoffen[cd]\w*|rate|percent\w*|average|score|baseline|cohort|proportion|difference|binary|frequency|owner|parent|company group|lead|significan\w*|adjusted|ogrs|change|result|threshold)\b"
)
_PROVIDER = re.compile(
    r"\bcrcs?\b|\bnps\b|\bcommunity rehabilitation compan(?:y|ies)\b|\bproviders?\b|\bcontract package areas?\b|\bcpa\b|\bdivisions?\b|\bnational probation service\b|\bprobation area\b|^area$|^name$|^region$|^organisation$"
)


def provider_column(text: str) -> str | None:
    """Tell the column that names the provider, its type or its code from one another.

    Parameters
    ----------
    text
        A normalised header.
    """
    if re.search(r"\b(?:type|kind)\b", text) and re.search(r"\b(?:provider|organisation|service)\b", text):
        return "provider_type"
    if re.search(r"\b(?:code|number|no|id|ref|reference)\b", text) and re.search(
        r"\bcpa\b|\bcontract package area\b|\bcrc\b|\barea\b|\bprovider\b", text
    ):
        return None if re.search(r"offen|cohort", text) else "area_code"
    bare = re.sub(r"\b(?:company group)\b", "", text)
    return "provider" if _PROVIDER.search(bare) and not _COUNT_WORDS.search(bare) else None


def cohort_column(text: str) -> str | None:
    """Return ``cohort`` for a header that names a period of entry and nothing else."""
    words = text.replace("offender ", "")
    return (
        "cohort"
        if words and all(_COHORT_ONLY.fullmatch(word) for word in words.split()) and not words.isdigit()
        else None
    )


def measure(text: str) -> str | None:
    """Return the column of counts, rates and comparisons that a normalised header names.

    Parameters
    ----------
    text
        Such as ``adjusted proportion of offenders who reoffend percent``.

    Returns
    -------
    str or None
        None for a header of no known meaning, among them reoffences per offender, which is another measure than
        the frequency rate, and a header that says both adjusted and baseline without saying which is which.

    Notes
    -----
    A header is decided by its most specific word: a test, then a comparison, then the frequency measure, the
    score, the adjustment, the baseline, the rate, and the bare counts last.
    """
    if (tier := _TIER.match(text)) and (count := _count(text[tier.end() :])):
        return count
    frequency = bool(_FREQUENCY.search(text))
    if _PER_OFFENDER.search(text) or re.search(
        r"\bconfidence\b|\blimits?\b|\bbounds?\b|\bthresholds?\b|\brank\b|\bprevious\b", text
    ):
        return None
    if _SIGNIFICANCE.search(text):
        return "frequency_significance" if frequency else "significance"
    if _difference(text):
        if _OTHER_CHANGE.search(text) or (_OGRS.search(text) and not _RATE.search(text)):
            return None
        return "frequency_difference" if frequency else "difference"
    if frequency:
        return "baseline_frequency" if _BASELINE.search(text) else "frequency_rate"
    return _rate(text) or _count(text)


def _difference(text: str) -> bool:
    """Return whether a header names a comparison; "adjusted ... compared with the baseline" is an adjusted rate."""
    if not _DIFFERENCE.search(text):
        return False
    weak = re.search(r"\bcompar(?:ed|ison) (?:to|with)\b|\bpercentage points?\b|\bpp\b", text)
    strong = re.search(
        r"\bdifferences?\b|\bchanges?\b|\bvariance\b|\breduction\b|\bincrease\b|\bdecrease\b|\bimprovement\b|\bmovement\b|\bminus\b|\bvs\b|\bversus\b",
        text,
    )
    return bool(strong) or bool(weak and not re.search(r"\bproportion\b|\brate\b|\badjusted\b", text))


def _rate(text: str) -> str | None:
    """Tell scores and rates of the binary measure from one another."""
    adjusted = bool(_ADJUSTED.search(text)) and not _NOT_ADJUSTED.search(text)
    baseline = bool(_BASELINE.search(text))
    if adjusted:
        return "adjusted_rate" if not baseline or _TOWARDS_BASELINE.search(text + " ") else None
    if _OGRS.search(text):
        return "baseline_ogrs" if baseline else "ogrs"
    if re.search(r"\b(?:predicted|expected)\b", text) and _RATE.search(text):
        return "baseline_ogrs" if baseline else "ogrs"
    if baseline:
        return None if re.search(r"\bnumber\b|\bsize\b", text) else "baseline_rate"
    if re.search(r"\beligible\b|\bmeasurable\b|\bmatched\b", text) and "reoffend" not in text:
        return None
    bare = re.fullmatch(
        r"(?:(?:observed|actual|un ?adjusted|raw) )?(?:rate|proportion|percentage)(?: percent)?", text
    )
    known = re.search(r"\bbinary\b", text) or (_RATE.search(text) and re.search(r"\breoffend", text))
    return "binary_rate" if (known and not re.search(r"\bnumber\b", text)) or bare else None


def _count(text: str) -> str | None:
    """Tell the counts from one another."""
    if re.search(r"\baverage\b|\bmean\b|\bper\b|\bpercent\b|\brate\b", text):
        return None
    if _REOFFENDERS.search(text):
        return "reoffenders"
    if _REOFFENCES.search(text):
        return "reoffences"
    if re.search(r"\beligible\b", text):
        return None if re.search(r"\bmeasurable\b", text) else "eligible"
    if re.search(r"\bmeasurable\b", text):
        return "offenders"
    known = re.fullmatch(
        r"(?:the |total )?(?:number of |no of |no |count of )?(?:offenders|people|adults)(?: in (?:the )?cohort)?|cohort size|size of (?:the )?cohort|(?:number|total) in (?:the )?cohort|offenders number",
        text,
    )
    return "offenders" if known else None
