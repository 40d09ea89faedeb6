"""The Frictionless Data Package and the data dictionary, both written from the schemas."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis.data.clean import ADDED
from tr_analysis.data.fields import KINDS, Table
from tr_analysis.files import sha256

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
_PREFACE = [
    "# Data dictionary",
    "",
    "Written by `tr-analysis data describe` from the schemas; do not edit. An empty cell is an unknown: nothing is "
    "filled in. Every figure names its source, to be found in `sources.csv`. The analysis tables have the same names "
    "and columns, periods as real periods, and what is said to be added; `reconciliation` is one of them that has no "
    "raw file: every comparison of published figures with each other.",
    "",
    "Abbreviations: CRC, Community Rehabilitation Company; NPS, National Probation Service; HMIP, HM Inspectorate of "
    "Probation; HMPPS, HM Prison and Probation Service; MoJ, Ministry of Justice; NAO, National Audit Office; PAC, "
    "Public Accounts Committee; PRT, Prison Reform Trust; GtD, Get The Data; OMSQ, Offender management statistics "
    "quarterly; PRSQ, Proven reoffending statistics quarterly; OGRS, Offender Group Reconviction Scale; PbR, payment "
    "by results; TR, Transforming Rehabilitation; ORA, Offender Rehabilitation Act 2014; PSS, post-sentence "
    "supervision; CO and SSO, community order and suspended sentence order; SFO, serious further offence; FTE, "
    "full-time equivalent; RI, requires improvement.",
    "",
]


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
    columns = [c for c, target in table.references.items() if target == "sources.source_id"]
    named = {part for c in columns for cell in frame[c].dropna() for part in cell.split()}
    rows = sources[sources["source_id"].isin(named)].sort_values("source_id")
    return [{"name": r["source_id"], "title": r["title"], "path": r["url"]} for r in rows.to_dict("records")]


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


def dictionary(frames: dict[str, pd.DataFrame], tables: dict[str, Table]) -> bytes:
    """Write the data dictionary: every table and column in words, as Markdown."""
    contents = [
        f"- [{t.schema.title}](#{name}): `{name}.csv`, {len(frames[name])} rows" for name, t in tables.items()
    ]
    sections = [line for name, table in tables.items() for line in _section(table, len(frames[name]))]
    return ("\n".join([*_PREFACE, *contents, *sections]) + "\n").encode()


def _section(table: Table, rows: int) -> list[str]:
    """Return the lines on one table: what it is, what it promises, its columns."""
    promises = [f"No gap from {run}." for run in table.runs]
    promises += [f"`{check.title}` {check.error}." for check in table.schema.checks]
    added = [f"- `{name}`: {meaning}" for name, meaning in ADDED.get(table.name, {}).items()]
    return [
        f"\n## {table.name}\n",
        f"{table.schema.title}. {table.schema.description}\n",
        f"Key: {', '.join(f'`{k}`' for k in table.key)}. Rows: {rows}.",
        *(f"\n{promise}" for promise in promises),
        "\n| column | kind | unit | empty? | meaning | allowed |",
        "|---|---|---|---|---|---|",
        *(_row(table, column) for column in table.schema.columns),
        *(["\nAdded in the analysis table:\n", *added] if added else []),
    ]


def _row(table: Table, name: str) -> str:
    column = table.schema.columns[name]
    meta = column.metadata or {}
    allowed = [f"{k} {meta[k]:g}" for k in ("minimum", "maximum") if k in meta]
    allowed += ["; ".join(meta["enum"])] if "enum" in meta else []
    allowed += [f"`{meta['pattern']}`"] if "pattern" in meta else []
    allowed += [f"a value of {table.references[name]}"] if name in table.references else []
    cells = [f"`{name}`", meta["kind"], meta["unit"] or "", "may be" if column.nullable else "no"]
    return "| " + " | ".join([*cells, str(column.description), ", ".join(allowed)]) + " |"
