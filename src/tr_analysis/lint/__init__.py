"""The rules chapters are written by."""
