"""Tables of outcomes: people in prison, proven reoffending, payment by results."""

from tr_analysis.data.fields import (
    Run,
    at_most,
    column,
    given_with,
    integer,
    number,
    optional_text,
    percent,
    table,
    text,
)

SOURCE = column("source", "source the row was read in")
NOTE = optional_text("what a reader must know about this row")
PROVIDER_TYPES = ["CRC", "NPS"]
BANDS = ["0", "1 to 2", "3 to 6", "7 to 10", "11 or more"]

PRISON_MONTHLY = table(
    "prison_population_monthly",
    "People in prison on recall and on remand, by month",
    "Stock of people held in the prisons of England and Wales at the end of a month. A stock, not a flow: "
    "licence recalls (events) and recall admissions (receptions) are other measures and are never mixed with it.",
    {
        "month": column("month", "calendar month; the count is at its end"),
        "status": text("why the person is held", values=["recall", "remand"]),
        "people": integer("people held", unit="people", low=0),
        "source_id": SOURCE,
    },
    key=["month", "status"],
    runs=[
        Run("month", "2010-06", "2026-03", {"status": "recall"}),
        Run("month", "2010-06", "2025-09", {"status": "remand"}),
    ],
)

PRISON_JUNE = table(
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

REOFFENDING_ANNUAL = table(
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
    rows=[at_most("reoffenders", "offenders"), at_most("reoffenders", "reoffences")],
)

ADULT_COHORT = table(
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

PBR_RESULTS = table(
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
            values=[
                "binary rate",
                "frequency rate",
                "offenders in cohort",
                "CRCs significantly below their 2011 baseline",
                "CRCs significantly above their 2011 baseline",
            ],
        ),
        "value": number("published value", required=False, low=0),
        "qualifier": optional_text("word before the value in the source, such as approximately"),
        "unit": text("unit of the value"),
        "origin": text(
            "whose figure it is",
            values=[
                "reported by the Ministry",
                "secondary summary",
                "independent analyst",
                "implied by a published change",
                "not found",
            ],
        ),
        "pandemic_overlap": column(
            "yes or no", "whether follow-up or waiting period meets the court closures of 2020"
        ),
        "note": NOTE,
        "source_ids": column("sources", "sources of the value", required=False),
    },
    key=["cohort", "provider_type", "measure"],
    runs=[Run("cohort", "2015Q4", "2020Q1", {"measure": "CRCs significantly below their 2011 baseline"})],
    rows=[given_with("source_ids", "value")],
)

CRC_RESULTS = table(
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
    rows=[at_most("reoffenders", "offenders")],
)

OUTCOMES = (PRISON_MONTHLY, PRISON_JUNE, REOFFENDING_ANNUAL, ADULT_COHORT, PBR_RESULTS, CRC_RESULTS)
