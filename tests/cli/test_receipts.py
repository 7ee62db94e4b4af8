"""The receipt of a run: written, checked, and told when somebody edited it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from pennsieve_agent.errors import ExitCode
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent
from tests.domain.receipt.examples import faults


@pytest.mark.usefixtures("ready")
def test_the_receipt_of_a_run_on_an_own_node(agent: Agent, tmp_path: Path) -> None:
    folder = tmp_path / "receipt"
    answer = agent("run", "receipt", "zeroth", "--to", str(folder), "--json")
    assert answer.code == 0, answer.err
    receipt = json.loads((folder / "receipt.json").read_text())
    assert faults(receipt) == []
    assert answer.document["id"] == receipt["id"]
    sums = {file["path"]: file["sha256"] for file in answer.document["files"]}
    assert sums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
    }
    assert [(f["path"], f["size"]) for f in receipt["inputs"]["files"]] == [
        ("raw/a.txt", 14),
        ("raw/deep/b.txt", 10),
    ]
    results = {f["path"].rpartition("/")[2]: f for f in receipt["outputs"]["files"]}
    assert {"a-plain.count", "b-plain.count"} == {*results}
    assert {f["status"] for f in results.values()} == {"there"}
    assert all(f["sha256"] for f in results.values())
    assert receipt["cost"]["usd"] > 0
    assert (receipt["place"], receipt["node"]["name"]) == ("own", "my-compute")
    assert receipt["who"]["caller"].startswith("arn:aws:iam")
    code = next(step for step in receipt["steps"] if step["source_url"])
    assert (code["tag"], len(code["commit"]), code["status"]) == ("v1.0.0", 40, "succeeded")
    again = agent("run", "receipt", receipt["id"], "--to", str(folder))
    assert again.code == 0, again.err
    other = agent("run", "receipt", "zeroth", "--to", str(tmp_path / "full"))
    assert other.code == 0


@pytest.mark.usefixtures("ready")
def test_a_receipt_that_was_edited_by_hand_is_told(agent: Agent, tmp_path: Path) -> None:
    folder = tmp_path / "receipt"
    assert agent("run", "receipt", "zeroth", "--to", str(folder)).code == 0
    well = agent("run", "receipt", "--check", str(folder))
    assert (well.code, "receipt\tunchanged" in well.out) == (0, True), well.out
    file = folder / "receipt.json"
    file.write_text(file.read_text().replace('"MINIMUM": "1"', '"MINIMUM": "2"'))
    (folder / "workflow.json").write_text("{}")
    edited = agent("run", "receipt", "--check", str(file), "--json")
    assert edited.code == ExitCode.FAILED
    assert edited.document["unchanged"] is False
    states = {row["path"]: row["status"] for row in edited.document["files"]}
    assert states == {
        "workflow.json": "changed",
        **dict.fromkeys(("ro-crate-metadata.json", "index.html"), "unchanged"),
    }
    (folder / "ro-crate-metadata.json").unlink()
    words = agent("run", "receipt", "--check", str(folder))
    assert "ro-crate-metadata.json\tmissing" in words.out
    assert "was edited" in words.err
    assert "Traceback" not in words.err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.json", None, "there is no file"),
        ("words.json", "hello", "it is not JSON"),
        ("other.json", "{}", "it is not a receipt of a run"),
        ("bytes.json", b"\xff\xfe\x00", "it is not text"),
    ],
)
def test_something_else_than_a_receipt(
    agent: Agent, tmp_path: Path, name: str, text: str | bytes | None, words: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = agent("run", "receipt", "--check", str(path))
    assert answer.code in {ExitCode.FAILED, ExitCode.USAGE}
    assert words in answer.err
    assert "Traceback" not in answer.err


def test_a_check_reads_no_run(agent: Agent, tmp_path: Path) -> None:
    answer = agent("run", "receipt", "zeroth", "--check", str(tmp_path))
    assert answer.code == ExitCode.USAGE
    assert "--check and a run cannot be given together" in answer.err
    empty = agent("run", "receipt", "--check", str(tmp_path))
    assert "has no receipt.json" in empty.err


@pytest.mark.usefixtures("ready")
def test_a_file_in_place_of_the_folder_is_wrong_usage(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for words in (("receipt", "any"), ("download", "any")):
        refused = agent("run", *words, "--to", str(tmp_path / "file"))
        assert refused.code == 2, refused.err
        assert f"'{tmp_path / 'file'}' is a file, not a folder" in refused.err
    assert (tmp_path / "file").read_text() == "mine"


def test_no_file_of_somebody_else_is_replaced(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "workflow.json").write_text("mine")
    answer = agent("run", "receipt", "zeroth", "--to", str(tmp_path))
    assert answer.code == ExitCode.USAGE
    assert "has a file 'workflow.json' already" in answer.err
    assert (tmp_path / "workflow.json").read_text() == "mine"


def test_the_receipt_of_a_run_on_a_node_of_pennsieves(
    nodes: Lab, agent: Agent, tmp_path: Path
) -> None:
    del nodes
    name = "receipt there"
    started = agent(
        *("run", "start", "-d", DATASET, "-w", "word-count", "--node", "theirs"),
        *("--files", "raw", "--name", name, "--wait", "--json"),
    )
    assert started.code == 0, started.err
    answer = agent("run", "receipt", started.document["id"], "--to", str(tmp_path / "r"))
    assert answer.code == 0, answer.err
    receipt = json.loads((tmp_path / "r" / "receipt.json").read_text())
    assert faults(receipt) == []
    assert (receipt["place"], receipt["name"]) == ("pennsieve", name)
    assert receipt["who"]["verified"] is True
    assert receipt["inputs"]["recorded"] is False
    assert len(receipt["inputs"]["files"]) == 2
    code = next(step for step in receipt["steps"] if step["source_url"])
    assert (code["tag"], code["commit"], code["digest"]) == ("v1.0.0", None, None)
    assert agent("run", "receipt", "--check", str(tmp_path / "r")).code == 0


def test_from_a_file_to_its_run(ready: Lab, agent: Agent, tmp_path: Path) -> None:
    path = "results/zeroth/a-plain.count"
    known = agent("run", "show", "zeroth", "--json").document
    found = agent("run", "which", path, "-d", DATASET, "--json")
    assert found.code == 0, found.err
    assert (found.document["run_id"], found.document["known_by"]) == (known["id"], "package")
    assert [row["path"] for row in found.document["inputs"]] == ["raw/a.txt", "raw/deep/b.txt"]
    (code,) = found.document["code"]
    assert (code["source_url"], len(code["commit"])) == (ready.url, 40)
    assert agent("run", "download", "zeroth", "--to", str(tmp_path)).code == 0
    (file,) = tmp_path.rglob("a-plain.count")
    text = agent("run", "which", str(file))
    assert text.code == 0, text.err
    assert f"id\t{known['id']}" in text.out
    file.write_text("another content")
    changed = agent("run", "which", str(file))
    assert changed.code == ExitCode.USAGE
    assert "no run on your own nodes recorded a result with the content of" in changed.err
    uploaded = agent("run", "which", "raw/a.txt", "-d", DATASET)
    assert "no run that you can see wrote 'raw/a.txt'" in uploaded.err
    missing = agent("run", "which", "raw/none.txt", "-d", DATASET)
    assert "has no file 'raw/none.txt'" in missing.err
    assert "there is no file 'none.txt' on this disk" in agent("run", "which", "none.txt").err


@pytest.mark.usefixtures("ready")
def test_a_receipt_beside_a_file_tells_its_run_without_asking(agent: Agent, tmp_path: Path) -> None:
    assert agent("run", "receipt", "zeroth", "--to", str(tmp_path)).code == 0
    assert agent("run", "download", "zeroth", "--to", str(tmp_path / "results")).code == 0
    (file,) = (tmp_path / "results").rglob("a-plain.count")
    answer = agent("run", "which", str(file), "--json")
    assert (answer.code, answer.document["known_by"]) == (0, "receipt"), answer.err
    beside = file.parent / "pennsieve-run.json"
    assert json.loads(beside.read_text())["status"] == "running"
    text = agent("run", "which", str(file))
    assert "status\trunning when the receipt was written\n" in text.out
    folder = agent("run", "which", str(tmp_path))
    assert folder.code == ExitCode.USAGE
    assert "is a folder, and a run is found by one of its files" in folder.err


@pytest.mark.usefixtures("ready")
def test_what_differs_between_a_run_and_its_receipt(agent: Agent, tmp_path: Path) -> None:
    assert agent("run", "receipt", "zeroth", "--to", str(tmp_path)).code == 0
    same = agent("run", "diff", str(tmp_path), "zeroth")
    assert (same.code, same.out) == (0, "'zeroth' and 'zeroth' do not differ\n"), same.err
    file = tmp_path / "receipt.json"
    file.write_text(file.read_text().replace('"MINIMUM": "1"', '"MINIMUM": "2"'))
    other = agent("run", "diff", str(file), "zeroth")
    assert "parameters\tword-count.MINIMUM\t2\t1" in other.out
    assert "was edited since it was written" in other.err
    document = agent("run", "diff", "zeroth", str(file), "--json").document
    assert [row["part"] for row in document["differences"]] == ["parameters"]
    assert agent("run", "diff", "zeroth", "none.json").code == ExitCode.USAGE


@pytest.mark.usefixtures("ready")
def test_a_receipt_repeats_its_run(agent: Agent, tmp_path: Path) -> None:
    assert agent("run", "receipt", "zeroth", "--to", str(tmp_path)).code == 0
    file = tmp_path / "receipt.json"
    plan = agent("run", "start", "--repeat", str(file), "--dry-run", "--json")
    assert plan.code == 0, plan.err
    before = agent("run", "start", "--repeat", "zeroth", "--dry-run", "--json").document
    names = ("workflow", "workflow_version", "node", "dataset_id", "files", "layout", "fingerprint")
    assert {n: plan.document[n] for n in names} == {n: before[n] for n in names}
    assert plan.document["differences"] == before["differences"]
    text = file.read_text()
    file.write_text(text.replace('"MINIMUM": "1"', '"MINIMUM": "2"'))
    edited = agent("run", "start", "--repeat", str(file), "--dry-run")
    assert (edited.code, "was edited since it was written" in edited.err) == (0, True)
    other = json.loads(text)
    other["workspace"] = {"id": "N:organization:1", "name": "Hodgkin lab"}
    file.write_text(json.dumps(other))
    refused = agent("run", "start", "--repeat", str(file))
    assert refused.code == ExitCode.USAGE
    assert "the receipt is of workspace 'Hodgkin lab'" in refused.err
    assert "pennsieve dataset grant word-count" in refused.err
