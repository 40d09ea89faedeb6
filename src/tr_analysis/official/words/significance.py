"""Statistical tests as printed, in the three words the study has for them."""

import re

from tr_analysis.official.words.cells import plain_text, without_notes

REDUCTION, INCREASE, NONE = "significant reduction", "significant increase", "not significant"
_NO = re.compile(
    r"\b(?:no|not|non|none|n|ns|insignificant|false)\b|^(?:no significant.*|not? sig.*)$|\bno change\b|\bsame\b|\bunchanged\b|\bsimilar\b"
)
_DOWN = re.compile(
    r"\b(?:reduc\w*|decreas\w*|lower|better|improv\w*|down|fall|fell|below|payment|win|negative)\b|[↓▼]"
)
_UP = re.compile(r"\b(?:increas\w*|higher|worse\w*|up|rise|rose|above|deduct\w*|loss|positive)\b|[↑▲]")
_YES = re.compile(r"\b(?:yes|y|true|sig|significant|significantly)\b")
_BLANK = {"", "..", "...", "[x]", "[z]", "n/a", "-", "*", "~", "[c]", "not applicable", "not available"}


def judge(cell: object, difference: float | None) -> tuple[str | None, str]:
    """Read one statistical test.

    Parameters
    ----------
    cell
        Such as ``Yes``, ``No``, ``Significant reduction``, ``Not significant``, True.
    difference
        Rate less baseline: it says which way a bare yes points.

    Returns
    -------
    tuple
        The judgement, or None; and why there is none, which is empty for an empty cell.
    """
    text = without_notes(plain_text(cell)).lower()
    if text in _BLANK:
        return None, ""
    if _NO.search(text):
        return NONE, ""
    down, up = bool(_DOWN.search(text)), bool(_UP.search(text))
    if down and up:
        return None, "says both reduction and increase"
    if down or up:
        return (REDUCTION if down else INCREASE), ""
    if not _YES.search(text):
        return None, "no result of a statistical test"
    if not difference:
        return None, "significant, but no difference says in which direction"
    return (REDUCTION if difference < 0 else INCREASE), ""
