"""Which figures are simulated, and the mark that stands wherever they are shown."""

import pandas as pd

SIMULATED = "simulated"  # column and attribute ``origin`` of a frame that a simulation made
MARK = "SIMULATED"  # first word of whatever shows simulated figures: titles, captions, labels


def origin_of(*frames: object) -> str:
    """Return "simulated" if any of some frames or rows is, by its column or its attribute ``origin``, else nothing.

    Examples
    --------
    >>> origin_of(pd.DataFrame({"origin": ["simulated"], "n": [1]})), origin_of(pd.DataFrame({"n": [1]}))
    ('simulated', '')
    """
    return SIMULATED if any(map(_is_simulated, frames)) else ""


def _is_simulated(frame: object) -> bool:
    if not isinstance(frame, pd.DataFrame | pd.Series):
        return getattr(frame, "origin", None) == SIMULATED
    if frame.attrs.get("origin") == SIMULATED:
        return True
    # a series is one row, or one column
    return "origin" in frame and bool((pd.Series(frame["origin"]).astype(str) == SIMULATED).any())


def marked(words: str, origin: str) -> str:
    """Return words with the mark before them, once, where what they name is simulated.

    Examples
    --------
    >>> marked("The panel", "simulated"), marked("The panel", "")
    ('SIMULATED: The panel', 'The panel')
    """
    if origin != SIMULATED or words.startswith(MARK):
        return words
    return f"{MARK}: {words}"
