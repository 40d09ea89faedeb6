"""Where the browser is missing, its tests are skipped with a remedy; where it is required, they fail."""

import os
import subprocess
import sys

import pytest

from tests.browser import tools
from tr_analysis import paths


@pytest.fixture
def without_browser(tmp_path):
    """Run one browser test where no program is to be found; ``required`` as in CI."""

    def run(**setting):
        arguments = ["-m", "pytest", "-n", "0", "-rs", "-p", "no:cacheprovider", "-k", "phone_and_laptop"]
        return subprocess.run(
            [sys.executable, *arguments, "tests/browser/test_faults.py"],
            cwd=paths.root(),
            env={name: value for name, value in os.environ.items() if name != tools.REQUIRED}
            | {"PATH": str(tmp_path)}
            | setting,
            capture_output=True,
            text=True,
        )

    return run


def test_without_a_browser_the_tests_are_skipped_and_say_what_to_install(without_browser):
    done = without_browser()
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    for words in (
        "chromium (sudo apt-get install chromium)",
        "chromium-driver (",
        "all at once: sh .ci/browser",
    ):
        assert words in done.stdout


def test_where_a_browser_is_required_its_absence_fails_the_tests(without_browser):
    done = without_browser(**{tools.REQUIRED: "required"})
    assert done.returncode == 1
    assert "chromium (sudo apt-get install chromium)" in done.stdout
    assert "1 error" in done.stdout


def test_axe_is_named_where_it_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(tools, "AXE", tmp_path / "axe.min.js")
    assert "axe-core (npm ci --prefix tests/browser)" in tools.missing()


def test_the_locked_packages_name_no_address():
    lock = (tools.AXE.parents[2] / "package-lock.json").read_text("utf-8")
    assert '"integrity": "sha512-' in lock
    assert "://" not in lock
    assert "resolved" not in lock
