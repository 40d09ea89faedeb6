"""A reproducible study of the outcomes of Transforming Rehabilitation, and the library it stands on.

What a notebook of your own needs comes in one import, in a checkout or anywhere else::

    from tr_analysis import Findings, autoregressive, charts, interrupted, load, proportions, table

``load()`` lists the tables of published figures and ``load("providers")`` gives one. ``interrupted`` and
``autoregressive`` are functions; every module of estimators, such as ``proportions``, can be imported from here, and
``tr_analysis.estimators.index()`` lists their functions, each with the question that it answers. ``Findings`` keeps
key numbers, ``charts`` and ``table`` show what is found.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

__version__ = "0.1.0"

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
