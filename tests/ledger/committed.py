"""The scorecard of the study as it is committed, for the tests of the ledger and for the gate."""

import re
from functools import cache

from tr_analysis.data import load
from tr_analysis.ledger import load_results, load_tables, scorecard


def recipe_tables():
    """Return every table that a recipe names."""
    recipes = load("replication_target_values")["recipe"].dropna()
    named = {name for recipe in recipes for name in re.findall(r"(\w+)\[", recipe)}
    return load_tables("published_figures", *sorted(named - {"published_figures", "results"}))


@cache
def committed_frames():
    """Return the tables and the committed key numbers that recipes name."""
    recipes = load("replication_target_values")["recipe"].dropna()
    chapters = {name for recipe in recipes for name in re.findall(r"chapter=([\w-]+)", recipe)}
    return recipe_tables() | {"results": load_results(*sorted(chapters))}


@cache
def committed_card():
    """Return the scorecard of all printed numbers."""
    return scorecard(load("replication_targets"), load("replication_target_values"), committed_frames())
