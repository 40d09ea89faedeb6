"""Chapters: their parameters, their rules, running them and publishing what they yield."""
