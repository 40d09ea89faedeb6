import pytest

from tr_analysis.errors import ChapterError, DataError, Problem, StudyError, UsageError, nearest


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            Problem("a.csv", "must be a number", 3, "rate", "x"),
            "a.csv, row 3, column rate: 'x': must be a number",
        ),
        (Problem("a.csv", "must not be empty", 3, "rate"), "a.csv, row 3, column rate: must not be empty"),
    ],
)
def test_a_problem_says_where_what_and_which_rule(problem, line):
    assert str(problem) == line


def test_many_problems_are_counted_and_kept():
    problems = [Problem("a.csv", "is wrong", row) for row in range(3000)]
    error = DataError(problems)
    assert str(error).splitlines()[-2:] == ["a.csv, row 19: is wrong", "and 2980 more"]
    assert error.problems == tuple(problems)


def test_each_kind_of_error_has_its_exit_code():
    codes = [error.exit_code for error in (StudyError, DataError, ChapterError, UsageError)]
    assert codes == [1, 1, 2, 64]


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("nps wales", ["Wales", "NPS Wales"], "; did you mean NPS Wales?"),
        ("Befor", ["after", "before"], "; did you mean before?"),
        ("crc-cohort", ["crc_cohort"], "; did you mean crc_cohort?"),
        ("end", ["seed", "drift"], ""),
    ],
)
def test_the_nearest_word_is_near(word, known, hint):
    assert nearest(word, known) == hint
