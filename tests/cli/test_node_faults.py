"""An own node that is called for real, by AWS's own protocol, and everything that goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.errors import KeyringLocked

from pennsieve_agent.settings.config_file import ConfigFile
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent, Result
from tests.fakes.emulated_lambda import EmulatedLambda, emulated_lambda
from tests.fakes.run_node import NODE, VERSION, summary
from tests.settings.test_keychain import Memory

RUN = "44444444-4444-4444-8444-444444444444"
START = (
    *("run", "start", "--dataset", DATASET, "--all"),
    *("--node", "my-node", "--workflow", "own-count"),
)
GONE = "compute node 'my-node' is gone: AWS has no function"


@dataclass
class Scene:
    """A machine with a profile whose AWS is that Lambda alone."""

    agent: Agent
    aws: EmulatedLambda
    config: Path

    def set(self, key: str, value: str) -> None:
        file = ConfigFile.load(self.config)
        if value:
            file.set("sandbox", key, value)
        else:
            file.remove("sandbox", key)
        file.save()


@pytest.fixture
def scene(lab: Lab, clean_machine: Path) -> Iterator[Scene]:
    config = clean_machine / ".pennsieve" / "config.ini"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_bytes((lab.box.data / "config.ini").read_bytes())
    config.chmod(0o600)
    environ = {**lab.box.environment(), "PENNSIEVE_CONFIG": str(config), "HOME": str(clean_machine)}
    agent = Agent(environ)
    agent.quick = True
    OwnNodes.beside(config).put("sandbox", NODE)
    with emulated_lambda() as (aws, address):
        scene = Scene(agent, aws, config)
        scene.set("cli_aws_endpoint", address)
        rows = agent("dataset", "list", "--json").document
        dataset = next(row["id"] for row in rows if row["name"] == DATASET)
        aws.node.access = {dataset: "read-write"}
        aws.node.version = {**VERSION, "name": "own-count"}
        aws.node.runs[RUN] = summary(RUN, 1_700_000_000)
        yield scene


def refused(result: Result, code: int, *words: str) -> None:
    assert result.code == code, result.err
    assert "error: " in result.err
    for word in words:
        assert word in result.err


def test_the_first_call_proves_who_calls_and_the_next_carry_a_ticket(scene: Scene) -> None:
    shown = scene.agent("run", "show", RUN, "--json")
    assert shown.document["node"] == "my-node"
    result = scene.agent(*START)
    assert result.code == 0, result.err
    first, *others = scene.aws.events[-6:]
    assert "proof" in first
    assert all(event["ticket"] for event in others)
    assert first["person"] == {"name": "Ada Lovelace", "email": "ada@example.org"}
    before, together, last = others[:1], others[1:-1], others[-1]
    assert [(e["method"], e["path"]) for e in (first, *before, last)] == [
        ("GET", "/workflows"),
        ("GET", f"/workflows/{VERSION['workflow']}/versions/v1.0.0"),
        ("POST", "/runs"),
    ]
    # At once: what hinders it, the dataset's results, and the workflow's runs for the estimate.
    assert sorted((e["method"], e["path"]) for e in together) == [
        ("GET", "/runs"),
        ("GET", "/runs"),
        ("POST", "/checks"),
    ]


ANSWERS: dict[str, tuple[dict[str, Any], int, tuple[str, ...]]] = {
    "older": (
        {"status": 426, "body": {"protocol": {"least": 0, "most": 0}}},
        1,
        ("is older than this program", "pennsieve compute update my-node"),
    ),
    "newer": (
        {"status": 426, "body": {"protocol": {"least": 2, "most": 3}}},
        1,
        ("is newer than this program", "update this program"),
    ),
    "busy": (
        {"status": 429, "body": {"code": "busy", "message": "too many calls"}},
        1,
        ("cannot answer now: too many calls", "wait a minute"),
    ),
    "pennsieve": (
        {"status": 503, "body": {"code": "pennsieve", "message": "Pennsieve does not answer"}},
        1,
        ("Pennsieve does not answer",),
    ),
    "not-shared": (
        {"status": 403, "body": {"code": "not-shared", "message": "this is not shared with you"}},
        4,
        ("this is not shared with you", "pennsieve compute share"),
    ),
    "a lie": (
        {"status": 404, "body": {"code": "not-registered", "message": "no such version here"}},
        2,
        ("no such version here",),
    ),
    "conflict": (
        {"status": 409, "body": {"code": "no-identity", "message": "it has no key on this node"}},
        1,
        ("it has no key on this node",),
    ),
    "clock": (
        {"status": 401, "body": {"code": "clock", "message": "", "now": time.time() - 420}},
        4,
        ("this machine's clock is ", "seconds ahead", "set the clock right"),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_node_answers_is_said_in_words(scene: Scene, name: str) -> None:
    answer, code, words = ANSWERS[name]
    scene.aws.answer = answer
    refused(scene.agent(*START), code, *words)
    assert not scene.aws.node.starts
    listed = scene.agent("run", "list")
    assert listed.code == 0
    assert "compute node 'my-node' was left out: " in listed.err


def test_a_node_that_is_gone(scene: Scene) -> None:
    scene.aws.refusal = (404, "ResourceNotFoundException")
    refused(scene.agent(*START), 1, GONE, NODE.admin, "pennsieve compute list")
    listed = scene.agent("run", "list", "--json")
    assert listed.code == 0
    assert GONE in listed.err


def test_aws_that_does_not_let_call(scene: Scene) -> None:
    scene.aws.refusal = (403, "AccessDeniedException")
    refused(scene.agent(*START), 4, "lambda:InvokeFunction", "my-node")


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ServiceException"])
def test_a_node_that_aws_throttles(
    scene: Scene, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # how long botocore waits is its own affair
    scene.aws.refusal = (429, code)
    refused(scene.agent(*START), 1, "compute node 'my-node' is too busy", "wait a minute")
    listed = scene.agent("run", "list")
    assert (listed.code, "'my-node' was left out: " in listed.err) == (0, True)
    scene.aws.refusal = None
    assert scene.agent(*START).code == 0
    assert len(scene.aws.node.starts) == 1


def test_a_locked_keychain_is_only_in_the_way_where_a_secret_is_in_it(scene: Scene) -> None:
    keyring.set_keyring(Memory(KeyringLocked("hidden")))
    result = scene.agent(*START)
    assert result.code == 0, result.err
    assert all("proof" in event or "ticket" in event for event in scene.aws.events)
    scene.set("api_secret", "")
    refused(scene.agent(*START), 1, "keychain", "locked")
    assert len(scene.aws.node.starts) == 1


def test_no_aws_credentials(scene: Scene) -> None:
    for key in ("cli_aws_credentials_file", "cli_aws_config_file", "cli_aws_profile"):
        scene.set(key, "")
    refused(
        scene.agent(*START),
        1,
        "no AWS credentials on this machine: compute node 'my-node' is called with an AWS identity",
        "pennsieve aws add",
    )
    assert scene.aws.events == []


def test_pennsieve_down_leaves_the_own_nodes(scene: Scene) -> None:
    for key in ("api_host", "api2_host", "cli_cognito_endpoint"):
        scene.set(key, "http://127.0.0.1:9")
    listed = scene.agent("run", "list", "--json")
    assert listed.code == 0, listed.err
    assert [row["id"] for row in listed.document] == [RUN]
    assert "Pennsieve was left out: " in listed.err
    assert scene.agent("run", "show", RUN, "--status").out == "succeeded\n"
    refused(scene.agent(*START), 1, "127.0.0.1:9")


def test_answers_that_are_lost_on_the_way_make_one_run(scene: Scene) -> None:
    scene.aws.lose = True
    lost = scene.agent(*START)
    assert lost.code == 1
    scene.aws.lose = False
    again = scene.agent(*START)
    assert again.code == 0, again.err
    (run_id,) = scene.aws.node.starts
    assert again.out == (
        f"Run '{scene.aws.node.runs[run_id]['name']}' ({run_id}) was started before; it was not "
        "started a second time\n"
    )
    assert scene.agent(*START).code == 0
    assert len(scene.aws.node.starts) == 2


def test_five_thousand_files_fit_into_one_call(scene: Scene, lab: Lab) -> None:
    folder = lab.box.data / "datasets" / "Many"
    folder.mkdir(exist_ok=True)
    for number in range(5000):
        (folder / f"subject-{number:05}-session-01.edf").touch()
    rows = scene.agent("dataset", "list", "--json").document
    dataset = next(row["id"] for row in rows if row["name"] == "Many")
    scene.aws.node.access[dataset] = "read-write"
    words = (
        "run",
        "start",
        "-d",
        "Many",
        "-n",
        "my-node",
        "-w",
        "own-count",
        "--layout",
        "flat",
        "--all",
    )
    result = scene.agent(*words)
    assert result.code == 0, result.err
    (body,) = scene.aws.node.starts.values()
    assert len(body["files"]) == 5000
    assert "packed" in scene.aws.events[-1]
