"""The register (sources, figures, checks, events), and the ledger of claims and published results."""

from tr_analysis.data.fields import Rule, Table, column, given_with, integer, number, optional_text, text
from tr_analysis.data.schemas.outcomes import NOTE, SOURCE

_PRODUCER = Rule(
    "producer",
    "must be given where the tier is secondary, and nowhere else",
    lambda frame: frame["producer"].notna() == (frame["tier"] == "secondary"),
)
SOURCES = Table(
    "sources",
    "Sources",
    "Everything a figure was read in. Some pages were read on mirrors; the address is the original's where known.",
    {
        "source_id": column("source", "name of the source in every other table"),
        "title": text("publisher and title"),
        "url": text("address on the web", pattern=r"https?://\S+"),
        "published": column("partial date", "when it was published, as far as known", required=False),
        "published_note": optional_text("how the date is known"),
        "accessed": column(
            "partial date",
            "when it was read. Not recorded for the sources so far, and left empty rather than guessed",
            required=False,
        ),
        "tier": text(
            "primary: what was read is the producer's own publication, or a full copy of it; secondary: it is someone "
            "else's report of it",
            values="primary; secondary",
        ),
        "kind": text(
            "what kind of publication was read",
            values="official statistics; written answer; government release; inspection release; audit report; "
            "committee report; debate in Parliament; parliamentary library; legislation; contract notice; public body; "
            "training material; data extract; research; charity; union; company; press report; trade press; blog; "
            "study notes",
        ),
        "publisher": text("who published what was read; for a mirror, whose document it is a copy of"),
        "producer": optional_text(
            "whose figures, findings or decisions it reports, where these are not the publisher's own"
        ),
    },
    key=["source_id"],
    rules=[_PRODUCER],
)

FIGURES = Table(
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
            values="first published; revised; other count; same value, other source",
        ),
        "note": NOTE,
        "source_id": SOURCE,
    },
    key=["figure_id"],
)

UNUSED = Table(
    "unused_figures",
    "Published figures that serve nothing",
    "A figure of the register that no chapter, claim, check or reproduction uses, and why it is kept all the same.",
    {
        "figure_id": text("figure of the register", pattern=r"F\d{4}"),
        "reason": text("why nothing uses it"),
    },
    key=["figure_id"],
    references={"figure_id": "published_figures.figure_id"},
)

CHECKS = Table(
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
        "expected": text("whether the two agree", values="agree; differ"),
        "nature": text(
            "how much an agreement is worth, or what kind of difference it is",
            values="arithmetic; two sources; one source twice; by construction; revision; "
            "not like with like; unexplained",
        ),
        "why": optional_text("why they should agree, or why they differ"),
        "target_id": optional_text("result of replication_targets that this is part of", pattern=r"T\d\d"),
    },
    key=["check_id"],
    references={"target_id": "replication_targets.target_id"},
)

EVENTS = Table(
    "events",
    "Dated events",
    "What happened when: the reform, the contracts, the statistics, and changes from outside the reform.",
    {
        "event_id": text("name of the event", pattern=r"[a-z0-9_]+"),
        "date": column("partial date", "date, month or year", required=False),
        "event": text("what happened"),
        "kind": text(
            "whether it belongs to the reform, its contracts, the statistics or neither",
            values="reform; contract; statistics; outside",
        ),
        "source_id": SOURCE,
    },
    key=["event_id"],
)


DOCUMENTS = Table(
    "claim_documents",
    "Documents that claims were taken from",
    "The documents whose claims the study tests.",
    {
        "document": text("name of the document", pattern=r"D\d"),
        "title": text("title of the document"),
        "description": text("where it stands, and what it quotes"),
        "address": optional_text("its site on the web, as far as known", pattern=r"https?://\S+"),
    },
    key=["document"],
)

CLAIMS = Table(
    "claims",
    "Claims made at the time",
    "One quantitative or testable claim a row, in our paraphrase, with the check it asks for.",
    {
        "claim_id": text("name of the claim", pattern=r"C\d\d"),
        "document": text("document it stands in"),
        "claimant": text("who made it"),
        "date": column(
            "partial date",
            "when what it stands in was published, as far as the document shows: the release, article or post, not the "
            "inspection, and not a later compilation",
            required=False,
        ),
        "subject": text("what the claim is about"),
        "paraphrase": text("the claim in our words"),
        "kind": text(
            "kind of check",
            values="identity; lookup; context; proportion; comparison; date; ratio; synthesis; qualitative",
        ),
        "count": integer("count in the claim", required=False),
        "denominator": integer("denominator in the claim", required=False),
        "value": number("value in the claim", required=False),
        "rating": optional_text("rating in the claim"),
        "unit": optional_text("unit of the value"),
        "check": optional_text("what would support or contradict it"),
        "evidence": optional_text("table, or method, that the check needs"),
        "source_ids": column(
            "sources",
            "sources that are the item it stands in, or report the same inspection or announcement: a number read only "
            "there cannot decide a verdict; empty where none is in the list",
            required=False,
        ),
    },
    key=["claim_id"],
    references={"document": "claim_documents.document"},
)

CLAIM_PROVIDERS = Table(
    "claim_providers",
    "Providers that claims are about",
    "A claim and one provider that its document names, by name, by area or by owner. Most claims name none.",
    {
        "claim_id": text("claim that is about it", pattern=r"C\d\d"),
        "provider": text("provider that it is about"),
    },
    key=["claim_id", "provider"],
    references={"claim_id": "claims.claim_id", "provider": "providers.provider"},
)

_NUMBER = {
    "number": optional_text("the measured number, as an expression like those of figure_checks"),
    "number_is": optional_text("what the number is"),
    "unit": optional_text("unit of the number"),
}
_NUMBER_SAID = [given_with("number_is", "number"), given_with("unit", "number")]
_WHY = text("why, in one or two sentences; numbers in braces are worked out, with so many decimals")
_READ_IN = column("sources", "sources of the number", required=False)

VERDICTS = ["supported", "contradicted", "compatible", "not checkable"]
VERDICT = Table(
    "claim_verdicts",
    "The ledger of claims",
    "How each claim is judged. Where a rule can: the number within its bounds gives one verdict, outside them the "
    "other. Where none can, the verdict is argued. Expressions may name key numbers of chapters (`results`), the "
    "samples of the claims (`samples`). Supported: the record says the same; contradicted: it says otherwise; "
    "compatible: it neither shows nor excludes it; not checkable: nothing we could obtain tests it, or only the source "
    "in which the claim itself stands.",
    {
        "claim_id": text("claim that is judged", pattern=r"C\d\d"),
        "aspect": text(
            "what is judged: the number claimed, whether a forecast came true, or whether a conclusion follows",
            values="number; forecast; inference",
        ),
        **_NUMBER,
        "low": optional_text("lower bound it is compared with, as an expression; empty if there is none"),
        "high": optional_text("upper bound it is compared with, as an expression; empty if there is none"),
        "inside": optional_text("verdict if the number is within the bounds", values=VERDICTS),
        "outside": optional_text("verdict if it is not", values=VERDICTS),
        "verdict": optional_text("verdict argued, where no rule decides", values=VERDICTS),
        "evidence": text(
            "where the number comes from: the document that makes the claim or the release it quotes, the same body "
            "elsewhere, another body, or none",
            values="own document; same body; another body; none",
        ),
        "why": _WHY,
        "source_ids": _READ_IN,
    },
    key=["claim_id", "aspect"],
    references={"claim_id": "claims.claim_id"},
    rules=[
        *(given_with("number", bound) for bound in ("low", "high")),
        *(given_with(part, bound) for bound in ("low", "high") for part in ("inside", "outside")),
        *_NUMBER_SAID,
    ],
)

AIMS = Table(
    "claim_aims",
    "The stated aims of the reform",
    "One aim a row, with the published number that comes nearest to it. No bounds: none was published that would say when "
    "an aim is met.",
    {"aim": text("aim, in few words"), **_NUMBER, "why": _WHY, "source_ids": _READ_IN},
    key=["aim"],
    rules=_NUMBER_SAID,
)

PLANS = Table(
    "plan_outcomes",
    "What was planned, and what came",
    "One number of the plans or the contracts a row, with the number that answers it. In texts, numbers in braces are "
    "worked out, with so many decimals.",
    {
        "plan_id": text("name of the pair", pattern=r"L\d\d"),
        "subject": text("subject of the plan"),
        "name": text("what both numbers measure, in few words"),
        "planned_is": text("what was planned"),
        "planned": optional_text("its number, as an expression like those of figure_checks"),
        "outcome_is": text("what came"),
        "outcome": optional_text("its number, as an expression"),
        "unit": optional_text("unit of both numbers"),
        "wanted": text(
            "whether the plan is reached by no less or by no more than it says", values="more; less"
        ),
        "comparison": text(
            "whether the two numbers count the same; could not be obtained: there is no outcome",
            values="like for like; nearly; not like for like; could not be obtained",
        ),
        "why": optional_text("what stands between the two, or what to know of them"),
        "document": optional_text("document that the plan stands in, where it is one of those of the claims"),
        "source_ids": column("sources", "sources of both numbers", required=False),
    },
    key=["plan_id"],
    references={"document": "claim_documents.document"},
    rules=[given_with("planned", "outcome"), given_with("unit", "planned")],
)

PROPOSALS = Table(
    "consultation_proposals",
    "The proposals of the consultation of 2018",
    "One proposal of the Ministry of Justice's consultation a row, in our paraphrase, and what happened to it as far as "
    "the sources say.",
    {
        "proposal_id": text("name of the proposal", pattern=r"P\d\d"),
        "document": text("document it stands in"),
        "section": text("part of the consultation it stands in, in few words"),
        "proposal": text("the proposal in our words"),
        "status": text(
            "what happened to it; could not be obtained: no source that we have says",
            values="adopted; adopted in part; changed; dropped; could not be obtained",
        ),
        "became": optional_text(
            "what happened to it; numbers in braces are worked out, with so many decimals"
        ),
        "source_ids": column("sources", "sources of what happened to it", required=False),
    },
    key=["proposal_id"],
    references={"document": "claim_documents.document"},
)

TARGETS = Table(
    "replication_targets",
    "Published results a reproduction can aim at",
    "One published result a row; its numbers stand in replication_target_values.",
    {
        "target_id": text("name of the result", pattern=r"T\d\d"),
        "claim": text("what was measured and found"),
        "value_as_printed": text("its value in the source's words"),
        "unit": text("unit of the value, with further numbers printed beside it"),
        "population": text("whom or what the result covers"),
        "period": text("when, in the source's words"),
        "method": text("how it was obtained"),
        "evidence_grade": text("how close to its producer it was read"),
        "note": NOTE,
        "source_id": column("source", "source; empty where the result is derived", required=False),
        "aim": text(
            "published: printed by others; derived: worked out independently from printed figures; qualitative: "
            "no number that could be given back",
            values="published; derived; qualitative",
        ),
        "input_needed": optional_text(
            "what would have to be held to work it out, where it is not; why not, if it is qualitative"
        ),
        "access": optional_text(
            "whether that input was published, as far as known",
            values="published elsewhere; never published; not known",
        ),
    },
    key=["target_id"],
)

_PLACE = {
    "target_id": text("result the number belongs to", pattern=r"T\d\d"),
    "position": integer("place in the printed order", low=1),
}
_TOLERANCE = number("difference allowed beyond the printed digit", required=False, low=0)

TARGET_VALUES = Table(
    "replication_target_values",
    "Numbers of the published results",
    "One number a row, in the order printed.",
    {
        **_PLACE,
        "label": optional_text("which of several numbers it is"),
        "value": number("the number"),
        "printed_to": number("one unit of its last printed digit; coarser where it is rounded", low=0),
        "recipe": optional_text(
            "how this study works it out, as an expression like those of figure_checks; key numbers of chapters are "
            "the table `results`. Empty where the input is not held"
        ),
        "tolerance": _TOLERANCE,
        "why": optional_text("why the tolerance is what it is, or why the numbers differ"),
    },
    key=list(_PLACE),
    references={"target_id": "replication_targets.target_id"},
    rules=[given_with("why", "tolerance"), given_with("recipe", "tolerance")],
)

OFFICIAL_RECIPES = Table(
    "official_recipes",
    "Recipes for those who hold the official tables",
    "How a number of a published result is worked out once the Ministry's own spreadsheets were fetched; the recipe of "
    "replication_target_values stays for those who hold none.",
    {
        **_PLACE,
        "recipe": text(
            "how it is worked out, as an expression over `official_pbr` (all providers of a kind, where every one is "
            "there) and `official_providers` (one provider each)"
        ),
        "tolerance": _TOLERANCE,
        "why": optional_text("why the tolerance is what it is, or what had to be chosen"),
    },
    key=list(_PLACE),
    references={"target_id": "replication_targets.target_id"},
    rules=[given_with("why", "tolerance")],
)
