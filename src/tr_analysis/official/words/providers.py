"""Names of providers, however they are printed, to the names of providers.csv."""

import csv
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tr_analysis import paths
from tr_analysis.errors import DataError, Problem, nearest
from tr_analysis.official.words.cells import plain_text, without_notes

ALL = {"CRC": "All CRCs", "NPS": "All NPS", "": "England and Wales"}
_CRC = re.compile(r"\b(?:community rehabilitation compan(?:y|ies)|crcs?)\b")
_NPS = re.compile(r"\b(?:national probation service|nps)\b")
_EMPTY = frozenset(
    re.split(
        " ",
        "and the of ltd limited division divisions region area areas cpa probation provider service name c",
    )
)
_TOTAL = frozenset(
    re.split(" ", "all total totals overall national nationally england wales combined grand both average")
)
_SHORT_NAMES = {  # what the companies call themselves
    "bench": "bedfordshire northamptonshire cambridgeshire hertfordshire",
    "bgsw": "bristol gloucestershire somerset wiltshire",
    "ddc": "dorset devon cornwall",
    "dlnr": "derbyshire leicestershire nottinghamshire rutland",
    "hlny": "humberside lincolnshire north yorkshire",
    "hiow": "hampshire isle wight",
    "iow": "isle wight",
    "kss": "kent surrey sussex",
    "swm": "staffordshire west midlands",
    "wwm": "warwickshire west mercia",
    "n": "north",
    "s": "south",
    "w": "west",
    "e": "east",
}


class Name(NamedTuple):
    """A provider, or a total of several.

    Attributes
    ----------
    provider
        As in providers.csv, or All CRCs, All NPS, England and Wales.
    kind
        ``CRC``, ``NPS`` or ``total``.
    """

    provider: str
    kind: str


class Known(NamedTuple):
    """The providers of providers.csv, ready to be found."""

    by_words: Mapping[tuple[str, frozenset[str]], str]
    by_code: Mapping[str, str]
    names: tuple[str, ...]


def known() -> Known:
    """Read the providers of providers.csv.

    Raises
    ------
    DataError
        If the file is missing or lacks its columns.
    """
    path = paths.raw() / "providers.csv"
    try:
        return _known(path.read_text(encoding="utf-8"))
    except (OSError, KeyError) as error:
        rule = "needed to name the providers of the official tables; it lists provider, provider_type and area_code"
        raise DataError([Problem(path.name, rule)]) from error


@cache
def _known(text: str) -> Known:
    rows = list(csv.DictReader(text.splitlines()))
    return Known(
        {(row["provider_type"], _words(row["provider"])): row["provider"] for row in rows},
        {row["area_code"].lower(): row["provider"] for row in rows if row["area_code"]},
        tuple(row["provider"] for row in rows),
    )


def _words(text: str) -> frozenset[str]:
    """Return the words that name an area; ``&``, commas, the kind of provider and its legal form do not."""
    line = _NPS.sub(" ", _CRC.sub(" ", text.lower().replace("&", " and ")))
    words = re.findall(r"[a-z]+", line)
    full = " ".join(_SHORT_NAMES.get(word, word) for word in words)
    return frozenset(full.split()) - _EMPTY


def kind_in(*texts: object) -> str:
    """Return ``CRC`` or ``NPS`` where texts name one of the two alone, else nothing."""
    line = " ".join(plain_text(text).lower() for text in texts)
    crc, nps = bool(_CRC.search(line)), bool(_NPS.search(line))
    return "" if crc == nps else "CRC" if crc else "NPS"


def resolve(cell: object, kind: str = "") -> Name | None:
    """Find the provider that a cell names.

    Parameters
    ----------
    cell
        Such as ``Dorset, Devon & Cornwall CRC(1)``, ``C19``, ``London`` or ``All CRCs``.
    kind
        ``CRC`` or ``NPS`` where the table around the cell says which; London and Wales are both.

    Returns
    -------
    Name or None
        None where it names none. London and Wales are the CRCs' unless the cell or ``kind`` says otherwise.
    """
    text = without_notes(plain_text(cell)).strip("*†‡#^ ").lower()
    if len(text) > 120 or not any(c.isalpha() for c in text):  # a bare number is no code either
        return None
    own = kind_in(text)
    table = known()
    code = re.fullmatch(r"(?:cpa\s*)?(c?\d{1,2})", text)
    if code and (named := table.by_code.get(f"c{int(code[1].strip('c')):02d}")):
        return Name(named, "CRC") if code[1].startswith("c") or text.startswith("cpa") else None
    words = _words(re.sub(r"(?<=[a-z])\d{1,2}$", "", text))
    for one in [own] if own else sorted(("CRC", "NPS"), key=lambda k: k != kind):
        if provider := table.by_words.get((one, words)):
            return Name(provider, one)
    return _total(words, own, kind, text)


def _total(words: frozenset[str], own: str, kind: str, text: str) -> Name | None:
    """Return the total that a cell names, if it does."""
    bare = words - {"companies", "divisions"}
    if not bare and own and re.search(r"crcs|companies", text):
        return Name(ALL[own], "total")
    if not bare and own == "NPS":
        return Name(ALL["NPS"], "total")
    if not bare or not bare <= _TOTAL:
        return None
    both = bool(_CRC.search(text) and _NPS.search(text))
    whole = not own and {"england", "wales"} <= bare
    return Name(ALL["" if both or whole else own or kind], "total")


def guess(cell: object) -> str:
    """Return ``"; did you mean X?"`` with the provider whose name is nearest, or nothing."""
    text = _NPS.sub("NPS", _CRC.sub("", without_notes(plain_text(cell)).lower().replace("&", " and ")))
    return nearest(text[:120].strip(), known().names)
