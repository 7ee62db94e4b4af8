"""Standard streams that are closed, full, non-blocking, or read by nobody: never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import pytest

from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.settings.profiles import Settings

PROFILES, LONG = 40, "x" * 4000
"""So many, with names so long, that their list is longer than a pipe takes at once."""
NO_SPACE = "error: standard output cannot be written: No space left on device\n"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config.ini"
    lines = [
        f"[lab-{n}-{LONG}]\napi_token=key-{n}\napi_secret=secret-{n}\n" for n in range(PROFILES)
    ]
    config.write_text("".join(lines))
    return {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "PENNSIEVE_CONFIG": str(config),
        "PYTHONUNBUFFERED": "1",  # as in Docker's images of Python and in CI
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def shell(redirected: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """``pennsieve`` with words and redirections, as one types them."""
    line = f"set -o pipefail; {sys.executable} -m pennsieve_agent {redirected}"
    return subprocess.run(
        ["bash", "-c", line],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("profile list <&-", 0, ""),
        ("profile list 2>&-", 0, ""),
        ("profile list 2>/dev/full", 0, ""),
        ("profile list | head -1", 0, ""),
        ("profile list 2>&1 | head -1", 0, ""),
        ("profile list >&-", 1, "error: standard output cannot be written: it is closed\n"),
        ("profile list <&- >&- 2>&-", 1, ""),
        ("profile list >/dev/full", 1, NO_SPACE),
        ("profile list --json >/dev/full", 1, NO_SPACE),
        ("--version >/dev/full", 1, NO_SPACE),
        ("--help >/dev/full", 1, NO_SPACE),
        (">/dev/full", 2, "Usage: pennsieve"),
        ("profile show nobody >&- 2>/dev/full", 2, ""),
        ("profile show nobody --json >/dev/full", 2, "error: no profile is called 'nobody'"),
        ("login <&-", 2, "error: cannot ask because this is not a terminal"),
    ],
)
def test_a_stream_that_cannot_be_used(
    words: str, code: int, said: str, environ: dict[str, str]
) -> None:
    if words.startswith((">", "login")):
        Path(environ["PENNSIEVE_CONFIG"]).write_text("")
    done = shell(words, environ)
    assert done.returncode == code, done
    assert done.stderr.startswith(said)
    assert bool(said) == bool(done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    if code == 0 and "|" not in words:
        assert len(done.stdout.splitlines()) == PROFILES + 1


def test_a_disk_that_fills_up_is_an_error(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "profiles.json"
    done = shell(f"profile list --json > {file}", environ)
    assert done.returncode == 0
    assert len(json.loads(file.read_text())) == PROFILES
    blocks = 64  # of 1024 bytes: less than the document has
    line = f"ulimit -f {blocks}; {sys.executable} -m pennsieve_agent profile list --json > {file}"
    limited = subprocess.run(
        ["bash", "-c", line],
        env=environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert limited.returncode == 1
    assert limited.stderr == "error: standard output cannot be written: File too large\n"


@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_a_pipe_that_does_not_block_gets_everything(
    environ: dict[str, str], unbuffered: str
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    child = subprocess.Popen(
        [sys.executable, "-m", "pennsieve_agent", "profile", "list", "--json"],
        env={**environ, "PYTHONUNBUFFERED": unbuffered},
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        first = pipe.read(1)
        _until_waiting(child.pid)
        whole = first + pipe.read()
    _, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (0, b"")
    assert len(json.loads(whole)) == PROFILES


def _until_waiting(pid: int) -> None:
    """Until the process has filled the pipe and waits (or has ended, which is the fault)."""
    stat = Path(f"/proc/{pid}/stat")
    pause = threading.Event()
    for _ in range(1000):
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in {"S", "Z"}:
            return
        pause.wait(0.01)


def test_an_answer_that_comes_late_on_a_pipe_that_does_not_block(environ: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    Path(environ["PENNSIEVE_CONFIG"]).write_text("")
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pennsieve_agent",
            "login",
            "--key",
            "k",
            "--secret-stdin",
            "--plaintext",
        ],
        env=environ,
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(reading)
    _until_waiting(child.pid)
    os.write(writing, b"\xff\xfe\n")
    os.close(writing)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 2
    assert said.startswith(b"error: standard input is not text in UTF-8\n")


def test_a_closed_stream_is_not_taken_for_a_file(environ: dict[str, str]) -> None:
    """A file that is opened takes the lowest free number, and children write to number 2."""
    code = (
        "import os; from pennsieve_agent.console import descriptors; descriptors.fill();"
        "print(*map(os.path.realpath, ['/proc/self/fd/0', '/proc/self/fd/2']), os.open('/', 0))"
    )
    done = subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "{code}" <&- 2>&-'],
        env=environ, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.stdout == "/dev/null /dev/null 3\n"


def test_ctrl_c_while_the_program_is_loaded() -> None:
    code = (
        "import sys, pennsieve_agent.console.descriptors as d\n"
        "from pennsieve_agent.__main__ import main\n"
        "def interrupted(): raise KeyboardInterrupt\n"
        "d.fill = interrupted\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "")


class Broken:
    """A stream whose every use fails."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self._error = error

    def write(self, _: str) -> int:
        raise self._error()

    def flush(self) -> None:
        """Nothing."""


def test_a_connection_that_breaks_is_not_taken_for_a_reader_that_went_away() -> None:
    class Cut(Context):
        @cached_property
        def settings(self) -> Settings:
            raise BrokenPipeError

    streams = Streams.for_test()
    assert run(["profile", "list"], Cut(streams, {})) == 1
    streams.out = Broken(BrokenPipeError)  # type: ignore[assignment]
    assert run(["--help"], Context(streams, {})) == 0
