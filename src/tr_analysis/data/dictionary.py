"""What the schemas say, for readers and machines: the data dictionary and the Frictionless Data Package."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tr_analysis import __version__
from tr_analysis.data.clean import ADDED
from tr_analysis.data.fields import KINDS, Frames, Table
from tr_analysis.files import file_hash
from tr_analysis.order import in_order

_TYPES: dict[str, dict[str, Any]] = {  # Frictionless types of the kinds that are more than text
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
ABOUT = (
    "An empty cell is an unknown: nothing is filled in. Every figure names its source, to be found in `sources.csv`. "
    "The analysis tables have the same names and columns, periods as real periods, and what is said to be added; "
    "`reconciliation` is one of them that has no raw file: every comparison of published figures with each other."
)
ABBREVIATIONS: Mapping[str, str] = {
    "CRC": "Community Rehabilitation Company",
    "NPS": "National Probation Service",
    "HMIP": "HM Inspectorate of Probation",
    "HMPPS": "HM Prison and Probation Service",
    "MoJ": "Ministry of Justice",
    "NAO": "National Audit Office",
    "PAC": "Public Accounts Committee",
    "PRT": "Prison Reform Trust",
    "GtD": "Get The Data",
    "OMSQ": "Offender management statistics quarterly",
    "PRSQ": "Proven reoffending statistics quarterly",
    "OGRS": "Offender Group Reconviction Scale",
    "PbR": "payment by results",
    "TR": "Transforming Rehabilitation",
    "ORA": "Offender Rehabilitation Act 2014",
    "PSS": "post-sentence supervision",
    "CO and SSO": "community order and suspended sentence order",
    "SFO": "serious further offence",
    "FTE": "full-time equivalent",
    "RI": "requires improvement",
}


def entries(frames: Frames, tables: Mapping[str, Table]) -> list[dict[str, Any]]:
    """Say in words what each table holds, from its schema and its rows, as read or as cleaned.

    Returns
    -------
    list of dict
        Of a table its name, title, description, key and rows; ``promises``, what holds beyond each single cell, a
        sentence each; ``columns``, each with name, kind, unit, required, meaning and the rule in words, allowed;
        ``added``, the further columns of the analysis table with their meaning; and the ids of its sources.
    """
    return [
        {
            "name": name,
            "title": table.title,
            "description": table.description,
            "key": table.key,
            "rows": len(frames[name]),
            "promises": [f"No gap from {run}." for run in table.runs]
            + [f"`{rule.column}` {rule.words}." for rule in table.rules],
            "columns": [_column(table, column) for column in table.columns],
            "added": ADDED.get(name, {}),
            "sources": sorted(citations(table, frames[name])),
        }
        for name, table in tables.items()
    ]


def _column(table: Table, name: str) -> dict[str, Any]:
    column = table.columns[name]
    rules = column.narrower()
    allowed = [f"{rule} {rules[rule]:g}" for rule in ("minimum", "maximum") if rule in rules]
    allowed += ["; ".join(column.allowed)] if column.allowed else []
    allowed += [f"`{column.pattern}`"] if column.pattern else []
    allowed += [f"a value of {table.references[name]}"] if name in table.references else []
    about = {"kind": column.kind, "unit": column.unit, "required": column.required}
    return {"name": name, **about, "meaning": column.description, "allowed": ", ".join(allowed)}


def dictionary(frames: Frames, tables: Mapping[str, Table]) -> bytes:
    """Write the data dictionary: every table and column in words, as Markdown."""
    described = entries(frames, tables)
    short = "; ".join(f"{letters}, {words}" for letters, words in ABBREVIATIONS.items())
    preface = [
        "# Data dictionary\n",
        f"Written by `tr-analysis data describe` from the schemas; do not edit. {ABOUT}\n",
        f"Abbreviations: {short}.\n",
    ]
    contents = ["- [{title}](#{name}): `{name}.csv`, {rows} rows".format(**entry) for entry in described]
    sections = [line for entry in described for line in _section(entry)]
    return ("\n".join([*preface, *contents, *sections]) + "\n").encode()


def _section(entry: Mapping[str, Any]) -> list[str]:
    """Return the lines on one table: what it is, what it promises, its columns."""
    row = "| `{name}` | {kind} | {unit} | {empty} | {meaning} | {allowed} |"
    added = [f"- `{name}`: {meaning}" for name, meaning in entry["added"].items()]
    return [
        "\n## {name}\n\n{title}. {description}\n".format(**entry),
        f"Key: {', '.join(f'`{k}`' for k in entry['key'])}. Rows: {entry['rows']}.",
        *(f"\n{promise}" for promise in entry["promises"]),
        "\n| column | kind | unit | empty? | meaning | allowed |\n|---|---|---|---|---|---|",
        *(row.format(**c, empty="no" if c["required"] else "may be") for c in entry["columns"]),
        *(["\nAdded in the analysis table:\n", *added] if added else []),
    ]


def descriptor(raw: Path, frames: Frames, tables: Mapping[str, Table]) -> bytes:
    """Describe the raw files of a folder, read into frames, as a Data Package (version 2) in JSON.

    It says of each table: fields (type, unit, description, constraints), keys, sources, bytes and SHA-256.
    """
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "transforming-rehabilitation",
        "title": "Published figures on the outcomes of Transforming Rehabilitation",
        "version": __version__,
        "licenses": [_LICENCE],
        "resources": [
            _resource(table, raw / f"{name}.csv", frames[name], frames["sources"])
            for name, table in tables.items()
        ],
    }
    return (json.dumps(package, indent=1, ensure_ascii=False) + "\n").encode()


def _resource(table: Table, file: Path, frame: pd.DataFrame, sources: pd.DataFrame) -> dict[str, Any]:
    keys = [
        {"fields": [column], "reference": {"resource": other, "fields": [key]}}
        for column, (other, key) in ((column, t.split(".")) for column, t in table.references.items())
        if table.kind(column) != "sources"  # a list of sources is no single reference
    ]
    cited = in_order(sources[sources["source_id"].isin(list(citations(table, frame)))], "source_id")
    return {
        "name": table.name,
        "type": "table",
        "path": f"{table.name}.csv",
        "title": table.title,
        "description": table.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.stat().st_size,
        "hash": f"sha256:{file_hash(file)}",
        "sources": [
            {"name": r["source_id"], "title": r["title"], "path": r["url"]} for r in cited.to_dict("records")
        ],
        "schema": {
            "fields": [_field(table, name) for name in table.columns],
            "missingValues": [""],
            "primaryKey": table.key,
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def citations(table: Table, frame: pd.DataFrame) -> Counter[str]:
    """Count the rows of a table, as read or as cleaned, that name each source."""
    columns = [c for c, target in table.references.items() if target == "sources.source_id"]
    rows = frame[columns].fillna("").itertuples(index=False)
    return Counter(source for row in rows for source in set(" ".join(row).split()))


def _field(table: Table, name: str) -> dict[str, Any]:
    column = table.columns[name]
    form = {} if column.kind in _TYPES or column.kind == "string" else {"pattern": KINDS[column.kind][0]}
    return {
        "name": name,
        **_TYPES.get(column.kind, {"type": "string"}),
        **({"unit": column.unit} if column.unit else {}),
        "description": column.description,
        "constraints": {"required": column.required, **form, **column.narrower()},
    }
