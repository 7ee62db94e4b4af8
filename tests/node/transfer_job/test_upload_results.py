"""Taking results out, through a real S3 interface: no doubles, whatever was killed when."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP
from pennsieve_agent.domain.receipt.form import is_unchanged, sealed, text_of
from pennsieve_agent.domain.receipt.node_run import receipt_of
from pennsieve_agent.domain.step_files import data_path, step_folder
from pennsieve_agent.domain.transfers import PART_BYTES
from pennsieve_agent.node.jobs.tasks import OUTPUTS_PATH, RECEIPT_PATH, Task, TaskKind
from pennsieve_agent.node.runs.log_reasons import MOST_REASON
from pennsieve_agent.node.transfer_job.gather import gather
from pennsieve_agent.node.transfer_job.perform import state_file
from pennsieve_agent.node.transfer_job.run_files import RunFiles
from pennsieve_agent.node.transfer_job.targets import Places, deliver
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from tests.aws.emulator import emulated, reset
from tests.domain.receipt.examples import run_document, stated
from tests.node.transfer_job.shore import DATASET, RUN, Answer, Answers, answers

BUCKET = "uploads"
NOBODY = 65534
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The job ends here."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with emulated() as url:
        yield url


@dataclass(slots=True)
class Dataset:
    """A platform's dataset that takes uploads, with S3 behind it."""

    endpoint: str
    s3: Any
    manifests: dict[str, dict[str, str]] = field(default_factory=dict)
    """Upload ids of a manifest, each with its path in the dataset."""
    imported: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)
    kill_before: Counter[str] = field(default_factory=Counter)
    kill_after: Counter[str] = field(default_factory=Counter)
    life: timedelta = timedelta(hours=1)
    asset: dict[str, Any] = field(default_factory=dict)
    receipt: dict[str, Any] = field(default_factory=dict)
    noted: list[dict[str, Any]] = field(default_factory=list)
    at: datetime = NOW
    between_looks: timedelta = timedelta()
    """How much later it is at each look at the clock."""
    given: int = 0
    """How often keys were given."""

    def now(self) -> float:
        self.at += self.between_looks
        return self.at.timestamp()

    def relay(self) -> Answers:
        routes: dict[tuple[str, str], Answer] = {
            ("POST", "/upload/manifest"): self.manifest,
            ("POST", "/upload/manifest/storage-credentials"): self.credentials,
            ("POST", "/upload/manifest/files/finalize"): self.finalize,
            ("POST", "/packages/assets"): self.new_asset,
            ("PATCH", "/packages/assets/a1"): self.change_asset,
            ("PUT", f"/compute/workflows/runs/{RUN}/outputs"): lambda *_: {},
            ("GET", RECEIPT_PATH): lambda *_: self.receipt,
            ("PUT", OUTPUTS_PATH): self.note,
        }
        return answers(routes, self.endpoint)

    def note(self, _: object, body: Any) -> dict[str, Any]:
        self.noted += body["files"]
        return {}

    def _killed(self, table: Counter[str], what: str) -> None:
        if table[what] == 1:
            table[what] = 0
            raise Killed
        table[what] -= table[what] > 0

    def manifest(self, _: Mapping[str, str], body: Any) -> dict[str, Any]:
        name = body["id"] or str(uuid.uuid4())
        found = self.manifests.setdefault(name, {})
        rows = body["files"] or []
        assert len(rows) <= 250, "more than the platform takes in one call"
        for row in rows:
            found[row["upload_id"]] = f"{row['target_path']}/{row['target_name']}".lstrip("/")
        taken = [row["upload_id"] for row in rows if row["target_name"] not in self.refused]
        states = [{"upload_id": key, "status": 2 if key in self.imported else 1} for key in taken]
        failed = [row["upload_id"] for row in rows if row["upload_id"] not in taken]
        return {"manifest_node_id": name, "updated_files": states, "failed_files": failed}

    def credentials(self, _: Mapping[str, str], body: Any) -> dict[str, Any]:
        self._killed(self.kill_before, "keys")
        self.given += 1
        return {
            "accessKeyId": "AKIAEXAMPLE",
            "secretAccessKey": "hidden-word",
            "sessionToken": "t",
            "expiration": (self.at + self.life).isoformat(),
            "bucket": BUCKET,
            "keyPrefix": f"O1/{body['manifestNodeId']}/",
            "region": "us-east-1",
        }

    def finalize(self, _: Mapping[str, str], body: Any) -> dict[str, Any]:
        self._killed(self.kill_before, "finalize")
        manifest = body["manifestNodeId"]
        assert len(body["files"]) <= 250, "more than the platform takes in one call"
        results = []
        for row in body["files"]:
            key = f"O1/{manifest}/{row['uploadId']}"
            head = self.s3.head_object(Bucket=BUCKET, Key=key)
            assert head["ContentLength"] == row["size"], "not what lies in storage"
            if row["uploadId"] not in self.imported:
                self.imported[row["uploadId"]] += 1
            results.append({"uploadId": row["uploadId"], "status": "finalized"})
        self._killed(self.kill_after, "finalize")
        return {"results": results}

    def new_asset(self, _: Mapping[str, str], body: Any) -> dict[str, Any]:
        self.asset = {"id": "a1", **body}
        keys = {
            "access_key_id": "AKIAEXAMPLE",
            "secret_access_key": "hidden-word",
            "session_token": "t",
            "expiration": (self.at + self.life).isoformat(),
            "bucket": BUCKET,
            "key_prefix": "assets/a1/",
            "region": "us-east-1",
        }
        return {"asset": {"id": "a1"}, "upload_credentials": keys}

    def change_asset(self, _: Mapping[str, str], body: Any) -> dict[str, Any]:
        self.asset |= body
        return {}

    def paths(self) -> list[str]:
        """Where what was imported lies."""
        known = {key: path for rows in self.manifests.values() for key, path in rows.items()}
        return sorted(known[upload_id] for upload_id in self.imported)

    def objects(self) -> dict[str, bytes]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [row["Key"] for page in pages for row in page.get("Contents", ())]
        return {
            key.rpartition("/")[2]: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            for key in keys
        }


@pytest.fixture
def dataset(endpoint: str) -> Iterator[Dataset]:
    reset(endpoint)
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
    )
    s3.create_bucket(Bucket=BUCKET)
    yield Dataset(endpoint, s3)
    s3.close()


def results(run: Path, files: Mapping[str, bytes], step: str = "work") -> None:
    for name, body in files.items():
        path = RunFiles(run).data(step) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def hand_over(dataset: Dataset, run: Path, **changes: Any) -> list[str]:
    said: list[str] = []
    fields = {"params": {"TARGET_FOLDER": "out"}, "parents": ("work",), **changes}
    fields.setdefault("before", (*fields["parents"], "in"))
    task = Task(TaskKind.DELIVER, RUN, "out", DATASET, **fields)
    places = Places(state_file(task, run), run / "layers")
    found = gather(task, RunFiles(run, before=task.before))
    deliver(task, dataset.relay(), places, found, said.append, dataset.now)
    return said


def test_results_lie_in_the_dataset_in_their_folders(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"a/1.txt": b"one", "2 ü.txt": b"two"})
    said = hand_over(dataset, tmp_path)
    assert dataset.paths() == ["out/2 ü.txt", "out/a/1.txt"]
    assert sorted(dataset.objects().values()) == [b"one", b"two"]
    assert said[-1] == "2 files (6 bytes) in out"
    assert "hidden-word" not in "".join(said)


def test_the_receipt_of_a_run_lies_with_its_results(dataset: Dataset, tmp_path: Path) -> None:
    dataset.receipt = {"name": "pennsieve-run.json", "text": '{"cost": 1}'}
    results(tmp_path, {"a/1.txt": b"one"})
    dataset.kill_before["finalize"] = 1
    with pytest.raises(Killed):
        hand_over(dataset, tmp_path)
    dataset.receipt["text"] = '{"cost": 2}'  # what was begun is finished as it was
    hand_over(dataset, tmp_path)
    assert dataset.paths() == ["out/a/1.txt", "out/pennsieve-run.json"]
    assert sorted(dataset.objects().values()) == [b"one", b'{"cost": 1}']
    noted = {row["path"]: row for row in dataset.noted}
    assert set(noted) == set(dataset.paths())
    assert noted["out/a/1.txt"]["sha256"] == hashlib.sha256(b"one").hexdigest()
    assert noted["out/a/1.txt"]["size"] == 3
    (known,) = [rows for rows in dataset.manifests.values() if rows]
    assert {row["package"] for row in dataset.noted} == {f"N:package:{each}" for each in known}


def test_more_files_go_with_results_that_have_none_of_the_name(
    dataset: Dataset, tmp_path: Path
) -> None:
    more = {"dataset_description.json": "{}", ".bidsignore": "*pennsieve-run.json\n"}
    dataset.receipt = {"name": "pennsieve-run.json", "text": "{}", "more": more}
    own = {"dataset_description.json": b'{"own": 1}', ".bidsignore": b"*.log\n"}
    results(tmp_path, {"a": b"a", **own})
    dataset.kill_before["finalize"] = 1
    with pytest.raises(Killed):
        hand_over(dataset, tmp_path)
    hand_over(dataset, tmp_path)
    names = ["out/.bidsignore", "out/a", "out/dataset_description.json", "out/pennsieve-run.json"]
    assert dataset.paths() == names
    assert b'{"own": 1}' in dataset.objects().values()
    assert b"*.log\n*pennsieve-run.json\n" in dataset.objects().values()


def test_a_result_that_is_called_like_the_receipt_stays(dataset: Dataset, tmp_path: Path) -> None:
    dataset.receipt = {"name": "pennsieve-run.json", "text": "{}"}
    results(tmp_path, {"pennsieve-run.json": b"mine"})
    hand_over(dataset, tmp_path)
    assert dataset.paths() == [f"out/{RUN}-pennsieve-run.json", "out/pennsieve-run.json"]


def test_large_files_go_in_parts_with_the_checksum_s3_states(
    dataset: Dataset, tmp_path: Path
) -> None:
    body = bytes(PART_BYTES) + b"end"
    results(tmp_path, {"big": body})
    hand_over(dataset, tmp_path)
    assert list(dataset.objects().values()) == [body]


def test_many_files_go_in_batches_the_platform_takes(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {f"{number:03}": b"x" for number in range(260)})
    said = hand_over(dataset, tmp_path)
    assert len(dataset.imported) == 260
    assert said == ["260 files (260 bytes) in out"]


@pytest.mark.parametrize(
    "where",
    [("kill_before", "keys"), ("kill_before", "finalize"), ("kill_after", "finalize")],
)
def test_a_killed_delivery_that_is_repeated_makes_no_doubles(
    dataset: Dataset, tmp_path: Path, where: tuple[str, str]
) -> None:
    results(tmp_path, {"1": b"one", "2": b"two"})
    getattr(dataset, where[0])[where[1]] = 1
    with pytest.raises(Killed):
        hand_over(dataset, tmp_path)
    hand_over(dataset, tmp_path)
    hand_over(dataset, tmp_path)
    assert dataset.paths() == ["out/1", "out/2"]
    assert set(dataset.imported.values()) == {1}
    assert len([rows for rows in dataset.manifests.values() if rows]) == 1


def test_keys_that_end_soon_are_renewed_for_each_file(dataset: Dataset, tmp_path: Path) -> None:
    dataset.life = dataset.between_looks = timedelta(seconds=60)
    results(tmp_path, {"1": b"one", "2": b"two"})
    hand_over(dataset, tmp_path)
    assert dataset.paths() == ["out/1", "out/2"]
    assert dataset.given >= 2


def test_empty_files_are_left_out_and_named(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"empty": b"", "1": b"one"})
    said = hand_over(dataset, tmp_path)
    assert dataset.paths() == ["out/1"]
    assert "left out, as Pennsieve does not accept empty files: empty" in said


def test_no_results_are_no_failure(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {})
    assert hand_over(dataset, tmp_path) == ["step 'work' wrote no files"]
    assert not dataset.manifests


def test_who_wrote_nothing_and_had_no_file_at_the_top_is_told_of_flat(
    dataset: Dataset, tmp_path: Path
) -> None:
    results(tmp_path, {"a/1": b"x"}, "in")
    assert hand_over(dataset, tmp_path, sources=("in",))[1:] == [NO_FILES_AT_TOP]
    results(tmp_path, {"1": b"x"}, "in")
    assert hand_over(dataset, tmp_path, sources=("in",))[1:] == []


def test_links_into_the_input_are_delivered_as_files(dataset: Dataset, tmp_path: Path) -> None:
    """As a container makes them, and as a process on this machine does."""
    results(tmp_path, {"a.nii": b"one", "sub/b.nii": b"two"}, "in")
    results(tmp_path, {"scale.txt": b"3"})
    made, run = RunFiles(tmp_path).data("work"), RunFiles(tmp_path)
    (made / "a.nii").symlink_to(f"{data_path(step_folder('in'))}/a.nii")
    (made / "here.nii").symlink_to(run.data("in") / "a.nii")
    (made / "sub").symlink_to(f"{data_path(step_folder('in'))}/sub")
    hand_over(dataset, tmp_path)
    wanted = ["out/a.nii", "out/here.nii", "out/scale.txt", "out/sub/b.nii"]
    assert dataset.paths() == wanted
    assert sorted(dataset.objects().values()) == [b"3", b"one", b"one", b"two"]


def fails(dataset: Dataset, run: Path, **changes: Any) -> str:
    """The reason with which a delivery ends."""
    with pytest.raises(TransferError) as caught:
        hand_over(dataset, run, **changes)
    return str(caught.value)


def test_a_name_that_the_platform_refuses_is_told_and_the_rest_delivered(
    dataset: Dataset, tmp_path: Path
) -> None:
    results(tmp_path, {"bad": b"1", "good": b"2", "worse": b"3"})
    dataset.refused = {"bad", "worse"}
    why = fails(dataset, tmp_path)
    assert why == (
        "1 file delivered, 2 left out: Pennsieve did not accept 'out/bad' into the upload; "
        "Pennsieve did not accept 'out/worse' into the upload"
    )
    assert dataset.paths() == ["out/good"]


def test_of_one_name_of_two_steps_the_first_is_delivered(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"x": b"1", "y": b"0"}, "one")
    results(tmp_path, {"x": b"2", "z": b"3"}, "two")
    assert "left out: 'x' of one step" in fails(dataset, tmp_path, parents=("one", "two"))
    assert dataset.paths() == ["out/x", "out/y", "out/z"]
    assert sorted(dataset.objects().values()) == [b"0", b"1", b"3"]


def test_a_link_out_of_the_results_is_not_followed(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"x": b"1"})
    (tmp_path / "secret").write_text("s")
    (RunFiles(tmp_path).data("work") / "link").symlink_to(tmp_path / "secret")
    why = fails(dataset, tmp_path)
    assert why.startswith("1 file delivered, 1 left out: 'link' of step 'work' is a link that")
    assert list(dataset.objects().values()) == [b"1"]


def _no_folder(data: Path) -> None:
    (data / "odd").symlink_to("nowhere")


def _circle(data: Path) -> None:
    (data / "odd").symlink_to(".")


def _socket(data: Path) -> None:
    here = Path.cwd()
    os.chdir(data)  # the path of a socket has 107 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("odd")
    finally:
        os.chdir(here)


def _not_unicode(data: Path) -> None:
    Path(os.fsdecode(bytes(data) + b"/odd\xff")).write_text("x")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda data: os.mkfifo(data / "odd"), "'odd' of step 'work' is a pipe (FIFO)"),
        (_socket, "'odd' of step 'work' is a socket"),
        (_no_folder, "'odd' of step 'work' is a link to nothing"),
        (_circle, "the link 'odd' leads in a circle"),
        (_not_unicode, "the name of 'odd?' of step 'work' is not Unicode"),
    ],
)
def test_what_is_no_file_is_left_out_and_named(
    dataset: Dataset, tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    results(tmp_path, {"a/1": b"1", "z": b"2"})
    make(RunFiles(tmp_path).data("work"))
    assert fails(dataset, tmp_path).startswith(f"2 files delivered, 1 left out: {words}")
    assert dataset.paths() == ["out/a/1", "out/z"]


def test_what_cannot_be_read_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results(tmp_path, {"locked": b"1", "shut/in": b"2", "z": b"3"})
    monkeypatch.chdir(tmp_path)
    run = RunFiles(Path(), before=("work",))
    (run.data("work") / "locked").chmod(0)
    (run.data("work") / "shut").chmod(0)
    left_out: list[str] = []
    tmp_path.chmod(0o755)
    os.seteuid(NOBODY if os.geteuid() == 0 else os.geteuid())  # root may read everything
    try:
        kept = [name for name, _ in run.files("work", left_out.append)]
    finally:
        os.seteuid(os.getuid())
        (run.data("work") / "shut").chmod(0o755)
    assert kept == ["z"]
    assert left_out == [
        "'locked' of step 'work' cannot be read",
        "the folder 'shut' of step 'work' cannot be read",
    ]


def test_of_much_that_is_left_out_some_is_named(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"empty": b""})
    for number in range(120):
        os.mkfifo(RunFiles(tmp_path).data("work") / f"pipe{number:03}")
    why = fails(dataset, tmp_path)
    assert why.startswith("nothing delivered, 120 left out: 'pipe000' of step 'work' is a pipe")
    assert why.endswith("; and 117 more; the log names all")
    assert len(why) < MOST_REASON


def test_a_viewer_asset_gets_the_rest(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"umap.parquet": b"1"})
    os.mkfifo(RunFiles(tmp_path).data("work") / "odd")
    changes = {"target": "Pennsieve Package Asset", "packages": ("N:package:1",)}
    assert fails(dataset, tmp_path, **changes).startswith("1 file delivered, 1 left out: 'odd'")
    assert dataset.asset["status"] == "ready"


def test_a_layer_that_would_lack_something_is_not_filled(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"weights": b"w"})
    os.mkfifo(RunFiles(tmp_path).data("work") / "odd")
    (tmp_path / "layers").mkdir()
    changes = {"target": "persistent-layer", "params": {"layerName": "atlas"}}
    assert fails(dataset, tmp_path, **changes).startswith("'odd' of step 'work' is a pipe")
    assert not list((tmp_path / "layers").iterdir())


def test_a_viewer_asset_gets_the_files_and_is_made_ready(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"umap.parquet": b"1", "none.csv": b""})
    changes = {"target": "Pennsieve Package Asset", "packages": ("N:package:1",)}
    hand_over(dataset, tmp_path, **changes)
    assert dataset.asset["status"] == "ready"
    assert dataset.asset["package_ids"] == ["N:package:1"]
    assert dataset.objects() == {"umap.parquet": b"1", "none.csv": b""}


def test_a_layer_appears_complete(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"model/weights": b"w"})
    (tmp_path / "layers").mkdir()
    said = hand_over(dataset, tmp_path, target="persistent-layer", params={"layerName": "atlas"})
    assert said == ["1 file (1 bytes) in layer atlas"]
    assert (tmp_path / "layers" / "atlas" / "model" / "weights").read_bytes() == b"w"
    assert [path.name for path in (tmp_path / "layers").iterdir()] == ["atlas"]


@pytest.mark.parametrize("name", ["../run", ".hidden", ""])
def test_no_name_of_a_layer(dataset: Dataset, tmp_path: Path, name: str) -> None:
    results(tmp_path, {"x": b"w"})
    (tmp_path / "layers").mkdir()
    with pytest.raises(TransferError, match="is not a valid name for a layer"):
        hand_over(dataset, tmp_path, target="persistent-layer", params={"layerName": name})


def test_the_checksum_is_that_of_the_bytes(dataset: Dataset, tmp_path: Path) -> None:
    results(tmp_path, {"x": b"one"})
    relay_body: list[Any] = []
    kept = dataset.finalize

    def finalize(query: Mapping[str, str], body: Any) -> dict[str, Any]:
        relay_body.extend(body["files"])
        return kept(query, body)

    relay = dataset.relay()
    relay.routes["POST", "/upload/manifest/files/finalize"] = finalize
    task = Task(TaskKind.DELIVER, RUN, "out", DATASET, parents=("work",))
    places, found = Places(state_file(task, tmp_path), tmp_path), gather(task, RunFiles(tmp_path))
    deliver(task, relay, places, found, lambda _: None, dataset.now)
    wanted = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
    assert [row["sha256"] for row in relay_body] == [wanted]


def receipt_text() -> str:
    """A receipt as a node hands it to its job: without what is delivered."""
    return text_of(sealed(receipt_of(run_document(), stated(outputs=None))))


def test_the_receipt_has_the_results_and_lies_with_its_crate(
    dataset: Dataset, tmp_path: Path
) -> None:
    dataset.receipt = {"name": "pennsieve-run.json", "text": receipt_text()}
    results(tmp_path, {"a/1.txt": b"one", "2.txt": b"two"})
    dataset.kill_before["finalize"] = 2
    with pytest.raises(Killed):
        hand_over(dataset, tmp_path)
    hand_over(dataset, tmp_path)
    own = ["pennsieve-run.json", "pennsieve-workflow.json", "ro-crate-metadata.json"]
    assert dataset.paths() == ["out/2.txt", "out/a/1.txt", *(f"out/{name}" for name in own)]
    texts = [text.decode() for text in dataset.objects().values() if text.startswith(b"{")]
    receipt = next(json.loads(text) for text in texts if '"pennsieve-receipt/1"' in text)
    assert is_unchanged(receipt)
    rows = {row["path"]: row["sha256"] for row in receipt["outputs"]["files"]}
    assert rows == {
        "out/2.txt": hashlib.sha256(b"two").hexdigest(),
        "out/a/1.txt": hashlib.sha256(b"one").hexdigest(),
    }
    sums = {row["sha256"] for row in receipt["checksums"]["files"]}
    assert sums <= {hashlib.sha256(text.encode()).hexdigest() for text in texts}
    crate = next(json.loads(text) for text in texts if '"@graph"' in text)
    assert {"a/1.txt", "2.txt", *own} <= {row["@id"] for row in crate["@graph"]}


def test_a_program_that_writes_a_crate_of_its_own_keeps_it(
    dataset: Dataset, tmp_path: Path
) -> None:
    dataset.receipt = {"name": "pennsieve-run.json", "text": receipt_text()}
    results(tmp_path, {"ro-crate-metadata.json": b'{"mine": 1}'})
    hand_over(dataset, tmp_path)
    assert dataset.paths() == ["out/pennsieve-run.json", "out/ro-crate-metadata.json"]
    assert b'{"mine": 1}' in dataset.objects().values()
