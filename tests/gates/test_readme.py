import re

import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.errors import StudyError
from tr_analysis.study import readme


def test_readme_is_what_the_study_says(capsys):
    assert main(["readme", "--check"]) == 0
    assert capsys.readouterr().err == ""


def test_an_old_map_is_noticed(monkeypatch, tmp_path, capsys):
    text = (paths.root() / "README.md").read_text("utf-8")
    changed = text.replace("`prison_population_monthly`", "`prison_population_weekly`", 1)
    for folder in ("data", "notebooks", "reports"):
        (tmp_path / folder).symlink_to(paths.root() / folder)
    (tmp_path / "README.md").write_text(changed, "utf-8")
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    assert main(["readme", "--check"]) == 1
    assert "tr-analysis readme" in capsys.readouterr().err
    assert main(["readme"]) == 0
    assert (tmp_path / "README.md").read_text("utf-8") == text


def test_lost_marks_are_named():
    with pytest.raises(StudyError, match="findings is lost"):
        readme.renewed("# A README without places")
    with pytest.raises(StudyError, match="no section Estimators"):
        readme.listed('"""A package."""')


def test_the_docstring_of_the_package_lists_every_estimator():
    text = (paths.root() / readme.PACKAGE).read_text("utf-8")
    assert "\n- ``proportions.difference``: by how much do two shares differ" in text
    assert readme.listed(text) == text
    shorter = text.replace("- ``proportions.difference``: ", "- ``proportions.ratio``: ")
    assert readme.listed(shorter) == text


def test_the_two_lines_of_python_work(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (paths.root() / "README.md").read_text("utf-8"), re.DOTALL)
    assert len(code.split("\n\n")[0].splitlines()) + 1 == 2
    exec(code, {})
    assert "0.309" in capsys.readouterr().out
