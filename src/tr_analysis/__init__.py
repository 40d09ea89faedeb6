"""A reproducible study of the outcomes of Transforming Rehabilitation, and the library it stands on.

What a notebook of your own needs comes in one import, in a checkout or anywhere else::

    from tr_analysis import Findings, autoregressive, charts, interrupted, load, proportions, table

``load()`` lists the tables of published figures and ``load("providers")`` gives one. ``interrupted`` and
``autoregressive`` are functions; every module of estimators, such as ``proportions``, can be imported from here.
``Findings`` keeps key numbers, ``charts`` and ``table`` show what is found.

Estimators
----------
- ``autocorrelation.autoregressive``: by how much did level and slope change at the reform, if errors may fade slowly or not at all?
- ``autocorrelation.arma``: do the effects change if the errors follow a richer pattern, and surely fade?
- ``autocorrelation.newey_west``: what would a conventional study report, which trusts errors to fade within a year?
- ``cluster_design.clustered_design``: how do rows with and without a label differ, when the rows come in a few groups?
- ``clusters.few_clusters``: is a difference between a few groups more than chance, and do the methods for few groups agree?
- ``clusters.cluster_jackknife``: how sure is a difference between a few groups, judged by leaving out each group in turn?
- ``clusters.wild_cluster_bootstrap``: could a few groups have differed as much by chance, if whole groups had turned out otherwise?
- ``clusters.cluster_permutation``: how often would other owners have shown a contrast as large, had the label fallen on them?
- ``clusters.permutation_draws``: how large a difference do labels show that are dealt out to the clusters in every other way?
- ``decomposition.log_split``: which factor moved a product, and by how many per cent?
- ``decomposition.das_gupta``: how much of a change came from each factor, such as case mix, rate and volume?
- ``decomposition.composition_bounds``: how much of a change can case mix explain, if each group's rate is not published?
- ``funnel.exact_limits``: how far from the average may a unit of this size lie by chance alone?
- ``funnel.widened_limits``: how far from the average may a unit of this size lie, if units differ more than by chance?
- ``funnel.dispersion``: do units differ more than chance would make them, and by how much?
- ``funnel.funnel``: which units lie further from the average than chance explains?
- ``heterogeneity.heterogeneity``: do the units really differ, and by how much?
- ``heterogeneity.shrink``: what is the best guess at each unit's true share, knowing the others?
- ``heterogeneity.rank_intervals``: can these units be put in a league table?
- ``heterogeneity.simultaneous_ranks``: which units are surely among the lowest or the highest, when all of them are looked at?
- ``interrupted.interrupted``: did the series change at the date of the reform, beyond its own trend and seasons?
- ``panel.flag_significance``: which providers reduced reoffending significantly, and which did worse?
- ``panel.regression_to_the_mean``: did the best stay the best, or slip back as luck would?
- ``panel.association``: do units that do well on one measure do well on the other?
- ``panel.adjustment_identity``: are the printed adjusted rates what the published formula gives?
- ``panel.changes``: by how much did reoffending change at each provider, on both measures?
- ``panel.flag_counts``: how many providers won and lost, how many by corrected tests, and how many officially?
- ``panel_simulation.simulate_panel``: what would a panel of single providers look like that adds up to what was published of all?
- ``panel_simulation.compare_totals``: does the simulated panel match the published totals?
- ``panel_simulation.spread_likelihood``: by how much must providers differ to give the published winners, losers and extreme changes?
- ``panel_simulation.with_invented_names``: how do we show a simulated panel without saying anything of a real provider?
- ``payment.standard_error``: how far does a cohort's rate stray from its baseline by chance alone?
- ``payment.critical_value``: how far from the baseline must a rate be to count as changed?
- ``payment.outcome_probabilities``: how probable is it that a true change of the rate is paid for, or that money is taken back?
- ``payment.minimum_detectable_change``: how large must a true fall be for payment by results to detect it four times in five?
- ``payment.explain_counts``: which mean change, and which differences between providers, would give these winners and losers?
- ``payment.level_for_winners``: how lenient must the test be to give so many winners?
- ``payment.multinomial_region``: which true changes, and which differences between providers, are compatible with the counts?
- ``payment.profile_interval``: between which limits does the mean change, or the difference between providers, lie?
- ``payment_design.payment_rule``: by which test, and on which cohorts, does a payment scheme judge its providers?
- ``payment_design.operating_characteristics``: how often does a payment rule pay, deduct, or pay by luck alone?
- ``payment_design.simulated_counts``: how much do payments vary over many cohorts, when luck in the baseline returns every time?
- ``payment_design.expected_best``: how good does the best of many look by selection alone?
- ``payment_design.next_cohort``: how far will a top performer slip back next time?
- ``placebo.placebo``: what does the same model find at dates when nothing happened?
- ``placebo.placebo_rank``: is the change at the true date larger than those at dates when nothing happened?
- ``placebo.sign_flips``: how would the changes look if each unit could as well have moved the other way?
- ``placebo.shuffled_years``: how would the series look if the reform had changed nothing but chance orders the years?
- ``placebo.joint_test``: could chance alone give a whole curve as extreme as this one?
- ``proportions.proportion``: how large is a share, and how far could it be off by chance?
- ``proportions.proportions``: how large is the share in each group, and how far could each be off by chance?
- ``proportions.upper_bound_zero``: if something never happened in a sample, how common could it still be?
- ``proportions.difference``: by how much do two shares differ, and could it be chance?
- ``proportions.change_against``: did a group's share change more than everybody's, and does the answer depend on the scale?
- ``proportions.odds_ratio``: how many times higher are the odds in one small group than in another, and could it be chance?
- ``proportions.detectable_share``: how large must a difference be before samples of these sizes would show it?
- ``ratings.superiority``: which of two groups is rated higher, using every step of the scale, and could it be chance?
- ``specification.grid``: which analyses could have been run?
- ``specification.specification_id``: which row of the results is the analysis with these choices?
- ``specification.run_specifications``: what does each of the analyses that could have been run find?
- ``specification.summarise``: do the findings survive other methods?
- ``specification.marginals``: what do the analyses with one particular choice find?
- ``specification.influence``: which choice of method matters most?
- ``trend.local_trend``: by how much did the series change at the reform, if its trend could have changed by itself?
- ``trend.many_effects``: what would the same model find in data made without an effect?
- ``trend.forecast_design``: how far is a month after the reform from what the months before it forecast?
- ``trend.block_growth``: did growth change at the reform, whatever the errors within a year or so?
- ``trend.growth_bounds``: how much may the trend have changed by itself before no effect is left?
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__version__ = "1.0.0"

_HOME = {
    "load": "data.store:load",
    "Findings": "report.findings:Findings",
    "table": "report.tables:table",
    "charts": "report.charts:",
    "interrupted": "estimators.interrupted:interrupted",
    "autoregressive": "estimators.autocorrelation:autoregressive",
}


def __getattr__(name: str) -> Any:
    """Import on first use: the command line need not wait for pandas."""
    module, _, attribute = _HOME.get(name, f"estimators.{name}:").partition(":")
    if name.startswith("_") or not (name in _HOME or find_spec(f"{__name__}.{module}")):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = import_module(f"{__name__}.{module}")
    globals()[name] = getattr(found, attribute) if attribute else found
    return globals()[name]
