"""Whatever is wrong: one sentence, a hint, the right exit code, and nothing changed."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pennsieve_agent.domain.own_node import OwnNode
from tests.cli.conftest import DATASET, DOCKERFILE, Lab, free_port, repository
from tests.cli.harness import Agent, Result

RUN = ("run", "start", "--workflow", "word-count", "--dataset", DATASET)


def refused(result: Result, code: int, *parts: str) -> None:
    """One error, told once, in our form."""
    assert result.code == code, (result.out, result.err)
    assert result.out == ""
    said = result.err[result.err.index("error:") :]
    assert said.count("error:") == 1
    assert "Traceback" not in said
    assert "hint:" in said
    for part in parts:
        assert part in said


def test_a_wrong_secret(lab: Lab, agent: Agent, clean_machine: Path) -> None:
    values = lab.box.profile_values()
    agent.environ["PENNSIEVE_CONFIG"] = str(clean_machine / "config.ini")
    (clean_machine / "config.ini").write_text(
        f"[lab]\napi_host={values['api_host']}\napi2_host={values['api2_host']}\n"
        f"cli_cognito_endpoint={values['cli_cognito_endpoint']}\n"
    )
    before = (clean_machine / "config.ini").read_bytes()
    agent.environ.pop("PENNSIEVE_PROFILE")
    words = (
        "login",
        "--profile",
        "lab",
        "--key",
        values["api_token"],
        "--secret-stdin",
        "--plaintext",
    )
    wrong = agent(*words, answers="0000-wrong-secret\n")
    refused(wrong, 4, "refused", "pennsieve login")
    assert "0000-wrong-secret" not in wrong.err
    assert (clean_machine / "config.ini").read_bytes() == before
    right = agent(*words, answers=f"{values['api_secret']}\n")
    assert right.code == 0, right.err
    assert agent("whoami", "--profile", "lab").code == 0
    assert agent("logout", "--profile", "lab").code == 0
    refused(agent("whoami", "--profile", "lab"), 2)


def test_nobody_signed_in(agent: Agent, tmp_path: Path) -> None:
    agent.environ = {"HOME": str(tmp_path)}
    refused(agent("dataset", "list"), 4, "not signed in", "pennsieve login")
    refused(agent("login"), 2, "this is not a terminal", "PENNSIEVE_API_KEY")


def test_no_keychain(lab: Lab, agent: Agent, tmp_path: Path) -> None:
    values = lab.box.profile_values()
    agent.environ = {
        "HOME": str(tmp_path),
        "PENNSIEVE_API_HOST": values["api_host"],
        "PENNSIEVE_API2_HOST": values["api2_host"],
        "PENNSIEVE_COGNITO_ENDPOINT": values["cli_cognito_endpoint"],
    }
    words = ("login", "--key", values["api_token"], "--secret-stdin")
    refused(agent(*words, answers=f"{values['api_secret']}\n"), 1, "keychain", "--plaintext")
    assert not (tmp_path / ".pennsieve" / "config.ini").exists()


def environment_for(api: str) -> dict[str, str]:
    return {
        "PENNSIEVE_API_KEY": "key",
        "PENNSIEVE_API_SECRET": "sec-ret",
        "PENNSIEVE_API_HOST": api,
        "PENNSIEVE_API2_HOST": api,
        "PENNSIEVE_COGNITO_ENDPOINT": api,
    }


def test_nobody_answers(agent: Agent, clean_machine: Path) -> None:
    agent.environ = {
        "HOME": str(clean_machine),
        **environment_for(f"http://127.0.0.1:{free_port()}"),
    }
    agent.quick = True
    refused(agent("dataset", "list"), 1, "127.0.0.1")
    document = agent("dataset", "list", "--json").document
    assert document["error"]["code"] == "unreachable"
    assert document["error"]["exit_code"] == 1


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n<html>hello</html>",
            "JSON",
        ),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{"region":"us-', ""),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "500"),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", "slow down"),
    ],
)
def test_a_server_that_answers_nonsense(
    agent: Agent, clean_machine: Path, answer: bytes, part: str
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, repr(answer)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        agent.environ = {"HOME": str(clean_machine), **environment_for(f"http://127.0.0.1:{port}")}
        agent.quick = True
        result = agent("dataset", "list")
        server.kill()
    assert result.code == 1
    assert part in result.err
    assert "Traceback" not in result.err
    assert "sec-ret" not in result.err


SERVER = """
import ast, socket, sys
answer = ast.literal_eval(sys.argv[1])
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
while True:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(answer)
"""


@pytest.mark.parametrize(
    ("files", "ref", "parts"),
    [
        ({"main.py": ""}, None, ("no Dockerfile",)),
        ({"Dockerfile": DOCKERFILE}, "v9.9.9", ("v9.9.9",)),
        ({"Dockerfile": "FROM scratch\nCOPY . /\n"}, None, ()),
    ],
)
@pytest.mark.usefixtures("ready")
def test_an_unusable_repository(
    agent: Agent, tmp_path: Path, files: dict[str, str], ref: str | None, parts: tuple[str, ...]
) -> None:
    before = agent("workflow", "list", "--json").document
    code = repository(tmp_path / "code", files)
    result = agent("workflow", "add", str(code), *(("--ref", ref) if ref else ()))
    refused(result, 2, *parts)
    assert agent("workflow", "list", "--json").document == before


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("manifest", "parts"),
    [
        ("name: [broken", ("app.yml", "line")),
        ('schemaVersion: "1.0"\nname: x\nparamters: []\n', ("paramters", "parameters")),
    ],
)
def test_a_manifest_that_breaks_the_schema_gives_notes(
    agent: Agent, tmp_path: Path, manifest: str, parts: tuple[str, ...]
) -> None:
    files = {"Dockerfile": DOCKERFILE, "app.yml": manifest, "main.py": ""}
    code = repository(tmp_path / "noted", files)
    added = agent("workflow", "add", str(code), "--name", "noted", "--json")
    assert added.code == 0, added.err
    assert agent("workflow", "archive", "noted", "--delete", "--yes").code == 0
    for part in parts:
        assert part in added.err


@pytest.mark.parametrize("disk", ["20", "sort=201", "100GB", "sort=", "-1"])
def test_a_disk_that_no_step_can_have(agent: Agent, disk: str) -> None:
    for words in (("add", "https://github.com/lab/x"), ("update", "x")):
        result = agent("workflow", *words, f"--disk={disk}")
        refused(result, 2, f"--disk {disk} must be from 21 to 200 GiB")


def test_no_repository_at_all(agent: Agent, tmp_path: Path) -> None:
    refused(agent("workflow", "add", str(tmp_path)), 2)
    refused(agent("workflow", "add", str(tmp_path / "nothing")), 2)
    (tmp_path / "empty").mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path / "empty")], check=True)
    refused(agent("workflow", "add", str(tmp_path / "empty")), 2)


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (
            ("run", "start", "--dataset", "Cats"),
            ("no dataset is called 'Cats'", "pennsieve dataset list"),
        ),
        (
            (*RUN[:3], "nothing", *RUN[4:]),
            ("no workflow is called 'nothing'", "pennsieve workflow list"),
        ),
        ((*RUN, "--node", "mars"), ("no compute node is called 'mars'", "pennsieve compute list")),
        (
            (*RUN, "--files", "*.dcm"),
            ("no file of dataset 'Mouse EEG' matches '*.dcm'", "pennsieve dataset files"),
        ),
        ((*RUN, "--files", "raw", "--files", "nope"), ("matches 'nope'",)),
        ((*RUN, "--param", "MINIMU=3"), ("MINIMU", "MINIMUM")),
        ((*RUN, "--param", "MINIMUM=ten"), ("MINIMUM", "must be a number, not 'ten'")),
        ((*RUN, "--param", "MINIMUM=-1"), ("must be at least 0",)),
        ((*RUN, "--param", "STYLE=loud"), ("must be one of plain, fancy",)),
        ((*RUN, "--param", "STYLE"), ("NAME=VALUE",)),
        ((*RUN, "--name", "x"), ("is not a valid name for a run",)),
        ((*RUN, "--folder", "../up"), ("is not a valid folder",)),
        (("run", "logs", "no-such-run"), ("no run is called 'no-such-run'",)),
        (("run", "strat"), ("strat",)),
        (("run", "start"), ("--dataset",)),
        (("run", "start", "--datset", "x"), ("--datset",)),
        (("nonsense",), ("nonsense",)),
    ],
)
def test_what_was_typed_is_wrong(
    agent: Agent, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    before = len(agent("run", "list", "--json", "-L", "1000").document)
    refused(agent(*words), 2, *parts)
    document = agent(*words, "--json").document
    assert document["error"]["exit_code"] == 2
    assert document["error"]["hint"]
    assert len(agent("run", "list", "--json", "-L", "1000").document) == before


def test_several_match(ready: Lab, agent: Agent) -> None:
    for name in ("Rat one", "Rat two"):
        (ready.box.data / "datasets" / name).mkdir(exist_ok=True)
    refused(agent(*RUN[:5], "rat"), 2, "2 datasets match 'rat'", "Rat one", "Rat two")


def test_an_empty_dataset(ready: Lab, agent: Agent) -> None:
    (ready.box.data / "datasets" / "Void").mkdir(exist_ok=True)
    granted = agent("dataset", "grant", "word-count", "-d", "Void", "--access", "read-write")
    assert granted.code == 0, granted.err
    refused(agent(*RUN[:5], "Void"), 2, "dataset 'Void' is empty")


def test_a_port_in_use(agent: Agent, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = agent("sandbox", "start", "--detach", "--port", str(port), "--data", str(tmp_path))
    refused(result, 2, f"port {port} is in use", "--port")


def test_a_damaged_database(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_bytes(b"this is no database, and never was one" * 40)
    words = ("sandbox", "start", "--detach", "--port", str(free_port()), "--data", str(tmp_path))
    refused(agent(*words), 1, "database", "pennsieve sandbox reset")


def test_a_damaged_config_file(agent: Agent, tmp_path: Path) -> None:
    path = tmp_path / "config.ini"
    path.write_text("[lab]\napi_token=abc\nthis line is a s-e-c-r-e-t nonsense\n")
    agent.environ = {"HOME": str(tmp_path), "PENNSIEVE_CONFIG": str(path)}
    result = agent("whoami")
    refused(result, 1, "line 3", str(path))
    assert "s-e-c-r-e-t" not in result.err


def test_a_sandbox_that_does_not_run(agent: Agent, tmp_path: Path) -> None:
    refused(agent("sandbox", "env", "--data", str(tmp_path)), 2, "not running", "sandbox start")
    assert agent("sandbox", "status", "--data", str(tmp_path)).code == 1
    assert agent("sandbox", "stop", "--data", str(tmp_path)).code == 0


@pytest.mark.usefixtures("lab")
def test_an_unexpected_failure_is_one_line_and_a_file(agent: Agent) -> None:
    def explode(_: OwnNode) -> None:
        raise RuntimeError("boom")

    agent.nodes = explode
    result = agent("compute", "show", "my-compute")
    assert result.code == 1
    assert "something unexpected went wrong in this program (RuntimeError)" in result.err
    trace = Path(next(x for x in result.err.splitlines() if "where:" in x).split("where: ")[1])
    assert "boom" in trace.read_text()
    trace.unlink()
    assert "Traceback" in agent("--debug", "compute", "show", "my-compute").err


def test_the_database_is_real(lab: Lab) -> None:
    with sqlite3.connect(lab.box.data / "sandbox.db") as store:
        assert store.execute("PRAGMA quick_check").fetchone() == ("ok",)
    store.close()


@pytest.mark.parametrize("words", [("compute", "register", "--dry-run"), ("compute", "policy")])
def test_a_region_of_another_partition_ends_before_a_plan_is_made(
    lab: Lab, agent: Agent, words: tuple[str, ...]
) -> None:
    del lab
    result = agent(*words, "--region", "us-gov-west-1")
    refused(result, 1, "AWS GovCloud (US)", "another AWS partition")
