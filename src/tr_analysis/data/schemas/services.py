"""Tables of the services: providers, the trusts before them, and what inspectors found."""

from tr_analysis.data.fields import column, given_with, percent, table
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
        "provider": column("string", "canonical name"),
        "provider_type": column("string", "kind of provider", values=PROVIDER_TYPES),
        "area_code": column(
            "string", "code of the contract package area; the NPS has none", required=False, pattern=r"C\d\d"
        ),
        "owner": column("string", "owner from February 2015; the public sector for the NPS"),
        "owner_note": column("string", "full name or nature of the owner", required=False),
        "owner_partners": column("string", "partners named with the owner", required=False),
        "later_owner": column("string", "owner that took over", required=False),
        "later_owner_from": column("month", "month of the take-over", required=False),
        "ownership_transfer_date": column("date", "day the CRC passed to its owner", required=False),
        "caseload_as_printed": column("string", "people supervised, in the source's words", required=False),
        "caseload_date_as_printed": column(
            "string", "date of the caseload, in the source's words", required=False
        ),
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
        "trust": column("string", "Probation Trust"),
        "successor_crc": column("string", "CRC of the same area, inferred from the names"),
        "rating_2013_14": column("string", "rating of 2013/14", values=["excellent", "good"]),
        "rating_evidence": column("string", "whether the source names the trust, or says it of all the rest"),
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
        "place": column("string", "town, city or London borough"),
        "county": column("string", "ceremonial county, or the earlier Cleveland; Wales is one"),
        "crc": column("string", "CRC of that county, inferred from the names"),
    },
    key=["place"],
    references={"crc": "providers.provider"},
)

INSPECTIONS = table(
    "inspection_ratings",
    "Core inspections of probation services, 2018 to 2021",
    "One row per core inspection by HM Inspectorate of Probation, with the overall rating.",
    {
        "inspection_round": column("integer", "round of core inspections", low=1, high=2),
        "service": column("string", "service as named in the report"),
        "provider": column(
            "string", "canonical provider; empty where the service is not one of the 28", required=False
        ),
        "provider_type": column("string", "kind of provider", values=PROVIDER_TYPES),
        "owner_at_inspection": column("string", "owner at the time, in the source's words"),
        "fieldwork": column("string", "when inspectors were there, in the source's words", required=False),
        "overall_rating": column(
            "string",
            "overall rating on the scale of four; empty where none was found",
            values=RATINGS,
            required=False,
        ),
        "rating_evidence": column(
            "string",
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
        "inspection_round": column("integer", "round of core inspections", low=1, high=2),
        "service": column("string", "service as named in the report"),
        "standard": column("string", "standard of the inspectorate", values=STANDARDS),
        "rating": column("string", "rating of the standard on the scale of four", values=RATINGS),
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
        "area": column("string", "inspected area"),
        "provider_type": column("string", "kind of provider", values=PROVIDER_TYPES),
        "organisation": column("string", "organisation as named in the source"),
        "organisation_evidence": column(
            "string",
            "whether the source names the organisation, or the division is ours",
            values=["stated", "division inferred", "division not stated"],
        ),
        "owner": column("string", "owner of the organisation at the time; public for the NPS"),
        "fieldwork": column("string", "when inspectors were there, in the source's words", required=False),
        "judgement": column("string", "judgement on the work, abridged from the source"),
        "coded_judgement_ours": column(
            "string",
            "our coding of the judgement",
            values=["good", "good/mixed", "acceptable", "mixed", "mixed/poor", "poor"],
        ),
        "source_id": SOURCE,
    },
    key=["area", "organisation"],
)

SERVICES = (PROVIDERS, TRUSTS, PLACES, INSPECTIONS, STANDARD_RATINGS, QUALITY_IMPACT)
