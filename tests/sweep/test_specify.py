import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tr_analysis.errors import StudyError, UsageError
from tr_analysis.sweep.specify import (
    ChapterTarget,
    FunctionTarget,
    call_id,
    derived_seed,
    read_sweep,
)

CHAPTER = 'chapter = "toy"\n'


@pytest.mark.parametrize(
    ("function", "rest", "said"),
    [
        ("add", "[grdi]\nx = [1]", "grdi is no key; did you mean grid?"),
        ("add", "level = 2\n[grid]\nx = [1]", r"function\.level is no key; fixed arguments stand in"),
        ("add", "", r"give either a \[grid\] of lists, or a list of \[\[specifications\]\]"),
        ("add", "[grid]\nx = 1", r"grid\.x = 1 is no list with values; write it as \[1\]"),
        ("add", "[grid]\nx = []", r"grid\.x = \[\] is no list"),
        ("add", "[fixed]\nx = 1\n[grid]\nx = [1]", r"x is in \[fixed\] and in \[grid\]: keep one"),
        ("add", "[grid]\nz = [1]", r"sweep_toys:add takes \(x, y=1\): got an unexpected keyword arg"),
        ("add", "[grid]\ny = [1]", "missing a required argument: 'x'"),
        ("chance", "[grid]\nx = [1]", r"takes \(x: int, seed: int\) -> float: missing a required arg"),
        ("add", "[grid]\nx = [nan]", r"x: nan is no text, finite number"),
        ("add", "[grid]\nx = [2015-02-01]", "write a date or month as text in quotes"),
        ("add", "[grid]\nx = [1]\n[[specifications]]\nx = 1", "give either a"),
        ("ad", "[grid]\nx = [1]", "sweep_toys:ad cannot be imported .*no attribute 'ad'"),
        ("Path", "[grid]\nx = [1]", "is no function"),
        ("", '[function]\nname = "no_such:f"\n[grid]\nx = [1]', "no_such:f cannot be imported"),
        ("", "[function]\n[grid]\nx = [1]", "None cannot be imported .* write module:function"),
        ("", 'function = "a:b"\n[grid]\nx = [1]', r"function = 'a:b' is no table; write it under \["),
        ("", "[grid]\nx = [1]", 'give either chapter = "03-recall"'),
        ("", "grid =", "is not TOML"),
        ("add", "FUNCTION\n", "give either a"),
        ("", "seed = true\nFUNCTION\n[grid]\nx = [1]", "seed = True is no whole number"),
    ],
)
def test_broken_files_are_refused_with_key_and_remedy(spec, function, rest, said):
    path = spec(function or "add" if "FUNCTION" in rest else function, rest)
    with pytest.raises(UsageError, match=said) as refused:
        read_sweep(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert refused.value.exit_code == 64


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("[grid]\nm = [1]", "m: 03-toy has no such parameter"),
        ("[grid]\nscale = ['lag']", "03-toy: scale=lag is not allowed; scale takes one of log, level"),
        ("[fixed]\nn = 2000\n[grid]\nscale = ['log']", "n=2000 is not allowed; n takes a whole number"),
        ("[[specifications]]\nn = 'many'", "n=many is not allowed"),
    ],
)
def test_chapters_are_checked_before_anything_runs(spec, chapter, rest, said):
    with pytest.raises(UsageError, match=said):
        read_sweep(spec("", CHAPTER + rest))


def test_missing_file_and_unknown_chapter(spec, chapter, tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_sweep(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="there is no chapter tuy"):
        read_sweep(spec("", 'chapter = "tuy"\n[grid]\nn = [1]'))


@pytest.mark.parametrize(
    ("rest", "given"),
    [
        ("[grid]\nx = [1, 2]\ny = [3, 4]", [(1, 3), (1, 4), (2, 3), (2, 4)]),
        ("[fixed]\ny = 5\n[[specifications]]\nx = 1\n[[specifications]]\nx = 2\ny = 6", [(1, 5), (2, 6)]),
    ],
)
def test_the_last_of_a_grid_turns_fastest_and_what_is_listed_takes_what_is_fixed(spec, rest, given):
    assert [(one["x"], one["y"]) for one in read_sweep(spec("add", rest)).given] == given


def test_ids_and_seeds_do_not_depend_on_the_order(spec):
    def calls(xs: str):
        sweep = read_sweep(spec("chance", f"FUNCTION\n[grid]\nx = {xs}".replace("FUNC", "seed = 4\nFUNC", 1)))
        return {call.arguments["x"]: (call.id, call.arguments["seed"]) for call in sweep.calls("v")}

    assert calls("[1, 2, 3]") == calls("[3, 1, 2]")
    assert len(set(calls("[1, 2, 3]").values())) == 3


def test_the_same_specification_twice_is_refused(spec):
    with pytest.raises(UsageError, match=r"\{'x': 1\} is given twice: keep one"):
        read_sweep(spec("add", "[grid]\nx = [1, 1]")).calls("v")


def test_a_default_given_is_the_same_specification(spec, chapter):
    (one,) = read_sweep(spec("", CHAPTER + "[[specifications]]\nn = 3")).calls("v")
    (other,) = read_sweep(spec("", CHAPTER + "[[specifications]]\nn = '3'\nscale = 'log'")).calls("v")
    assert one.id == other.id


def test_seed_of_a_chapter_keeps_within_its_bounds(spec, chapter):
    sweep = read_sweep(spec("", f"seed = 1\n{CHAPTER}[grid]\nn = [1, 2, 3, 4, 5, 6, 7, 8]"))
    seeds = {call.arguments["seed"] for call in sweep.calls("v")}
    assert seeds <= set(range(10, 20))
    assert len(seeds) > 1


def test_id_is_the_same_in_another_process():
    code = "from tr_analysis.sweep.specify import call_id as i; print(i('f', 'v', {'é': 1.5, 'a': [True]}))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert told == call_id("f", "v", {"a": [True], "é": 1.5}) == "4a9db259e681b124"


@pytest.mark.parametrize("other", [("g", "v", {"x": 1}), ("f", "w", {"x": 1}), ("f", "v", {"x": 2})])
def test_name_version_and_arguments_count(other):
    assert call_id(*other) != call_id("f", "v", {"x": 1})


@given(st.integers(), st.text("0123456789abcdef", min_size=16, max_size=16))
def test_seed_fits_and_depends_on_both(seed: int, identity: str):
    derived = derived_seed(seed, identity)
    assert 0 <= derived < 2**63
    assert derived != derived_seed(seed + 1, identity)


def test_version_of_a_function_is_that_of_its_source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    source = tmp_path / "sweep_versioned.py"
    source.write_text("def f(x):\n    return x\n")
    target = FunctionTarget("sweep_versioned:f", str(tmp_path))
    before = target.version()
    assert target.version() == before
    source.write_text("def f(x):\n    return x + 1\n")
    assert target.version() != before


def test_version_of_a_chapter_is_that_of_its_notebook_and_tables(chapter, tmp_path):
    target = ChapterTarget.named("toy")
    versions = {target.version()}
    chapter.write_text(chapter.read_text().replace("unlucky", "luckless"))
    versions.add(target.version())
    (tmp_path / "data" / "processed").mkdir(parents=True)
    (tmp_path / "data" / "processed" / "manifest.json").write_text("{}")
    versions.add(target.version())
    assert len(versions) == 3


def test_results_that_a_chapter_loads_must_be_there(chapter):
    text = chapter.read_text().replace("if n == 13:", "load_results('02-other')\\nif n == 13:")
    chapter.write_text(text)
    with pytest.raises(StudyError, match="run `tr-analysis run 02-other` first"):
        ChapterTarget("03-toy").version()
