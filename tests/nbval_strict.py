"""Makes nbval strict: a pytest plugin for the executed chapters.

``python -m pytest -p tests.nbval_strict --nbval --nbval-current-env reports/``

nbval alone passes a notebook that was never run, passes a cell that asks not to be compared, and passes any
picture in place of another. Here such notebooks are refused before a kernel starts, and pictures are compared by
their pixels, numbers by their values, with the tolerances of `tr_analysis.study.comparison`.
"""

import json
import os
import tempfile
from functools import cache, partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import nbformat
import nbval.kernel
import nbval.plugin
import pytest
import zmq
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode
from nbval.plugin import IPyNbFile

from tr_analysis.study import CAN_FORK, SETTINGS
from tr_analysis.study.comparison import same_output
from tr_analysis.study.forking import ForkedProvisioner, ForkServer
from tr_analysis.study.kernels import kernel_environment
from tr_analysis.study.publish import as_code

FEW = 3


class Shown(str):
    """An output as text, equal to another that shows a reader the same."""

    __hash__ = str.__hash__
    kind, value = "", None

    def __eq__(self, other):
        return str.__eq__(self, other) or same_output(self.kind, self.value, other.value)

    def __ne__(self, other):
        return not self == other


def _comparable(outputs):
    """Copy the outputs, what they show as texts that know when they are equal."""
    copies = [NotebookNode(output) for output in outputs]
    for copy in copies:
        if "data" in copy:
            copy.data = {kind: _shown(kind, value) for kind, value in copy.data.items()}
    return copies


def _shown(kind, value):
    shown = Shown(value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True))
    shown.kind, shown.value = kind, value
    return shown


def _read(path, **options):
    """Read a published chapter with the code of its prose, so that what a reader meets as text is computed again."""
    notebook = nbformat.read(path, **options)
    notebook.cells = [as_code(cell) for cell in notebook.cells]
    return notebook


nbval.plugin.nbformat = SimpleNamespace(read=_read, from_dict=nbformat.from_dict)


class _Above:
    """What a cell fills above itself: the answer, and the chart under it, compared when they are filled.

    Such an output is shown as awaited first. nbval knows nothing of outputs that change later.
    """

    def __init__(self, collector):
        self.collector, self.receive = collector, collector.get_kernel_message
        self.stored, self.item = {}, None

    def follow(self, item, setup):
        """Note which cell runs now."""
        self.item = item
        setup()

    def message(self, **options):
        """Pass on a message; one that fills an output as it is stored is passed over, any other as a new output."""
        message = self.receive(**options)
        kind, content = message["msg_type"], message["content"]
        name = content.get("transient", {}).get("display_id")
        if kind == "display_data" and name:
            outputs = self.item.cell.outputs
            place = len(self.item.test_outputs)
            if place < len(outputs):
                self.stored[name] = outputs[place].data
                outputs[place] = NotebookNode(
                    output_type=kind, metadata={}, data=NotebookNode(content["data"])
                )
        elif kind == "update_display_data":
            stored = self.stored.pop(name, {})
            same = stored.keys() == content["data"].keys()
            same = same and all(same_output(k, stored[k], content["data"][k]) for k in stored)
            message["msg_type"] = "execute_input" if same else "display_data"
        return message


def _refusal(item):
    """Say why a cell cannot be checked, or nothing."""
    if not item.cell.source.strip():
        return None
    if item.cell.execution_count is None:
        return "was never run"
    if any(output.output_type == "error" for output in item.cell.outputs):
        return "holds an error"
    if item.cell.source.rstrip().endswith(";"):
        return "ends in ';', which hides its output from Jupyter but not from nbval; remove it"
    if item.options["skip"] or item.options["check_exception"] or not item.options["check"]:
        return "asks nbval not to check it; remove the marker"
    return None


def pytest_configure(config):
    """Give the kernels the environment the chapters were run in, and sockets no other process can take."""
    os.environ.update(SETTINGS)
    os.environ.pop("MPLBACKEND", None)
    if os.name == "posix" and zmq.has("ipc"):
        folder = tempfile.TemporaryDirectory(prefix="nbval-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        nbval.kernel.KernelManager = partial(_local_kernel, Path(folder.name), count(), _server(config))


def _server(config):
    """Return what starts, when first asked, the process that kernels are forked from; nothing off Linux.

    For a few notebooks it imports nothing ahead: to import takes longer than they do.
    """
    names = ("seaborn", "statsmodels.api") if len(config.args) > FEW else ()

    @cache
    def started(folder):
        server = ForkServer(folder, names)
        config.add_cleanup(server.close)
        return server

    return started if CAN_FORK else lambda folder: None


def _local_kernel(folder, numbers, server, **options):
    file = folder / f"{next(numbers)}.json"
    manager = _Manager(transport="ipc", connection_file=str(file), **options)
    manager.server, manager.words = server(folder), file.with_suffix(".log")
    return manager


class _Manager(KernelManager):
    """Has its kernel forked from a process that has imported what takes long, as the runner does."""

    def start_kernel(self, **options):
        if self.server:
            self.provisioner = ForkedProvisioner(kernel_spec=self.kernel_spec, parent=self)
            self.provisioner.server = self.server
        with self.words.open("wb") as output:
            super().start_kernel(**options, stdout=output, env=kernel_environment(self.words.parent))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Compare every kind of output of a notebook; refuse it whole when a cell cannot be checked."""
    report = yield
    if not isinstance(collector, IPyNbFile) or report.failed:
        return report
    collector.skip_compare = [kind for kind in collector.skip_compare if not kind.startswith("image/")]
    refusals = [f"cell {item.cell.id!r} {why}" for item in report.result if (why := _refusal(item))]
    if refusals:
        report.outcome, report.result = "failed", []
        report.longrepr = "\n".join(f"{collector.path.name}: {refusal}" for refusal in refusals)
    above = _Above(collector)
    collector.get_kernel_message = above.message
    for item in report.result:
        item.compare_outputs = partial(_compare, item.compare_outputs)
        item.setup = partial(above.follow, item, item.setup)
    return report


def _compare(agree, fresh, stored):
    return agree(_comparable(fresh), _comparable(stored))
