import re

import pytest

from tr_analysis import paths
from tr_analysis.cli import main
from tr_analysis.errors import StudyError
from tr_analysis.study import readme
from tr_analysis.study.chapters import find_chapters


def test_readme_is_what_the_study_says(capsys):
    assert main(["readme", "--check"]) == 0
    assert capsys.readouterr().err == ""


def test_map_has_every_chapter_and_its_tables():
    rows = readme.chapter_map().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [chapter.name for chapter in find_chapters()]
    assert "`prison_population_monthly`" in rows[2]
    assert "`placebo`" in rows[2]


def test_findings_are_the_first_answers_of_the_home_page_in_words():
    lines = readme.findings().splitlines()
    assert len(lines) == readme.ANSWERS
    assert lines[1].startswith(
        "- **What happened to recall?** The number of people in prison on recall rose by 54%"
    )
    assert (
        "Inspectors rated one of 21 companies Good" in lines[2] and "reports/04-inspection.ipynb" in lines[2]
    )


def test_figure_carries_its_alternative_text():
    assert readme.figure().startswith("![Dots left of zero")
    assert (paths.root() / "reports/figures/02-reoffending/side-by-side.png").exists()


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
