import ast
import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from tr_analysis import estimators
from tr_analysis.order import only

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


@pytest.mark.parametrize("name", estimators.index()["name"])
def test_every_estimator_names_the_tests_it_passes(name):
    """What the page "How this was tested" shows: against what, and tests that exist, as ``test_file.test_name``."""
    tested = only(estimators.index().query("name == @name"))["tested"]
    named = re.findall(r"`test_(\w+)\.(test_\w+)`", tested)
    assert named and re.fullmatch(r".+ \((`[\w.]+`(, )?)+\)\.", tested), f"{name}: add a paragraph 'Tested: '"
    for file, function in named:
        tree = ast.parse((Path(__file__).parent / f"test_{file}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, function
