"""What is fetched is whole, is a table, and is the file that it was; else nothing changes."""

import json
import shutil

import pytest
import requests

from tests.official import server as local
from tests.official.making import CELL, text, xlsx
from tests.official.server import breaks_off, endless, gives, says
from tr_analysis.errors import DataError, Problem, UsageError
from tr_analysis.official import fetch, record
from tr_analysis.official.fetching import connection, download
from tr_analysis.official.fetching.connection import OfflineError, UnavailableError
from tr_analysis.official.register import REGISTER, OfficialFile

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl for a certificate")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return local.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def running(trusted):
    with local.serving(*trusted) as server:
        yield server


@pytest.fixture
def server(running, trusted, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted[0]))
    running.answers.clear()
    running.asked.clear()
    return running


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    return tmp_path / "data" / "raw" / "official"


@pytest.fixture
def table(tmp_path):
    return xlsx(tmp_path / "made.xlsx", f'<row r="1">{text("A1", "x" * 3000)}</row>').read_bytes()


@pytest.fixture
def known(server, monkeypatch):
    """Put files of the local server into the register: call it with names."""

    def register(*names, **more):
        files = {
            name: OfficialFile(
                name,
                "a table",
                "crc_results",
                "2017-01",
                f"{name}.xlsx",
                "https://x.uk",
                f"{server.address}/{name}",
                **more,
            )
            for name in names
        }
        monkeypatch.setattr(fetch, "REGISTER", files)

    return register


def get(*names, **more):
    return fetch.fetch(names, using=connection.session(backoff=0.0), pause=0.0, build=lambda: None, **more)


def nothing_there(folder):
    return not folder.exists()


def test_a_file_is_fetched_once_and_recorded(server, folder, known, table):
    known("a")
    server.on("/a", gives(table))
    outcomes, errors = get()
    assert [(o.file, o.state) for o in outcomes] == [("a.xlsx", "fetched")]
    assert errors == []
    assert (folder / "a.xlsx").read_bytes() == table
    entry = json.loads((folder / "record.json").read_bytes())["files"]["a.xlsx"]
    assert entry["sha256"] == record.sha256(table)
    assert entry["name"] == "a"
    assert sorted(path.name for path in folder.iterdir()) == ["a.xlsx", "record.json"]
    assert [o.state for o in get("a")[0]] == ["held"]
    assert len(server.asked) == 1


def test_errors_in_passing_are_tried_again(server, folder, known, table):
    known("a")
    server.on("/a", says(500), says(503), gives(table))
    get("a")
    assert (folder / "a.xlsx").exists()
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [404, 410, 403, 500])
def test_errors_that_stay(server, folder, known, status):
    known("a")
    server.on("/a", says(status))
    _, (error,) = get("a")
    assert isinstance(error, UnavailableError)
    assert error.exit_code == 3
    assert f"error {status}; nothing was changed" in str(error)
    assert nothing_there(folder)


def test_one_file_failing_does_not_stop_the_next(server, folder, known, table):
    known("a", "b")
    server.on("/a", says(404))
    server.on("/b", gives(table))
    outcomes, errors = get()
    assert [o.file for o in outcomes] == ["b.xlsx"]
    assert len(errors) == 1
    assert (folder / "b.xlsx").exists()


def test_redirects_stay_on_https(server, folder, known, table):
    known("a")
    server.on("/a", says(302, Location="/b"))
    server.on("/b", gives(table))
    assert get("a")[1] == []
    (folder / "a.xlsx").unlink()
    server.on("/a", says(302, Location="http://localhost:9/b"))
    _, (error,) = get("a")
    assert isinstance(error, DataError)
    assert "not https" in str(error)
    server.on("/a", says(302, Location="/a"))
    assert "error 302" in str(get("a")[1][0])


def test_an_address_that_is_not_https(server, folder, known, monkeypatch):
    known("a")
    monkeypatch.setattr(
        fetch, "REGISTER", {"a": OfficialFile("a", "", "", "", "a.xlsx", "", "http://localhost:9/a")}
    )
    assert "not https" in str(get("a")[1][0])
    assert nothing_there(folder)


def test_what_is_too_large_is_not_kept(server, folder, known, table):
    known("a", max_bytes=200)
    for answer in (gives(table), endless(b"x" * 1000)):
        server.on("/a", answer)
        _, (error,) = get("a")
        assert isinstance(error, DataError)
        assert "is larger than" in str(error)
        assert nothing_there(folder)


def test_a_download_that_breaks_off_goes_on_where_it_was(server, folder, known, table):
    known("a")
    server.on("/a", breaks_off(table, 100, ETag='"1"'), gives(table, ETag='"1"'))
    assert get("a")[1] == []
    assert (folder / "a.xlsx").read_bytes() == table
    assert server.asked == [("/a", None), ("/a", "bytes=100-")]


def test_a_later_run_goes_on_too(server, folder, known, table):
    known("a")
    server.on("/a", breaks_off(table, 100), says(404))
    assert "error 404" in str(get("a")[1][0])
    assert not (folder / "a.xlsx").exists()
    assert (folder / ".parts" / "a.xlsx").stat().st_size == 100
    server.on("/a", gives(table))
    assert get("a")[1] == []
    assert (folder / "a.xlsx").read_bytes() == table
    assert server.asked[-1] == ("/a", "bytes=100-")
    assert not (folder / ".parts").exists()


def test_the_rest_of_another_file_is_not_taken(server, folder, known, table):
    known("a")
    server.on("/a", breaks_off(table + b"longer", 100), gives(table))
    assert get("a")[1] == []
    assert (folder / "a.xlsx").read_bytes() == table
    assert server.asked == [("/a", None), ("/a", "bytes=100-"), ("/a", None)]


def test_one_that_always_breaks_off(server, folder, known, table):
    known("a")
    server.on("/a", breaks_off(table, 0))
    assert "breaks off after 0 bytes" in str(get("a")[1][0])
    assert nothing_there(folder)


def test_a_trickle_ends(server, folder, known, monkeypatch):
    known("a")
    monkeypatch.setattr(download, "DEADLINE", 0.2)
    server.on("/a", endless(b"x", 0.02))
    assert "takes longer than" in str(get("a")[1][0])
    assert not (folder / "a.xlsx").exists()


def test_a_server_that_says_nothing(server, folder, known, monkeypatch):
    known("a")
    monkeypatch.setattr(connection, "TIMEOUT", (0.2, 0.1))
    server.on("/a", lambda _: local.threading.Event().wait(1))
    with pytest.raises(OfflineError):
        get("a")
    assert nothing_there(folder)


def test_an_error_page_is_not_a_table(server, folder, known):
    known("a")
    server.on("/a", gives(b"<!DOCTYPE html><html>We'll be back</html>"))
    _, (error,) = get("a")
    assert str(error).startswith("a.xlsx: is a web page")
    assert nothing_there(folder)


def test_a_file_that_changed_needs_consent(server, folder, known, table, tmp_path):
    known("a")
    server.on("/a", gives(table))
    get("a")
    revised = xlsx(tmp_path / "revised.xlsx", CELL).read_bytes()
    (folder / "a.xlsx").write_bytes(revised)
    with pytest.raises(DataError, match=r"is not the file that was first fetched.*--accept-changes"):
        get("a")
    (folder / "a.xlsx").unlink()
    server.on("/a", gives(revised))
    _, (error,) = get("a")
    assert "--accept-changes" in str(error)
    assert not (folder / "a.xlsx").exists()
    assert get("a", accept=True)[1] == []
    assert (folder / "a.xlsx").read_bytes() == revised
    assert get("a")[0][0].state == "held"


def test_a_file_of_which_no_table_can_be_made_does_not_stay(server, folder, known, table):
    known("a", "b")

    def fails():
        raise DataError([Problem("b.xlsx", "no header")])

    server.on("/a", gives(table))
    server.on("/b", gives(table))
    get("a")
    before = (folder / "record.json").read_bytes()
    _, (error,) = fetch.fetch(["b"], using=connection.session(), build=fails)
    assert str(error) == "b.xlsx: no header"
    assert sorted(path.name for path in folder.iterdir()) == ["a.xlsx", "record.json"]
    assert (folder / "record.json").read_bytes() == before


def test_an_interruption_leaves_no_half_file(server, folder, known, table, monkeypatch):
    known("a")

    def interrupted(_path):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "read_sheets", interrupted)
    server.on("/a", gives(table))
    with pytest.raises(KeyboardInterrupt):
        get("a")
    assert not (folder / "a.xlsx").exists()
    assert not (folder / "record.json").exists()


def test_offline(folder, monkeypatch):
    def no_names(*_args, **_more):
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_names)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(OfflineError, match=r"the internet cannot be reached .* nothing was changed") as error:
        fetch.fetch(using=connection.session(backoff=0.0))
    assert error.value.exit_code == 3
    assert nothing_there(folder)


def test_proxies_of_the_environment_are_used(server, folder, known, monkeypatch):
    known("a")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(OfflineError):
        get("a")
    assert server.asked == []


def test_a_certificate_that_is_not_trusted(server, folder, known, monkeypatch):
    known("a")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    _, (error,) = get("a")
    assert isinstance(error, UnavailableError)
    assert "certificate of localhost" in str(error)


def test_no_address_and_no_such_file(folder):
    with pytest.raises(UsageError, match="did you mean probation-starts"):
        fetch.fetch(["probation-start"])
    outcomes, (error,) = fetch.fetch(["probation-starts"], using=requests.Session())
    assert outcomes == []
    assert "its address is not known; download it from https://www.gov.uk/" in str(error)
    assert nothing_there(folder)


def test_files_without_an_address_are_named_when_all_are_fetched(server, folder, known, table, monkeypatch):
    known("a")
    server.on("/a", gives(table))
    unknown = OfficialFile("b", "", "crc_results", "", "b.xls", "https://x.uk")
    monkeypatch.setattr(fetch, "REGISTER", {**fetch.REGISTER, "b": unknown})
    outcomes, errors = get()
    assert [(o.file, o.state) for o in outcomes] == [("a.xlsx", "fetched"), ("b", "left out")]
    assert "its address is not known" in outcomes[1].note
    assert errors == []


def test_a_damaged_record_is_said(folder):
    folder.mkdir(parents=True)
    for content in ("{", "[]", '{"files": {"a": 1}}', '{"files": {"a": {"sha256": 1}}}'):
        (folder / "record.json").write_text(content)
        with pytest.raises(DataError, match=r"record.json: cannot be read"):
            record.recorded()


def test_the_register_is_sound():
    files = list(REGISTER.values())
    assert len({name.lower() for file in files for name in file.filenames}) == sum(
        len(f.filenames) for f in files
    )
    for name, file in REGISTER.items():
        assert name == file.name
        assert file.page.startswith("https://www.gov.uk/")
        assert (file.url is None) == (file.address_found == "unknown")
        if file.url:
            assert file.url.startswith(("https://www.gov.uk/", "https://assets.publishing.service.gov.uk/"))
            assert file.url.endswith(f"/{file.filename}")
