"""How much a command asks, and that a sign-in is kept for the next ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import keyring
import pytest
from keyring.errors import KeyringLocked

from pennsieve_agent.settings.config_file import ConfigFile
from tests.cli.conftest import DATASET, Lab, with_two_kinds
from tests.cli.harness import Agent, Result
from tests.fakes.counting_server import counting
from tests.prepared import Prepared
from tests.settings.test_keychain import Memory

SIGN_IN = ["GET /authentication/cognito-config", "POST /"]
THEIRS = ("--workflow", "word-count", "--node", "theirs", "--dataset", DATASET)


@dataclass
class Desk:
    """A machine whose Pennsieve notes what it is asked."""

    agent: Agent
    config: Path
    asked: list[str] = field(default_factory=list)

    def type(self, *words: str) -> tuple[Result, list[str]]:
        """What a command answered, and what it asked."""
        self.asked.clear()
        result = self.agent(*words)
        return result, [call.partition("/runs/")[0] for call in self.asked]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own: a run of another test that goes on is asked for, too."""
    found = with_two_kinds(tmp_path_factory, prepared)
    yield found
    found.box.stop()


@pytest.fixture
def desk(nodes: Lab, clean_machine: Path) -> Iterator[Desk]:
    config = clean_machine / ".pennsieve" / "config.ini"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_bytes((nodes.box.data / "config.ini").read_bytes())
    config.chmod(0o600)
    environ = {**nodes.box.environment(), "PENNSIEVE_CONFIG": str(config)}
    desk = Desk(Agent({**environ, "HOME": str(clean_machine)}), config)
    with ExitStack() as servers:
        file = ConfigFile.load(config)
        for key in ("api_host", "api2_host", "cli_cognito_endpoint"):
            address = file.get("sandbox", key)
            assert address is not None
            file.set("sandbox", key, servers.enter_context(counting(address, desk.asked)))
        file.save()
        yield desk


NODES = "GET /compute/resources/compute-nodes"
DEFINITIONS = "GET /compute/workflows/definitions"


@pytest.mark.parametrize(
    ("words", "most"),
    [
        (("whoami",), ["GET /user", "GET /organizations"]),
        (("dataset", "list"), ["GET /datasets/paginated"]),
        (("compute", "list"), [NODES]),
        # Who sees its code is told by the App Store's entries of mine.
        (("workflow", "list"), [DEFINITIONS, "GET /applications/store", "GET /user"]),
        (("run", "list"), ["GET /compute/workflows/runs"]),
    ],
)
def test_a_command_asks_no_more_than_this(
    desk: Desk, words: tuple[str, ...], most: list[str]
) -> None:
    result, asked = desk.type(*words)
    assert result.code == 0, result.err
    assert sorted(asked) == sorted([*SIGN_IN, *most])


def test_a_run_on_pennsieves_node_is_started_with_eleven_questions(desk: Desk) -> None:
    result, asked = desk.type("run", "start", *THEIRS, "--files", "raw/*.txt", "--json")
    assert result.code == 0, result.err
    # One of them is for files that fit the pattern and are still on their way to the dataset, two
    # are for the estimate: the workflow's runs, and what they cost.
    assert len(asked) <= len(SIGN_IN) + 11, asked
    assert asked.count("GET /upload/manifest") == 1
    assert asked.count("POST /compute/workflows/runs") == 1
    result, asked = desk.type("run", "show", result.document["id"])
    assert result.code == 0, result.err
    # The run and how far it is, its dataset and its files, the names of its node and of its person.
    assert len(asked) <= len(SIGN_IN) + 6, asked


def test_a_workflow_is_shown_with_seven_questions(desk: Desk) -> None:
    run = ("run", "start", *THEIRS, "--files", "raw/*.txt", "--name", "shown", "--json")
    assert (started := desk.type(*run)[0]).code == 0, started.err
    result, asked = desk.type("workflow", "show", "word-count", "--json")
    assert result.code == 0, result.err
    # The list and the definition, the code's entry, its users, its runs and their nodes.
    document, runs = result.document, "GET /compute/workflows/runs"
    one = f"{DEFINITIONS}/{document['id']}"
    most = [DEFINITIONS, one, "GET /applications/store", "GET /user", "GET /webhooks", runs, NODES]
    assert sorted(asked) == sorted([*SIGN_IN, *most])
    assert started.document["id"] in [run["id"] for run in document["last_runs"]]


def test_the_next_commands_of_the_hour_do_not_sign_in(desk: Desk) -> None:
    chain = Memory()
    keyring.set_keyring(chain)
    first, asked = desk.type("dataset", "list")
    assert (first.code, asked[:2]) == (0, SIGN_IN)
    second, asked = desk.type("dataset", "list")
    assert (second.out, asked) == (first.out, ["GET /datasets/paginated"])
    ((place, kept),) = chain.kept.items()
    assert place == ("pennsieve", "session:sandbox")
    token = kept.partition('"access": "')[2].partition('"')[0]
    assert len(token) > 50
    for result in (first, second, desk.type("whoami", "--json")[0]):
        assert token not in result.out + result.err
    assert token not in desk.config.read_text()
    assert desk.type("logout")[0].code == 0
    assert chain.kept == {}


def test_a_kept_token_that_is_refused_leads_to_a_sign_in(desk: Desk) -> None:
    chain = Memory()
    keyring.set_keyring(chain)
    desk.type("dataset", "list")
    ((place, kept),) = chain.kept.items()
    token = kept.partition('"access": "')[2].partition('"')[0]
    chain.kept[place] = kept.replace(token, "no-token")
    result, asked = desk.type("dataset", "list")
    assert result.code == 0, result.err
    assert asked == ["GET /datasets/paginated", *SIGN_IN, "GET /datasets/paginated"]
    assert "no-token" not in chain.kept[place]


def test_login_checks_the_key_itself(desk: Desk) -> None:
    keyring.set_keyring(Memory())
    desk.type("dataset", "list")
    result, asked = desk.type("login")
    assert (result.code, asked[:2]) == (0, SIGN_IN)


def test_a_locked_keychain_is_not_in_the_way(desk: Desk) -> None:
    keyring.set_keyring(Memory(KeyringLocked("hidden")))
    for _ in range(2):
        result, asked = desk.type("dataset", "list")
        assert (result.code, result.err) == (0, "")
        assert asked == [*SIGN_IN, "GET /datasets/paginated"]


def test_a_key_of_the_environment_is_kept_nowhere(desk: Desk) -> None:
    chain = Memory()
    keyring.set_keyring(chain)
    file = ConfigFile.load(desk.config)
    names = {
        "PENNSIEVE_API_KEY": "api_token",
        "PENNSIEVE_API_SECRET": "api_secret",
        "PENNSIEVE_API_HOST": "api_host",
        "PENNSIEVE_API2_HOST": "api2_host",
        "PENNSIEVE_COGNITO_ENDPOINT": "cli_cognito_endpoint",
    }
    for name, key in names.items():
        desk.agent.environ[name] = file.get("sandbox", key) or ""
    assert desk.type("dataset", "list")[0].code == 0
    assert chain.kept == {}
