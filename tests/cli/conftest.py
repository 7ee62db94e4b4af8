"""A real sandbox in its own process, shared by the tests of the commands."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError
from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.sandbox.host.state import SandboxState
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.harness import Agent
from tests.fakes.run_node import NODE, VERSION, FakeNode
from tests.github import git_settings, on_github
from tests.prepared import Prepared, once, session_folder
from tests.quick_sandbox import quick

DATASET = "Mouse EEG"
FILES = {
    "raw/a.txt": "one two three\n",
    "raw/deep/b.txt": "four five\n",
    "notes.md": "# Notes\n",
}
DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY main.py /app/
ENTRYPOINT ["python", "/app/main.py"]
"""
MANIFEST = """\
schemaVersion: "1.0"
name: word-count
description: Counts the words of text files
parameters:
  - name: MINIMUM
    type: number
    default: 1
    min: 0
    description: The fewest words
  - name: STYLE
    type: enum
    allowedValues: [plain, fancy]
    default: plain
  - name: EXIT
    type: number
    default: 0
  - name: HOLD
    type: boolean
    default: false
  - name: SILENT
    type: boolean
    default: false
"""
PROGRAM = """\
import os, pathlib, sys, time
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
forbidden = {"SESSION_TOKEN", "REFRESH_TOKEN", "CALLBACK_TOKEN"} & set(os.environ)
print("tokens seen:", sorted(forbidden))
files = sorted(p for p in source.rglob("*") if p.is_file())
for path in files:
    print("counting", path.relative_to(source))
    words = len(path.read_text().split())
    if os.environ["SILENT"] == "false" and words >= float(os.environ["MINIMUM"]):
        (target / (path.stem + "-" + os.environ["STYLE"] + ".count")).write_text(f"{words}\\n")
if os.environ["HOLD"] == "true":
    print("holding", flush=True)
    while True:
        time.sleep(0.05)
print("done", flush=True)
sys.exit(int(os.environ["EXIT"]))
"""


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, files: Mapping[str, str], tag: str | None = "v1.0.0") -> Path:
    """A git repository with these files committed."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return commit(folder, files, tag)


def commit(folder: Path, files: Mapping[str, str], tag: str | None) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "change")
    if tag:
        git(folder, "tag", tag)
    return folder


WORD_COUNT = {"Dockerfile": DOCKERFILE, "app.yml": MANIFEST, "main.py": PROGRAM}


def free_port() -> int:
    """The first of three ports in a row that nobody uses."""
    for base in range(20000, 32000, 7):
        try:
            for port in (base, base + 1, base + 2):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free port")


@dataclass(frozen=True)
class Lab:
    """A running sandbox and a repository to register."""

    box: Sandbox
    state: SandboxState
    repository: Path
    root: Path

    @property
    def dataset(self) -> Path:
        return self.box.data / "datasets" / DATASET

    @property
    def url(self) -> str:
        """The repository's address on the sandbox's GitHub."""
        return self.publish(self.repository)

    def publish(self, code: Path) -> str:
        """Put a repository on the sandbox's GitHub, as it is now; its address."""
        return on_github(self.box.data, code)


def made(root: Path, prepared: Prepared | None = None) -> Lab:
    """A sandbox with a dataset, a node if it is prepared, and a repository to register."""
    for name, text in FILES.items():
        path = root / "sandbox" / "datasets" / DATASET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code = repository(root / "word-count", WORD_COUNT)
    data = root / "sandbox"
    box = prepared.into(data) if prepared else quick(data)
    return Lab(box, box.start_detached(0, "process"), code, root)


def copied(
    factory: pytest.TempPathFactory,
    name: str,
    make: Callable[[Path], Lab],
    *lines: tuple[str, ...],
) -> Lab:
    """A running copy of a lab in which these commands were typed, once for all processes.

    They register nodes. Workflows are added to a copy: what is built for a sandbox stays where it
    was built, as a Python environment does.
    """

    def first(root: Path) -> None:
        root.mkdir()
        lab = make(root)
        try:
            prepare(lab, *lines)
        finally:
            lab.box.stop()

    root = factory.mktemp(name)
    shutil.copytree(once(session_folder(factory), name, first), root, dirs_exist_ok=True)
    box = quick(root / "sandbox")
    return Lab(box, box.start_detached(0, "process"), root / "word-count", root)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab with the node ``my-compute``."""
    found = made(tmp_path_factory.mktemp("lab"), prepared)
    yield found
    found.box.stop()


@pytest.fixture
def agent(
    request: pytest.FixtureRequest, clean_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> Agent:
    """Somebody at the lab, or at that of a test which uses the one with two kinds of node."""
    lab: Lab = request.getfixturevalue("nodes" if "nodes" in request.fixturenames else "lab")
    for name, value in git_settings(lab.box.data).items():
        monkeypatch.setenv(name, value)
    return Agent({**lab.box.environment(), "HOME": str(clean_machine)})


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """Another lab, with a node of each kind: ``my-compute``, and ``theirs`` that Pennsieve runs."""
    found = with_two_kinds(tmp_path_factory, prepared)
    yield found
    found.box.stop()


def with_two_kinds(factory: pytest.TempPathFactory, prepared: Prepared) -> Lab:
    """A running lab with a node of each kind, and a workflow that may use the dataset."""
    found = copied(
        factory,
        "nodes",
        lambda root: made(root, prepared),
        ("compute", "register", "--provisioner", "platform", "--name", "theirs", "--yes"),
        # The record of the AWS account was made anew for it: what hangs on it is asked again.
        ("compute", "update", "my-compute", "--yes"),
    )
    prepare(
        found,
        ("workflow", "add", found.url, "--public"),
        ("dataset", "grant", "word-count", "--dataset", DATASET, "--access", "read-write"),
    )
    return found


def prepare(lab: Lab, *lines: tuple[str, ...]) -> None:
    """Type commands of which each must do."""
    agent = Agent({**lab.box.environment(), "HOME": str(lab.root)})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in git_settings(lab.box.data).items():
            patch.setenv(name, value)
        for words in lines:
            result = agent(*words)
            assert result.code == 0, result.err


@pytest.fixture(scope="session")
def ready(lab: Lab) -> Lab:
    """The lab with a workflow, a grant and a run."""
    prepare(
        lab,
        ("workflow", "add", lab.url, "--public"),
        ("dataset", "grant", "word-count", "--dataset", DATASET, "--access", "read-write"),
        ("run", "start", "--dataset", DATASET, "--files", "raw", "--name", "zeroth", "--wait"),
    )
    return lab


@dataclass
class Scene:
    """A machine that knows one own node."""

    agent: Agent
    node: FakeNode
    dataset: str
    down: AgentError | None = None

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        if self.down:
            raise self.down
        return self.node.ask(method, path, query, body, admin=admin)

    def calls(self, node: OwnNode) -> Scene | None:
        return self if node.token == NODE.token else None


@pytest.fixture
def scene(ready: Lab, agent: Agent) -> Iterator[Scene]:
    node = FakeNode()
    dataset = next(
        row["id"] for row in agent("dataset", "list", "--json").document if row["name"] == DATASET
    )
    node.access = {dataset: "read-write"}
    node.version = {**VERSION, "name": "own-count"}
    config = Path(agent.environ["PENNSIEVE_CONFIG"])
    OwnNodes.beside(config).put("sandbox", NODE)
    del ready
    scene = Scene(agent, node, dataset)
    agent.nodes = scene.calls
    yield scene
    OwnNodes.beside(config).remove("sandbox", NODE.token)
