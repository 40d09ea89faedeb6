import base64
import io

import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from tests.report.charts.conftest import WORDS
from tr_analysis.report import CHART_MIME, charts


def test_a_chart_comes_with_picture_data_and_description_the_same_each_time(show, shown):
    show()
    show()
    (bundle, metadata), again = shown
    assert (bundle, metadata) == again
    picture = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    about = metadata["image/png"]
    assert (about["alt"], about["name"]) == ("A rising line", "rise")
    assert picture.size == (2 * about["width"], 2 * about["height"])  # twice as sharp as it is wide
    assert bundle["text/csv"] == "month,people\n2015-02,5000\n2015-03,0.333333\n"
    assert bundle["text/plain"] == "Chart: It rose"


def test_a_chart_comes_as_drawings_for_page_and_phone_with_its_words(show, shown):
    show()
    chart = shown[0][0][CHART_MIME]
    assert (WORDS | {"name": "rise"}).items() <= chart.items()
    assert (chart["width"], chart["height"]) == (460.8, 216)
    assert chart["narrow_width"] == 288
    assert chart["narrow_height"] == pytest.approx(chart["height"] - chart["heading"], abs=0.02)
    assert 'viewBox="0 0 460.8 216"' in chart["svg"]
    assert "People, England and Wales</text>" in chart["svg"]
    assert "People, England and Wales</text>" not in chart["narrow"]


def test_noise_is_not_drawn(show):
    figure, axes = charts.canvas(2)
    (line,) = axes.plot([1, 2], [0.1 + 0.2, 1])
    axes.set(xlabel="place", ylabel="height")
    show(figure)
    assert line.get_ydata().tolist() == [0.3, 1]


def test_the_picture_keeps_the_colours_of_the_house(show, shown):
    figure, axes = charts.canvas(2)
    axes.set(xlabel="place", ylabel="height")
    for place, colour in enumerate((charts.CRC, charts.NPS, charts.ALL)):
        axes.bar(place, 1, color=colour)
    show(figure)
    picture = Image.open(io.BytesIO(base64.b64decode(shown[0][0]["image/png"]))).convert("RGB")
    drawn = {colour for _, colour in picture.getcolors(1 << 20)}
    for colour in (charts.CRC, charts.NPS, charts.ALL, "#FFFFFF"):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in drawn


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"title": " "}, "'rise' has no title"),
        ({"subtitle": ""}, "'rise' has no subtitle"),
        ({"alt": "\n"}, "'rise' has no alternative text"),
        ({"name": "a/b"}, "'a/b' names its files"),
        ({"data": pd.DataFrame()}, "'rise' has no data"),
    ],
)
def test_a_chart_that_lacks_words_is_refused(show, shown, changed, fault):
    with pytest.raises(ValueError, match=fault):
        show(**changed)
    assert not shown
