"""The Ministry's own spreadsheets: fetched, opened with care, and read by the meaning of their headers."""
