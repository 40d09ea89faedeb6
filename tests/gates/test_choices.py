"""What a reader is shown for a choice is what papermill gives with the same parameters."""

import json
import random

import pytest

from tr_analysis.cli import main
from tr_analysis.report import CHART_MIME
from tr_analysis.sweep.choices import read_choices

EACH = 3


def computed(choices):
    """Return what the page of a chapter shows of its choices."""
    page = choices.folder / "choices.json"
    assert page.exists(), "no choices were computed: make study"
    return json.loads(page.read_bytes())


@pytest.mark.full
@pytest.mark.parametrize("choices", read_choices(), ids=lambda each: each.target.name)
def test_each_control_changes_the_answer_or_a_chart(choices):
    page = computed(choices)
    own = next(one for one in page["choices"] if one["values"] == page["default"])
    for control in choices.controls:
        others = {name: value for name, value in page["default"].items() if name != control.parameter}
        beside = [
            one for one in page["choices"] if others.items() <= one["values"].items() and "refused" not in one
        ]
        shown = [(one["answer"], one["charts"]) for one in beside]
        assert any(one != (own["answer"], own["charts"]) for one in shown), (
            f"{control.parameter} does nothing"
        )


@pytest.mark.full
@pytest.mark.parametrize("choices", read_choices(), ids=lambda each: each.target.name)
def test_choices_picked_at_random_are_what_the_whole_chapter_gives(choices, tmp_path):
    shown = [one for one in computed(choices)["choices"] if "refused" not in one]
    for number, one in enumerate(random.Random(choices.target.name).sample(shown, EACH)):
        out = tmp_path / str(number)
        given = [word for name, value in one["values"].items() for word in ("-p", f"{name}={value}")]
        assert main(["run", choices.target.name, *given, "--out", str(out)]) == 0
        cells = json.loads((out / f"{choices.target.name}.ipynb").read_bytes())["cells"]
        answers = ["".join(c["source"]) for c in cells if "".join(c["source"]).startswith("## Answer\n")]
        assert answers == [f"## Answer\n{one['answer']}"]
        outputs = [
            o["data"][CHART_MIME]
            for c in cells
            for o in c.get("outputs", [])
            if CHART_MIME in o.get("data", {})
        ]
        drawn = {chart["name"]: chart for chart in outputs}
        for chart in one["charts"]:
            assert {part: drawn[chart["name"]][part] for part in chart} == chart
