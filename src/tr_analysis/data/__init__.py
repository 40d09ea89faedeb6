"""Figures in: schemas, checks, cleaning, the data dictionary. ``load`` gives an analysis table."""

from tr_analysis.data.store import load, simulations

__all__ = ["load", "simulations"]
