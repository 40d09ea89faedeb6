"""The register: sources, published figures, checks between them, and events."""

from tr_analysis.data.fields import column, number, optional_text, table, text
from tr_analysis.data.schemas.outcomes import NOTE, SOURCE

SOURCES = table(
    "sources",
    "Sources",
    "Everything a figure was read in. Some pages were read on mirrors; the address is the original's where known.",
    {
        "source_id": column("source", "name of the source in every other table"),
        "title": text("publisher and title"),
        "url": text("address on the web", pattern=r"https?://\S+"),
        "published": column("partial date", "when it was published, as far as known", required=False),
        "published_note": optional_text("how the date is known"),
        "tier": text(
            "primary: the producer's own publication; secondary: someone about it; unstated: not recorded",
            values=["primary", "secondary", "unstated"],
        ),
        "kind": optional_text("publication it is, such as a written answer or a press report"),
    },
    key=["source_id"],
)

FIGURES = table(
    "published_figures",
    "Register of published figures",
    "One published figure a row, with its words and its unit. First-published and revised values are both kept.",
    {
        "figure_id": text("name of the figure", pattern=r"F\d{4}"),
        "topic": text("subject under which the figure is filed"),
        "measure": text("what was counted"),
        "population": optional_text("whom or what the figure covers"),
        "period": optional_text("when, in the source's words"),
        "period_type": optional_text("what the period means, such as financial year or point in time"),
        "value": number("the figure; empty where it was printed in words", required=False),
        "qualifier": optional_text("word before the figure, such as about or nearly"),
        "as_printed": optional_text("the figure in the source's words, where they matter"),
        "unit": text("unit of the value"),
        "sample_size": optional_text("number of cases behind the figure, where the source gives it"),
        "reliability": optional_text("how close to its producer the figure was read"),
        "revision": optional_text(
            "which of several values of one figure this is",
            values=["first published", "revised", "other count", "same value, other source"],
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
        "check_id": text("name of the check", pattern=r"K\d\d"),
        "subject": text("what is compared"),
        "left": text("first expression"),
        "right": text("second expression"),
        "tolerance": number("largest difference that counts as agreement, in the figures' unit", low=0),
        "expected": text("whether the two agree", values=["agree", "differ"]),
        "nature": text(
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
        "why": optional_text("why they should agree, or why they differ"),
        "target_id": optional_text("result of replication_targets that this is part of", pattern=r"T\d\d"),
    },
    key=["check_id"],
    references={"target_id": "replication_targets.target_id"},
)

EVENTS = table(
    "events",
    "Dated events",
    "What happened when: the reform, the contracts, the statistics, and changes from outside the reform.",
    {
        "event_id": text("name of the event", pattern=r"[a-z0-9_]+"),
        "date": column("partial date", "date, month or year", required=False),
        "event": text("what happened"),
        "kind": text(
            "whether it belongs to the reform, its contracts, the statistics or neither",
            values=["reform", "contract", "statistics", "outside"],
        ),
        "source_id": SOURCE,
    },
    key=["event_id"],
)

REGISTER = (SOURCES, FIGURES, CHECKS, EVENTS)
