"""Sweeps: one chapter, or only its answer and charts, over thousands of parameter values, on any executor."""
