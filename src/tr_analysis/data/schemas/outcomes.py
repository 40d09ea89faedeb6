"""Tables of outcomes (people in prison, proven reoffending, payment by results) and of the services and their inspection."""

from tr_analysis.data.fields import (
    Run,
    Table,
    at_most,
    column,
    given_with,
    integer,
    number,
    optional_text,
    percent,
    text,
)

SOURCE = column("source", "source the row was read in")
NOTE = optional_text("what a reader must know about this row")
PROVIDER_TYPES = ["CRC", "NPS"]
BANDS = ["0", "1 to 2", "3 to 6", "7 to 10", "11 or more"]

PRISON_MONTHLY = Table(
    "prison_population_monthly",
    "People in prison on recall and on remand, by month",
    "Stock of people held in the prisons of England and Wales at the end of a month. A stock, not a flow: "
    "licence recalls (events) and recall admissions (receptions) are other measures and are never mixed with it.",
    {
        "month": column("month", "calendar month; the count is at its end"),
        "status": text("why the person is held", values="recall; remand"),
        "people": integer("people held", unit="people", low=0),
        "source_id": SOURCE,
    },
    key=["month", "status"],
    runs=[
        Run("month", "2010-06", "2026-03", {"status": "recall"}),
        Run("month", "2010-06", "2025-09", {"status": "remand"}),
    ],
)

PRISON_JUNE = Table(
    "prison_population_june",
    "Prison population at 30 June, by year",
    "Everyone held in the prisons of England and Wales on 30 June.",
    {
        "date": column("date", "day of the count"),
        "people": integer("people held", unit="people", low=0),
        "source_id": SOURCE,
    },
    key=["date"],
    runs=[Run("date", "2002-06-30", "2023-06-30")],
)

REOFFENDING_ANNUAL = Table(
    "proven_reoffending_annual",
    "Proven reoffending in England and Wales, by cohort year",
    "Adults and children who entered the cohort (left custody, were convicted without custody, or were cautioned) "
    "in the twelve months from April, and their proven reoffences within twelve months, with six more for the "
    "conviction. The measure in use since October 2015; older rates are not on this basis and are not spliced in.",
    {
        "cohort_year": column("financial year", "twelve months in which people entered the cohort"),
        "offenders": integer(
            "entries to the four quarterly cohorts of the year; one person can enter in more than one quarter",
            unit="entries",
            low=1,
        ),
        "reoffenders": integer("entries to the cohort with a proven reoffence", unit="entries", low=1),
        "reoffences": integer("proven reoffences of the reoffenders", unit="reoffences", low=1),
        "published_binary_rate": percent("binary rate as printed, one decimal"),
        "published_frequency_rate": number(
            "frequency rate as printed, two decimals", unit="reoffences per reoffender", low=0
        ),
        "source_id": SOURCE,
    },
    key=["cohort_year"],
    runs=[Run("cohort_year", "2012/13", "2023/24")],
    rules=[at_most("reoffenders", "offenders"), at_most("reoffenders", "reoffences")],
)

ADULT_COHORT = Table(
    "adult_cohort_by_previous_offences",
    "Adults in the quarterly cohort, by number of previous offences",
    "Size of the adult proven-reoffending cohort in bands of previous offences. Counts of people only: the outcome "
    "of each band is not in this table.",
    {
        "cohort": column("quarter", "calendar quarter in which people entered the cohort"),
        "previous_offences": text("band of previous offences", values=BANDS),
        "offenders": integer("adults in the cohort and band", unit="people", low=0),
        "source_id": SOURCE,
    },
    key=["cohort", "previous_offences"],
    runs=[Run("cohort", "2010Q2", "2021Q2", {"previous_offences": band}) for band in BANDS],
)

PBR_RESULTS = Table(
    "pbr_results",
    "Payment-by-results outcomes, by cohort",
    "Published outcomes of the payment-by-results cohorts for all CRCs together and for the NPS, and the 2011 "
    "baseline. Cohorts whose count was not found have a row with an empty value: the gaps are real gaps.",
    {
        "cohort": column(
            "quarters", "quarter or quarters in which people entered the cohort; 2011 for the baseline year"
        ),
        "provider_type": text("whether the cohort is that of all CRCs or of the NPS", values=PROVIDER_TYPES),
        "measure": text(
            "what was measured",
            values="binary rate; frequency rate; offenders in cohort; "
            "CRCs significantly below their 2011 baseline; "
            "CRCs significantly above their 2011 baseline",
        ),
        "value": number("published value", required=False, low=0),
        "qualifier": optional_text("word before the value in the source, such as approximately"),
        "unit": text("unit of the value"),
        "origin": text(
            "whose figure it is",
            values="reported by the Ministry; secondary summary; independent analyst; "
            "implied by a published change; not found",
        ),
        "pandemic_overlap": column(
            "yes or no", "whether follow-up or waiting period meets the court closures of 2020"
        ),
        "note": NOTE,
        "source_ids": column("sources", "sources of the value", required=False),
    },
    key=["cohort", "provider_type", "measure"],
    runs=[Run("cohort", "2015Q4", "2020Q1", {"measure": "CRCs significantly below their 2011 baseline"})],
    rules=[given_with("source_ids", "value")],
)

CRC_RESULTS = Table(
    "crc_published_results",
    "Published payment-by-results figures of single CRCs",
    "Fragments for five CRCs found in the public record; the full tables are in the Ministry's spreadsheets only.",
    {
        "provider": text("the CRC"),
        "cohort": column("quarters", "quarter or quarters in which people entered the cohort"),
        "cohort_as_printed": text("cohort in the source's words"),
        "rate_type": optional_text("whether the rate or the difference is adjusted for case mix"),
        "offenders": integer("people in the cohort", unit="people", low=1, required=False),
        "reoffenders": integer("people with a proven reoffence", unit="people", low=0, required=False),
        "binary_rate": percent("binary rate as printed", required=False),
        "baseline_2011_binary_rate": percent("binary rate of the 2011 baseline", required=False),
        "difference": number("binary rate less its baseline", unit="percentage points", required=False),
        "baseline_2011_frequency_rate": number(
            "frequency rate of the 2011 baseline", unit="reoffences per reoffender", low=0, required=False
        ),
        "source_id": SOURCE,
    },
    key=["provider", "cohort"],
    references={"provider": "providers.provider"},
    rules=[at_most("reoffenders", "offenders")],
)


RATINGS = ["Outstanding", "Good", "Requires improvement", "Inadequate"]
STANDARDS = [
    "leadership", "staff", "services", "information_facilities", "assessment", "planning",
    "implementation_delivery", "reviewing", "court_reports", "statutory_victim_work", "unpaid_work",
    "through_the_gate",
]  # fmt: skip

PROVIDERS = Table(
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
    rules=[
        given_with("caseload_source_id", "caseload_as_printed"),
        given_with("later_owner", "later_owner_from"),
    ],
)

TRUSTS = Table(
    "probation_trusts",
    "The 35 Probation Trusts before the reform",
    "Ratings of 2013/14 come by way of a union's report, not from the official table; which CRC followed a trust is "
    "inferred from the names.",
    {
        "trust": text("Probation Trust"),
        "successor_crc": text("CRC of the same area, inferred from the names"),
        "rating_2013_14": text("rating of 2013/14", values="excellent; good"),
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

PLACES = Table(
    "places",
    "Larger places, and the CRC that served them",
    "Helps to find an area's CRC, and is no evidence: towns, cities and councils by county. Which county a "
    "place is in is common knowledge; which CRC served a county is inferred from the CRCs' names.",
    {
        "place": text("town, city, council or old county"),
        "county": text("ceremonial county, or the earlier Cleveland; Wales is one"),
        "crc": text("CRC of that county, inferred from the names"),
    },
    key=["place"],
    references={"crc": "providers.provider"},
)

INSPECTIONS = Table(
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
            values="stated; derived; none",
        ),
        "note": NOTE,
        "source_id": SOURCE,
    },
    key=["inspection_round", "service"],
    references={"provider": "providers.provider"},
)

STANDARD_RATINGS = Table(
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

QUALITY_IMPACT = Table(
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
            values="stated; division inferred; division not stated",
        ),
        "owner": text("owner of the organisation at the time; public for the NPS"),
        "fieldwork": optional_text("when inspectors were there, in the source's words"),
        "judgement": text("judgement on the work, abridged from the source"),
        "coded_judgement_ours": text(
            "our coding of the judgement", values="good; good/mixed; acceptable; mixed; mixed/poor; poor"
        ),
        "coded_judgement_blind": text(
            "a second coding, from the words of the judgement alone, in random order and without the organisation",
            values="good; good/mixed; mixed; mixed/poor; poor",
        ),
        "source_id": SOURCE,
    },
    key=["area", "organisation"],
)
