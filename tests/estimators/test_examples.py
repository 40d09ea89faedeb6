import doctest
import importlib
import pkgutil

import pytest

from tr_analysis import estimators

MODULES = [module.name for module in pkgutil.iter_modules(estimators.__path__, "tr_analysis.estimators.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_show(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_estimators_say_what_they_answer_and_show_it(name):
    """The index of estimators is made of these parts: what is done, in one line; the question; an example."""
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", []):
        said = getattr(module, public).__doc__
        does, answers = (paragraph.strip() for paragraph in said.split("\n\n")[:2])
        assert "\n" not in does + answers, f"{public}: one line each for what it does and answers"
        assert answers.startswith("Answers: ") and answers.endswith("?"), public
        assert "Examples\n    --------\n    >>> " in said, public
