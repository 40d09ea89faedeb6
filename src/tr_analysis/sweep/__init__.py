"""Sweeps: one chapter, or only its answer, over thousands of values of its parameters on any executor."""
