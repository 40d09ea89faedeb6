"""The house style of the charts, what they are drawn with, and the one way a chapter shows one."""

from tr_analysis.report.charts.draw import (
    bars,
    broken_line,
    dots,
    label_end,
    legend_below,
    line_with_interval,
    named_line,
    note,
    unit_chart,
)
from tr_analysis.report.charts.marks import FOLLOW_UP, at, mark, reform
from tr_analysis.report.charts.output import show
from tr_analysis.report.charts.style import ALL, CRC, MUTED, NPS, SECOND, canvas, pale

__all__ = [
    "ALL", "CRC", "FOLLOW_UP", "MUTED", "NPS", "SECOND", "at", "bars", "broken_line", "canvas", "contrast",
    "dots", "label_end", "legend_below", "line_with_interval", "mark", "named_line", "note", "pale", "reform", "show",
    "unit_chart",
]  # fmt: skip
