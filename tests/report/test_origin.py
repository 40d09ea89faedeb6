"""What is simulated says so wherever it is shown; what is observed does not change by a byte."""

import pandas as pd
import pytest

from tr_analysis.report import CHART_MIME, FINDINGS_MIME, charts
from tr_analysis.report.charts import output
from tr_analysis.report.findings import Findings
from tr_analysis.report.tables import table

SIMULATED = pd.DataFrame({"x": [1, 2], "y": [3.0, 4.0], "origin": "simulated"})


def bundle(findings):
    return findings._repr_mimebundle_()


def test_a_simulated_input_marks_every_number():
    findings = Findings()
    findings.uses(SIMULATED)
    findings.keep(fall=-1.9, label="Fall", unit="percentage points", sources=["S001"])
    findings.keep(year="2011")
    shown = bundle(findings)
    assert shown[FINDINGS_MIME]["origin"] == "simulated"
    assert {f["origin"] for f in shown[FINDINGS_MIME]["findings"].values()} == {"simulated"}
    assert all(f["label"].startswith("SIMULATED: ") for f in shown[FINDINGS_MIME]["findings"].values())
    assert shown["text/html"].count("<caption>SIMULATED: ") == shown["text/html"].count("<caption>") == 2
    assert shown[FINDINGS_MIME]["data"] == {}


def test_a_simulated_row_is_refused_by_observed_findings():
    row = pd.Series({"estimate": 1.0, "low": 0.5, "high": 1.5, "origin": "simulated"})
    findings = Findings()
    with pytest.raises(ValueError, match=r"fall comes from simulated figures: tell it with findings.uses"):
        findings.keep(fall=row, label="Fall")
    findings.uses(SIMULATED)
    findings.keep(fall=row, label="Fall")


def test_tables_are_marked_once_by_the_chapter_or_by_their_own_rows():
    plain = pd.DataFrame({"x": [1]})
    assert table(plain, "Counts").caption == "Counts"
    assert table(plain, "Counts", origin="simulated").caption == "SIMULATED: Counts"
    assert table(SIMULATED, "SIMULATED: Counts").caption == "SIMULATED: Counts"


def chart(monkeypatch, **about):
    kept = {}
    monkeypatch.setattr(output, "display", lambda bundle, **_: kept.update(bundle))
    figure, axes = charts.canvas()
    axes.plot([1, 2], [3, 4], color=charts.CRC)
    axes.set(xlabel="x", ylabel="y, per cent")
    words = {"title": "It rose", "subtitle": "Of all.", "alt": "A rising line."}
    charts.show(figure, "rise", **words, **({"data": SIMULATED[["x", "y"]]} | about))
    return kept[CHART_MIME], kept["text/plain"]


def test_a_simulated_chart_says_so_in_title_words_and_picture(monkeypatch):
    observed, _ = chart(monkeypatch)
    assert observed["title"] == "It rose"
    for about in ({"origin": "simulated"}, {"data": SIMULATED}):
        found, plain = chart(monkeypatch, **about)
        assert found["title"] == "SIMULATED: It rose"
        assert found["alt"] == "SIMULATED: A rising line."
        assert plain == "Chart: SIMULATED: It rose"
        # The drawing for a phone has no heading: what differs in it is the stamp.
        assert all(found[drawing] != observed[drawing] for drawing in ("svg", "narrow"))
