import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from tests.report.charts.conftest import DATA, WORDS
from tr_analysis.report import CHART_MIME, charts
from tr_analysis.report.charts import output
from tr_analysis.report.charts.output import _shorter

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def svg():
    shown = []
    figure, axes = charts.canvas(3)
    axes.plot([1, 2, 3], [0.12345, 4, 2], color=charts.CRC)
    axes.set(xlabel="a < b, 0.12345 each", ylabel="people")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "display", lambda bundle, **_: shown.append(bundle))
        charts.show(figure, "rise", data=DATA, **WORDS | {"alt": 'It says "rise" & <more>'})
    return shown[0][CHART_MIME]["svg"]


def test_a_drawing_says_what_it_is(svg):
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert [root.find(f"{SVG}{tag}").text for tag in ("title", "desc")] == [
        "It rose",
        'It says "rise" & <more>',
    ]


def test_it_has_ids_of_its_own_and_knows_neither_day_nor_maker(svg):
    ids = re.findall(r' id="([^"]*)', svg)
    assert ids and ids == [f"rise-{number}" for number in range(len(ids))]
    assert not re.search(r"20\d\d-\d\d-\d\d|Matplotlib|metadata|<!--", svg)


def test_text_is_text_in_a_font_that_is_found_everywhere(svg):
    root = ET.fromstring(svg)
    words = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert "a < b, 0.12345 each" in words  # shorter numbers in places, never in words
    assert "font-family: 'DejaVu Sans', Verdana, sans-serif" in root.find(f".//{SVG}style").text


def test_straight_lines_are_written_as_steps():
    path = "M 10 20 \nL 10.123456 20 \nL 10.123456 25.5 \nL 4 25 \nz\nM 1.004 2 \nL 0.5 2.25 \n"
    assert _shorter(path) == "m10 20h.12v5.5l-6.12-.5zm-9-18l-.5 .25"
    curve = "M 0 3 \nC 0.795609 3 1.5 2.683901 2 2.12132 \n"
    assert _shorter(curve) == "M 0 3 C 0.8 3 1.5 2.68 2 2.12"


def test_steps_do_not_add_up_errors():
    x, y = np.linspace(0, 300, 5000), np.random.default_rng(1).uniform(0, 200, 5000)
    path = "M 0 0 \n" + "".join(f"L {a:.6f} {b:.6f} \n" for a, b in zip(x, y, strict=True))
    here = np.zeros(2)
    for command, numbers in re.findall(r"([mlhv])([^mlhv]*)", _shorter(path)):
        steps = [float(step) for step in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        here += {"h": lambda s: (s[0], 0), "v": lambda s: (0, s[0])}.get(command, tuple)(steps)
    assert here == pytest.approx([x[-1], y[-1]], abs=0.006)


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


@pytest.mark.parametrize("colours", [3, 256, 257, 4096, 5000])
def test_a_picture_keeps_its_common_colours_and_shows_a_rare_one_as_the_nearest(colours):
    known = np.arange(colours)
    pixels = np.concatenate([np.repeat(known[:250], 20), known]).astype("<u4") * 37 | 0xFF000000
    drawn = pixels.reshape(1, -1).view(np.uint8).reshape(1, -1, 4)
    packed = output._with_palette(drawn)
    assert packed.mode == "P"
    shown, true = (np.asarray(p)[0].astype(int) for p in (packed.convert("RGB"), drawn[..., :3]))
    off = ((shown - true) ** 2).sum(axis=1)
    if colours <= 4096:
        palette = np.unique(shown, axis=0)
        assert off[:5000].max() == 0
        assert (off == ((true[:, None] - palette) ** 2).sum(axis=2).min(axis=1)).all()
    assert (off.max() == 0) == (colours <= 256)
