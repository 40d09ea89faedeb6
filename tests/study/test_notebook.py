import pytest

from tr_analysis.errors import StudyError
from tr_analysis.study.notebook import needed_results


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        ("n", ()),
        ("load('01-a')", ()),
        ("one, two = load_results('02-b', '01-a')", ("02-b", "01-a")),
        ("import x\nx.ledger.load_results('02-b')['fall'] + load_results('02-b')", ("02-b",)),
        ("load_results(", ()),
    ],
)
def test_the_chapters_are_read_from_the_calls(toy, body, needed):
    assert needed_results(toy("03-c", body)) == needed


@pytest.mark.parametrize("arguments", ["name", "*names", "f'0{n}'", "1"])
def test_chapters_that_are_not_written_out_are_refused(toy, arguments):
    with pytest.raises(StudyError, match=r"03-c\.ipynb: write the chapters out in the call"):
        needed_results(toy("03-c", f"load_results({arguments})"))
