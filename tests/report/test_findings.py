import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tr_analysis.report import FINDINGS_MIME
from tr_analysis.report.finding import RUNGS, Finding
from tr_analysis.report.findings import Findings


def finding(value, **about):
    return Finding("x", "A number", value, **about)


@pytest.fixture
def findings():
    made = Findings()
    made.add("fall", "Fall", -2.1, low=-2.4, high=-1.8, n=108_000, unit="percentage points", rung="C")
    made.add("stock", "People on recall", 8737, unit="people", sources=("S002", "S001"))
    made.fact("when", "Date of the reform", "February 2015", sources=["S001"])
    return made


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (45.44, "percent", "45.4%"),
        (-2.14, "percentage points", "−2.1 points"),
        (628761.4, "people", "628,761"),
        (-84271, "count", "−84,271"),
        (0.0606, "probability", "0.061"),
        (1234.567, "", "1,234.57"),
    ],
)
def test_each_unit_has_its_own_way_of_writing(value, unit, shown):
    assert finding(value, unit=unit).show() == shown


@pytest.mark.parametrize(
    ("value", "unit", "part", "words"),
    [
        (-1.8, "percentage points", "change", "fell by 1.8 points"),
        (5.02, "percent", "change", "rose by 5.0%"),
        (2853, "people", "more", "2,853 more"),
        (-514, "people", "more", "514 fewer"),
        (0.66, "percent", "faster", "0.7% faster"),
        (-0.16, "percent", "faster", "0.2% more slowly"),
    ],
)
def test_words_go_with_the_sign(value, unit, part, words):
    assert finding(value, unit=unit).show(part) == words


@pytest.mark.parametrize(
    ("low", "high", "word"), [(1, 3, "excludes"), (-3, -1, "excludes"), (-1, 3, "includes")]
)
def test_clarity_goes_with_the_interval(low, high, word):
    assert (
        finding((low + high) / 2, low=low, high=high).show("clarity") == f"an interval that {word} no change"
    )


def test_places_overrule_the_unit():
    assert finding(47.17, unit="percent", places=0).show() == "47%"
    assert finding(0.9961, places=3).show() == "0.996"


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("value", "−2.1 points"),
        ("size", "2.1 points"),
        ("signed", "−2.1 points"),
        ("low", "−2.4 points"),
        ("high", "−1.8 points"),
        ("interval", "−2.4 to −1.8 points"),
        ("n", "108,000"),
        ("direction", "a fall"),
    ],
)
def test_parts(findings, part, shown):
    assert findings["fall"].show(part) == shown


def test_interval_repeats_a_sign_that_clings_to_its_number():
    assert finding(48, low=5, high=109, unit="percent", places=0).show("interval") == "5% to 109%"


def test_rise_is_signed_and_nothing_is_not():
    assert finding(7.0, unit="percent").show("signed") == "+7.0%"
    assert finding(0.0, unit="percent").show("signed") == "0.0%"


@pytest.mark.parametrize("part", ["value", "size", "signed"])
def test_no_sign_before_what_rounds_to_zero(part):
    assert finding(-0.04, unit="percent").show(part) == "0.0%"
    assert finding(0.04, unit="percent").show(part) == "0.0%"


@pytest.mark.parametrize(
    ("low", "high", "direction"),
    [(0.1, 2, "a rise"), (-2, -0.1, "a fall"), (-1, 1, "no clear change"), (0, 1, "no clear change")],
)
def test_direction_follows_the_interval(low, high, direction):
    assert finding((low + high) / 2, low=low, high=high).show("direction") == direction


def test_unknown_part_says_which_there_are(findings):
    with pytest.raises(
        ValueError, match=r"stock has no 'interval'; it has value, size, signed, change, more, faster$"
    ):
        findings["stock"].show("interval")
    with pytest.raises(ValueError, match=r"when has no 'n'; it has value$"):
        findings.text("{when.n}")
    with pytest.raises(
        ValueError,
        match="it has value, size, signed, change, more, faster, low, high, interval, span, direction, clarity, n, n_of",
    ):
        findings.text("{fall.lower}")


def test_unknown_name_gives_the_nearest(findings):
    with pytest.raises(ValueError, match="no finding 'stok'; did you mean stock"):
        findings.text("{stok}")
    with pytest.raises(ValueError, match=r"no finding 'zzz'$"):
        findings["zzz"]


@pytest.mark.parametrize(
    ("name", "about", "fault"),
    [
        ("fall", {}, "'fall' is there already"),
        ("a.b", {}, "'a.b' cannot stand in a template"),
        ("x", {"rung": "Z"}, "rung 'Z' is none of 'A', 'B'"),
        ("x", {"unit": "percents"}, "unit 'percents' is none of .*'percent'"),
        ("x", {"low": 2, "high": 3}, "1 lies outside its own interval 2 to 3"),
        ("x", {"low": 0}, "give both low and high"),
        ("x", {"low": 0, "high": float("inf")}, "high is inf"),
        ("x", {"low": float("nan"), "high": 2}, "low is nan"),
        ("x", {"n": float("nan")}, "n is nan"),
        ("x", {"sources": ("S999",)}, "x: no source 'S999'"),
        ("x", {"sources": "S001"}, r"no source 'S'; give ids .* as in \('S001',\)"),
    ],
)
def test_a_faulty_number_is_refused(findings, name, about, fault):
    with pytest.raises(ValueError, match=fault):
        findings.add(name, "A number", 1.0, **about)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), np.float64("nan"), pd.NA, None])
def test_a_number_that_is_none_is_refused_with_the_remedy(findings, value):
    with pytest.raises(ValueError, match=r"x: value is .*say the rest with `fact`"):
        findings.add("x", "A number", value)


def test_a_fact_with_an_unknown_source_is_refused(findings):
    with pytest.raises(ValueError, match="x: no source 'S999'"):
        findings.fact("x", "A date", "May", sources=["S999"])


def test_an_estimate_brings_its_interval_in_the_unit_shown(findings):
    findings.estimate(
        "rate", "Rate", SimpleNamespace(estimate=0.5, low=0.4, high=0.6), scale=100, unit="percent"
    )
    assert findings.text("{rate} ({rate.interval})") == "50.0% (40.0% to 60.0%)"


def test_a_count_is_written_as_one(findings):
    findings.count("rows", "Rows", np.int64(1502), sources=("S001",))
    assert (findings.text("{rows}"), findings["rows"].unit) == ("1,502", "count")


def test_prose_remembers_exactly_what_it_showed(findings):
    said = findings.say("\nBy {fall.size} ({fall.interval}) since {when}; {{braces}} stay.\n")
    assert said.data == "By 2.1 points (−2.4 to −1.8 points) since February 2015; {braces} stay."
    findings.text("Title: {fall.size}, again {fall.size}")
    shown = {name: record["shown"] for name, record in bundle(findings)[FINDINGS_MIME]["findings"].items()}
    assert shown == {
        "fall": ["2.1 points", "−2.4 to −1.8 points"],
        "stock": [],
        "when": ["February 2015"],
    }


def test_tables_show_without_counting_as_prose(findings):
    assert "8,737" in bundle(findings)["text/html"]
    assert bundle(findings)[FINDINGS_MIME]["findings"]["stock"]["shown"] == []


def bundle(findings):
    return findings._repr_mimebundle_()


def test_bundle_has_the_shape_that_the_runner_reads():
    table = pd.DataFrame()
    table.attrs = {"table": "recall", "sha256": "ab12"}
    findings = Findings([table])
    about = {"n": 3, "of": "people", "rung": "B", "sources": ("S001",), "method": "Wilson"}
    findings.add("rate", "Rate", 1 / 3, low=0.25, high=0.5, **about)
    made = bundle(findings)
    assert set(made) == {FINDINGS_MIME, "text/plain", "text/html", "text/csv"}
    assert made[FINDINGS_MIME] == {
        "data": {"recall": "ab12"},
        "findings": {
            "rate": {
                "label": "Rate",
                "value": 0.33333,  # to a ten-thousandth of half the interval's width
                "low": 0.25,
                "high": 0.5,
                "n": 3,
                "unit": "",
                "rung": "B",
                "sources": ["S001"],
                "method": "Wilson",
                "text": None,
                "places": None,
                "of": "people",
                "span": "sampling",
                "shown": [],
            }
        },
    }


def test_numbers_of_numpy_and_pandas_become_plain_json():
    findings = Findings()
    counts = pd.Series([7, 9], dtype="Int64")
    findings.add("a", "A", np.int64(7), low=np.float32(6), high=counts.iloc[1], n=np.int64(12), unit="people")
    findings.add("b", "B", counts.sum(), n=1e5)
    record = json.loads(json.dumps(bundle(findings)[FINDINGS_MIME], allow_nan=False))["findings"]
    assert (record["a"]["value"], record["a"]["n"], record["b"]["n"]) == (7.0, 12, 100_000)
    assert findings.text("{a.interval}, n = {b.n}") == "6 to 9, n = 100,000"


def test_an_interval_says_what_it_allows_for_and_n_what_it_counts():
    findings = Findings()
    ends = {"low": 4.3, "high": 9.6, "unit": "percent"}
    findings.add("a", "A", 7.0, **ends, span="rounding", n=117, of="months")
    findings.add("b", "B", 7.0, **ends)
    shown = findings.text("{a.span} ({a.n_of}); {b.span}")
    assert shown == "4.3% to 9.6% from rounding alone (117 months); 95% interval 4.3% to 9.6%"
    cells = findings.table().cells.set_index("Key number")
    assert list(cells["Interval"]) == ["4.3% to 9.6% from rounding alone", "4.3% to 9.6%"]
    assert list(cells["n"]) == ["117 months", ""]
    with pytest.raises(ValueError, match="span 'chance' is none of 'sampling', 'rounding', 'choices'"):
        findings.add("c", "C", 7.0, **ends, span="chance")


def test_inputs_that_were_not_loaded_are_refused():
    with pytest.raises(ValueError, match=r"as `tr_analysis.data.load` returns them"):
        Findings([pd.DataFrame({"a": [1]})])


def test_key_numbers_lead_back_to_their_sources(findings):
    made = bundle(findings)
    link = (
        '<a href="https://example.org/a?b=1&amp;c=2" title="Bulletin &quot;one&quot; &lt;first&gt;">S001</a>'
    )
    assert made["text/html"].count(link) == 2  # beside the number, and in the list of sources
    assert "<td>Bulletin &quot;one&quot; &lt;first&gt;</td>" in made["text/html"]
    assert "S002 S001" in made["text/plain"]
    assert "href" not in made["text/plain"]


def test_sources_are_loaded_once_and_only_when_named(sources, findings):
    bundle(findings)
    assert sources == ["sources"]
    bundle(Findings())
    assert sources == ["sources"]


def test_a_source_is_named_once(findings):
    findings.add("x", "A number", 1, sources=("S002", "S001", "S002"))
    assert findings["x"].sources == ("S002", "S001")


def test_table_holds_estimates_by_rung_and_no_facts(findings):
    made = findings.table()
    cells = made.cells.set_index("Key number")
    assert list(cells.index) == ["People on recall", "Fall"]
    assert made.groups == (f"Rung A: {RUNGS['A']}", f"Rung C: {RUNGS['C']}")
    assert list(cells.loc["Fall"]) == ["−2.1 points", "−2.4 to −1.8 points", "108,000", "these tables"]
    assert list(cells.loc["People on recall"])[1:3] == ["", ""]


def test_every_number_and_fact_is_downloaded_before_rounding(findings):
    findings.add("share", "Share, of all", 100 / 3, unit="percent", method="Wilson")
    assert bundle(findings)["text/csv"] == (
        "name,label,value,low,high,span,n,of,unit,rung,method,sources,text\n"
        "fall,Fall,-2.1,-2.4,-1.8,sampling,108000,,percentage points,C,,,\n"
        "stock,People on recall,8737,,,,,,people,A,,S002 S001,\n"
        "when,Date of the reform,,,,,,,,A,,S001,February 2015\n"
        'share,"Share, of all",33.3333,,,,,,per cent,A,Wilson,,\n'
    )
    assert bundle(Findings())["text/csv"].count("\n") == 1


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [(0.0004, None, "below 0.001"), (0.0005, 2, "below 0.01"), (0.0, None, "0.000"), (0.0006, None, "0.001")],
)
def test_no_probability_is_rounded_to_nought(value, places, shown):
    assert finding(value, unit="probability", places=places).show() == shown
