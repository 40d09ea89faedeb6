"""The register: sources, published figures, checks between them, and events."""

from tr_analysis.data.fields import column, table
from tr_analysis.data.schemas.outcomes import NOTE, SOURCE

SOURCES = table(
    "sources",
    "Sources",
    "Everything a figure was read in. Some pages were read on mirrors; the address is the original's where known.",
    {
        "source_id": column("source", "name of the source in every other table"),
        "title": column("string", "publisher and title"),
        "url": column("string", "address on the web", pattern=r"https?://\S+"),
        "published": column("partial date", "when it was published, as far as known", required=False),
        "published_note": column("string", "how the date is known", required=False),
        "tier": column(
            "string",
            "primary: the producer's own publication; secondary: someone about it; unstated: not recorded",
            values=["primary", "secondary", "unstated"],
        ),
        "kind": column(
            "string", "publication it is, such as a written answer or a press report", required=False
        ),
    },
    key=["source_id"],
)

FIGURES = table(
    "published_figures",
    "Register of published figures",
    "One published figure a row, with its words and its unit. First-published and revised values are both kept.",
    {
        "figure_id": column("string", "name of the figure", pattern=r"F\d{4}"),
        "topic": column("string", "subject under which the figure is filed"),
        "measure": column("string", "what was counted"),
        "population": column("string", "whom or what the figure covers", required=False),
        "period": column("string", "when, in the source's words", required=False),
        "period_type": column(
            "string", "what the period means, such as financial year or point in time", required=False
        ),
        "value": column("number", "the figure; empty where it was printed in words", required=False),
        "qualifier": column("string", "word before the figure, such as about or nearly", required=False),
        "as_printed": column("string", "the figure in the source's words, where they matter", required=False),
        "unit": column("string", "unit of the value"),
        "sample_size": column(
            "string", "number of cases behind the figure, where the source gives it", required=False
        ),
        "reliability": column("string", "how close to its producer the figure was read", required=False),
        "revision": column(
            "string",
            "which of several values of one figure this is",
            values=["first published", "revised", "other count", "same value, other source"],
            required=False,
        ),
        "note": NOTE,
        "source_id": SOURCE,
    },
    key=["figure_id"],
)

CHECKS = table(
    "figure_checks",
    "What the figures should add up to",
    "Sums and repetitions that published figures must satisfy, and contradictions between sources that are known. "
    "Left and right are figures, cells (`table[column=value;...].column`) and numbers, with + - * / and "
    "brackets.",
    {
        "check_id": column("string", "name of the check", pattern=r"K\d\d"),
        "subject": column("string", "what is compared"),
        "left": column("string", "first expression"),
        "right": column("string", "second expression"),
        "tolerance": column(
            "number", "largest difference that counts as agreement, in the figures' unit", low=0
        ),
        "expected": column("string", "whether the two agree", values=["agree", "differ"]),
        "nature": column(
            "string",
            "how much an agreement is worth, or what kind of difference it is",
            values=[
                "arithmetic",
                "two sources",
                "one source twice",
                "by construction",
                "revision",
                "not like with like",
                "unexplained",
            ],
        ),
        "why": column("string", "why they should agree, or why they differ", required=False),
        "target_id": column(
            "string", "result of replication_targets that this is part of", required=False, pattern=r"T\d\d"
        ),
    },
    key=["check_id"],
    references={"target_id": "replication_targets.target_id"},
)

EVENTS = table(
    "events",
    "Dated events",
    "What happened when: the reform, the contracts, the statistics, and changes from outside the reform.",
    {
        "event_id": column("string", "name of the event", pattern=r"[a-z0-9_]+"),
        "date": column("partial date", "date, month or year", required=False),
        "event": column("string", "what happened"),
        "kind": column(
            "string",
            "whether it belongs to the reform, its contracts, the statistics or neither",
            values=["reform", "contract", "statistics", "outside"],
        ),
        "source_id": SOURCE,
    },
    key=["event_id"],
)

REGISTER = (SOURCES, FIGURES, CHECKS, EVENTS)
