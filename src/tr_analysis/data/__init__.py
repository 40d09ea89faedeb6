"""Figures in: schemas, reading, checks, cleaning. ``load`` gives an analysis table."""

from tr_analysis.data.store import load

__all__ = ["load"]
