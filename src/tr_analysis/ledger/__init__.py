"""What others printed or claimed, compared with what this study computes.

The claims, the aims of the reform and the published results are tables; each row says in an expression how
it is checked. Nothing here knows a number.
"""

from tr_analysis.ledger.results import home_findings, key_findings, load_results, load_tables
from tr_analysis.ledger.scorecard import aim_numbers, claim_verdicts, fill, samples, scorecard, standings

__all__ = [
    "aim_numbers", "claim_verdicts", "fill", "home_findings", "key_findings", "load_results", "load_tables", "samples",
    "scorecard", "standings",
]  # fmt: skip
