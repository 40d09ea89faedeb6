"""Checks of counts, until the modules that use them import `checks` themselves."""

from tr_analysis.estimators.checks import check_counts as counts  # until merged

__all__ = ["counts"]
