"""The real process: started, found, killed, started again."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from pennsieve_agent.errors import AgentError, SettingsError, UsageProblem
from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.sandbox.host.state import SandboxState, lock_holder

TRUST = '{"Version":"2012-10-17","Statement":[]}'


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path / "sandbox")
    yield made
    made.stop()


def start(sandbox: Sandbox, port: int | None = 0) -> SandboxState:
    return sandbox.start_detached(port, "process")


def sign_in(sandbox: Sandbox) -> dict[str, str]:
    """The headers of a signed-in client, made of nothing but the profile."""
    values = sandbox.profile_values()
    config = httpx.get(f"{values['api_host']}/authentication/cognito-config").json()
    answer = httpx.post(
        f"{values['cli_cognito_endpoint']}/",
        headers={"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"},
        content=json.dumps(
            {
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": config["tokenPool"]["appClientId"],
                "AuthParameters": {
                    "USERNAME": values["api_token"],
                    "PASSWORD": values["api_secret"],
                },
            }
        ),
    )
    return {"Authorization": f"Bearer {answer.json()['AuthenticationResult']['AccessToken']}"}


def datasets(sandbox: Sandbox) -> dict[str, str]:
    state = sandbox.status()
    assert state is not None
    found = httpx.get(f"{state.api}/datasets/paginated", headers=sign_in(sandbox)).json()
    return {each["content"]["name"]: each["content"]["id"] for each in found["datasets"]}


@pytest.fixture
def aws(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain boto3 finds the account by the environment alone."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)


def client(service: str) -> Any:
    return boto3.session.Session().client(service)


@pytest.mark.usefixtures("aws")
def test_from_start_to_stop(sandbox: Sandbox) -> None:
    assert sandbox.status() is None
    state = start(sandbox)
    assert sandbox.status() == state
    assert (state.data, state.pid) == (sandbox.data, lock_holder(sandbox.data))
    (sandbox.data / "datasets" / "Mouse EEG").mkdir()
    assert list(datasets(sandbox)) == ["Mouse EEG"]
    assert httpx.get(f"{state.api2}/user").json() == {"message": "Not Found"}
    sts = client("sts")
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/ada"
    sts.close()
    assert sandbox.stop()
    assert sandbox.status() is None
    assert not sandbox.stop()
    assert not (sandbox.data / "state.json").exists()


@pytest.mark.usefixtures("aws")
def test_state_survives_a_killed_process(sandbox: Sandbox) -> None:
    first = start(sandbox)
    (sandbox.data / "datasets" / "d").mkdir()
    known, profile, headers = datasets(sandbox), sandbox.profile_values(), sign_in(sandbox)
    iam, stacks = client("iam"), client("cloudformation")
    role = iam.create_role(RoleName="Kept", AssumeRolePolicyDocument=TRUST)["Role"]
    template = json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}})
    change = stacks.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=template
    )
    stacks.execute_change_set(ChangeSetName=change["Id"])
    resources = stacks.describe_stack_resources(StackName="s")["StackResources"]
    iam.delete_role(RoleName="Kept")
    role = iam.create_role(RoleName="Kept", AssumeRolePolicyDocument=TRUST)["Role"]
    os.kill(first.pid, signal.SIGKILL)
    assert sandbox._ended(first.pid)
    assert sandbox.status() is None
    second = start(sandbox, None)
    assert second.pid != first.pid
    assert second.urls == first.urls
    assert sandbox.profile_values() == profile
    assert httpx.get(f"{second.api}/user", headers=headers).status_code == 200
    assert datasets(sandbox) == known
    assert iam.get_role(RoleName="Kept")["Role"]["RoleId"] == role["RoleId"]
    again = stacks.describe_stack_resources(StackName="s")["StackResources"]
    assert [each["PhysicalResourceId"] for each in again] == [
        each["PhysicalResourceId"] for each in resources
    ]
    iam.close()
    stacks.close()


def test_secrets_are_private_and_nowhere_else(sandbox: Sandbox) -> None:
    start(sandbox)
    datasets(sandbox)
    secret = sandbox.profile_values()["api_secret"]
    assert secret not in json.dumps(sandbox.environment())
    assert stat.S_IMODE(sandbox.data.stat().st_mode) == 0o700
    for path in sandbox.data.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            assert (secret.encode() in path.read_bytes()) == (path.name == "config.ini"), path


def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    if not tables[0].exists():
        pytest.skip("reads Linux's list of sockets")
    state = start(sandbox)
    ports = {int(url.rpartition(":")[2]) for url in state.urls}
    process = {
        str(path.readlink())
        for path in Path(f"/proc/{state.pid}/fd").iterdir()
        if path.is_symlink()
    }
    found = {}
    for line in "".join(path.read_text() for path in tables if path.exists()).splitlines():
        fields = line.split()
        if len(fields) > 9 and f"socket:[{fields[9]}]" in process and fields[3] == "0A":
            address, _, port = fields[1].partition(":")
            found[int(port, 16)] = address
    assert found == dict.fromkeys(ports, "0100007F")


def test_a_taken_port_is_named(sandbox: Sandbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageProblem, match=f"port {port} is in use") as caught:
            start(sandbox, port)
    assert "--port" in str(caught.value.hint)
    assert sandbox.status() is None


def test_a_full_disk_is_said_and_what_was_there_stays(sandbox: Sandbox) -> None:
    start(sandbox)
    sandbox.stop()
    before = sandbox.profile_values()["api_token"]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # as a full disk: no file grows
    try:
        with pytest.raises(SettingsError, match="database cannot be written") as caught:
            start(sandbox)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "reset" not in (caught.value.hint or "")
    start(sandbox)
    assert sandbox.profile_values()["api_token"] == before


def test_of_two_starts_at_once_one_wins(sandbox: Sandbox) -> None:
    results: list[SandboxState | AgentError] = []

    def attempt() -> None:
        try:
            results.append(start(sandbox))
        except AgentError as error:
            results.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (won,) = [each for each in results if isinstance(each, SandboxState)]
    (lost,) = [each for each in results if isinstance(each, AgentError)]
    assert isinstance(lost, UsageProblem)
    assert "already running" in lost.message
    assert sandbox.status() == won


def test_a_damaged_database_is_named_and_reset_helps(sandbox: Sandbox) -> None:
    start(sandbox)
    (sandbox.data / "datasets" / "d").mkdir()
    (sandbox.data / "datasets" / "d" / "a.csv").write_text("mine")
    (sandbox.data / "note.txt").write_text("not the sandbox's")
    sandbox.stop()
    (sandbox.data / "sandbox.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(SettingsError, match="database cannot be used") as caught:
        start(sandbox)
    assert "sandbox reset" in str(caught.value.hint)
    sandbox.reset()
    kept = {path.name for path in sandbox.data.iterdir()}
    assert kept == {"datasets", "lock", "note.txt"}
    start(sandbox)
    assert list(datasets(sandbox)) == ["d"]
    sandbox.reset(keep_datasets=False)
    assert sandbox.status() is None
    assert {path.name for path in sandbox.data.iterdir()} == {"lock", "note.txt"}


def test_reset_touches_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "datasets").mkdir()
    (tmp_path / "config.ini").write_text("mine")
    Sandbox(tmp_path).reset(keep_datasets=False)
    assert {path.name for path in tmp_path.iterdir()} == {"datasets", "config.ini"}


def test_a_start_that_breaks_shows_its_last_words(sandbox: Sandbox) -> None:
    sandbox.data.mkdir()
    (sandbox.data / "datasets").write_text("in the way")
    with pytest.raises(SettingsError, match=r"did not start: .*FileExistsError") as caught:
        start(sandbox)
    assert caught.value.where == str(sandbox.data / "sandbox.log")


def test_a_profile_needs_a_first_start(sandbox: Sandbox) -> None:
    with pytest.raises(UsageProblem, match="no sandbox here yet"):
        sandbox.profile_values()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_a_signal_ends_it_cleanly(sandbox: Sandbox, sign: int) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "pennsieve_agent.sandbox", "--data", str(sandbox.data)]
    command += ["--port", "0", "--engine", "process", "--report", str(writing)]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.PIPE) as process:
        os.close(writing)
        with os.fdopen(reading) as report:
            state = SandboxState.load(report.readline())
        assert state.pid == process.pid
        process.send_signal(sign)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, b"Traceback" in errors) == (0, False), errors
    assert sandbox.status() is None


def test_asking_about_a_sandbox_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pennsieve_agent.sandbox.host.control import Sandbox;"
        "from pathlib import Path; Sandbox(Path('/nonexistent')).status();"
        "heavy = {'moto', 'werkzeug', 'boto3', 'joserfc', 'sqlite3', 'httpx', 'subprocess'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    # Measuring a child's coverage imports sqlite3.
    env = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_")}
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, env=env)
    assert found.returncode == 0, found.stderr
