"""What a reader sees: findings, charts, tables."""

ANSWER = "## Answer"
"""Heading of a chapter's answer."""
FINDINGS_MIME = "application/vnd.tr-analysis.findings+json"
"""Kind of output in which a chapter's key numbers reach the runner."""
CHART_MIME = "application/vnd.tr-analysis.chart+json"
"""Kind of output in which a chart's words and drawings reach the site."""
