"""Sweeps: one function, or one chapter, run over thousands of specifications on any executor."""
