"""``run start --local``: a registered workflow on this machine, with a Pennsieve key alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from tests.cli.conftest import DATASET, Lab, commit, repository
from tests.cli.following import imported
from tests.cli.harness import Agent, Result
from tests.cli.test_composed_workflow import CODE
from tests.cli.test_interrupted import typed
from tests.domain.receipt import examples
from tests.domain.receipt.examples import RECORDS
from tests.engine.images import busybox_image

LOCAL = ("run", "start", "--local", "--engine", "process")
RAW = ("-d", DATASET, "-w", "word-count", "--files", "raw")
COUNTS = ["a-plain.count", "b-plain.count"]


@pytest.fixture
def key(ready: Lab, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agent:
    """Somebody with a key of the lab on another machine: no node, no AWS, an empty folder."""
    del ready  # has the workflow
    home = tmp_path / "home"
    home.mkdir()
    config = home / "config.ini"
    text = Path(agent.environ["PENNSIEVE_CONFIG"]).read_text()
    config.write_text(text)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(home)
    return Agent({"HOME": str(home), "PENNSIEVE_CONFIG": str(config), "PATH": os.environ["PATH"]})


def answered(result: Result, document: str = "local_run", code: int = 0) -> dict[str, Any]:
    assert result.code == code, result.err
    answer: dict[str, Any] = json.loads(result.out)
    assert list(faults(document, answer, DOCUMENTS)) == []
    return answer


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_registered_workflow_runs_here_with_a_key_alone(key: Agent, tmp_path: Path) -> None:
    ran = answered(key(*LOCAL, *RAW, "--name", "first one", "--json"))
    assert (ran["status"], ran["workflow"], ran["name"]) == ("succeeded", "word-count", "first one")
    assert ran["input"]["dataset"] == DATASET
    assert ran["input"]["files"] == 2
    assert [row["path"] for row in ran["files"]] == COUNTS
    assert ran["kept_in"] == "results/first-one"
    results = tmp_path / "home" / "results" / "first-one"
    assert names(results) == [*COUNTS, *RECORDS]
    assert (results / "a-plain.count").read_text() == "3\n"
    receipt = json.loads((results / "pennsieve-run.json").read_text())
    assert examples.faults(receipt) == []
    assert receipt["workflow"]["name"] == "word-count"
    assert [row["path"] for row in receipt["inputs"]["files"]] == ["raw/a.txt", "raw/deep/b.txt"]
    (step,) = [row for row in receipt["steps"] if row["kind"] == "processor"]
    assert step["tag"] == "v1.0.0"
    assert len(step["commit"]) == 40
    assert step["status"] == "succeeded"
    assert step["started_at"] <= step["completed_at"]
    assert (receipt["place"], receipt["node"]["engine"]) == ("local", "process")
    sums = {row["path"].rpartition("/")[2]: row["sha256"] for row in receipt["outputs"]["files"]}
    assert sums == {
        name: hashlib.sha256((results / name).read_bytes()).hexdigest() for name in COUNTS
    }
    assert key("run", "receipt", "--check", str(results)).code == 0
    (results / COUNTS[0]).write_text("5\n")
    changed = key("run", "receipt", "--check", str(results), "--json")
    assert {row["path"]: row["status"] for row in changed.document["files"]}[COUNTS[0]] == "changed"
    (results / COUNTS[0]).write_text("3\n")
    assert str(tmp_path) not in json.dumps(receipt)


def test_files_are_downloaded_once_and_compared_before_they_are_used(
    key: Agent, tmp_path: Path
) -> None:
    """What was uploaded has a checksum; what lies in the sandbox's folders has none."""
    for name, text in (("a.txt", "one two three\n"), ("b.txt", "four five\n")):
        (tmp_path / "sent").mkdir(exist_ok=True)
        (tmp_path / "sent" / name).write_text(text)
    for words in (("create", "Checked"), ("upload", "Checked", str(tmp_path / "sent"))):
        done = key("dataset", *words)
        assert done.code == 0, done.err
    whole = ("-d", "Checked", "-w", "word-count", "--all")
    planned = answered(key(*LOCAL, *whole, "--dry-run", "--json"), "local_run_plan")
    size = sum(row["size"] for row in planned["files"])
    assert planned["download_bytes"] == size > 0
    first = key(*LOCAL, *whole)
    assert first.code == 0, first.err
    planned = answered(key(*LOCAL, *whole, "--dry-run", "--json"), "local_run_plan")
    assert planned["download_bytes"] == 0
    kept = {path.name: path for path in (Path(key.environ["HOME"]) / "local").rglob("*.txt")}
    assert sorted(kept) == ["a.txt", "b.txt"]
    before = kept["b.txt"].stat()
    unused = kept["b.txt"].parent.with_name("unused")
    unused.mkdir()
    (unused / "c.txt").write_text("of long ago")
    os.utime(unused, (1, 1))
    kept["a.txt"].write_bytes(b"x" * kept["a.txt"].stat().st_size)  # damaged, of the right size
    second = answered(key(*LOCAL, *whole, "--name", "second", "--json"))
    assert second["status"] == "succeeded"
    assert kept["a.txt"].read_text() == "one two three\n"
    assert not unused.exists()
    assert kept["b.txt"].stat().st_ino == before.st_ino
    assert kept["b.txt"].stat().st_mtime_ns == before.st_mtime_ns


def test_a_plan_starts_nothing_and_says_what_would_run(key: Agent, tmp_path: Path) -> None:
    shown = key(*LOCAL, *RAW, "-p", "STYLE=fancy", "--name", "one", "--dry-run")
    assert shown.code == 0, shown.err
    for words in ("this machine, as you", "2 files", "results/one", "v1.0.0", "fancy"):
        assert words in shown.out
    assert "nothing was started (--dry-run)" in shown.err
    planned = answered(
        key(*LOCAL, *RAW, "-p", "STYLE=fancy", "--upload", "--dry-run", "--json", "--name", "one"),
        "local_run_plan",
    )
    assert planned["uploaded_to"] == planned["kept_in"] == "results/one"
    assert planned["steps"][0]["tag"] == "v1.0.0"
    assert names(tmp_path / "home") == ["config.ini"]


def test_a_folder_is_the_input_and_the_whole_dataset_after_a_yes(
    key: Agent, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "c.txt").write_text("one\n")
    folder = ("--input", str(tmp_path / "in"), "--to", str(tmp_path / "out"))
    ran = answered(key(*LOCAL, "-w", "word-count", *folder, "--json"))
    assert ran["input"] == {
        "folder": str(tmp_path / "in"),
        "dataset": None,
        "files": 1,
        "bytes": 4,
        "layout": "tree",
    }
    assert names(tmp_path / "out") == ["c-plain.count", *RECORDS]
    (tmp_path / "in" / "d.txt").write_text("two\n")
    for words in (("create", "Whole"), ("upload", "Whole", str(tmp_path / "in"))):
        done = key("dataset", *words)
        assert done.code == 0, done.err
    dataset = (*LOCAL, "-d", "Whole", "-w", "word-count")
    asked = key(*dataset)
    assert asked.code == 2
    assert "--all" in asked.err
    no = key(*dataset, answers="n\n", terminal=True)
    assert no.code == 0
    assert "nothing was started" in no.err
    whole = answered(key(*dataset, "--all", "--json"))
    assert whole["input"]["files"] == 2


def test_results_are_uploaded_as_a_node_delivers_them(key: Agent, ready: Lab) -> None:
    sent = answered(key(*LOCAL, *RAW, "--name", "handed over", "--upload", "--json"))
    assert sent["uploaded_to"] == sent["kept_in"] == "results/handed-over"
    assert sent["not_uploaded"] == []
    results = ready.dataset / "results" / "handed-over"
    for name in (*COUNTS, *RECORDS):
        imported(results / name)
    assert (results / "a-plain.count").read_text() == "3\n"
    # They are results of a run, and so no input of the next.
    listed = answered(key(*LOCAL, *RAW[:4], "--dry-run", "--json"), "local_run_plan")
    assert not [row for row in listed["files"] if row["path"].startswith("results/handed")]
    again = key(*LOCAL, *RAW, "--name", "handed over", "--upload")
    assert again.code == 2
    assert "has a folder 'results/handed-over' with files already" in again.err


def test_a_run_that_fails_says_so_and_hands_nothing_over(key: Agent, ready: Lab) -> None:
    failed = key(*LOCAL, *RAW, "--name", "failing", "-p", "EXIT=4", "--upload")
    assert failed.code == 3
    assert "it ended with exit code 4" in failed.err
    assert "nothing was uploaded: the run failed" in failed.err
    assert not (ready.dataset / "results" / "failing").exists()
    silent = key(*LOCAL, *RAW, "-p", "SILENT=true", "--upload")
    assert silent.code == 0, silent.err
    assert "nothing was uploaded: there are no results" in silent.err
    assert not list(Path(key.environ["HOME"]).glob("results/*count*"))


def test_a_tag_that_was_moved_is_taken_where_it_was(
    agent: Agent, ready: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node and this machine know what the tag meant."""
    monkeypatch.chdir(tmp_path)
    code = tmp_path / "moving"
    files = {"Dockerfile": 'FROM python:3.11-slim\nCOPY . /app\nCMD ["python", "/app/main.py"]\n'}
    program = 'import os\nopen(os.environ["OUTPUT_DIR"] + "/out", "w").write("{}")\n'
    repository(code, {**files, "main.py": program.format("before")})
    added = agent("workflow", "add", ready.publish(code), "--build", "here", "--name", "moving")
    assert added.code == 0, added.err
    commit(code, {"main.py": program.format("after")}, None)
    os.system(f"git -C {code} tag --force v1.0.0 > /dev/null")  # noqa: S605
    ready.publish(code)
    words = ("-d", DATASET, "-w", "moving", "--files", "raw", "--to", str(tmp_path / "out"))
    ran = agent(*LOCAL, *words)
    assert ran.code == 0, ran.err
    assert "was moved; the registered commit is taken" in ran.err
    assert (tmp_path / "out" / "out").read_text() == "before"


def test_code_of_a_folder_is_found_where_this_machine_remembers_it(
    agent: Agent, ready: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = tmp_path / "folder"
    shutil.copytree(ready.repository, code)
    added = agent("workflow", "add", str(code), "--name", "from folder")
    assert added.code == 0, added.err
    words = ("-d", DATASET, "-w", "from folder", "--files", "raw/a.txt", "--json")
    ran = answered(agent(*LOCAL, *words, "--to", str(tmp_path / "out")))
    assert [row["path"] for row in ran["files"]] == COUNTS[:1]
    record = Path(agent.environ["PENNSIEVE_CONFIG"]).parent / "workflow-code.json"
    record.rename(tmp_path / record.name)
    try:
        unknown = agent(*LOCAL, *words, "--to", str(tmp_path / "other"))
    finally:
        (tmp_path / record.name).rename(record)
    assert unknown.code == 2
    assert "does not know where the code of step 'word-count'" in unknown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-w", "word-count"), "no input was named"),
        ((*RAW, "--input", "."), "--input and --files cannot be given together"),
        ((*RAW, "--node", "my-compute"), "--node and --local cannot be given together"),
        ((*RAW, "--max-cost", "3"), "has no limits of cost and time"),
        ((*RAW, "--timeout", "3"), "--timeout and --local cannot be given together"),
        ((*RAW, "--layout", "flot"), "there is no layout 'flot'"),
        ((*RAW, "-p", "STILE=plain"), "did you mean 'STYLE'?"),
        ((*RAW, "--to", "config.ini"), "--to config.ini is not a folder"),
        (("-w", "word-count", "--input", ".", "--upload"), "--upload needs a dataset"),
        (("-w", "wrd", "--input", "."), "wrd"),
        (("-d", "nothing", "-w", "word-count"), "nothing"),
        (("-w", "word-count", "--input", "nowhere"), "--input nowhere does not exist"),
    ],
)
def test_what_is_typed_wrong(key: Agent, words: tuple[str, ...], said: str) -> None:
    result = key(*LOCAL, *words)
    assert result.code == 2, result.err
    assert said in result.err
    assert "Traceback" not in result.err
    assert names(Path(key.environ["HOME"])) == ["config.ini"]


@pytest.mark.parametrize("option", ["--upload", "--to=x", "--input=x", "--engine=process"])
def test_options_of_this_machine_need_local(key: Agent, option: str) -> None:
    result = key("run", "start", *RAW, option)
    assert result.code == 2
    assert "is for runs on this machine" in result.err
    missing = key("run", "start", "-w", "word-count")
    assert missing.code == 2
    assert "missing option '--dataset'" in missing.err


@pytest.mark.docker
def test_the_image_of_a_registered_workflow_is_built_and_run_here(
    agent: Agent, ready: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dockerfile = f'FROM {busybox_image()}\nCOPY . /app\nENTRYPOINT ["/bin/sh", "/app/run.sh"]\n'
    files = {
        "Dockerfile": dockerfile,
        "run.sh": 'cd "$INPUT_DIR"; env > "$OUTPUT_DIR/env"; echo "$MY_TOKEN"; '
        'touch new || cat a.txt deep/b.txt > "$OUTPUT_DIR/all"\n',
    }
    code = repository(tmp_path / "boxed", files)
    added = agent("workflow", "add", ready.publish(code), "--needs-pennsieve", "--name", "boxed")
    assert added.code == 0, added.err
    agent.environ["MY_TOKEN"] = "for-my-steps"
    words = ("run", "start", "--local", "-d", DATASET, "-w", "boxed", "--files", "raw")
    plain = agent(*words, "--engine", "docker", "--to", str(tmp_path / "plain"))
    assert plain.code == 0, plain.err
    assert "here they get neither: give what they need with --secret NAME" in plain.err
    ran = agent(*words, "--engine", "docker", "--secret", "MY_TOKEN", "--to", str(tmp_path / "out"))
    assert ran.code == 0, ran.err
    assert "boxed | ***" in ran.err
    assert "here they get neither" not in ran.err
    assert (tmp_path / "out" / "all").read_text() == "one two three\nfour five\n"
    seen = dict(line.split("=", 1) for line in (tmp_path / "out" / "env").read_text().splitlines())
    assert seen["DATASET_ID"].startswith("N:dataset:")
    assert seen["ORGANIZATION_ID"].startswith("N:organization:")
    assert seen["MY_TOKEN"] == "for-my-steps"
    receipt = json.loads((tmp_path / "out" / "pennsieve-run.json").read_text())
    (step,) = [row for row in receipt["steps"] if row["kind"] == "processor"]
    assert step["image"].startswith("sha256:")
    assert "for-my-steps" not in json.dumps(receipt)


def test_control_c_leaves_nothing_and_keeps_what_was_downloaded(key: Agent, tmp_path: Path) -> None:
    stopped = typed(key, *LOCAL, *RAW, "-p", "HOLD=true", at="| holding")
    assert stopped.code == 130
    assert "nothing of it is left but the files that were downloaded" in stopped.err
    assert list((tmp_path / "temporary").iterdir()) == []
    assert len(list((tmp_path / "home" / "local").rglob("*.txt"))) == 2
    assert not (tmp_path / "home" / "results").exists()


TWINS = """\
name: twins
steps:
  left: {uses: lab/label@v1.0.0, parameters: {LABEL: left}}
  right: {uses: lab/label@v1.0.0, parameters: {LABEL: right}}
  both: {uses: lab/label@v1.0.0, needs: [left, right], parameters: {LABEL: both}}
  again: {uses: lab/label@v1.0.0, needs: [left], parameters: {LABEL: again}}
"""


def test_a_composed_workflow_with_several_ends(
    agent: Agent, ready: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = ready.root / "label"
    ready.publish(code if code.exists() else repository(code, CODE))
    (tmp_path / "workflow.yaml").write_text(TWINS)
    added = agent("workflow", "add", "workflow.yaml")
    assert added.code == 0, added.err
    words = (*LOCAL, "-d", DATASET, "-w", "twins", "--files", "raw", "--json")
    ran = answered(agent(*words, "--name", "told apart"))
    assert {step["name"] for step in ran["steps"]} == {"left", "right", "both", "again"}
    results = tmp_path / "results" / "told-apart"
    assert names(results) == ["again.txt", "both.txt", *RECORDS]
    assert (results / "both.txt").read_text() == "left.txt right.txt"
    assert (results / "again.txt").read_text() == "left.txt"
    alike = ("-p", "both.LABEL=one", "-p", "again.LABEL=one", "--name", "alike")
    clash = answered(agent(*words, *alike), code=3)
    assert [row["path"] for row in clash["files"]] == ["one.txt"]
    (left_out,) = clash["left_out"]
    assert left_out.startswith("'one.txt' of step '")
    assert left_out.endswith("made one, too")
