"""The Frictionless Data Package, written from the schemas."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis.data.fields import KINDS, Table
from tr_analysis.files import sha256
from tr_analysis.order import in_order

_TYPES: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "month": {"type": "yearmonth"},
    "date": {"type": "date"},
    "yes or no": {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
}
_LICENCE = {
    "name": "OGL-UK-3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "title": "Open Government Licence v3.0",
}


def descriptor(raw: Path, frames: dict[str, pd.DataFrame], tables: dict[str, Table]) -> bytes:
    """Describe the raw files as a Data Package (version 2).

    Parameters
    ----------
    raw
        Folder of the raw files.
    frames
        The tables as read.
    tables
        Their schemas.

    Returns
    -------
    bytes
        JSON with, per table: fields (type, unit, description, constraints), keys, sources, bytes and SHA-256.
    """
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "transforming-rehabilitation",
        "title": "Published figures on the outcomes of Transforming Rehabilitation",
        "licenses": [_LICENCE],
        "resources": [
            _resource(table, (raw / f"{name}.csv").read_bytes(), frames[name], frames["sources"])
            for name, table in tables.items()
        ],
    }
    return (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()


def _resource(table: Table, content: bytes, frame: pd.DataFrame, sources: pd.DataFrame) -> dict[str, Any]:
    keys = [
        {
            "fields": [column],
            "reference": {"resource": target.split(".")[0], "fields": [target.split(".")[1]]},
        }
        for column, target in table.references.items()
        if table.kind(column) != "sources"  # a list of sources is no single reference
    ]
    return {
        "name": table.name,
        "type": "table",
        "path": f"{table.name}.csv",
        "title": table.schema.title,
        "description": table.schema.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{sha256(content)}",
        "sources": _sources(table, frame, sources),
        "schema": {
            "fields": [_field(table, name) for name in table.schema.columns],
            "missingValues": [""],
            "primaryKey": table.key,
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def _sources(table: Table, frame: pd.DataFrame, sources: pd.DataFrame) -> list[dict[str, str]]:
    """List the sources that a table names, in order."""
    rows = in_order(sources[sources["source_id"].isin(list(citations(table, frame)))], "source_id")
    return [{"name": r["source_id"], "title": r["title"], "path": r["url"]} for r in rows.to_dict("records")]


def citations(table: Table, frame: pd.DataFrame) -> Counter[str]:
    """Count the rows of a table that name each source.

    Parameters
    ----------
    table
        Its schema.
    frame
        Its rows, as read or as cleaned.
    """
    columns = [c for c, target in table.references.items() if target == "sources.source_id"]
    rows = frame[columns].itertuples(index=False)
    return Counter(
        source
        for row in rows
        for source in {id_ for cell in row if isinstance(cell, str) for id_ in cell.split()}
    )


def _field(table: Table, name: str) -> dict[str, Any]:
    column = table.schema.columns[name]
    meta = column.metadata or {}
    kind = meta["kind"]
    form = {} if kind in _TYPES or kind == "string" else {"pattern": KINDS[kind][0]}
    narrower = {k: meta[k] for k in ("minimum", "maximum", "enum", "pattern") if k in meta}
    return {
        "name": name,
        **_TYPES.get(kind, {"type": "string"}),
        **({"unit": meta["unit"]} if meta["unit"] else {}),
        "description": column.description,
        "constraints": {"required": not column.nullable, **form, **narrower},
    }
