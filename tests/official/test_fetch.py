"""What is fetched or imported is whole, is a table, and is the file that it was; else nothing changes."""

import json
import shutil

import pytest

from tests.official import server as local
from tests.official.making import CELL, cell, ods, row, text, xls, xlsx
from tests.official.server import breaks_off, endless, gives, says
from tr_analysis.errors import DataError, Problem, UsageError
from tr_analysis.files import sha256
from tr_analysis.official import fetch, register, store
from tr_analysis.official.fetch import OfflineError, UnavailableError, import_local
from tr_analysis.official.register import REGISTER, OfficialFile

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl for a certificate")
PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "CURL_CA_BUNDLE")
INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"
TOOL = "PRSQ_overall_data_tool_apr12_mar24.xlsx"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory):
    return local.certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def running(trusted):
    with local.serving(*trusted) as server:
        yield server


@pytest.fixture
def server(running, trusted, folder, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted[0]))
    monkeypatch.setattr(fetch, "BACKOFF", 0.0)
    running.answers.clear()
    running.asked.clear()
    return running


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of official files, not yet there, in a project whose tables need no building."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TR_ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setattr(store, "_tables", lambda *_: {})
    return tmp_path / "data" / "raw" / "official"


@pytest.fixture
def table(tmp_path):
    return xlsx(tmp_path / "made.xlsx", f'<row r="1">{text("A1", "x" * 3000)}</row>').read_bytes()


@pytest.fixture
def known(monkeypatch):
    """Put files into the register: call it with their addresses."""

    def put(**addresses):
        files = {n: OfficialFile(n, "", "crc_results", "", f"{n}.xlsx", "", u) for n, u in addresses.items()}
        monkeypatch.setattr(register, "REGISTER", files)

    return put


@pytest.fixture
def get(server, known, folder):
    """Fetch one file for which a server has these answers; return what went wrong."""

    def fetched(*answers, **more):
        known(a=server.on("/a", *answers))
        return next(iter(fetch.fetch(["a"], **more)[1]), None)

    return fetched


def fails(*_):
    raise DataError([Problem("b.xlsx", "no header")])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@needs_openssl
def test_files_are_fetched_once_and_recorded(server, folder, known, table):
    known(c=server.on("/c", says(404)), a=server.on("/a", gives(table)), b="")
    statuses, (error,) = fetch.fetch()
    assert [(s.file, s.state) for s in statuses] == [("a.xlsx", "fetched"), ("b", "left out")]
    assert "its address is not known" in statuses[1].note
    assert str(error).startswith("c: ")
    assert (folder / "a.xlsx").read_bytes() == table
    entry = json.loads((folder / "record.json").read_bytes())["files"]["a.xlsx"]
    assert entry["sha256"] == sha256(table)
    assert entry["name"] == "a"
    assert sorted(contents(folder)) == ["a.xlsx", "record.json"]
    assert fetch.fetch(["a"])[0][0].state == "unchanged"
    assert server.asked == ["/c", "/a"]


@needs_openssl
@pytest.mark.parametrize("first", ["error", "break", "redirect"])
def test_what_fails_in_passing_is_tried_again(server, folder, get, table, first):
    server.on("/b", gives(table))
    begins = {
        "error": [says(500), says(503), gives(table)],
        "break": [breaks_off(table, 100), gives(table)],
        "redirect": [says(302, Location="/b")],
    }
    assert get(*begins[first]) is None
    assert (folder / "a.xlsx").read_bytes() == table


@needs_openssl
@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (says(404), UnavailableError, "error 404; nothing was changed"),
        (says(500), UnavailableError, "error 500; nothing was changed"),
        (says(302, Location="http://localhost:9/b"), DataError, "not https"),
        (says(302, Location="/a"), UnavailableError, "cannot be obtained from localhost"),
        (breaks_off(b"x" * 3000, 0), UnavailableError, "breaks off before its end"),
        (gives(b"x" * 3000), DataError, "is larger than"),
        (endless(b"x" * 1000), DataError, "is larger than"),
        (endless(b"x", 0.02), UnavailableError, "takes longer than"),
        (lambda _: local.threading.Event().wait(1), OfflineError, "does not answer"),
        (gives(b"<!DOCTYPE html><html>We'll be back</html>"), DataError, "a.xlsx: is a web page"),
    ],
)
def test_what_cannot_be_fetched_changes_nothing(get, folder, monkeypatch, answer, kind, why):
    monkeypatch.setattr(fetch, "FILE_BYTES", 2000)
    monkeypatch.setattr(fetch, "DEADLINE", 0.3)
    monkeypatch.setattr(fetch, "TIMEOUT", (0.5, 0.2))
    error = get(answer)
    assert type(error) is kind
    assert error.exit_code == (1 if kind is DataError else 3)
    assert why in str(error)
    assert not folder.exists()


@needs_openssl
def test_a_file_that_changed_needs_consent(get, folder, table, tmp_path):
    get(gives(table))
    revised = xlsx(tmp_path / "revised.xlsx", CELL).read_bytes()
    (folder / "a.xlsx").write_bytes(revised)
    with pytest.raises(DataError, match=r"is not the file that was first fetched.*--accept-changes"):
        get(gives(table))
    (folder / "a.xlsx").unlink()
    assert "--accept-changes" in str(get(gives(revised)))
    assert not (folder / "a.xlsx").exists()
    assert get(gives(revised), accept=True) is None
    assert (folder / "a.xlsx").read_bytes() == revised


@needs_openssl
@pytest.mark.parametrize("stops", ["_tables", "read_sheets"])
def test_an_interruption_leaves_all_as_it_was(server, folder, known, table, monkeypatch, stops):
    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(store if stops == "_tables" else fetch, stops, interrupted)
    known(a=server.on("/a", gives(table)))
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch()
    assert not folder.exists()


@needs_openssl
def test_a_proxy_and_a_certificate_that_is_not_trusted(get, server, folder, monkeypatch, table):
    with monkeypatch.context() as patch:
        patch.delenv("REQUESTS_CA_BUNDLE")
        assert "certificate of localhost" in str(get(gives(table)))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert isinstance(get(gives(table)), OfflineError)
    assert server.asked == []


def test_without_internet_nothing_further_is_tried(folder, monkeypatch):
    asked = []

    def no_names(*args, **_more):
        asked.append(args[0])
        raise OSError("Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_names)
    monkeypatch.setattr(fetch, "BACKOFF", 0.0)
    statuses, (error,) = fetch.fetch()
    assert isinstance(error, OfflineError)
    assert "the internet cannot be reached" in str(error)
    assert statuses == []
    assert set(asked) == {"www.gov.uk"}
    assert not folder.exists()


def test_a_file_changed_by_hand_is_taken_by_consent_though_it_has_no_address(folder, downloads):
    save(downloads / "my own name.xlsx")
    imported(downloads)
    save(folder / "my own name.xlsx", "table of another day")
    with pytest.raises(DataError, match="--accept-changes"):
        fetch.fetch(["crc-baselines-2011"])
    fetch.fetch(["crc-baselines-2011"], accept=True)
    store.verify()
    known = json.loads((folder / "record.json").read_bytes())["files"]["my own name.xlsx"]
    assert known["imported as"] == "my own name.xlsx"


def test_no_address_no_https_and_no_such_file(folder, known):
    with pytest.raises(UsageError, match="did you mean crc-baselines-2011"):
        fetch.fetch(["crc-baseline-2011"])
    assert "its address is not known; download it from https://www.gov.uk/" in str(
        fetch.fetch(["crc-baselines-2011"])[1][0]
    )
    known(a="http://localhost:9/a")
    assert "not https" in str(fetch.fetch()[1][0])
    assert not folder.exists()


def test_a_damaged_record_is_said(folder):
    folder.mkdir(parents=True)
    for content in ("{", "[]", '{"files": {"a": 1}}', '{"files": {"a": {"sha256": 1}}}'):
        (folder / "record.json").write_text(content)
        with pytest.raises(DataError, match=r"record.json: cannot be read"):
            store.verify()


def test_the_register_is_sound():
    files = list(REGISTER.values())
    names = [name.lower() for file in files for name in file.filenames]
    assert len(set(names)) == len(names)
    for file in files:
        assert file.page.startswith("https://www.gov.uk/")
        assert file.address_found in ("printed", "follows", "unknown")
        assert (file.url == "") == (file.address_found == "unknown")
        if file.url:
            assert file.url.startswith(("https://www.gov.uk/", "https://assets.publishing.service.gov.uk/"))
            assert file.url.endswith(f"/{file.filename}")


@pytest.fixture
def downloads(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "find_layout", lambda sheets: sheets[0].rows[0][0] == "table")
    made = tmp_path / "downloads"
    made.mkdir()
    return made


def save(path, words="table"):
    return xlsx(path, f'<row r="1">{text("A1", words)}</row>')


def imported(source, *names, **more):
    return {status.file: status.state for status in import_local(source, names, **more)}


def test_by_the_publisher_s_name_the_register_s_name_and_content(downloads, folder):
    save(downloads / INTERIM.upper().replace(".XLSX", ".xlsx"))
    ods(downloads / "CRC baselines 2011.ods", row(cell("x")))
    save(downloads / "my own name.xlsx")
    save(downloads / "holiday.xlsx", "budget")
    save(downloads / "a\x1b[2J\n.xlsx")
    (downloads / "notes.txt").write_text("x")
    (downloads / ".DS_Store").write_text("x")
    (downloads / "more").mkdir()
    placed = [INTERIM, "my own name.xlsx", "pbr-2011-baselines-f15-05.ods"]
    left = ["holiday.xlsx", "notes.txt", "more", r"'a\x1b[2J\n.xlsx'"]
    expected = dict.fromkeys(placed, "imported") | dict.fromkeys(left, "left out")
    assert imported(downloads) == expected
    assert set(contents(folder)) == {"record.json", *placed}
    known = json.loads((folder / "record.json").read_bytes())["files"]
    assert known["pbr-2011-baselines-f15-05.ods"]["imported as"] == "CRC baselines 2011.ods"
    assert set(imported(downloads).values()) == {"unchanged", "left out"}


def test_only_those_that_are_named_and_one_file_instead_of_a_folder(downloads, folder):
    save(downloads / INTERIM)
    save(downloads / TOOL)
    assert imported(downloads, "crc-interim-2017-01") == {TOOL: "left out", INTERIM: "imported"}
    assert not (folder / TOOL).exists()
    assert imported(downloads / TOOL) == {TOOL: "imported"}


def test_one_that_is_broken_stops_all(downloads, folder):
    save(downloads / INTERIM)
    (downloads / TOOL).write_bytes(b"<html>Not found</html>")
    (downloads / "a.ods").write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError) as error:
        imported(downloads)
    said = str(error.value).splitlines()
    assert said[0].startswith(f"{TOOL}: is a web page")
    assert said[1].startswith("a.ods: is damaged")
    assert said[2].endswith("nothing was taken from here")
    assert not folder.exists()


def test_two_files_for_one_place(downloads, folder):
    save(downloads / INTERIM)
    xlsx(downloads / "crc-interim-2017-01.xlsx", CELL)
    with pytest.raises(DataError, match="another file is already imported"):
        imported(downloads)
    assert not folder.exists()


def test_another_file_than_the_one_on_record(downloads, folder):
    save(downloads / INTERIM)
    imported(downloads)
    before = contents(folder)
    xlsx(downloads / INTERIM, CELL)
    with pytest.raises(DataError, match="is not the file that was first fetched"):
        imported(downloads)
    assert contents(folder) == before
    assert imported(downloads, accept=True) == {INTERIM: "imported"}
    assert (folder / INTERIM).read_bytes() == (downloads / INTERIM).read_bytes()


def test_files_of_which_no_table_can_be_made(downloads, folder, monkeypatch):
    save(downloads / INTERIM)
    with monkeypatch.context() as patch:
        patch.setattr(store, "_tables", fails)
        with pytest.raises(DataError, match="no header"):
            imported(downloads)
        assert not folder.exists()
    imported(downloads)
    before = contents(folder)
    xls(downloads / "crc-baselines-2011.xls")
    monkeypatch.setattr(store, "_tables", fails)
    with pytest.raises(DataError, match="no header"):
        imported(downloads, releases="all")
    assert contents(folder) == before


def test_no_folder_no_such_file_and_nothing_in_it(downloads, folder):
    with pytest.raises(UsageError, match="name a folder"):
        imported(downloads / "none")
    with pytest.raises(UsageError, match="did you mean"):
        imported(downloads, "crc-interim")
    assert imported(downloads) == {}
    assert not folder.exists()


def test_a_full_disk(downloads, folder, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    save(downloads / INTERIM)
    monkeypatch.setattr("tr_analysis.files._move_in", full)
    with pytest.raises(DataError, match="cannot be written: No space left"):
        imported(downloads)
    assert not folder.exists()


def test_a_link_to_a_file_is_the_file_and_one_to_nothing_is_said(downloads, folder):
    save(downloads / "real.xlsx")
    (downloads / INTERIM).symlink_to(downloads / "real.xlsx")
    assert imported(downloads, "crc-interim-2017-01") == {INTERIM: "imported", "real.xlsx": "left out"}
    assert not (folder / INTERIM).is_symlink()
    (downloads / TOOL).symlink_to(downloads / "gone.xlsx")
    with pytest.raises(DataError, match="is missing"):
        imported(downloads)
