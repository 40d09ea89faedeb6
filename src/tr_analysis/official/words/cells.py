"""One cell to a value: a number, or the reason why there is none."""

import math
import re
import unicodedata
from typing import Literal, NamedTuple

State = Literal["value", "missing", "suppressed", "not applicable", "not a number"]


class Number(NamedTuple):
    """A cell that should hold a number.

    Attributes
    ----------
    value
        The number as printed: ``45.4%`` is 45.4. None unless the state is ``value``.
    state
        ``value``; ``missing`` (empty, ``..``, ``[x]``, ``-``); ``suppressed`` (``*``, ``~``, ``[c]``);
        ``not applicable`` (``[z]``); ``not a number`` (anything else, which a reader must report).
    printed
        The cell as text.
    places
        Decimals printed; None unless there is a value. A cell of a spreadsheet that holds 45.0 shows none.
    percent
        Whether a percent sign is printed.
    mark
        What is printed after the number and is no footnote, such as ``*``.
    """

    value: float | None
    state: State
    printed: str
    places: int | None = None
    percent: bool = False
    mark: str = ""


_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u200a\u202f\u2002\u2003\u2006\t\r\n\x0b\x0c"), " ")
_NOTHING = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")
_TRANSLATION = _SPACES | _NOTHING | _DASHES
_SUPERSCRIPTS = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079"
# What the Government Statistical Service and the Ministry print in place of a number.
_STATES: dict[str, State] = {
    **dict.fromkeys(["*", "**", "~", "[c]", "(c)", "c", "suppressed", "[suppressed]", "s"], "suppressed"),
    **dict.fromkeys(["[z]", "(z)", "z", ".", "n/a", "na", "not applicable"], "not applicable"),
    **dict.fromkeys(
        ["", "..", "...", "…", "[x]", "(x)", "x", "-", "--", ":", "not available", "[w]", "missing"],
        "missing",
    ),
}
_FEW = re.compile(r"(?:<|<=|≤|fewer than|less than|under)\s*\d{1,2}|\d{1,2} or (?:fewer|less)")
_NOTE = re.compile(
    rf"\s*(?:\[(?:note\s*)?[\w, ]{{1,12}}\]|\((?:note\s*)?\d{{1,2}}(?:\s*,\s*\d{{1,2}})*\)|\([rpe]\)|[{_SUPERSCRIPTS}]+)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?P<sign>[-+]?)\s*(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d{1,15})?(?P<decimals>\.\d{1,17})?"
    r"(?P<power>[eE][-+]?\d{1,2})?\s*(?P<unit>%|pp|ppts?|percent|per cent|percentage points?|points?)?\s*(?P<mark>[*†‡#^~]{0,3})",
    re.IGNORECASE,
)
_LONGEST = 80  # characters of a number with its footnotes
_WORDY = 300  # characters of a name or a header; what is longer is prose


def plain_text(cell: object) -> str:
    """Return a cell as one line: every kind of space as one, every dash as ``-``, nothing around it."""
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else str(cell)
    return " ".join(text.translate(_TRANSLATION).split())


def without_notes(text: str) -> str:
    """Take footnote marks off the end: ``(1)``, ``[note 2]``, ``[r]``, raised digits."""
    if len(text) > _WORDY:
        return text
    while (cut := _NOTE.sub("", text).rstrip()) != text and cut:
        text = cut
    return text


def parse_number(cell: object) -> Number:
    """Read a cell that should hold a number.

    Parameters
    ----------
    cell
        As `grid.read_sheets` gives it.

    Returns
    -------
    Number
        Thousands may be set apart by commas or spaces. A dash is *missing*, never zero: whether it stands for
        nil is said, if at all, in a note. A number with a decimal comma is not one.

    Examples
    --------
    >>> parse_number("4 240 [note 2]").value
    4240.0
    >>> parse_number("45.4%")[:2], parse_number("*").state
    ((45.4, 'value'), 'suppressed')
    """
    if isinstance(cell, bool) or not (cell is None or isinstance(cell, (int, float, str))):
        return Number(None, "not a number", plain_text(cell))
    if isinstance(cell, (int, float)):
        return _stored(cell)
    text = plain_text(cell).removeprefix("'").strip()
    if text.lower() in _STATES:
        return Number(None, _STATES[text.lower()], text)
    if len(text) > _LONGEST:
        return Number(None, "not a number", text)
    bare = without_notes(text)
    if bare.lower() in _STATES:
        return Number(None, _STATES[bare.lower()], text)
    if _FEW.fullmatch(bare.lower()):
        return Number(None, "suppressed", text)
    return _printed(bare, text)


def _stored(cell: float) -> Number:
    """Read a number of a spreadsheet; twelve digits, so that the noise of binary fractions is not printed."""
    try:
        value = float(cell)
    except OverflowError:
        return Number(None, "not a number", "a whole number too large for any count")
    if not math.isfinite(value) or abs(value) >= 1e15:
        return Number(None, "not a number", str(value))
    shown = f"{value:.12g}"
    if "e" in shown:
        shown = f"{value:.15f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.0f}"
    return Number(float(shown) + 0.0, "value", shown, len(shown.partition(".")[2]))


def _printed(bare: str, text: str) -> Number:
    """Read a number printed as text."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", bare))
    if not found or not (found["whole"] or found["decimals"]):
        return Number(None, "not a number", text)
    digits = (found["whole"] or "0").replace(",", "").replace(" ", "")
    value = float(found["sign"] + digits + (found["decimals"] or "") + (found["power"] or ""))
    if not math.isfinite(value) or abs(value) >= 1e15:
        return Number(None, "not a number", text)
    places = len((found["decimals"] or ".")[1:])
    if found["power"]:
        places = max(places - int(found["power"][1:]), 0)
    return Number(value + 0.0, "value", text, places, found["unit"] == "%", found["mark"])
