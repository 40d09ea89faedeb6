import json

import pytest

from tr_analysis import paths
from tr_analysis.data import load

FINDING = {"label": "Fall", "value": -1.9, "low": -2.5, "high": -1.3, "n": 1200, "unit": "percentage points"}
FINDING |= {"level": "C", "method": "Newcombe", "text": None, "decimals": None, "of": "months"}
FINDING |= {"interval_basis": "sampling", "key": True}
FINDING |= {"sources": ["S001", "S002"], "shown": []}
FACT = dict.fromkeys(FINDING) | {"label": "Year", "text": "2011", "unit": "", "level": "A", "sources": []}


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """Let the reports be a folder of our own, with the results of one chapter that read one table."""
    monkeypatch.setattr(paths, "reports", lambda: tmp_path)
    tables = {"events": load("events").attrs["sha256"]}
    path = tmp_path / "results" / "02-reoffending.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"data": tables, "findings": {"fall": FINDING, "year": FACT}}))
    return path
