"""Whose total a row is that says no more than "Total"."""

from collections.abc import Sequence

from tr_analysis.official.families.blocks import Block
from tr_analysis.official.families.crc_rows import Found
from tr_analysis.official.words.cells import plain_text
from tr_analysis.official.words.providers import ALL, Name, kind_in


def totals(block: Block, found: Sequence[Found]) -> list[Found]:
    """Name each bare total: after the one kind of providers in its table, else after those it stands under.

    Parameters
    ----------
    block
        The table.
    found
        Its rows.

    Returns
    -------
    list of Found
        A bare total of a table of both kinds, in which the total of the kind it stands under has a row of its own,
        is that of England and Wales.
    """
    kinds = {f.name.kind for f in found if f.name.kind != "total"}
    said = {(f.name.provider, f.cohort) for f in found if f.name.kind == "total" and not _bare(block, f)}
    out = []
    for f in found:
        if f.name.kind == "total" and _bare(block, f):
            if len(kinds) == 1:
                f = f._replace(name=Name(ALL[next(iter(kinds))], "total"))
            elif (f.name.provider, f.cohort) in said:
                f = f._replace(name=Name(ALL[""], "total"))
        out.append(f)
    return out


def _bare(block: Block, found: Found) -> bool:
    """Return whether the row of a total does not say of what."""
    printed = " ".join(
        plain_text(c).lower() for c in block.rows[found.number - block.first] if isinstance(c, str)
    )
    return not kind_in(printed) and "england" not in printed and "crcs and" not in printed
