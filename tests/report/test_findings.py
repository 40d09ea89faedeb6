import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tr_analysis.data.store import remember
from tr_analysis.errors import UsageError
from tr_analysis.report import CHART_MIME, FINDINGS_MIME, charts
from tr_analysis.report import findings as report
from tr_analysis.report.charts import output
from tr_analysis.report.finding import EVIDENCE_LEVELS, Finding
from tr_analysis.report.findings import Findings


@pytest.fixture
def findings():
    made = Findings()
    made.keep(fall=(-2.1, -2.4, -1.8), label="Fall", n=108_000, unit="percentage points", level="C")
    made.keep(stock=8737, label="People on recall", unit="people", sources=["S002", "S001"])
    made.keep(when="February 2015", label="Date of the reform", sources=["S001"])
    return made


@pytest.mark.parametrize(
    ("name", "about", "fault"),
    [
        ("fall", {}, "'fall' is there already"),
        ("a.b", {}, "'a.b' cannot stand in a template"),
        ("x", {"level": "Z"}, "level 'Z' is none of 'A', 'B'"),
        ("x", {"unit": "percents"}, "unit 'percents' is none of .*'percent'"),
        ("x", {"low": 2, "high": 3}, "1 lies outside its own interval 2 to 3"),
        ("x", {"low": 0}, "give both low and high"),
        ("x", {"low": 0, "high": float("inf")}, "high is inf"),
        ("x", {"low": float("nan"), "high": 2}, "low is nan"),
        ("x", {"n": float("nan")}, "n is nan"),
        ("x", {"sources": ("S999",)}, "x: no source 'S999'"),
        ("x", {"sources": "S001"}, r"no source 'S'; give ids .* as in \['S001'\]"),
    ],
)
def test_a_faulty_number_is_refused(findings, name, about, fault):
    with pytest.raises(ValueError, match=fault):
        findings.keep(**{name: 1.0}, label="A number", **about)


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), pd.NA, None])
def test_a_number_that_is_none_is_refused_with_the_remedy(findings, value):
    with pytest.raises(ValueError, match=r"x: value is .*say the rest in words"):
        findings.keep(x=value, label="A number")


@pytest.mark.parametrize(
    "estimate",
    [
        SimpleNamespace(estimate=0.5, low=0.4, high=0.6, n=12),
        pd.Series({"estimate": 0.5, "low": 0.4, "high": 0.6, "n": 12}),
    ],
)
def test_an_estimate_brings_its_interval_in_the_unit_shown_and_its_n(findings, estimate):
    findings.keep(rate=estimate, label="Rate", scale=100, unit="percent")
    assert findings.text("{rate} ({rate.interval}), n = {rate.n}") == "50.0% (40.0% to 60.0%), n = 12"


@pytest.mark.parametrize(
    ("value", "about", "shown"),
    [
        (45.44, {"unit": "percent"}, {"value": "45.4%", "signed": "+45.4%"}),
        (-2.14, {"unit": "percentage points"}, {"value": "−2.1 points", "size": "2.1 points"}),
        (628761.4, {"unit": "people"}, {"value": "628,761"}),
        (-84271, {"unit": "count"}, {"value": "−84,271"}),
        (1234.567, {}, {"value": "1,234.57"}),
        (47.17, {"unit": "percent", "decimals": 0}, {"value": "47%"}),
        (0.0606, {"unit": "probability"}, {"value": "0.061"}),
        (0.0004, {"unit": "probability"}, {"value": "below 0.001"}),
        (0.0005, {"unit": "probability", "decimals": 2}, {"value": "below 0.01"}),
        (0.0, {"unit": "probability"}, {"value": "0.000"}),
        (-1.8, {"unit": "percentage points"}, {"change": "fell by 1.8 points"}),
        (5.02, {"unit": "percent"}, {"change": "rose by 5.0%"}),
        (2853, {"unit": "people"}, {"more": "2,853 more"}),
        (-514, {"unit": "people"}, {"more": "514 fewer"}),
        *(
            (v, {"unit": "percent"}, dict.fromkeys(["value", "size", "signed"], "0.0%"))
            for v in (-0.04, 0, 0.04)
        ),
        (0.01, {"unit": "percent"}, {"change": "did not change"}),
        (48, {"low": 5, "high": 109, "unit": "percent", "decimals": 0}, {"interval": "5% to 109%"}),
        (1, {"low": 0.1, "high": 2}, {"clarity": "an interval that excludes no change"}),
        (-1, {"low": -2, "high": -0.1}, {"clarity": "an interval that excludes no change"}),
        (0.5, {"low": 0, "high": 1}, {"clarity": "an interval that includes no change"}),
        (0.5, {"low": -1, "high": 1}, {"clarity": "an interval that includes no change", "low": "−1.00"}),
    ],
)
def test_each_part_is_written_by_unit_sign_and_interval(value, about, shown):
    made = Finding("x", "A number", value, **about)
    assert {part: made.show(part) for part in shown} == shown


def test_a_part_or_a_name_that_is_not_there_is_refused_with_those_that_are(findings):
    parts = "value, level, size, signed, change, more"
    with pytest.raises(ValueError, match=f"stock has no 'interval'; it has {parts}$"):
        findings["stock"].show("interval")
    with pytest.raises(ValueError, match=r"when has no 'n'; it has value$"):
        findings.text("{when.n}")
    with pytest.raises(ValueError, match=f"{parts}, low, high, interval, span, clarity, n, n_of"):
        findings.text("{fall.lower}")
    with pytest.raises(ValueError, match="no finding 'stok'; did you mean stock"):
        findings.text("{stok}")


def test_several_numbers_share_what_is_said_of_them(findings):
    findings.keep(rows=np.int64(1502), columns=7, label="Size", unit="count", sources=["S001"])
    assert findings.text("{rows} by {columns}") == "1,502 by 7"
    assert findings["rows"].unit == findings["columns"].unit == "count"


def test_a_number_says_what_it_is_and_a_text_need_not(findings):
    findings.keep(end_month="May 2019")
    assert findings["end_month"].label == "End month"
    with pytest.raises(ValueError, match="x: say what it is, as in"):
        findings.keep(x=1)
    with pytest.raises(ValueError, match="x: no source 'S999'"):
        findings.keep(x="May", sources=["S999"])


def test_a_label_names_facts_that_are_kept_later(findings):
    findings.keep(gap=1.0, label="Gap in {end}", unit="people")
    findings.keep(end="May 2019")
    record = bundle(findings)[FINDINGS_MIME]["findings"]
    assert (record["gap"]["label"], record["end"]["shown"]) == ("Gap in May 2019", [])


def test_prose_remembers_exactly_what_it_showed(findings):
    said = findings.markdown("\nBy {fall.size} ({fall.interval}) since {when}; {{braces}} stay.\n")
    assert said.data == "By 2.1 points (−2.4 to −1.8 points) since February 2015; {braces} stay."
    findings.text("Title: {fall.size}, again {fall.size}")
    shown = {name: record["shown"] for name, record in bundle(findings)[FINDINGS_MIME]["findings"].items()}
    assert shown == {"fall": ["2.1 points", "−2.4 to −1.8 points"], "stock": [], "when": ["February 2015"]}


def bundle(findings):
    return findings._repr_mimebundle_()


def test_bundle_has_the_shape_that_the_runner_reads():
    findings = Findings()
    table = pd.DataFrame()
    table.attrs = {"table": "recall", "sha256": "ab12"}
    remember(table)
    about = {"n": 3, "of": "people", "level": "B", "sources": ("S001", "S001"), "method": "Wilson"}
    findings.keep(rate=(1 / 3, 0.25, 0.5), label="Rate", **about)
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
                "level": "B",
                "sources": ["S001"],
                "method": "Wilson",
                "text": None,
                "decimals": None,
                "of": "people",
                "interval_basis": "sampling",
                "key": True,
                "shown": [],
            }
        },
    }


def test_numbers_of_numpy_and_pandas_become_plain_json():
    findings = Findings()
    counts = pd.Series([7, 9], dtype="Int64")
    ends = (np.int64(7), np.float32(6), counts.iloc[1])
    findings.keep(a=ends, label="A", n=np.int64(12), unit="people")
    findings.keep(b=counts.sum(), label="B", n=1e5)
    record = json.loads(json.dumps(bundle(findings)[FINDINGS_MIME], allow_nan=False))["findings"]
    assert (record["a"]["value"], record["a"]["n"], record["b"]["n"]) == (7.0, 12, 100_000)
    assert findings.text("{a.interval}, n = {b.n}") == "6 to 9, n = 100,000"


def test_an_interval_says_what_it_allows_for_and_n_what_it_counts():
    findings = Findings()
    about = {"low": 4.3, "high": 9.6, "unit": "percent"}
    findings.keep(a=7.0, label="A", **about, interval_basis="rounding", n=117, of="months")
    findings.keep(b=7.0, label="B", **about)
    shown = findings.text("{a.span} ({a.n_of}); {b.span}")
    assert shown == "4.3% to 9.6% from rounding alone (117 months); 95% interval 4.3% to 9.6%"
    cells = findings.key_numbers().cells.set_index("Key number")
    assert list(cells["Interval"]) == ["4.3% to 9.6% from rounding alone", "4.3% to 9.6%"]
    assert list(cells["n"]) == ["117 months", ""]
    with pytest.raises(
        ValueError, match="interval_basis 'chance' is none of 'sampling', 'rounding', 'choices'"
    ):
        findings.keep(c=7.0, label="C", **about, interval_basis="chance")


def test_key_numbers_lead_back_to_their_sources(findings):
    made = bundle(findings)
    link = (
        '<a href="https://example.org/a?b=1&amp;c=2" title="Bulletin &quot;one&quot; &lt;first&gt;">S001</a>'
    )
    assert made["text/html"].count(link) == 2  # beside the number, and in the list of sources
    assert "<td>Bulletin &quot;one&quot; &lt;first&gt;</td>" in made["text/html"]
    assert "S002 S001" in made["text/plain"]
    assert "href" not in made["text/plain"]


def test_key_numbers_stand_by_level_of_evidence_without_facts(findings):
    made = findings.key_numbers()
    cells = made.cells.set_index("Key number")
    assert list(cells.index) == ["People on recall", "Fall"]
    assert made.groups == (f"Level A: {EVIDENCE_LEVELS['A']}", f"Level C: {EVIDENCE_LEVELS['C']}")
    assert list(cells.loc["Fall"]) == ["−2.1 points", "−2.4 to −1.8 points", "108,000", "these tables"]
    assert list(cells.loc["People on recall"])[1:3] == ["", ""]


def test_every_number_and_fact_is_downloaded_before_rounding(findings):
    findings.keep(share=100 / 3, label="Share, of all", unit="percent", method="Wilson")
    assert bundle(findings)["text/csv"] == (
        "name,label,value,low,high,interval_basis,n,of,unit,level,method,sources,text,key\n"
        "fall,Fall,-2.1,-2.4,-1.8,sampling,108000,,percentage points,C,,,,True\n"
        "stock,People on recall,8737,,,,,,people,A,,S002 S001,,True\n"
        "when,Date of the reform,,,,,,,,A,,S001,February 2015,False\n"
        'share,"Share, of all",33.3333,,,,,,per cent,A,Wilson,,,True\n'
    )
    assert bundle(Findings())["text/csv"].count("\n") == 1


# The answer, and the chart under it, above the code that fills them


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would show, by display id where it has one; an update takes the place of what was there."""
    places = {}

    def show(what, *, display_id="", **how):
        places[display_id or f"output {len(places)}"] = getattr(what, "data", what)

    for module in (report, output):
        monkeypatch.setattr(module, "display", show)
        monkeypatch.setattr(module, "update_display", show)
    return places


def test_the_answer_is_filled_by_the_last_cell(findings, shown):
    findings.answer("It fell by {fall.size} ({fall.level}).")
    assert shown["answer"].startswith("## Answer") and "fell" not in shown["answer"]
    findings._ipython_display_()
    assert shown["answer"] == "## Answer\nIt fell by 2.1 points (level of evidence C: comparison)."
    assert list(shown)[-1] == "output 1" and FINDINGS_MIME in shown["output 1"]


def test_a_chart_announced_under_the_answer_is_shown_there(findings, shown):
    findings.answer_chart("rates")
    with pytest.raises(ValueError, match="chart 'rates' stands under the answer and was never drawn"):
        findings._ipython_display_()
    figure, axes = charts.canvas()
    axes.plot([1, 2], [3, 4])
    axes.set(xlabel="year", ylabel="people")
    words = {
        "title": "It fell by {fall.size}",
        "subtitle": "Since {when}. Sources: S002, S001, S999.",
        "alt": "A line.",
    }
    findings.chart(figure, "rates", **words, data=pd.DataFrame({"year": [1, 2], "people": [3, 4]}))
    assert shown["chart-rates"]["text/plain"] == "Chart: It fell by 2.1 points"
    assert list(shown) == ["chart-rates"]
    drawn = shown["chart-rates"][
        CHART_MIME
    ]  # who sees the picture without its page is told whose figures it shows
    assert "Published by: Ministry of Justice; Prison Reform Trust" in drawn["svg"]
    assert "Published by" not in drawn["narrow"] + drawn["subtitle"]


# What stands beside the notebook


@pytest.fixture
def beside(tmp_path, monkeypatch):
    def write(text):
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        (tmp_path / "notebooks" / "01-new.toml").write_text(text)
        monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
        return Findings("01-new")

    return write


def test_the_file_beside_the_notebook_says_what_numbers_are(beside, monkeypatch):
    findings = beside(
        'key = ["stock", "at_*"]\n[defaults]\nunit = "people"\n[share]\nlabel = "Share"\nunit = "percent"\n'
        'scale = 100\n["at_*"]\nlabel = "At"\n[stock]\nlabel = "Stock"\ndecimals = 1\n'
    )
    monkeypatch.setattr(Findings, "sources", {})
    findings.keep(share=0.25, at_end=3, stock=7)
    assert findings.text("{share}, {at_end}, {stock}") == "25.0%, 3, 7.0"
    assert list(findings.key_numbers().cells["Key number"]) == ["Stock", "At"]
    assert list(bundle(findings)[FINDINGS_MIME]["findings"]) == ["stock", "at_end", "share"]
    with pytest.raises(ValueError, match=r"01-new.toml has no entry 'stok'; did you mean stock\?"):
        findings.keep(stok=1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a", r"01-new.toml: .*mend the line"),
        ('keys = ["a"]', "keys.: is no entry; begin one with"),
        ('key = "a"', "key is 'a', and should be a list"),
        ('key = ["stok"]\n[stock]\nlabel = "Stock"', "the key number 'stok' has no entry; did you mean"),
        ('[stock]\nunit = "people"', r"\[stock\]: has no label"),
        ('[stock]\nlabl = "Stock"', r"\[stock\]: 'labl' is not known; did you mean label"),
        ('[sources]\nlabel = "Sources"', r"\[sources\]: is a word that keep\(\) has a meaning for"),
        ("[stock]\nlabel = 3", r"\[stock\]: label is 3, and should be of type str"),
    ],
)
def test_a_mistake_in_that_file_is_one_clear_message(beside, text, fault):
    with pytest.raises(UsageError, match=fault):
        beside(text)


def test_a_chapter_without_that_file_is_told_to_write_it(beside):
    beside("")
    with pytest.raises(UsageError, match=r"02-other.toml is not beside the notebooks: write it"):
        Findings("02-other")
