"""The sandbox from the command line, from start to reset, as a process of the installed program."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import free_port
from tests.cli.harness import Agent


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent({"HOME": str(tmp_path)})
    yield agent
    agent("sandbox", "stop")


def test_from_start_to_reset(here: Agent, tmp_path: Path) -> None:
    data = tmp_path / ".pennsieve" / "sandbox"
    port = str(free_port())
    started = here("sandbox", "start", "--detach", "--port", port, "--engine", "process")
    assert started.code == 0, started.err
    assert f"http://127.0.0.1:{port}" in started.out
    assert 'eval "$(pennsieve sandbox env)"' in started.err
    (data / "datasets" / "Data").mkdir(parents=True)
    (data / "datasets" / "Data" / "a.txt").write_text("kept")

    exports = here("sandbox", "env").out.splitlines()
    names = {line.split("=")[0] for line in exports}
    assert names == {
        "export PENNSIEVE_CONFIG",
        "export PENNSIEVE_PROFILE",
        "export AWS_CONFIG_FILE",
        "export AWS_SHARED_CREDENTIALS_FILE",
    }
    assert here("sandbox", "env", "--json").document["PENNSIEVE_PROFILE"] == "sandbox"

    used = here("sandbox", "use")
    assert used.code == 0, used.err
    config = tmp_path / ".pennsieve" / "config.ini"
    assert config.stat().st_mode & 0o777 == 0o600
    assert here("whoami").code == 0
    assert here("profile", "list", "--json").document[0]["default"] is True
    secret = next(x for x in config.read_text().splitlines() if "secret" in x).split("=")[1].strip()
    told = [started, used, here("sandbox", "env"), here("sandbox", "status")]
    assert not any(secret in result.out + result.err for result in told)

    assert here("sandbox", "status", "--json").document["running"] is True
    again = here("sandbox", "start", "--detach")
    assert again.code == 2
    assert here("sandbox", "stop").out == "Sandbox stopped\n"
    assert here("sandbox", "stop", "--json").document == {"stopped": False}
    follows_to_free_ports(here, int(port))
    assert here("sandbox", "reset").code == 2
    assert here("sandbox", "reset", "--yes").code == 0
    assert (data / "datasets" / "Data" / "a.txt").read_text() == "kept"
    assert not (data / "sandbox.db").exists()


def follows_to_free_ports(here: Agent, port: int) -> None:
    """A port of the last time is another program's now: the next ones, and the profiles follow."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port + 1))
        taken.listen()
        started = here("sandbox", "start", "--detach", "--engine", "process")
        assert started.code == 0, started.err
        api = next(r for r in started.out.splitlines() if r.startswith("Pennsieve")).split()[1]
        assert int(api.rpartition(":")[2]) >= port + 3
        assert f"profile 'sandbox' is at {api} now" in started.err
        assert here("whoami", "--profile", "sandbox").code == 0
        people_are_profiles(here)
        assert here("sandbox", "stop").code == 0


def people_are_profiles(here: Agent) -> None:
    """What 'sandbox user key' makes is what --profile finds, and no other profile is replaced."""
    made = here("sandbox", "user", "key", "grace@example.org")
    assert (made.code, "pennsieve whoami --profile grace" in made.err) == (0, True), made
    assert "grace@example.org" in here("whoami", "--profile", "grace").out
    assert here("profile", "list", "--json").document[1]["default"] is True
    assert here("sandbox", "user", "key", "grace@example.org").code == 0, "the same again"
    config = Path(here.environ["HOME"], ".pennsieve", "config.ini")
    config.write_text(f"{config.read_text()}\n[edith]\napi_token=hers\napi_secret=s\n")
    refused = here("sandbox", "user", "key", "edith@example.org")
    assert (refused.code, "--as" in refused.err) == (2, True)
    assert "api_token=hers" in config.read_text()
    assert here("sandbox", "user", "key", "edith@example.org", "--as", "edith-here").code == 0
    assert "edith@example.org" in here("whoami", "--profile", "edith-here").out


def test_in_the_foreground_it_ends_with_ctrl_c(tmp_path: Path) -> None:
    words = ["sandbox", "start", "--port", "0", "--engine", "process", "--data"]
    with subprocess.Popen(
        [sys.executable, "-m", "pennsieve_agent", *words, str(tmp_path / "box")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("sandbox\trunning")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert errors.endswith("\nSandbox stopped; its state is kept\n")
    assert process.returncode == 0


def test_the_program_in_a_pipe(tmp_path: Path) -> None:
    def pennsieve(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pennsieve_agent", *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": str(tmp_path)},
        )

    assert pennsieve("--version").stdout.startswith("pennsieve 0.")
    assert "\x1b" not in pennsieve("--help").stdout
    wrong = pennsieve("dataset", "list", "--json")
    assert wrong.returncode == 4
    assert json.loads(wrong.stdout)["error"]["code"] == "not_signed_in"
    assert wrong.stderr == ""
    bare = pennsieve("run")
    assert (bare.returncode, bare.stdout) == (2, "")
    assert "logs" in bare.stderr
    assert "pennsieve" in pennsieve("completion", "bash").stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    line = (
        f"{sys.executable} -m pennsieve_agent completion zsh | head -c 1; exit ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
