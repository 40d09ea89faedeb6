"""One reader for each family of official tables, from plain cells to a tidy table."""
