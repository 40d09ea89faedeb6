"""Figures in: schemas, reading, cleaning, checks."""
