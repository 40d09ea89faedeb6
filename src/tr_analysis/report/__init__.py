"""What a reader sees: findings, charts, tables, pages."""

FINDINGS_MIME = "application/vnd.tr-analysis.findings+json"
"""Kind of output in which a chapter's key numbers reach the runner."""
