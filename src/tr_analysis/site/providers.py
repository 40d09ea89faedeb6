"""The 28 providers as the home page shows them: who ran each, how it was rated, where it was, and what finds it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis.data import load
from tr_analysis.digits import to_count
from tr_analysis.order import in_order
from tr_analysis.site.chapter import Chapter

TILES = Path(__file__).parent / "tiles.csv"
"""Where each provider stands on the tile map, its short name there, and the NPS division that shared its area."""
# Published totals of the second round, which name nobody: how many of a kind had a rating.
_TOTALS = {("CRC", "Good"): "F0657", ("CRC", "Requires improvement"): "F0658", ("NPS", "Good"): "F0659"}
_CALLED_OFF = "none"  # an inspection that ended before it was rated


def providers(chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    """Return one row for each provider: owners, ratings, its ``page``, ``tile``, and the ``words`` that find it.

    Words are those of the larger places and councils of its area and, of a CRC, its owner's partners.
    """
    about = [chapter for chapter in chapters if not chapter.is_numbered]
    page = {str(value): chapter.page for chapter in about for value in chapter.parameters.values()}
    ratings, trusts = load("inspection_ratings"), load("probation_trusts")
    covered = trusts.groupby("successor_crc")["trust"].agg(list).to_dict()
    tiles = pd.read_csv(TILES).set_index("provider")
    places = load("places")
    places = pd.concat([places, places.assign(crc=places["crc"].map(tiles["division"]))])
    words = (places.groupby("crc")[["place", "county"]].agg(list)).sum(axis=1).map(dict.fromkeys)
    rows = in_order(load("providers"), "provider").to_dict("records")
    missing = unnamed(ratings)
    return [
        {
            **{str(column): cell for column, cell in row.items()},
            "page": page.get(row["provider"]),
            "owners": _owners(row),
            "ratings": [_rating(ratings, row, number, missing) for number in (1, 2)],
            "tile": tiles.loc[row["provider"]].to_dict(),
            "words": " ".join(_given([*words[row["provider"]], row["owner_partners"]])),
            "covers": covered.get(row["provider"], []),
        }
        for row in rows
    ]


def _given(cells: Iterable[Any]) -> list[str]:
    return [str(cell) for cell in cells if pd.notna(cell)]


def _owners(row: Mapping[Any, Any]) -> list[str]:
    """Return the owners of a provider in turn, the first with what is said of it."""
    note = f" ({row['owner_note']})" if pd.notna(row["owner_note"]) else ""
    return [f"{row['owner']}{note}", *_given([row["later_owner"]])]


def unnamed(ratings: pd.DataFrame) -> pd.Series:
    """Count the ratings of the second round that published totals give and nothing names, by kind and rating."""
    figures = load("published_figures").set_index("figure_id")["value"]
    second = ratings[(ratings["inspection_round"] == 2) & ratings["provider"].notna()]
    named = second.groupby(["provider_type", "overall_rating"]).size()
    totals = pd.Series({key: to_count(figures[figure]) for key, figure in _TOTALS.items()})
    left = totals - named.reindex(totals.index, fill_value=0)
    return left[left > 0]


def second_round(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return, for the CRCs, how many have ``none`` named in the second round, and of them how many were ``rated``, as what."""
    left = unnamed(load("inspection_ratings"))
    left = left[left.index.get_level_values(0) == "CRC"]
    none = sum(row["provider_type"] == "CRC" and row["ratings"][1] == _OPEN for row in rows)
    return {"none": none, "rated": int(left.sum()), "as": " or ".join(left.index.get_level_values(1))}


_OPEN = "not inspected, or not named"


def _rating(ratings: pd.DataFrame, row: Mapping[Any, Any], number: int, missing: pd.Series) -> str:
    """Return how a provider was rated in one round of inspections."""
    here = ratings[(ratings["provider"] == row["provider"]) & (ratings["inspection_round"] == number)]
    if here.empty:
        return _OPEN if row["provider_type"] in missing.index.get_level_values(0) else "not inspected"
    (found,) = here.to_dict("records")
    if pd.isna(found["overall_rating"]):
        return "not rated" if found["rating_evidence"] == _CALLED_OFF else "not known"
    return f"{found['overall_rating']}{' (inferred)' if found['rating_evidence'] == 'derived' else ''}"


def tile_map(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tiles by kind in the order of the map, with ``owner``, a number, and the ``owners`` by that number."""
    owners = list(dict.fromkeys(row["owners"][0] for row in rows if row["provider_type"] == "CRC"))
    owners += [row["owners"][0] for row in rows if row["owners"][0] not in owners][:1]
    placed = sorted(rows, key=lambda row: (row["tile"]["row"], row["tile"]["column"]))
    tiles = [{**row, **row["tile"], "owner": 1 + owners.index(row["owners"][0])} for row in placed]
    kinds = {kind: [tile for tile in tiles if tile["provider_type"] == kind] for kind in ("CRC", "NPS")}
    return {"kinds": kinds, "owners": owners}
