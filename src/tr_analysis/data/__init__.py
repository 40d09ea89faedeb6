"""Figures in: schemas, reading, cleaning, checks.

``load`` gives an analysis table; ``check``, ``describe`` and ``build`` are the steps behind the command
``tr-analysis data``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tr_analysis.data.pipeline import build, check, describe
    from tr_analysis.data.store import load

__all__ = ["build", "check", "describe", "load"]

_HOME = {"build": "pipeline", "check": "pipeline", "describe": "pipeline", "load": "store"}


def __getattr__(name: str) -> Any:
    """Import on first use: a notebook that loads a table need not wait for the schemas."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
