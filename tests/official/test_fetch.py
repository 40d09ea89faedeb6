"""What is fetched or imported is whole, is a table, and is the file that it was; else nothing changes."""

import io
import json
import time

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from tests.official.layouts import final_sheet, interim_sheet, save
from tests.official.making import cell, ods, row
from tr_analysis.errors import DataError, UsageError
from tr_analysis.files import sha256
from tr_analysis.official import fetch, register, store
from tr_analysis.official.fetch import UnavailableError, import_local
from tr_analysis.official.register import REGISTER, OfficialFile
from tr_analysis.official.workbooks import Sheet

INTERIM = "crc-nps-interim-results-tables-jan17.xlsx"
LOUD = INTERIM.upper().replace(".XLSX", ".xlsx")
ADDRESS = "https://www.gov.uk/a"


def imported(source, *names, **more):
    return {status.file: status.state for status in import_local(source, names, **more)}


def recorded(folder):
    return json.loads((folder / "record.json").read_bytes())["files"]


# over https


class Body(io.BytesIO):
    """A body that trickles, or ends before it should."""

    def __init__(self, error=None):
        self.error = error

    def read(self, *_):
        time.sleep(0.02)
        if self.error:
            raise self.error
        return b"x"

    read1 = read


@pytest.fixture
def get(monkeypatch, folder):
    """Fetch the one known file from a server that answers so."""
    entry = OfficialFile("a", "", "crc_results", "", "a.xlsx", "", ADDRESS)
    monkeypatch.setattr(register, "REGISTER", {"a": entry})

    def fetched(status=200, body=b"", headers=None, fails=None, **more):
        def send(_self, request, **_):
            if fails:
                raise fails
            stream = io.BytesIO(body) if isinstance(body, bytes) else body
            answer = requests.Response()
            answer.status_code, answer.url, answer.request = status, request.url, request
            answer.headers = CaseInsensitiveDict(headers or {})
            answer.raw = HTTPResponse(stream, headers=headers, status=status, preload_content=False)
            return answer

        monkeypatch.setattr(HTTPAdapter, "send", send)
        return fetch.fetch(["a"], **more)[0].state

    return fetched


def test_a_file_is_fetched_once_recorded_and_changed_by_consent_only(get, folder, tmp_path):
    table = save(tmp_path / "made.xlsx", interim_sheet()).read_bytes()
    assert get(body=table) == "fetched"
    assert (folder / "a.xlsx").read_bytes() == table
    assert recorded(folder) == {"a.xlsx": {"url": ADDRESS, "sha256": sha256(table)}}
    assert get() == "unchanged"
    revised = save(tmp_path / "revised.xlsx", interim_sheet(shift=3)).read_bytes()
    (folder / "a.xlsx").write_bytes(revised)
    with pytest.raises(DataError, match=r"is not the file that was first fetched.*--accept-changes"):
        get(body=table)
    (folder / "a.xlsx").unlink()
    with pytest.raises(DataError, match="--accept-changes"):
        get(body=revised)
    assert get(body=revised, accept=True) == "fetched"
    assert (folder / "a.xlsx").read_bytes() == revised


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        ({"status": 404}, 3, "404 Client Error"),
        ({"status": 302, "headers": {"Location": "http://localhost:9/b"}}, 3, "No connection adapters were found for 'http://"),
        ({"status": 302, "headers": {"Location": "/a"}}, 3, "cannot be obtained from www.gov.uk"),
        ({"body": Body(ProtocolError("Connection broken: IncompleteRead"))}, 3, "Connection broken"),
        ({"body": b"x" * 3000}, 3, "larger or takes longer than a table may"),
        ({"body": Body()}, 3, "larger or takes longer than a table may"),
        ({"body": b"<!DOCTYPE html><html>We'll be back</html>"}, 1, "a.xlsx: is no .xlsx file"),
        ({"fails": requests.exceptions.SSLError("x")}, 3, "its certificate is not trusted"),
        ({"fails": requests.exceptions.ConnectTimeout("x")}, 3, "the internet cannot be reached"),
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_changes_nothing(get, folder, monkeypatch, answer, code, why):
    monkeypatch.setattr(fetch, "FILE_BYTES", 2000)
    monkeypatch.setattr(fetch, "DEADLINE", 0.3)
    with pytest.raises(DataError if code == 1 else UnavailableError) as error:
        get(**answer)
    assert error.value.exit_code == code
    assert why in str(error.value)
    assert not folder.exists()


def test_only_https_is_followed_and_what_fails_in_passing_is_tried_again():
    with fetch._session() as session:
        assert list(session.adapters) == ["https://"]
        retries = session.adapters["https://"].max_retries
    assert (retries.total, 503 in retries.status_forcelist, 404 in retries.status_forcelist) == (3, True, False)  # fmt: skip


def test_a_damaged_record_is_said(folder):
    folder.mkdir(parents=True)
    for content in ("{", "[]", '{"files": {"a": 1}}', '{"files": {"a": {"sha256": 1}}}'):
        (folder / "record.json").write_text(content)
        with pytest.raises(DataError, match=r"record.json: cannot be read"):
            store.build_official()


def test_the_register_is_sound(folder):
    assert len({file.filename for file in REGISTER.values()}) == len(REGISTER)
    for file in REGISTER.values():
        assert file.page.startswith("https://www.gov.uk/")
        assert not file.url or (file.url.startswith("https://www.gov.uk/") and file.url.endswith(f"/{file.filename}"))  # fmt: skip
    with pytest.raises(UnavailableError, match=r"its address is not known; download it from https://www"):
        fetch.fetch(["crc-baselines-2011"])


# from a folder


def test_a_folder_of_all_kinds_gives_ours_and_names_the_rest(downloads, folder):
    save(downloads / LOUD, interim_sheet())
    save(downloads / "my own oct17.xlsx", final_sheet())
    save(downloads / "holiday.xlsx", Sheet("x", [["budget", 4]]))
    save(downloads / "a\x1b[2J\n.xlsx", interim_sheet())
    ods(downloads / "cases.ods", row(cell("Region"), cell("Number of offenders")), row(cell("London"), cell("4")))  # fmt: skip
    written = {"locked.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "broken.ods": b"PK\x03\x04", "empty.csv": b"",
        "notes.txt": b"x", "long.csv": b"a,b\n" * 60_000, ".DS_Store": b"x", "~$open.xlsx": b"x"}  # fmt: skip
    for name, content in written.items():
        (downloads / name).write_bytes(content)
    (downloads / "gone.xlsx").symlink_to(downloads / "nowhere.xlsx")
    (downloads / "more").mkdir()
    placed = [INTERIM, "my own oct17.xlsx"]
    left = ["holiday.xlsx", "cases.ods", *[*written][:5], "gone.xlsx", r"'a\x1b[2J\n.xlsx'", "more"]
    assert imported(downloads) == dict.fromkeys(placed, "imported") | dict.fromkeys(left, "left out")
    assert {path.name for path in folder.iterdir()} == {"record.json", *placed}
    assert recorded(folder)[INTERIM]["imported as"] == LOUD
    assert set(imported(downloads).values()) == {"unchanged", "left out"}
    with pytest.raises(DataError, match="protected by a password"):
        imported(downloads / "locked.xlsx")
    assert imported(downloads, "crc-interim-2017-01")["my own oct17.xlsx"] == "left out"


@pytest.mark.parametrize("name", [INTERIM, "crc-interim-2017-01.xlsx"])
def test_one_of_ours_that_is_broken_stops_all(downloads, folder, name):
    save(downloads / "mine-oct17.xlsx", final_sheet())
    (downloads / name).write_bytes(b"<html>Not found</html>")
    with pytest.raises(DataError, match=rf"(?s)^{name}: is no .xlsx file.*nothing was taken from here$"):
        imported(downloads)
    assert not folder.exists()


def test_two_files_for_one_place_and_another_than_the_one_on_record(downloads, folder):
    save(downloads / INTERIM, interim_sheet())
    imported(downloads)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    save(downloads / "crc-interim-2017-01.xlsx", interim_sheet(shift=2))
    with pytest.raises(DataError, match="another file is already imported"):
        imported(downloads)
    (downloads / INTERIM).unlink()
    with pytest.raises(DataError, match="is not the file that was first fetched"):
        imported(downloads)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert imported(downloads, accept=True) == {INTERIM: "imported"}


def test_what_the_user_says_of_one_file_is_recorded_and_used_again(downloads, folder):
    save(downloads / "results-oct17.xlsx", final_sheet("October to December 2015"))
    assert imported(downloads, cohorts={"Table 1": "Oct-Dec 2015"}) == {"results-oct17.xlsx": "imported"}
    store.build_official()
    assert set(store.official("crc_results")["cohort"]) == {"2015Q4"}
    save(downloads / INTERIM, interim_sheet())
    with pytest.raises(UsageError, match="--cohort is for one file"):
        imported(downloads, cohorts={"": "2015Q4"})


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_and_an_interruption_leave_all_as_it_was(downloads, folder, monkeypatch, error):
    def fails(*_args):
        raise error

    save(downloads / INTERIM, interim_sheet())
    monkeypatch.setattr("tr_analysis.files._move_in", fails)
    with pytest.raises((DataError, KeyboardInterrupt), match=r"cannot be written: No space left|^$"):
        imported(downloads)
    assert not folder.exists()
