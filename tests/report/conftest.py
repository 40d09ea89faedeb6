import pandas as pd
import pytest

SOURCES = pd.DataFrame(
    {
        "source_id": ["S001", "S002"],
        "publisher": ["Prison Reform Trust", "Ministry of Justice"],
        "url": ["https://example.org/a?b=1&c=2", "https://example.org/recall"],
        "title": ['Bulletin "one" <first>', "Recall to prison"],
    }
)


@pytest.fixture(autouse=True)
def sources(monkeypatch):
    """A table of two sources in the place of the project's."""
    monkeypatch.setattr("tr_analysis.report.findings.read_table", lambda name: SOURCES)
