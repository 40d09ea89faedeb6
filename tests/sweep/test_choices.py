"""The choices of a reader: the file that lists them, and what is computed for each."""

import json

import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.errors import UsageError
from tr_analysis.sweep.choices import FILE, ChoiceTarget, compute, read_choices
from tr_analysis.sweep.specify import close_kernels

GOOD = '[02-reoffending]\ncharts = ["side-by-side"]\nnumber = "crc_change"\n[02-reoffending.crc_cohort]\nlabel = "People"\n'
VALUES = 'values = { "first year" = "a year", "first quarter" = "a quarter" }\n'


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A project with the real chapters and tables, whose choices a test writes."""
    (tmp_path / "data").symlink_to(paths.root() / "data")
    (tmp_path / "notebooks").mkdir()
    for path in paths.notebooks().iterdir():
        if path.name != FILE:
            (tmp_path / "notebooks" / path.name).symlink_to(path)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    yield tmp_path
    close_kernels()  # where workers are threads of this process


def written(copy, text):
    (copy / "notebooks" / FILE).write_text(text, "utf-8")
    return read_choices()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[02", "choices.toml: Expected"),
        ('[02-reofending]\ncharts = ["side-by-side"]', "no chapter 02-reofending; did you mean"),
        ("[02-reoffending]\n", "names no charts"),
        (GOOD.replace("by-side", "by-sid") + VALUES, "draws no chart 'side-by-sid'; did you mean"),
        (GOOD.replace("crc_change", "crc_chance") + VALUES, "names no number of the answer"),
        (GOOD, r"\[02-reoffending.crc_cohort\] needs a label, and values"),
        (GOOD + "values = {}", "needs a label, and values"),
        (GOOD + VALUES + "note = 1", "needs a label, and values"),
        (GOOD.replace("crc_cohort", "crc_cohrt") + VALUES, "no such parameter; did you mean crc_cohort"),
        (GOOD + VALUES.replace("first year", "fist year"), "crc_cohort=fist year is not allowed"),
        (GOOD + 'values = { "first quarter" = "a quarter" }', "lacks 'first year', which is the chapter's"),
    ],
)
def test_broken_files_are_refused_with_place_and_remedy(copy, text, said):
    with pytest.raises(UsageError, match=said) as refused:
        written(copy, text)
    assert str(refused.value).startswith(f"notebooks/{FILE}: ")


def test_without_a_file_there_is_nothing_to_choose(copy):
    assert read_choices() == []


def test_the_last_control_changes_fastest(copy):
    more = '[02-reoffending.baseline_error]\nlabel = "Baseline"\nvalues = { "0.0" = "right", "1.0" = "low" }'
    (choices,) = written(copy, GOOD + VALUES + more)
    assert [list(one.values()) for one in choices.combinations()] == [
        ["first year", "0.0"],
        ["first year", "1.0"],
        ["first quarter", "0.0"],
        ["first quarter", "1.0"],
    ]


def test_each_combination_is_computed_once_and_shows_what_the_chapter_shows(copy, threads):
    (choices,) = written(copy, GOOD + VALUES)
    tally = compute(choices, threads)
    assert (tally.specifications, tally.ran, tally.failed) == (2, 2, 0)
    page = json.loads((choices.folder / "choices.json").read_bytes())
    own, other = page["choices"]
    assert page["default"] == own["values"] == {"crc_cohort": "first year"}
    assert own["answer"] != other["answer"] and own["charts"][0]["name"] == "side-by-side"
    compared = {"name": "crc_change", "of": 2, "unclear": 0, "least": own["number"]["shown"]}
    assert compared.items() <= page["compared"].items()
    rows = tally.table.read_text("utf-8").splitlines()
    assert len(rows) == 3 and "crc_change_low" in rows[0]
    assert compute(choices, threads).ran == 0
    version, words = choices.target.version(), copy / "notebooks" / "02-reoffending.toml"
    changed = words.read_bytes() + b"\n"
    words.unlink()
    words.write_bytes(changed)
    assert choices.target.version() != version  # and so all of them are computed again


def test_a_refused_combination_is_an_answer_too():
    target = ChoiceTarget("03-recall", ("counterfactual",), "recall_gap")
    arguments = target.check({"end": "2016-02", "reform": "2019-03"})
    found, files = target.run(arguments)
    assert found == {} and "2019-03" in json.loads(files["shown.json"])["refused"]


def test_the_committed_choices_are_as_many_as_can_be_computed_in_time():
    choices = {each.target.name: each for each in read_choices()}
    assert len(choices) == 5
    assert all(3 <= len(one.controls) <= 5 or name == "02-reoffending" for name, one in choices.items())
    assert sum(len(one.combinations()) for one in choices.values()) < 300


@pytest.mark.full
def test_a_run_computes_the_choices_on_a_scheduler(copy, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tr_analysis.sweep.run._PATIENCE", 0.5)
    written(copy, GOOD + VALUES)
    assert main(["run", "02-reoffending", "--scheduler", "tcp://127.0.0.1:1"]) == 3
    said = capsys.readouterr()
    assert "02-reoffending  " in said.out and "no scheduler answers at tcp://127.0.0.1:1" in said.err
