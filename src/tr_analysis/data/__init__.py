"""Figures in: schemas, reading, checks, cleaning. ``load`` gives an analysis table."""

from tr_analysis.data.store import load, simulated_sizes

__all__ = ["load", "simulated_sizes"]
