"""What the package offers at its door: names that are imported on first use, and one index of its estimators."""

import importlib
import subprocess
import sys

import pytest

import tr_analysis
from tr_analysis import estimators


def test_what_a_notebook_needs_comes_in_one_import():
    from tr_analysis import Findings, autoregressive, charts, interrupted, load, proportions, table

    assert proportions is importlib.import_module("tr_analysis.estimators.proportions")
    assert all(map(callable, (Findings, autoregressive, interrupted, load, table, charts.show)))


def test_nothing_heavy_is_imported_before_it_is_used():
    code = "import sys, tr_analysis; print({'pandas', 'numpy', 'IPython', 'matplotlib'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        from tr_analysis import nothing  # noqa: F401
    assert not hasattr(tr_analysis, "__wrapped__")


DOCUMENTED = '''
__all__ = ["gap", "Gap", "LEVELS"]
LEVELS = (1, 2)

class Gap:
    """A gap."""

def gap(x):
    """Return the gap
    of x.

    Answers: how large is
    the gap?

    Parameters
    ----------
    x
        A number.

    Reference: Wilson (1927),
    JASA 22, 209-212.

    Examples
    --------
    >>> gap(1)
    1
    """
    return x
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A package of estimators with one module, whose text can be changed before it is imported."""
    monkeypatch.setattr(estimators, "__path__", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "tr_analysis.estimators.mine", raising=False)
    yield tmp_path / "mine.py"
    sys.modules.pop("tr_analysis.estimators.mine", None)


def test_the_index_reads_question_example_and_reference(module):
    module.write_text(DOCUMENTED)
    assert estimators.index().to_dict("records") == [
        {
            "name": "mine.gap",
            "question": "how large is the gap?",
            "summary": "Return the gap of x.",
            "tested": "",
            "example": ">>> gap(1)\n1",
            "reference": "Wilson (1927), JASA 22, 209-212.",
        }
    ]


def test_the_index_refuses_a_name_that_is_not_there(module):
    module.write_text('__all__ = ["gap"]')
    with pytest.raises(ValueError, match=r"estimators\.mine names gap, which is not there"):
        estimators.index()
