"""The official files that are known: what each is, where it is published, and how sure its address is."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tr_analysis.official.isolation import MEGABYTE

PUBLISHER = "Ministry of Justice"
LICENCE = "Open Government Licence v3.0"
_ASSETS = "https://assets.publishing.service.gov.uk"
_UPLOADS = f"{_ASSETS}/government/uploads/system/uploads/attachment_data/file"
_STATISTICS = "https://www.gov.uk/government/statistics"
_COLLECTIONS = "https://www.gov.uk/government/collections"

AddressFound = Literal["printed", "follows", "unknown"]


@dataclass(frozen=True)
class OfficialFile:
    """One official file.

    Parameters
    ----------
    name
        What the command calls it.
    title
        What it holds.
    family
        The layout that a reader expects, such as ``crc_results``.
    release
        Year and month of its publication, such as ``2017-01``; where the month is not known the year, and where
        the file stands for whatever release is brought, nothing.
    filename
        The name it has in ``data/raw/official/``; where the publisher's is not known, one of ours.
    page
        Where a person finds it.
    url
        Its exact address, or None where that is not known.
    address_found
        ``printed`` if the address was read in a public source, ``follows`` if it is put together from the number
        and the name of the file that were, ``unknown`` if there is none.
    endings
        Endings that the file may have instead of its own.
    max_bytes
        The most that is fetched.
    publisher, licence
        Who publishes it, and on which terms.
    """

    name: str
    title: str
    family: str
    release: str
    filename: str
    page: str
    url: str | None = None
    address_found: AddressFound = "unknown"
    endings: tuple[str, ...] = ()
    max_bytes: int = 20 * MEGABYTE
    publisher: str = PUBLISHER
    licence: str = LICENCE

    @property
    def filenames(self) -> tuple[str, ...]:
        """The names it may have, the usual one first."""
        stem = self.filename.rpartition(".")[0]
        return (self.filename, *(stem + ending for ending in self.endings))


def _final(until: str, release: str) -> OfficialFile:
    """Return the entry of one publication of final results; none of their addresses is known."""
    until_words = until.replace("-", " ")
    return OfficialFile(
        f"crc-final-{until}",
        f"Final proven reoffending results of the CRCs and the NPS, statistics October 2015 to {until_words.title()}",
        "crc_results",
        release,
        f"crc-nps-final-results-{until}.xlsx",
        f"{_STATISTICS}/payment-by-results-statistics-october-2015-to-{until}",
        endings=(".ods", ".xls"),
    )


_FILES = (
    OfficialFile(
        "crc-interim-2017-01",
        "Interim proven reoffending results of the CRCs and the NPS, October 2015 to March 2016",
        "crc_results",
        "2017-01",
        "crc-nps-interim-results-tables-jan17.xlsx",
        f"{_COLLECTIONS}/proven-reoffending-statistics",
        "https://www.gov.uk/government/uploads/system/uploads/attachment_data/file/585910/"
        "crc-nps-interim-results-tables-jan17.xlsx",
        "printed",
    ),
    _final("september-2020", "2021-07"),
    _final("december-2020", "2021-10"),
    _final("march-2021", "2022-01"),
    OfficialFile(
        "crc-baselines-2011",
        "Baselines of 2011 and thresholds of payment by results for each CRC (F15.05)",
        "crc_baselines",
        "",
        "pbr-2011-baselines-f15-05.xls",
        "https://www.gov.uk/government/publications/2011-payment-by-results-pbr-documents",
        endings=(".xlsx", ".ods"),
    ),
    OfficialFile(
        "reoffending-data-tool",
        "Proven reoffending, overall data tool, April 2012 to March 2024",
        "overall_tool",
        "2026-01",
        "PRSQ_overall_data_tool_apr12_mar24.xlsx",
        f"{_COLLECTIONS}/proven-reoffending-statistics",
        f"{_ASSETS}/media/69777877f909df76c5e71f1e/PRSQ_overall_data_tool_apr12_mar24.xlsx",
        "printed",
        max_bytes=60 * MEGABYTE,
    ),
    OfficialFile(
        "reoffending-annual-2017",
        "Proven reoffending by index offence, annual average, July to September 2017",
        "annual_by_offence",
        "2019-07",
        "proven-reoffending-jul17-sep17-annual.ods",
        f"{_COLLECTIONS}/proven-reoffending-statistics",
        f"{_UPLOADS}/820359/proven-reoffending-jul17-sep17-annual.ods",
        "follows",
    ),
    OfficialFile(
        "reoffending-consultation",
        "Proven reoffending, old and new measure, 2000 to 2014: supporting tables of the consultation",
        "consultation_cohorts",
        "2016-04",
        "proven-reoffending-consultation-supporting-tables.xlsx",
        f"{_COLLECTIONS}/proven-reoffending-statistics",
        "https://www.gov.uk/government/uploads/system/uploads/attachment_data/file/519686/"
        "proven-reoffending-consultation-supporting-tables.xlsx",
        "printed",
    ),
    OfficialFile(
        "probation-caseload",
        "Offender management statistics: people on probation at the end of a quarter, by area",
        "probation_caseload",
        "",
        "probation-caseload.csv",
        f"{_COLLECTIONS}/offender-management-statistics-quarterly",
        max_bytes=60 * MEGABYTE,
    ),
    OfficialFile(
        "probation-starts",
        "Offender management statistics: people starting probation in a quarter, by region",
        "probation_starts",
        "",
        "probation-starts.csv",
        f"{_COLLECTIONS}/offender-management-statistics-quarterly",
        max_bytes=60 * MEGABYTE,
    ),
)

REGISTER: Mapping[str, OfficialFile] = MappingProxyType({file.name: file for file in _FILES})
