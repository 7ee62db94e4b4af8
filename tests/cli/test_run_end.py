"""How waiting for runs ends: exit codes, why one failed, and who is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults
from tests.cli.conftest import Scene
from tests.fakes.run_node import summary
from tests.services.test_run_webhook import SECRET, Receiver

GOOD, BAD, OPEN = "a" * 8, "b" * 8, "c" * 8
BEGUN = 4_000_000_000


@pytest.fixture
def runs(scene: Scene) -> Scene:
    """One run that succeeded, one that failed, and one that goes on."""
    for run, status, more in (
        (GOOD, "SUCCEEDED", {}),
        (
            BAD,
            "FAILED",
            {"reason": "ran out of memory; give the step more with its memory setting"},
        ),
        (OPEN, "STARTED", {}),
    ):
        step: dict[str, Any] = {
            "id": "count",
            "kind": "processor",
            "status": status,
            "started": "2096-10-02T07:06:45.000Z",
            "ended": "" if status == "STARTED" else "2096-10-02T07:07:40.000Z",
            **more,
        }
        scene.node.runs[run] = summary(run, BEGUN, status=status, steps=[step])
    scene.node.messages = [
        {"timestamp": BEGUN * 1000 + n, "message": f"line {n}", "step": "count"} for n in range(50)
    ]
    return scene


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((GOOD, GOOD), 0, "run 'run-aaaa' succeeded"),
        ((GOOD, BAD), 3, "error: 1 of 2 did not succeed"),
        ((GOOD, OPEN, "--timeout", "0"), 8, "one has not ended: run-cccc"),
        ((OPEN, "--timeout", "0"), 8, "run 'run-cccc' is still running"),
        ((BAD,), 3, "error: run 'run-bbbb' failed in step 'count'"),
    ],
)
def test_one_exit_code_for_all(runs: Scene, words: tuple[str, ...], code: int, said: str) -> None:
    told = runs.agent("run", "wait", *words)
    assert (told.code, told.out) == (code, ""), told.err
    assert said in told.err
    read = [query for _, path, query in runs.node.asked if path.endswith("/logs")]
    assert all("tail" in query for query in read)  # who waits reads no whole log


def test_json_of_several_is_their_list(runs: Scene) -> None:
    told = runs.agent("run", "wait", BAD, GOOD, "--json")
    assert told.code == 3
    assert [run["status"] for run in told.document] == ["failed", "succeeded"]


@pytest.mark.parametrize("words", [("wait", BAD), ("watch", BAD), ("show", BAD)])
def test_a_failure_says_step_reason_lines_and_what_to_try(
    runs: Scene, words: tuple[str, ...]
) -> None:
    told = runs.agent("run", *words)
    text = told.out + told.err
    for part in (
        "Step 'count' failed: ran out of memory; give the step more with its memory setting\n",
        "Its last 20 lines:\n  line 30\n",
        "  line 49\n",
        "pennsieve run logs run-bbbb --step count\n",
        "next: start it again with more memory for that step: pennsieve run retry run-bbbb ",
    ):
        assert part in text
    shown = runs.agent("run", "show", BAD, "--json").document["failed_step"]
    assert shown["advice"].startswith("start it again with more memory")


def test_a_command_is_performed_and_does_not_change_the_exit_code(
    runs: Scene, tmp_path: Path
) -> None:
    file = tmp_path / "then"
    command = f'echo "$PENNSIEVE_RUN $PENNSIEVE_STATE" >> "{file}"; exit 7'
    told = runs.agent("run", "wait", GOOD, BAD, "--then", command)
    assert told.code == 3
    assert file.read_text() == f"{GOOD} succeeded\n{BAD} failed\n"
    assert told.err.count("note: the --then command ended with exit code 7") == 2
    assert runs.agent("run", "wait", GOOD, "--then", "exit 1").code == 0
    assert runs.agent("run", "watch", OPEN, "--then", f"rm '{file}'", "--timeout", "0").code == 8
    assert file.exists()


def test_a_webhook_gets_a_document_and_its_secret_is_not_said(runs: Scene) -> None:
    with Receiver(204, 500).open() as receiver:
        told = runs.agent("run", "watch", BAD, "--webhook", receiver.url)
        assert told.code == 3
        (body,) = receiver.bodies
        runs.agent.quick = True
        deaf = runs.agent("run", "wait", GOOD, "--webhook", receiver.url, "--json")
    document = json.loads(body)
    assert list(faults("run_ended", document, DOCUMENTS)) == []
    assert (document["event"], document["status"]) == ("run_ended", "failed")
    assert (document["id"], document["failed_steps"]) == (BAD, ["count"])
    assert document["command"] == "pennsieve run show run-bbbb"
    assert (deaf.code, deaf.document["status"]) == (0, "succeeded")
    assert "note: the webhook could not be called: 127.0.0.1:" in deaf.err
    assert SECRET not in told.err + told.out + deaf.err + deaf.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("wait", GOOD, "--webhook", "http://example.org/x"), "without encryption"),
        (("start", "-d", "x", "--all", "--then", "true"), "add --wait"),
        (("start", "-d", "x", "--local", "--watch"), "--watch and --local cannot be given"),
    ],
)
def test_what_cannot_be_told_is_refused_first(
    runs: Scene, words: tuple[str, ...], said: str
) -> None:
    told = runs.agent("run", *words)
    assert told.code == 2
    assert said in told.err
