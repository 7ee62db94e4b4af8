"""Transfers against a real sandbox, and against servers that break off, lie and expire."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.transfers import TransferProgress
from pennsieve_agent.errors import SettingsError, UsageProblem
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox.host.config_file import read_profile
from pennsieve_agent.services.files.download import Download, DownloadReport
from pennsieve_agent.services.files.download_places import one_download
from pennsieve_agent.services.files.upload_files import collect
from pennsieve_agent.transfer.journal import UploadJournal
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.sender import Sender
from tests.fakes.scripted_platform import scripted
from tests.platform.loopback import Loopback, http
from tests.sandbox.data.upload.conftest import Box, Running
from tests.services import uploading

LIMIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    running = Running(tmp_path_factory.mktemp("box"), import_seconds=0)
    yield running.box
    running.close()


@dataclass
class Lab:
    """A dataset of its own, and a folder to upload."""

    box: Box
    name: str
    dataset: str
    root: Path

    @property
    def there(self) -> Path:
        return self.box.state.data / "datasets" / self.name

    @property
    def folder(self) -> Path:
        return self.root / "data"

    @property
    def told(self) -> dict[str, Any]:
        values = read_profile(self.box.state.data)
        state = self.box.state
        return {
            "key": values["api_token"],
            "secret": values["api_secret"],
            "api": state.api,
            "api2": state.api2,
            "aws": state.aws,
            "dataset": self.dataset,
            "folder": str(self.folder),
            "journal": str(self.root / "journals"),
        }

    def platform(self) -> Platform:
        told = self.told
        hosts = Hosts(told["api"], told["api2"], told["aws"])
        return Platform(hosts, ApiKey(told["key"], told["secret"]))

    def download(self, target: Path, **more: Any) -> DownloadReport:
        with self.platform() as platform, Sender(network({})) as sender:
            files = sorted(platform.datasets.files(self.dataset), key=lambda f: f.path)
            return Download(
                platform, sender, self.dataset, target, lambda _: None, lambda _: None, **more
            ).run(files)


@pytest.fixture
def lab(box: Box, tmp_path: Path, request: pytest.FixtureRequest) -> Lab:
    made = Lab(box, request.node.name.replace("[", " ").strip("]")[:60], "", tmp_path)
    made.dataset = box.dataset(made.name)
    made.folder.mkdir()
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_up_and_down_again(lab: Lab, tmp_path: Path) -> None:
    (lab.folder / "sub").mkdir()
    (lab.folder / "sub" / "a.nii.gz").write_bytes(b"one")
    (lab.folder / "b é.csv").write_bytes(b"two")
    (lab.folder / "big.bin").write_bytes(os.urandom(11 * 2**20))
    for left_out in (".DS_Store", ".env", "id_rsa"):
        (lab.folder / left_out).write_bytes(b"x")
    (lab.folder / "empty").touch()
    report = uploading.upload({**lab.told, "part": 5 * 2**20})
    assert not report.failed
    assert sorted(report.uploaded) == ["data/b é.csv", "data/big.bin", "data/sub/a.nii.gz"]
    wanted = {name: text for name, text in contents(lab.folder).items() if len(text) > 1}
    assert contents(lab.there / "data") == wanted
    assert list((lab.root / "journals").iterdir()) == []
    target = tmp_path / "target"
    first = lab.download(target)
    assert (len(first.fetched), first.complete) == (3, True)
    assert contents(target / "data") == wanted
    assert len(lab.download(target).skipped) == 3


def test_an_upload_that_is_killed_goes_on_without_doubles(lab: Lab) -> None:
    for number in range(60):
        (lab.folder / f"{number:03}.txt").write_text(str(number))
    command = [sys.executable, "-m", "tests.services.uploading", json.dumps(lab.told)]
    for stored in (5, 30):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line.split()[0]) >= stored:
                    break
            process.kill()
    report = uploading.upload(lab.told)
    assert (len(report.uploaded), report.failed) == (60, [])
    assert contents(lab.there / "data") == contents(lab.folder)


@pytest.mark.parametrize("manifest", [True, False])
def test_killed_before_it_could_note_anything(lab: Lab, *, manifest: bool) -> None:
    (lab.folder / "a").write_text("a")
    with UploadJournal(lab.root / "journals" / "test.jsonl") as journal:
        (planned,) = journal.plan(collect([lab.folder], "").files)
        if manifest:
            with lab.platform() as platform:
                journal.begin(platform.uploads.create(lab.dataset))
    kept = next((lab.root / "journals").iterdir())
    before = kept.read_text()
    first = uploading.upload(lab.told)
    assert first.package_ids == {"data/a": f"N:package:{planned.upload_id}"}
    kept.write_text(before)
    again = uploading.upload(lab.told)
    assert again.uploaded == ["data/a"]
    assert contents(lab.there / "data") == {"a": b"a"}


def test_two_processes_are_not_at_one_upload(tmp_path: Path) -> None:
    with (
        UploadJournal(tmp_path / "x"),
        pytest.raises(UsageProblem, match="another process"),
        UploadJournal(tmp_path / "x"),
    ):
        pass


def test_a_journal_keeps_ids_and_outlives_half_a_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    files = collect([tmp_path / "a"], "").files
    with UploadJournal(tmp_path / "j" / "x") as journal:
        (first,) = journal.plan(files)
        journal.begin("m")
        journal.note_finalized([first])
    kept = next((tmp_path / "j").iterdir())
    kept.write_text(kept.read_text() + '{"file": "b", "id"')
    with UploadJournal(tmp_path / "j" / "x") as journal:
        (again,) = journal.plan(files)
        assert (journal.manifest, again.upload_id, again.finalized) == ("m", first.upload_id, True)
    (tmp_path / "a").write_text("changed")
    with UploadJournal(tmp_path / "j" / "x") as journal:
        (changed,) = journal.plan(collect([tmp_path / "a"], "").files)
        assert (changed.upload_id != first.upload_id, changed.finalized) == (True, False)


@pytest.mark.slow
def test_1200_small_files(lab: Lab, tmp_path: Path) -> None:
    for number in range(1200):
        path = lab.folder / f"{number % 7}" / f"{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(number))
    report = uploading.upload(lab.told)
    assert (len(report.uploaded), report.failed) == (1200, [])
    assert contents(lab.there / "data") == contents(lab.folder)
    fetched = lab.download(tmp_path / "target").fetched
    assert (len(fetched), fetched) == (1200, sorted(fetched))
    assert contents(tmp_path / "target" / "data") == contents(lab.folder)


@pytest.mark.slow
def test_200_mb_in_constant_memory(lab: Lab, tmp_path: Path) -> None:
    size = 200 * 2**20
    with (lab.folder / "big.bin").open("wb") as file:
        for number in range(200):
            file.write(bytes([number]) * 2**20)
    code = (
        "import json, resource, sys; from tests.services import uploading;"
        "uploading.upload({**json.loads(sys.argv[1]), 'folder': sys.argv[2]});"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "s").write_text("s")
    peaks = []
    for folder in (tmp_path / "small", lab.folder):
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(lab.told), str(folder)],
            capture_output=True,
            text=True,
            check=True,
            timeout=LIMIT_SECONDS,
        )
        peaks.append(int(done.stdout) * 1024)
    assert peaks[1] - peaks[0] < 40 * 2**20
    assert (lab.there / "data" / "big.bin").stat().st_size == size
    tracemalloc.start()
    try:
        lab.download(tmp_path / "target")
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
    with (tmp_path / "target" / "data" / "big.bin").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    with (lab.folder / "big.bin").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == found


def test_other_files_stay_unless_they_may_be_replaced(lab: Lab, tmp_path: Path) -> None:
    lab.there.mkdir(exist_ok=True)
    (lab.there / "a").write_text("wanted")
    (lab.there / "b").write_text("b")
    target = tmp_path / "target"
    target.mkdir()
    (target / "a").write_text("mine")
    with pytest.raises(UsageProblem, match="other files are there already: 'a'"):
        lab.download(target)
    assert contents(target) == {"a": b"mine"}
    assert lab.download(target, overwrite=True).complete
    assert contents(target) == {"a": b"wanted", "b": b"b"}


def test_a_link_does_not_lead_out_of_the_target(lab: Lab, tmp_path: Path) -> None:
    (lab.there / "sub").mkdir(parents=True)
    (lab.there / "sub" / "a").write_text("a")
    (tmp_path / "target").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "target" / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(SettingsError, match="leads out of the target"):
        lab.download(tmp_path / "target")
    assert contents(tmp_path / "outside") == {}


_FULL = """
import json, resource, signal, sys
from pathlib import Path
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.transfers import TransferProgress
from pennsieve_agent.errors import SettingsError
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.services.files.download import Download
from pennsieve_agent.transfer.network import network
from pennsieve_agent.transfer.sender import Sender
told, target = json.loads(sys.argv[1]), Path(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
hosts = Hosts(told["api"], told["api2"], told["aws"])
key = ApiKey(told["key"], told["secret"])
with Platform(hosts, key) as platform, Sender(network({})) as sender:
    files = list(platform.datasets.files(told["dataset"]))
    try:
        Download(
            platform, sender, told["dataset"], target, lambda _: None, lambda _: None
        ).run(files)
    except SettingsError as error:
        print(error.message, error.where, error.hint, sep="\\n")
"""


def test_a_disk_that_takes_no_more(lab: Lab, tmp_path: Path) -> None:
    lab.there.mkdir(exist_ok=True)
    (lab.there / "a.bin").write_bytes(os.urandom(300_000))
    target = tmp_path / "target"
    done = subprocess.run(
        [sys.executable, "-c", _FULL, json.dumps(lab.told), str(target)],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT_SECONDS,
    )
    message, where, hint = done.stdout.splitlines()
    assert message.startswith("'a.bin' cannot be written: ")
    assert where == str(target)
    assert "the same command goes on" in hint
    assert not (target / "a.bin").exists()
    assert lab.download(target).complete
    assert contents(target) == contents(lab.there)


def test_a_file_that_changes_while_it_is_uploaded(lab: Lab) -> None:
    path = lab.folder / "log"
    path.write_bytes(b"x" * 2**20)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            path.write_bytes(os.urandom(64) + b"x" * 2**20)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        threading.Timer(1.0, stop.set).start()
        report = uploading.upload(lab.told)
    finally:
        stop.set()
        thread.join()
    # Either it was whole at some moment, or it is said; never half of one and half of another.
    for name, error in report.failed:
        assert (name, "changed" in error.message) == ("data/log", True)
    for content in contents(lab.there).values():
        assert len(content) in {2**20, 2**20 + 64}


def test_keys_that_storage_does_not_accept_any_more(lab: Lab) -> None:
    for number in range(30):
        (lab.folder / f"{number}").write_text("x" * 10)
    forgotten: list[int] = []

    def forget(at: TransferProgress) -> None:
        if at.size and not forgotten:
            store = lab.box.store()
            forgotten.append(store.execute("DELETE FROM upload_keys"))
            store.close()

    report = uploading.upload(lab.told, forget)
    assert forgotten[0] >= 1
    assert (len(report.uploaded), report.failed) == (30, [])
    assert contents(lab.there / "data") == contents(lab.folder)


def test_a_file_that_the_scanner_holds_back_is_reported(lab: Lab, tmp_path: Path) -> None:
    virus = bytes(
        letter ^ 1
        for letter in b"Y4N Q$A@QZ5]Q[Y45)Q_(6BB(6|%DHB@S,RU@OE@SE,@OUHWHSTR,UDRU,GHMD %I*I+"
    )
    lab.there.mkdir(exist_ok=True)
    (lab.there / "bad.txt").write_bytes(virus)
    (lab.there / "good.txt").write_text("good")
    report = lab.download(tmp_path / "target")
    assert [(str(path), status) for path, status in report.blocked] == [("bad.txt", "infected")]
    assert not report.complete
    assert contents(tmp_path / "target") == {"good.txt": b"good"}


def test_one_download_into_a_folder_at_a_time(lab: Lab, tmp_path: Path) -> None:
    lab.there.mkdir(exist_ok=True)
    (lab.there / "a").write_text("a")
    target = tmp_path / "target"
    with (
        one_download(target),
        pytest.raises(UsageProblem, match="another download into this folder is running"),
    ):
        lab.download(target)
    assert contents(target) == {}
    assert lab.download(target).complete
    assert contents(target) == {"a": b"a"}


def test_names_that_this_system_does_not_take_are_changed_and_told(tmp_path: Path) -> None:
    names = ("twice", "twice", "n" * 300)
    with (
        Loopback(http("200 OK", b'{"files": []}'), *[http("200 OK", b"right")] * 3) as server,
        Sender(network({})) as sender,
        scripted() as (script, platform),
    ):
        script.on("GET v2/datasets/manifest", {"url": f"{server.url}/manifest"})
        signed = [
            {"nodeId": f"N:package:{n}", "fileName": name, "size": 5, "url": f"{server.url}/{n}"}
            for n, name in enumerate(names)
        ]
        script.on("POST v2/packages/download-manifest", {"data": signed})
        files = [DataFile(f"N:package:{n}", name, 5) for n, name in enumerate(names)]
        report = Download(
            platform, sender, "d", tmp_path, lambda _: None, lambda _: None, workers=1
        ).run(files)
    assert len(report.fetched) == len(names)
    assert [path for path, _ in report.renamed] == list(names[1:])
    assert report.renamed[0] == ("twice", Path("twice (1)"))
    assert set(contents(tmp_path)) == {"twice", *(str(here) for _, here in report.renamed)}


def test_what_does_not_fit_the_datasets_checksums_is_not_kept(tmp_path: Path) -> None:
    """Verification as the command does it: the checksums come from a document in storage."""
    right = hashlib.sha256(b"right").hexdigest()
    rows = [
        {"packageId": f"N:package:{n}", "fileName": n, "checksum": right} for n in ("good", "bad")
    ]
    document = http("200 OK", json.dumps({"files": rows}).encode())
    with (
        Loopback(document, http("200 OK", b"right"), *[http("200 OK", b"wrong")] * 2) as server,
        Sender(network({})) as sender,
        scripted() as (script, platform),
    ):
        script.on("GET v2/datasets/manifest", {"url": f"{server.url}/manifest"})
        signed = [
            {"nodeId": f"N:package:{n}", "fileName": n, "size": 5, "url": f"{server.url}/{n}"}
            for n in ("good", "bad")
        ]
        script.on("POST v2/packages/download-manifest", {"data": signed})
        files = [DataFile(f"N:package:{name}", name, 5) for name in ("good", "bad")]
        download = Download(
            platform, sender, "d", tmp_path, lambda _: None, lambda _: None, workers=1
        )
        report = download.run(files)
    assert report.fetched == [Path("good")]
    ((path, error),) = report.failed
    assert (path, "wrong checksum" in error.message) == (Path("bad"), True)
    assert contents(tmp_path) == {"good": b"right"}
