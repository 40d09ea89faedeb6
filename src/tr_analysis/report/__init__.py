"""What a reader sees: findings, charts, tables, pages."""
