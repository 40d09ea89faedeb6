"""The house style of the charts, what they are drawn with, and the one way a chapter shows one."""

from tr_analysis.report.charts.draw import (
    ALL,
    CRC,
    FOLLOW_UP,
    MUTED,
    NPS,
    SECOND,
    at,
    bars,
    broken_line,
    canvas,
    dots,
    grouped_rows,
    label_end,
    legend_below,
    line_with_interval,
    mark,
    named_line,
    note,
    pale,
    reform,
    unit_chart,
)
from tr_analysis.report.charts.output import show

__all__ = [
    "ALL", "CRC", "FOLLOW_UP", "MUTED", "NPS", "SECOND", "at", "bars", "broken_line", "canvas",
    "dots", "grouped_rows", "label_end", "legend_below", "line_with_interval", "mark", "named_line", "note", "pale",
    "reform", "show", "unit_chart",
]  # fmt: skip
