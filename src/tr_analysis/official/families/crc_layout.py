"""What a table of providers must have, and what its titles say."""

import re
from collections.abc import Mapping, Sequence

from tr_analysis.official.families.blocks import Block, cell_at
from tr_analysis.official.families.crc_rows import only_named
from tr_analysis.official.families.reading import NotUnderstood, fault, short
from tr_analysis.official.words.cohorts import Cohort
from tr_analysis.official.words.headers import Column, Header, normalise
from tr_analysis.official.words.providers import resolve

OUTCOMES = {"reoffenders", "reoffences", "binary_rate", "frequency_rate", "adjusted_rate"}
_COMPARED = {"adjusted_rate", "baseline_rate", "difference", "significance"}
_COMPARED |= {"baseline_frequency", "frequency_difference", "frequency_significance"}
RESULTS = {
    "baseline_rate": "baseline_frequency",
    "difference": "frequency_difference",
    "significance": "frequency_significance",
}
_BINARY = {"binary_rate", "adjusted_rate", "ogrs", "baseline_ogrs"}
_OF_BINARY = re.compile(r"\b(?:binary|proportion|percent(?:age)?|adjusted|ogrs|pp)\b")
WORDS = {
    "provider": "CRC name",
    "offenders": "Number of offenders in the measurable cohort",
    "reoffenders": "Number of reoffenders",
    "reoffences": "Number of reoffences",
}


def keys(block: Block) -> set[str]:
    """Return the columns that the header of a block names, whatever cohort they are of."""
    return {
        k if isinstance(k, str) else str(k[0]) for k in block.header.places if isinstance(k, (str, tuple))
    }


def by_measure(block: Block, twins: Mapping[str, str] = RESULTS) -> Block:
    """Return a block whose bare "difference", "significance" or "baseline" is of the measure that it stands by.

    Under a header or a title that names the frequency rate and not the binary one, and in the columns that follow
    the frequency rate where the same words stood before, they speak of the frequency rate.

    Parameters
    ----------
    block
        The block.
    twins
        Columns of the binary measure whose header may not say so, and those of the frequency rate that they can be.
    """
    columns, by = [], ""
    measures = [_measure(column, twins) for column in block.header.columns]
    said = [
        kind
        for kind in ("binary", "frequency")
        if re.search(kind, f"{block.sheet} {block.titles[:1]}".lower())
    ]
    alone = "binary" not in measures and ("frequency" in measures or said == ["frequency"])
    again = {id(column) for column in block.header.twice}
    for column, own in zip(block.header.columns, measures, strict=True):
        by = own or by
        name = str(column.key[0] if isinstance(column.key, tuple) else column.key)
        if name in twins and not own and (alone or (by == "frequency" and id(column) in again)):
            rest = column.key[1:] if isinstance(column.key, tuple) else None
            columns.append(column._replace(key=twins[name] if rest is None else (twins[name], *rest)))
        else:
            columns.append(column)
    return block._replace(header=Header(block.header.first, block.header.last, tuple(columns)))


def _measure(column: Column, twins: Mapping[str, str]) -> str:
    """Return ``binary`` or ``frequency`` for a column that says which it is of, else nothing."""
    name = column.key[0] if isinstance(column.key, tuple) else column.key
    if name == "frequency_rate" or name in twins.values():
        return "frequency"
    if name in twins:
        return "binary" if _OF_BINARY.search(normalise(column.printed)) else ""
    return "binary" if name in _BINARY else ""


def provider_place(block: Block) -> int | None:
    """Return the place of the column of providers: by its header, else the one whose cells name them."""
    places = block.header.places
    if isinstance(place := places.get("provider"), int):
        return place
    rows = [row for _, row in block.numbered()]
    taken = set(places.values())
    counts = {
        i: sum(resolve(cell_at(row, i)) is not None for row in rows if isinstance(cell_at(row, i), str))
        for i in range(12)
        if i not in taken
    }
    best = max(counts, key=lambda i: counts[i], default=None)
    if best is not None and counts[best] >= 2:
        return best
    return places.get("area_code")


def refused(block: Block, provider: int | None) -> list[NotUnderstood]:
    """Report a table that is none of providers' results; raise if it is one that lacks its providers."""
    present = keys(block)
    if provider is None and "cohort" not in present and {"eligible", "offenders"} <= present:
        _raise_missing(block, ["provider"])
    why = "a table without providers" if provider is None else "a table of providers without results"
    for number, row in block.numbered():
        if (
            cell := next((c for c in row if isinstance(c, (int, float)) and not isinstance(c, bool)), None)
        ) is not None:
            return [block.note(number, "", cell, why)]
    return []


def essential(block: Block) -> None:
    """Raise if a table lacks a column without which its numbers say nothing, or has one twice."""
    present = keys(block)
    twice = [
        c
        for c in block.header.twice
        if c.key != "cohort" and not (c.key == "provider" and _same_names(block))
    ]
    if twice:
        first = next(c for c in block.header.columns if c.key == twice[0].key)
        rule = f"means the same as column {first.place + 1}, {short(first.printed)!r}; keep one, or say how they differ"
        raise fault(block.file, block.sheet, rule, block.header.last + 1, short(twice[0].printed))
    binary = bool(present & {"offenders", "eligible", "binary_rate"})
    frequency = bool(present & {"reoffences", "frequency_rate"})
    needed: list[str] = []
    if not present & _COMPARED:
        needed = [*(["offenders"] if binary else []), "reoffenders", *(["reoffences"] if frequency else [])]
    elif "eligible" in present:
        needed = ["offenders"]
    if lacking := [c for c in needed if c not in present]:
        _raise_missing(block, lacking)


def _same_names(block: Block) -> bool:
    """Return whether the columns that name providers, such as their codes and their names, name the same ones."""
    places = [c.place for c in block.header.columns if c.key == "provider"]
    named = [[resolve(cell_at(row, i)) for i in places] for _, row in block.numbered()]
    return all(len(set(names)) == 1 for names in named if any(names))


def _raise_missing(block: Block, lacking: Sequence[str]) -> None:
    expected = "; ".join(repr(WORDS[c]) for c in lacking)
    found = ", ".join(repr(short(c.printed, 60)) for c in block.header.columns)
    rule = f"the header lacks a column that means {expected}; found {found}. If the table has it under another name, rename it"
    raise fault(block.file, block.sheet, rule, block.header.last + 1)


def cohort(block: Block) -> Cohort | None:
    """Return the cohort that the titles or the sheet's name say; raise where these contradict each other."""
    title = only_named(block.titles)
    named = only_named([block.sheet])
    if title and named and not (named.first <= title.first and title.last <= named.last):
        rule = f"the title above the table says {title.name}, the name of the sheet {named.name}; correct one of them"
        raise fault(block.file, block.sheet, rule, block.header.first + 1)
    return title or named


def stage_of(block: Block) -> str | None:
    """Return interim or final, as the nearest text that says one of them does."""
    for text in (*block.titles, block.sheet, block.file):
        words = {w for w in ("interim", "final") if re.search(rf"(?<![a-z]){w}(?![a-z])", text.lower())}
        if len(words) == 1:
            return words.pop()
    return None
