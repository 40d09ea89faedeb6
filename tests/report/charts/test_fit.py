from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tr_analysis.report import CHART_MIME, charts
from tr_analysis.report.charts.fit import (
    AxisName,
    balanced_lines,
    fit,
    group_thousands,
    words_of,
    write_heading,
)

pytestmark = pytest.mark.usefixtures("undrawn")
LONG = "Services: all four ratings in their order, label moved between the services of one owner"


def inside(figure, artists):
    boxes = [artist.get_window_extent() for artist in artists]
    return all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)


@pytest.fixture
def rows():
    """A figure of twelve rows with long words."""
    figure, axes = charts.canvas(3)
    axes.barh(range(12), range(12), color=charts.CRC)
    axes.set_yticks(range(12), [LONG] * 12)
    axes.set_xlabel("number of services, of those that were inspected in the first round")
    return figure


def test_long_words_of_rows_break_and_the_figure_grows_until_they_fit(show, shown, rows):
    show(rows)
    labels = rows.axes[0].get_yticklabels()
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.y0)
    assert inside(rows, [*labels, rows.axes[0].xaxis.label])
    assert all(below.y1 < above.y0 for below, above in pairwise(boxes))
    assert max(box.width for box in boxes) <= 0.37 * rows.bbox.width
    assert shown[0][0][CHART_MIME]["narrow_height"] > 216


def test_words_break_anew_for_each_width_and_a_line_break_of_the_author_stays(rows):
    rows.axes[0].set_yticks([0, 1], [LONG, "Had a mentor\n1 of 98"])
    words = words_of(rows)
    written = []
    for width, heading in ((6.4, 0.2), (4, 0)):
        rows.set_size_inches(width, 3)
        fit(rows, words, heading=heading)
        long, mentor = (label.get_text() for label in rows.axes[0].get_yticklabels())
        assert (long.replace("\n", " "), mentor) == (LONG, "Had a mentor\n1 of 98")
        written.append(long)
        assert rows.axes[0].get_tightbbox().y1 <= (1 - heading) * rows.bbox.height + 1
    assert written[0].count("\n") < written[1].count("\n")


def test_names_at_the_ends_of_lines_move_apart(show):
    figure, axes = charts.canvas(4)
    x = pd.Index([1, 2])
    for name, end in {"NPS": 1.0, "CRCs": 1.01, "England and Wales": 1.02}.items():
        axes.plot(x, [0, end], color=charts.ALL)
        charts.label_end(axes, x, pd.Series([0, end]), name, charts.ALL)
    axes.set(xlabel="year", ylabel="rate")
    show(figure)
    ends = [text for text in axes.texts if not isinstance(text, AxisName)]
    boxes = sorted((end.get_window_extent() for end in ends), key=lambda box: box.y0)
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))
    assert inside(figure, ends)
    upwards = sorted(ends, key=lambda end: end.get_window_extent().y0)
    assert [end.get_text().split()[0] for end in upwards] == ["NPS", "CRCs", "England"]


def test_the_name_of_the_y_axis_stands_upright_at_its_head(show):
    figure, axes = charts.canvas(4)
    axes.plot([1, 2], [3, 4], color=charts.ALL)
    axes.set(xlabel="year", ylabel="share of the second sample that would be noticed, in per cent of all")
    show(figure)
    (name,) = (text for text in axes.texts if isinstance(text, AxisName))
    assert name.get_rotation() == 0
    assert name.get_window_extent().y0 > axes.bbox.y1
    assert inside(figure, [name])
    assert not axes.yaxis.label.get_visible()


def test_a_legend_too_wide_for_a_phone_gets_a_line_for_each_entry(show):
    figure, axes = charts.canvas(4)
    for name in ("required improvement in most respects", "was good or outstanding in all"):
        axes.plot([1, 2], [3, 4], color=charts.ALL, label=name)
    axes.set(xlabel="year", ylabel="rate")
    charts.legend_below(axes)
    show(figure)
    (legend,) = figure.legends
    below, above = sorted(text.get_window_extent().y0 for text in legend.get_texts())
    assert above - below > 10
    assert inside(figure, [legend])


def test_years_keep_their_distance_on_a_narrow_axis(show):
    figure, axes = charts.canvas(2, ncols=2)
    for panel in axes:
        panel.plot(pd.date_range("2008-01", "2026-01", freq="YS"), np.arange(19), color=charts.ALL)
        panel.set_ylabel("people")
    show(figure)
    labels = [label.get_window_extent() for label in axes[0].get_xticklabels()]
    assert len(labels) > 2
    assert all(left.x1 < right.x0 for left, right in pairwise(labels))


def test_axes_that_reach_a_thousand_are_written_with_commas():
    figure, (people, share) = charts.canvas(4, rows=2)
    people.set(xlim=(0, 2), ylim=(0, 2500))
    share.set(xlim=(0, 2), ylim=(0, 0.5))
    plain = share.yaxis.get_major_formatter()
    group_thousands(figure)
    assert people.yaxis.get_major_formatter()(2500.0) == "2,500"
    assert share.yaxis.get_major_formatter() is plain


def test_an_axis_with_a_form_of_its_own_or_dates_keeps_it():
    figure, axes = charts.canvas(3)
    axes.plot(pd.to_datetime(["2015-02-01", "2016-02-01"]), [0, 2500])
    axes.yaxis.set_major_formatter("{x:.1f}")
    kept = axes.xaxis.get_major_formatter(), axes.yaxis.get_major_formatter()
    group_thousands(figure)
    assert (axes.xaxis.get_major_formatter(), axes.yaxis.get_major_formatter()) == kept


def test_heading_breaks_into_lines_inside_the_picture():
    figure, _ = charts.canvas(3)
    title = "The binary rate fell by far less than reoffences per offender rose over the same years"
    share = write_heading(figure, title, f"{title} {title}")
    width, height = figure.canvas.get_width_height()
    lines = figure.texts
    assert " ".join(text.get_text() for text in lines) == f"{title} {title} {title}"
    assert [text.get_fontweight() for text in lines[:3]] == ["bold", "bold", "normal"]
    boxes = [text.get_window_extent() for text in lines]
    assert all(box.x0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(boxes))
    assert boxes[-1].y0 >= height * (1 - share)


def test_heading_lines_are_as_few_as_fit_and_balanced():
    words = "one two three four five six seven eight nine ten"
    lines = balanced_lines(words, 30, len)
    assert " ".join(lines) == words
    assert len(lines) == 2
    assert max(map(len, lines)) - min(map(len, lines)) <= 6
    assert balanced_lines("unbreakable words", 3, len) == ["unbreakable", "words"]
