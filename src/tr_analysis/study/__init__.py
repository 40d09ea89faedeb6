"""Chapters: finding them, their parameters, what they need of each other, and what a run is to do."""
