"""What every command asks of Pennsieve is in the contract's tables: route, query, body, headers.

A sandbox that is more polite than Pennsieve would hide a request that Pennsieve refuses; this test
does not ask the sandbox.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.command import declared
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.schema import DOCUMENTS
from pennsieve_agent.console.schema.kinds import faults as faults_of
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.contract.requests import TABLE, faults
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import DATASET, FILES, WORD_COUNT, repository
from tests.github import git_settings, on_github
from tests.quick_sandbox import quick
from tests.recording.commands import COMMANDS, NOT_TYPED, Typed
from tests.recording.recorder import Recorded, Recorder

KEY = ("api_token", "api_secret")


class World:
    """A sandbox, a recorder before it, and a person who types."""

    def __init__(self, folder: Path, box: Sandbox, recorder: Recorder) -> None:
        self.recorder = recorder
        #: Where what was printed is not as ``console.schema`` describes it.
        self.faults: list[str] = []
        self.home = folder / "home"
        self._places = {
            "data": str(box.data),
            "home": str(self.home),
            "code": on_github(box.data, repository(folder / "word-count", WORD_COUNT)),
            "other": on_github(
                box.data, repository(folder / "other", {**WORD_COUNT, "app.yml": _named("other")})
            ),
            "local": str(repository(folder / "local", WORD_COUNT)),
        }
        up = self.home / "up"
        up.mkdir(parents=True)
        (up / "a.csv").write_text("1,2\n")
        values = box.profile_values()
        self._places |= {"key": values["api_token"], "secret": values["api_secret"]}
        self.environ = {
            **box.environment(),
            "PENNSIEVE_CONFIG": str(_pointing_at(self.home, values, recorder)),
            "HOME": str(self.home),
        }

    def type(self, typed: Typed) -> str:
        """Run a command line; answers what it said where it did not end as it should."""
        if "{gateway}" in typed.words:
            config = Path(self.environ["PENNSIEVE_CONFIG"])
            (node,) = OwnNodes.beside(config).list("sandbox")
            self._places["gateway"] = node.gateway
        words = [_filled(word, self._places) for word in typed.words]
        form = declared(tree.COMMANDS[leaf(words)])
        words += ["--json"]
        streams = Streams.for_test(_filled(typed.answers, self._places), terminal=False, width=80)
        self.recorder.label = leaf(words)
        code = run(words, Context(streams, self.environ))
        assert isinstance(streams.err, io.StringIO)
        assert isinstance(streams.out, io.StringIO)
        line = " ".join(words)
        self.faults += [f"{line}: {f}" for f in wrong_answer(form.answers, streams.out)]
        return "" if code in typed.codes else f"{' '.join(words)}: {code}\n{streams.err.getvalue()}"


def _filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _named(name: str) -> str:
    return f'schemaVersion: "1.0"\nname: {name}\n'


def _pointing_at(home: Path, values: dict[str, str], recorder: Recorder) -> Path:
    """A settings file with a profile that is signed in, and two that are not yet."""
    hosts = zip(("api_host", "api2_host", "cli_cognito_endpoint"), recorder.urls, strict=True)
    profile = {**values, **dict(hosts)}
    lines = ["[global]", "default_profile=sandbox", "[sandbox]"]
    lines += [f"{name}={value}" for name, value in profile.items()]
    for other in ("second", "third"):
        lines += [f"[{other}]"]
        lines += [f"{name}={value}" for name, value in profile.items() if name not in KEY]
    path = home / "config.ini"
    path.write_text("\n".join([*lines, ""]))
    path.chmod(0o600)
    return path


LEAVES = set(tree.COMMANDS)


def leaf(words: list[str] | tuple[str, ...]) -> str:
    """The command that a command line is."""
    starts = (" ".join(words[:count]) for count in range(1, len(words) + 1))
    return next((each for each in starts if each in LEAVES), " ".join(words))


def wrong_answer(answers: tuple[str, ...], out: io.StringIO) -> list[str]:
    """Where what a command printed is none of its documents, nor an error; else nothing."""
    text = out.getvalue()
    try:
        documents = [json.loads(text)]
    except ValueError:  # one a line, as they came
        documents = [json.loads(line) for line in text.splitlines()]
    wrong: list[str] = []
    for document in documents:
        failed = isinstance(document, dict) and set(document) == {"error"}
        kinds = ("error",) if failed else answers
        found: list[list[str]] = [list(faults_of(kind, document, DOCUMENTS)) for kind in kinds]
        found.sort(key=len)
        wrong += found[0]
    return wrong if documents else ["nothing was printed"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("recording")
    for name, text in FILES.items():
        path = folder / "sandbox" / "datasets" / DATASET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        box = quick(folder / "sandbox")
        for name, value in git_settings(box.data).items():
            patch.setenv(name, value)
        state = box.start_detached(0, "process")
        stack.callback(box.stop)
        values = box.profile_values()
        key = ApiKey(values["api_token"], values["api_secret"])
        with Platform(Hosts(state.api, state.api2, state.aws), key) as platform:
            teams = f"/organizations/{platform.workspace_id()}/teams"
            platform._v1.post_record(teams, {"name": "Lab"})
        recorder = Recorder(state)
        recorder.start()
        stack.callback(recorder.close)
        yield World(folder, box, recorder)


@pytest.fixture(scope="module")
def recorded(world: World) -> list[Recorded]:
    """What all commands asked, typed one after another."""
    ended = [world.type(typed) for typed in COMMANDS]
    assert not any(ended), "\n".join(filter(None, ended))
    return list(world.recorder.found)


def wrong(recorded: list[Recorded]) -> set[tuple[str, str]]:
    return {(each.by, fault) for each in recorded for fault in faults(each.asked, TABLE)}


def test_every_command_asks_what_the_contract_has(recorded: list[Recorded]) -> None:
    found = wrong(recorded)
    assert not found, "\n".join(f"{by}: {fault}" for by, fault in sorted(found))


@pytest.mark.usefixtures("recorded")
def test_every_command_answers_with_what_is_described(world: World) -> None:
    assert not world.faults, "\n".join(world.faults)


def test_commands_are_typed_or_say_why_not() -> None:
    typed = {leaf(each.words) for each in COMMANDS}
    assert typed | set(NOT_TYPED) == LEAVES
    assert not typed & set(NOT_TYPED)


def test_a_command_that_asks_too_much_is_found(recorded: list[Recorded]) -> None:
    """The recorder sees what is sent: spoiled requests of every kind are told apart."""
    (made, *_) = (
        each for each in recorded if each.asked.method == "POST" and each.asked.path == "/datasets"
    )
    assert not faults(made.asked, TABLE)
    for spoiled, said in (
        (replace(made.asked, path="/datasets/of/nobody"), "no such route"),
        (replace(made.asked, query={"a": ["1"]}), "query a"),
        (replace(made.asked, headers={**made.asked.headers, "X-Ours": "1"}), "header x-ours"),
        (replace(made.asked, body=made.asked.body[:-1] + b',"ours":1}'), "has the key ours"),
        (replace(made.asked, headers={}), "header authorization is missing"),
    ):
        assert said in "\n".join(faults(spoiled, TABLE))
