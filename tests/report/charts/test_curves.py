from tr_analysis.report import charts


def test_a_line_carries_its_name_at_its_own_height():
    _, axes = charts.canvas()
    charts.named_line(axes, [0, 2], [10, 30], "a year", charts.NPS, place=1.5, offset=(-8, 4), ha="right")
    (line,), (name,) = axes.lines, axes.texts
    assert (name.get_text(), name.xy, name.get_position()) == ("a year", (1.5, 25.0), (-8, 4))
    assert line.get_color() == name.get_color() == charts.NPS
