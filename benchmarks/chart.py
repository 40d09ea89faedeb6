"""The chart of the benchmarks."""

from pathlib import Path

from benchmarks.measure import Measure
from tr_analysis.report import charts


def draw(pairs: list[tuple[Measure, Measure]], path: Path) -> None:
    """Draw how many times as fast as the other way each task is, on a logarithmic scale.

    Parameters
    ----------
    pairs
        What was done in two ways: ours, and the other.
    path
        Of the picture.
    """
    figure, axes = charts.canvas(1.2 + 0.5 * len(pairs))
    names = [f"{ours.task}\n{ours.size}; {other.way}" for ours, other in pairs]
    times = [other.seconds / ours.seconds for ours, other in pairs]
    axes.barh(names, times, color=charts.NPS, height=0.6)
    axes.set_xscale("log")
    axes.axvline(1, color=charts.MUTED, lw=1)
    for place, value in enumerate(times):
        axes.annotate(f"{value:.1f}", (value, place), (4, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel("times as fast as the other way, logarithmic scale")
    figure.savefig(path, metadata={"Software": None})
