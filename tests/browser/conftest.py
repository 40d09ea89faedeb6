import pytest

from tests.browser import tools
from tests.browser.driver import chromium
from tr_analysis import paths
from tr_analysis.site import write_site
from tr_analysis.study import CHOICES


@pytest.fixture(scope="session")
def browser():
    """The installed browser; without it the tests are skipped, or fail where it is required."""
    if lacking := tools.missing():
        refuse = pytest.fail if tools.required() else pytest.skip
        refuse(f"not installed: {', '.join(lacking)}; all at once: sh .ci/browser")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def site(browser, tmp_path_factory, request):
    """The pages of the committed study, written once for all the workers of a run."""
    import fcntl  # systems without it have none of the workers' tests either

    parallel = hasattr(request.config, "workerinput")
    folder = tmp_path_factory.getbasetemp()
    site = (folder.parent if parallel else folder) / "site"
    with (site.parent / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (site / "index.html").exists():
            write_site(sorted(paths.reports().glob("*.ipynb")), site, paths.reports() / CHOICES)
    return site


@pytest.fixture
def written(tmp_path):
    """Write a page whose body is given, between what every page has, and return its path."""

    def write(body: str, name: str = "page", style: str = ""):
        path = tmp_path / f"{name}.html"
        head = '<meta charset="utf-8"><link rel="icon" href="data:,">'
        path.write_text(
            f'<!doctype html><html lang="en-GB"><head>{head}<title>A page</title><style>{style}</style></head>'
            f"<body><main><h1>A page</h1>{body}</main></body></html>",
            "utf-8",
        )
        return path

    return write
