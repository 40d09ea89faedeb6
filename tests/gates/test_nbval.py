"""The third gate: what nbval, made strict, must let pass and must not."""

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tr_analysis.study.kernels import running_kernels

ROOT = Path(__file__).parents[2]
SETUP = """
import base64, struct, zlib
from IPython.display import display

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def picture(*greys):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", len(greys), 1, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes([0, *greys])))
    data = b"\\x89PNG\\r\\n\\x1a\\n" + header + rows + chunk(b"IEND", b"")
    display({"image/png": base64.b64encode(data).decode(), "text/plain": "picture"}, raw=True)

def findings(value, shown):
    level = {"value": value, "low": None, "shown": [shown]}
    display({"application/vnd.tr-analysis.findings+json": {"level": level}, "text/plain": "findings"}, raw=True)
""".strip()
CELLS = {
    "setup": SETUP,
    "number": "0.129",
    "chart": "picture(*range(100))",
    "nearly-the-chart": "picture(1, *range(1, 98), 99, 98)",
    "another-chart": "picture(*range(99), 200)",
    "wider-chart": "picture(*range(101))",
    "findings": "findings(0.129, '12.9')",
    "findings-to-the-last-digit": "findings(0.12900000001, '12.9')",
    "findings-changed": "findings(0.131, '12.9')",
    "findings-shown-otherwise": "findings(0.129, '13.1')",
}


@pytest.fixture
def notebook(tmp_path):
    cells = [new_code_cell(source, id=name) for name, source in CELLS.items()]
    kernel = {"name": "python3", "display_name": "Python 3"}
    with running_kernels(tmp_path) as kernels:
        toy = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        return NotebookClient(toy, **kernels.options("toy", tmp_path)).execute()


def gate(folder, **notebooks):
    """Run the gate over notebooks; return pytest's exit code and report."""
    for name, notebook in notebooks.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    options = ["-p", "tests.nbval_strict", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    options += ["--continue-on-collection-errors"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--color=no", "-n0", *options, str(folder)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def outcomes(report, name):
    found = re.findall(rf"^(PASSED|FAILED) .*{name}\.ipynb::Cell (\d+)", report, flags=re.MULTILINE)
    return {list(CELLS)[int(cell)]: outcome for outcome, cell in found}


def with_outputs(notebook, **replaced):
    """Copy a notebook, each named cell showing what another cell showed."""
    outputs = {cell.id: cell.outputs for cell in notebook.cells}
    doctored = copy.deepcopy(notebook)
    for cell in doctored.cells:
        cell.outputs = replaced.get(cell.id, outputs[cell.id])
    return doctored


def one_cell(source="1", execution_count=1, **rest):
    return new_notebook(cells=[new_code_cell(source, id="it", execution_count=execution_count, **rest)])


REFUSED = {
    "never_run": (one_cell(execution_count=None), "was never run"),
    "failed": (one_cell(outputs=[new_output("error", ename="E", evalue="", traceback=[])]), "holds an error"),
    "hidden": (one_cell("1;"), "ends in ';'"),
    "skipped": (one_cell(metadata={"tags": ["nbval-skip"]}), "asks nbval not to check it"),
    "ignored": (one_cell("# NBVAL_IGNORE_OUTPUT\n1"), "asks nbval not to check it"),
    "raising": (one_cell(metadata={"tags": ["raises-exception"]}), "asks nbval not to check it"),
}


def test_outputs_are_compared_by_what_a_reader_would_see_and_what_cannot_be_checked_is_refused(
    notebook, tmp_path
):
    shown = {cell.id: cell.outputs for cell in notebook.cells}
    garbage = copy.deepcopy(shown["chart"])
    garbage[0].data["image/png"] = "bm90IGEgcGljdHVyZQ=="
    stored = {
        "number": [new_output("execute_result", {"text/plain": "0.131"}, execution_count=2)],
        "chart": shown["nearly-the-chart"],
        "nearly-the-chart": garbage,
        "another-chart": shown["chart"],
        "wider-chart": shown["chart"],
        "findings": shown["findings-to-the-last-digit"],
        "findings-changed": shown["findings"],
        "findings-shown-otherwise": shown["findings"],
    }
    refused = {name: page for name, (page, _) in REFUSED.items()}
    code, report = gate(tmp_path, clean=notebook, doctored=with_outputs(notebook, **stored), **refused)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert outcomes(report, "clean") == dict.fromkeys(CELLS, "PASSED")
    assert outcomes(report, "doctored") == {
        "setup": "PASSED",
        "number": "FAILED",
        "chart": "PASSED",  # differs by one level in three pixels
        "nearly-the-chart": "FAILED",
        "another-chart": "FAILED",
        "wider-chart": "FAILED",
        "findings": "PASSED",
        "findings-to-the-last-digit": "PASSED",
        "findings-changed": "FAILED",
        "findings-shown-otherwise": "FAILED",
    }
    assert re.search(r'- .*alue": 0\.131', report), "the difference is shown, not only that there is one"
    for name, (_, reason) in REFUSED.items():
        assert f"{name}.ipynb: cell 'it' {reason}" in report
        assert outcomes(report, name) == {}
