"""Figures in: schemas, reading, checks, cleaning. ``load`` gives an analysis table."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tr_analysis.data.pipeline import check, describe, read_raw, write_tables
    from tr_analysis.data.store import load

__all__ = ["check", "describe", "load", "read_raw", "write_tables"]


def __getattr__(name: str) -> Any:
    """Import on first use: a notebook that loads a table need not wait for the schemas."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'store' if name == 'load' else 'pipeline'}"), name)
