from itertools import pairwise

from tr_analysis.report import charts
from tr_analysis.report.headings import balanced_lines, write_heading


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


def test_a_word_wider_than_the_picture_gets_its_own_line():
    figure, _ = charts.canvas(3)
    long = "reoffending" * 12
    write_heading(figure, f"{long} {long}", "x")
    assert [text.get_text() for text in figure.texts] == [long, long, "x"]


def test_heading_lines_are_as_few_as_fit_and_balanced():
    words = "one two three four five six seven eight nine ten"
    lines = balanced_lines(words, 30, len)
    assert " ".join(lines) == words
    assert len(lines) == 2
    assert max(map(len, lines)) - min(map(len, lines)) <= 6
    assert balanced_lines("unbreakable words", 3, len) == ["unbreakable", "words"]
