"""Images and command lines that cannot be used: one sentence each, and nothing is sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.aws.registry import Registry
from tests.aws.test_registry_copy import answering
from tests.cli.conftest import WORD_COUNT, repository
from tests.cli.harness import Agent
from tests.registries import layer, needs_registry, put_image, put_index, registry

pytestmark = needs_registry


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The host of a registry that has ``lab/tool:1.0.0``, and ``lab/arm:1`` for ARM alone."""
    with registry(tmp_path_factory.mktemp("public") / "registry") as url:
        to, layers = Registry(url), [layer({"x": b"1"})]
        for name, tag, kind in (("tool", "1.0.0", "amd64"), ("arm", "1", "arm64")):
            image = put_image(to, f"lab/{name}", layers, kind)
            put_index(to, f"lab/{name}", tag, {kind: image})
        yield url.removeprefix("http://")


def refused(agent: Agent, *words: str) -> str:
    """What is said when ``workflow add`` refuses; no node and nobody else has heard of it."""
    before = agent("workflow", "list", "--json").document
    result = agent("workflow", "add", *words)
    assert result.code in {1, 2}, result.out
    assert agent("workflow", "list", "--json").document == before
    return result.err


def test_what_a_registry_does_not_have(agent: Agent, place: str) -> None:
    said = refused(agent, f"docker://{place}/lab/none:1")
    assert f"error: there is no image docker://{place}/lab/none" in said
    said = refused(agent, f"docker://{place}/lab/tool:1.0.1")
    assert f"the image docker://{place}/lab/tool has no tag 1.0.1" in said
    assert "it has: 1.0.0" in said
    said = refused(agent, f"docker://{place}/lab/tool", "--ref", "2")
    assert "has no tag 2" in said


def test_an_image_for_other_machines(agent: Agent, place: str) -> None:
    said = refused(agent, f"docker://{place}/lab/arm:1", "--bids", "participant")
    assert "the image is not available for linux/amd64, which nodes run" in said
    assert "docker buildx build --platform linux/amd64" in said


def test_what_is_no_address(agent: Agent) -> None:
    said = refused(agent, "docker://Lab/Tool:1")
    assert "'docker://Lab/Tool:1' is not the address of an image" in said
    assert "docker://nipreps/mriqc:24.0.2" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--command", "x {nothing}"), "reads {nothing}, which is neither a parameter nor"),
        (("--command", "x 'a b"), "has a quotation mark that is not closed"),
        (("--command", ""), "has no words"),
        (("--bids", "group", "--command", "{input} {output} group"), "has no {level}"),
        (("--command", "{n}", "--parameter", "n:float"), "is not NAME, NAME:TYPE or NAME=DEFAULT"),
        (("--parameter", "n:number=many"), "--parameter n: the default must be a number"),
        (("--parameter", "OUTPUT_DIR"), "--parameter OUTPUT_DIR: that name is taken"),
        (("--parameter", "a", "--parameter", "a"), "parameter 'a' is declared twice"),
        (("--cpu", "32"), "32 processors with 2048 MB are more than AWS Fargate offers"),
        (("--memory", "0"), "--memory must be more than 0"),
        (("--build", "pennsieve"), "its nodes run what it built itself, and not an image"),
        (("--bids", "session"), "session"),
    ],
)
def test_a_command_line_that_no_run_could_fill(
    agent: Agent, place: str, words: tuple[str, ...], why: str
) -> None:
    assert why in refused(agent, f"docker://{place}/lab/tool:1.0.0", *words)


def test_a_repository_with_a_command_line_of_its_own(agent: Agent, tmp_path: Path) -> None:
    app = WORD_COUNT["app.yml"].replace("name: word-count", "name: own-command")
    line = {"command": "{input} -m {MINIMUM}"}
    files = {**WORD_COUNT, "app.yml": app, "application.json": json.dumps(line)}
    code = str(repository(tmp_path / "own-command", files))
    said = refused(agent, code, "--bids", "participant")
    assert "own-command has a command line of its own: {input} -m {MINIMUM}" in said
    assert "leave --command and --bids out" in said
    assert "and not a command line" in refused(agent, code, "--build", "pennsieve")
    several = refused(agent, code, code, "--command", "x")
    assert "--command: this is for one repository, and several were given" in several


def test_a_node_without_containers(agent: Agent, place: str) -> None:
    said = refused(agent, f"docker://{place}/lab/tool:1.0.0")
    assert "node 'my-compute' runs programs without containers, so it cannot run an image" in said
    assert "pennsieve sandbox start --engine docker" in said
    assert said == refused(agent, f"docker://{place}/lab/tool:1.0.0", "--dry-run")


def test_a_private_image(agent: Agent) -> None:
    """A registry gives anybody a token, and refuses it for what is private or not there."""
    answers: list[tuple[int, dict[str, str], bytes]] = []
    with answering(answers) as (url, asked):
        host = url.removeprefix("http://")
        realm = {"WWW-Authenticate": f'Bearer realm="{url}/token",service="r"'}
        token: tuple[int, dict[str, str], bytes] = (200, {}, json.dumps({"token": "T"}).encode())
        answers += [(401, realm, b""), token, (401, realm, b"")]
        said = agent("workflow", "add", f"docker://{host}/lab/secret:1")
        assert said.code == 1
        assert f"the image docker://{host}/lab/secret does not exist, or is private" in said.err
        assert f"docker login {host}" in said.err

        # As 'docker login' keeps it: sent to who gives tokens, and to the registry itself.
        auth = base64.b64encode(b"ada:word").decode()
        folder = Path(agent.environ["HOME"]) / ".docker"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        asked.clear()
        answers += [(401, realm, b""), token, (403, {}, b"")]
        said = agent("workflow", "add", f"docker://{host}/lab/secret:1")
        assert "does not exist, or your login may not read it" in said.err
        assert auth not in said.err
        assert [row[1] for row in asked] == [f"Basic {auth}", f"Basic {auth}", "Bearer T"]


def test_a_registry_that_nobody_hears(agent: Agent) -> None:
    said = refused(agent, "docker://127.0.0.1:1/lab/tool:1")
    assert "the image registry does not answer" in said


def test_a_command_line_of_code_that_runs_as_a_process(agent: Agent, tmp_path: Path) -> None:
    """The words follow the entry point, with the folders as they are on this machine."""
    program = (
        "import os, pathlib, sys\n"
        "source, target, *words = sys.argv[1:]\n"
        "names = sorted(p.name for p in pathlib.Path(source).rglob('*.txt'))\n"
        "(pathlib.Path(target) / 'said.txt').write_text(' '.join([*names, *words]))\n"
    )
    manifest = {"command": "{input} {output} [ --only {WHICH...} ] --size={SIZE}"}
    parameters = (
        'schemaVersion: "1.0"\nname: said\nparameters:\n'
        '  - {name: WHICH, type: string, default: ""}\n  - {name: SIZE, type: number, default: 3}\n'
    )
    files = {
        "Dockerfile": WORD_COUNT["Dockerfile"],
        "main.py": program,
        "app.yml": parameters,
        "application.json": json.dumps(manifest),
    }
    code = repository(tmp_path / "said", files)
    kept, there = tmp_path / "kept", tmp_path / "there"
    there.mkdir()
    for name in ("a.txt", "b.txt"):
        (there / name).write_text("1")
    words = ("--input", str(there), "--param", "WHICH=a b", "--to", str(kept))
    tried = agent("workflow", "test", str(code), *words, "--engine", "process")
    assert tried.code == 0, tried.err
    assert (kept / "said.txt").read_text() == "a.txt b.txt --only a b --size=3"

    added = agent("workflow", "add", str(code))
    assert added.code == 0, added.err
    shown = agent("workflow", "show", "said")
    assert "{input} {output} [ --only {WHICH...} ] --size={SIZE}" in " ".join(shown.out.split())
