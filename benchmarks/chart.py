"""The charts of the benchmarks."""

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
    places = range(len(pairs))
    axes.hlines(places, 1, times, color=charts.NPS, lw=2)
    axes.plot(times, places, "o", color=charts.NPS, ms=7)
    axes.set_yticks(places, names)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(1, color=charts.MUTED, lw=1)
    axes.grid(visible=False)
    for place, value in enumerate(times):
        axes.annotate(f"{value:.1f}", (value, place), (8, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("times as fast (log scale)")
    figure.savefig(path, metadata={"Software": None})


def draw_parts(parts: list[Measure], path: Path) -> None:
    """Draw how many seconds of the study each of its parts takes.

    Parameters
    ----------
    parts
        Each with the processor's seconds it takes over all processors, and the rest.
    path
        Of the picture.
    """
    figure, axes = charts.canvas(1.0 + 0.4 * len(parts))
    bars = axes.barh([part.way for part in parts], [part.seconds for part in parts], color=charts.NPS)
    axes.bar_label(bars, fmt="{:.1f}", padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.1)
    axes.grid(visible=False)
    axes.set_xlabel("seconds of the whole study, over all processors")
    figure.savefig(path, metadata={"Software": None})
