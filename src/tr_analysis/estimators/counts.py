"""Checks of counts, until the modules that use them import `checks` themselves."""

from tr_analysis.estimators.checks import counts as counts  # until merged
