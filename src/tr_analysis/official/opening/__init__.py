"""Workbooks and text files from strangers, opened safely into plain cells."""
