from itertools import combinations

import pandas as pd
import pytest

from tr_analysis.report import charts
from tr_analysis.report.charts.marks import Flag

pytestmark = pytest.mark.usefixtures("undrawn")
EVENTS = pd.DataFrame(
    {"event_id": ["split", "ownership", "sale"], "date": ["2014-06-01", "2015-02-01", "2019-02"]}
)
REFORM = {"2014-06-01": "split", "2015-02-01": "new owners, new act", "2018-10-01": "follow-up in pandemic"}


@pytest.mark.parametrize("name", ["merger", "sale", "pandemic"])  # neither; no words; not in the table
def test_an_event_that_is_not_known_is_refused(name):
    assert list(charts.reform(EVENTS, "split", "ownership")) == list(
        pd.to_datetime(["2014-06-01", "2015-02-01"])
    )
    with pytest.raises(ValueError, match=f"no event '{name}' to mark; there are: split, ownership"):
        charts.reform(EVENTS, "split", name)


def flags(figure):
    return [text for axes in figure.axes for text in axes.texts if isinstance(text, Flag)]


@pytest.mark.parametrize("begin", ["2004-01-01", "2014-05-01"])
def test_words_of_events_are_clear_of_each_other_of_lines_and_of_the_edges(show, begin):
    figure, (top, bottom) = charts.canvas(5, rows=2, sharex=True)
    for axes in (top, bottom):
        axes.plot(pd.to_datetime([begin, "2023-01-01"]), [10_000, 20_000], color=charts.ALL)
        axes.set_ylabel("people")
    charts.mark([top, bottom], REFORM)
    show(figure)  # and leaves it in its narrow form
    marked = flags(figure)
    assert [flag.get_text() for flag in marked] == list(REFORM.values())
    assert all(flag.axes is top for flag in marked)
    assert [len(axes.lines) for axes in (top, bottom)] == [4, 4]  # a line goes through all axes
    boxes = [flag.get_window_extent() for flag in marked]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= top.bbox.y1 for box in boxes)
    assert all(box.y1 <= figure.bbox.y1 for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for flag in marked:
        pole = flag.pole.get_window_extent()
        assert not any(box.x0 < pole.x0 < box.x1 and pole.y1 > box.y0 for box in boxes)


def test_more_words_than_find_room_stand_on_stairs(show):
    figure, axes = charts.canvas(4)
    axes.plot([0, 1], [0, 1], color=charts.ALL)
    axes.set(xlabel="share", ylabel="share")
    charts.mark(axes, {place: "words that are rather long for a phone" for place in (0.6, 0.61, 0.62)})
    show(figure)
    heights = [flag.get_window_extent().y0 for flag in flags(figure)]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 3
