import pytest

from tr_analysis.errors import StudyError, UsageError
from tr_analysis.sweep.specify import ChapterTarget, call_id, read_sweep

CHAPTER = 'chapter = "toy"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[grdi]\nn = [1]", "grdi is no key; did you mean grid?"),
        (CHAPTER, r"give either a \[grid\] of lists, or a list of \[\[specifications\]\]"),
        (CHAPTER + "[grid]\nn = 1", r"grid\.n = 1 is no list with values; write it as \[1\]"),
        (CHAPTER + "[grid]\nn = []", r"grid\.n = \[\] is no list"),
        (CHAPTER + "grid = 1", r"grid = 1 is no table; write it under \[grid\]"),
        (CHAPTER + "[fixed]\nn = 1\n[grid]\nn = [1]", r"n is in \[fixed\] and in \[grid\]: keep one"),
        (CHAPTER + "[grid]\nn = [1]\n[[specifications]]\nn = 1", "give either a"),
        ("[grid]\nn = [1]", 'give the chapter, as in chapter = "03-recall"'),
        ("grid =", "is not TOML"),
        (CHAPTER + "[grid]\nm = [1]", "m: 03-toy has no such parameter"),
        (CHAPTER + "[grid]\nscale = ['lag']", "scale=lag is not allowed; scale takes one of log, level"),
        (CHAPTER + "[fixed]\nn = 2000\n[grid]\nscale = ['log']", "n=2000 is not allowed; n takes a whole"),
        (CHAPTER + "[[specifications]]\nn = 'many'", "n=many is not allowed"),
        ('chapter = "tuy"\n[grid]\nn = [1]', "there is no chapter tuy"),
    ],
)
def test_broken_files_are_refused_with_key_and_remedy(spec, chapter, text, said):
    path = spec(text)
    with pytest.raises(UsageError, match=said) as refused:
        read_sweep(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert refused.value.exit_code == 64


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_sweep(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("rest", "given"),
    [
        (
            "[grid]\nn = [1, 2]\nscale = ['log', 'level']",
            [(1, "log"), (1, "level"), (2, "log"), (2, "level")],
        ),
        (
            "[fixed]\nscale = 'level'\n[[specifications]]\nn = 1\n[[specifications]]\nn = 2\nscale = 'log'",
            [(1, "level"), (2, "log")],
        ),
    ],
)
def test_the_last_of_a_grid_turns_fastest_and_what_is_listed_takes_what_is_fixed(spec, chapter, rest, given):
    assert [(one["n"], one["scale"]) for one in read_sweep(spec(CHAPTER + rest)).given] == given


def test_ids_do_not_depend_on_the_order(spec, chapter):
    def calls(numbers: str):
        read = read_sweep(spec(f"{CHAPTER}[grid]\nn = {numbers}"))
        return {call.arguments["n"]: call.id for call in read.calls("v")}

    assert calls("[1, 2, 3]") == calls("[3, 1, 2]")
    assert len(set(calls("[1, 2, 3]").values())) == 3


def test_the_same_specification_twice_is_refused(spec, chapter):
    with pytest.raises(UsageError, match=r"'n': 1.* is given twice: keep one"):
        read_sweep(spec(CHAPTER + "[grid]\nn = [1, 1]")).calls("v")


def test_a_default_given_is_the_same_specification(spec, chapter):
    (one,) = read_sweep(spec(CHAPTER + "[[specifications]]\nn = 3")).calls("v")
    (other,) = read_sweep(spec(CHAPTER + "[[specifications]]\nn = '3'\nscale = 'log'")).calls("v")
    assert one.id == other.id


def test_id_is_the_same_everywhere():
    assert call_id("f", "v", {"a": [True], "é": 1.5}) == call_id("f", "v", {"é": 1.5, "a": [True]})
    assert call_id("f", "v", {"a": [True], "é": 1.5}) == "4a9db259e681b124"


@pytest.mark.parametrize("other", [("g", "v", {"x": 1}), ("f", "w", {"x": 1}), ("f", "v", {"x": 2})])
def test_name_version_and_arguments_count(other):
    assert call_id(*other) != call_id("f", "v", {"x": 1})


def test_version_of_a_chapter_is_that_of_its_notebook_and_tables(chapter, tmp_path):
    target = ChapterTarget("03-toy")
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
