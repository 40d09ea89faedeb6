"""Sweeps: one chapter, or only its answer and charts, over thousands of values of its parameters, on any executor."""
