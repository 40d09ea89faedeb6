"""Tables of the services: providers, the trusts before them, and what inspectors found."""

from tr_analysis.data.fields import column, given_with, integer, optional_text, percent, table, text
from tr_analysis.data.schemas.outcomes import NOTE, PROVIDER_TYPES, SOURCE

RATINGS = ["Outstanding", "Good", "Requires improvement", "Inadequate"]
STANDARDS = [
    "leadership",
    "staff",
    "services",
    "information_facilities",
    "assessment",
    "planning",
    "implementation_delivery",
    "reviewing",
    "court_reports",
    "statutory_victim_work",
    "unpaid_work",
    "through_the_gate",
]

PROVIDERS = table(
    "providers",
    "The 21 CRCs and 7 NPS divisions",
    "One row per provider of probation services, 2014 to 2021; `provider` is the canonical name everywhere.",
    {
        "provider": text("canonical name"),
        "provider_type": text("kind of provider", values=PROVIDER_TYPES),
        "area_code": optional_text("code of the contract package area; the NPS has none", pattern=r"C\d\d"),
        "owner": text("owner from February 2015; the public sector for the NPS"),
        "owner_note": optional_text("full name or nature of the owner"),
        "owner_partners": optional_text("partners named with the owner"),
        "later_owner": optional_text("owner that took over"),
        "later_owner_from": column("month", "month of the take-over", required=False),
        "ownership_transfer_date": column("date", "day the CRC passed to its owner", required=False),
        "caseload_as_printed": optional_text("people supervised, in the source's words"),
        "caseload_date_as_printed": optional_text("date of the caseload, in the source's words"),
        "caseload_source_id": column("source", "source the caseload was read in", required=False),
        "source_id": SOURCE,
    },
    key=["provider"],
    rows=[
        given_with("caseload_source_id", "caseload_as_printed"),
        given_with("later_owner", "later_owner_from"),
    ],
)

TRUSTS = table(
    "probation_trusts",
    "The 35 Probation Trusts before the reform",
    "Ratings of 2013/14 come by way of a union's report, not from the official table; which CRC followed a trust is "
    "inferred from the names.",
    {
        "trust": text("Probation Trust"),
        "successor_crc": text("CRC of the same area, inferred from the names"),
        "rating_2013_14": text("rating of 2013/14", values=["excellent", "good"]),
        "rating_evidence": text("whether the source names the trust, or says it of all the rest"),
        "risk_of_harm": percent("share of work on risk of harm found of sufficient quality", required=False),
        "likelihood_of_reoffending": percent(
            "share of work on likelihood of reoffending found of sufficient quality", required=False
        ),
        "compliance": percent("share of work on compliance found of sufficient quality", required=False),
        "source_id": SOURCE,
    },
    key=["trust"],
    references={"successor_crc": "providers.provider"},
)

PLACES = table(
    "places",
    "Larger places, and the CRC that served them",
    "Helps to find an area's CRC, and is no evidence: towns, cities and London boroughs by county. Which county a "
    "place is in is common knowledge; which CRC served a county is inferred from the CRCs' names.",
    {
        "place": text("town, city or London borough"),
        "county": text("ceremonial county, or the earlier Cleveland; Wales is one"),
        "crc": text("CRC of that county, inferred from the names"),
    },
    key=["place"],
    references={"crc": "providers.provider"},
)

INSPECTIONS = table(
    "inspection_ratings",
    "Core inspections of probation services, 2018 to 2021",
    "One row per core inspection by HM Inspectorate of Probation, with the overall rating.",
    {
        "inspection_round": integer("round of core inspections", low=1, high=2),
        "service": text("service as named in the report"),
        "provider": optional_text("canonical provider; empty where the service is not one of the 28"),
        "provider_type": text("kind of provider", values=PROVIDER_TYPES),
        "owner_at_inspection": text("owner at the time, in the source's words"),
        "fieldwork": optional_text("when inspectors were there, in the source's words"),
        "overall_rating": optional_text(
            "overall rating on the scale of four; empty where none was found", values=RATINGS
        ),
        "rating_evidence": text(
            "how the rating is known: stated in a text, derived from published tallies, or not at all",
            values=["stated", "derived", "none"],
        ),
        "note": NOTE,
        "source_id": SOURCE,
    },
    key=["inspection_round", "service"],
    references={"provider": "providers.provider"},
)

STANDARD_RATINGS = table(
    "inspection_standard_ratings",
    "Ratings of single standards in core inspections",
    "The ratings per standard that were found; most were not.",
    {
        "inspection_round": integer("round of core inspections", low=1, high=2),
        "service": text("service as named in the report"),
        "standard": text("standard of the inspectorate", values=STANDARDS),
        "rating": text("rating of the standard on the scale of four", values=RATINGS),
        "source_id": SOURCE,
    },
    key=["inspection_round", "service", "standard"],
    references={"service": "inspection_ratings.service"},
)

QUALITY_IMPACT = table(
    "quality_impact_judgements",
    "Quality and Impact inspections, 2016 to 2018",
    "One row per organisation in an inspected area. The judgement is the inspectorate's narrative; the coding of it "
    "is ours and not published.",
    {
        "area": text("inspected area"),
        "provider_type": text("kind of provider", values=PROVIDER_TYPES),
        "organisation": text("organisation as named in the source"),
        "organisation_evidence": text(
            "whether the source names the organisation, or the division is ours",
            values=["stated", "division inferred", "division not stated"],
        ),
        "owner": text("owner of the organisation at the time; public for the NPS"),
        "fieldwork": optional_text("when inspectors were there, in the source's words"),
        "judgement": text("judgement on the work, abridged from the source"),
        "coded_judgement_ours": text(
            "our coding of the judgement",
            values=["good", "good/mixed", "acceptable", "mixed", "mixed/poor", "poor"],
        ),
        "source_id": SOURCE,
    },
    key=["area", "organisation"],
)

SERVICES = (PROVIDERS, TRUSTS, PLACES, INSPECTIONS, STANDARD_RATINGS, QUALITY_IMPACT)
