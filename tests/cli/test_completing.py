"""Tab in a shell: commands, options, values and names, in the three shells themselves."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.completing import Answer, complete, escaped, fetch, joined, unquoted
from pennsieve_agent.cli.completion import Shell, script
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.settings.name_cache import (
    FRESH_SECONDS,
    USABLE_SECONDS,
    NameCache,
    cache_folder,
)
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent

NAMES = {
    "datasets": ["Mouse EEG", "Mouse MRI", "rat"],
    "workflows": ["spike-rate"],
    "nodes": ["my-compute"],
    "runs": ["spike-rate-1c20"],
    "profiles": ["lab"],
}


def names(kind: str, profile: str | None) -> Sequence[str]:
    return [] if profile == "other" else NAMES[kind]


def found(*words: str) -> list[str]:
    return [word for word, _ in complete(words, names).words]


def test_commands_of_each_level() -> None:
    assert found("ru") == ["run"]
    assert found("run", "st") == ["start"]
    assert found("run", "") == [
        "start",
        "list",
        "show",
        "watch",
        "logs",
        "wait",
        "cancel",
        "retry",
        "download",
        "receipt",
        "which",
        "diff",
        "cost",
    ]
    assert found("nothing", "x") == []
    assert found("sandbox", "user", "a") == ["add"]
    assert ("start", "Start a workflow on a dataset's files.") in complete(["run", ""], names).words


@pytest.mark.parametrize("group", ["", *tree.GROUPS])
def test_each_level_completes_what_the_table_has(group: str) -> None:
    names_there = [entry.words.rpartition(" ")[2] for entry in tree.level(group)]
    assert found(*group.split(), "") == names_there


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "show", ""], NAMES["runs"]),
        (["run", "show", "spike-rate-1c20", ""], []),
        (["run", "show", "--outputs", "spi"], NAMES["runs"]),
        (["run", "metrics", "spi"], NAMES["runs"]),
        (["run", "start", "-d", "mouse"], ["Mouse EEG", "Mouse MRI"]),
        (["run", "start", "--dataset=mouse e"], ["--dataset=Mouse EEG"]),
        (["run", "start", "-w", ""], NAMES["workflows"]),
        (["run", "start", "--node", "my"], NAMES["nodes"]),
        (["run", "list", "--profile", ""], NAMES["profiles"]),
        (["run", "list", "--profile", "other", "--dataset", ""], []),
        (["run", "list", "--status", "c"], ["canceling", "canceled"]),
        (["run", "start", "--layout", ""], ["tree", "flat"]),
        (["run", "list", "--st"], ["--status"]),
        (["run", "list", "--", "--st"], []),
        (["run", "cancel", "--wait", "--profile", "lab", "s"], NAMES["runs"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["profile", "use", ""], NAMES["profiles"]),
    ],
)
def test_values_and_names(words: list[str], expected: list[str]) -> None:
    assert found(*words) == expected


def test_files_of_this_machine() -> None:
    assert complete(["run", "download", "--to", ""], names) == Answer(files=True)
    assert complete(["run", "logs", "--archive", "x"], names) == Answer(files=True)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(r"Mouse\ E", "Mouse E"), ("'Mouse E", "Mouse E"), ('"Mouse"', "Mouse"), ("a", "a"), ("", "")],
)
def test_what_is_typed_in_quotes(typed: str, meant: str) -> None:
    assert unquoted(typed) == meant
    assert unquoted(escaped("a b'c$d")) == "a b'c$d"


def test_bash_parts_an_option_from_its_value() -> None:
    assert joined(["run", "--dataset", "=", "Mou"]) == (["run", "--dataset=Mou"], "--dataset=")
    assert joined(["run", "--dataset", "="]) == (["run", "--dataset="], "--dataset=")
    assert joined(["run", "x"]) == (["run", "x"], "")


def test_the_cache_is_private_short_lived_and_asked_for_once(tmp_path: Path) -> None:
    cache = NameCache(tmp_path / "cache", "key")
    assert cache.read(0) == ({}, False)
    cache.write({"runs": ["one"]}, 1000)
    (file,) = (tmp_path / "cache").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert cache.read(1000 + FRESH_SECONDS - 1) == ({"runs": ["one"]}, True)
    assert cache.read(1000 + FRESH_SECONDS + 1) == ({"runs": ["one"]}, False)
    assert cache.read(1000 + USABLE_SECONDS + 1) == ({}, False)
    assert cache.read(900) == ({}, False), "a clock that was set back"
    assert NameCache(tmp_path / "cache", "other").read(1000) == ({}, False)
    assert [cache.claim(2000), cache.claim(2001), cache.claim(2100)] == [True, False, True]
    cache.release()
    assert cache.claim(2101)
    for broken in ("", "[]", '{"at": "x", "names": {}}', '{"at": 1000, "names": [1]}'):
        file.write_text(broken)
        assert cache.read(1000) == ({}, False)
    cache.remove()
    cache.remove()


def test_where_the_cache_is(tmp_path: Path) -> None:
    assert cache_folder({}, tmp_path, "linux") == tmp_path / ".cache" / "pennsieve"
    assert cache_folder({}, tmp_path, "darwin") == tmp_path / "Library" / "Caches" / "pennsieve"
    assert cache_folder({"XDG_CACHE_HOME": "/x"}, tmp_path) == Path("/x/pennsieve")


def test_names_are_fetched_and_signing_out_forgets_them(
    agent: Agent, ready: Lab, tmp_path: Path
) -> None:
    agent.environ["XDG_CACHE_HOME"] = str(tmp_path)
    with Context(Streams.for_test(), agent.environ) as context:
        assert fetch(context, None) == 0
    (file,) = (tmp_path / "pennsieve").glob("names-*.json")
    text = file.read_text()
    for name in (DATASET, "word-count", "zeroth"):
        assert name in text
    assert str(ready.box.profile_values()["api_secret"]) not in text


def test_nobody_signed_in_and_nobody_there(clean_machine: Path, tmp_path: Path) -> None:
    environ = {"HOME": str(clean_machine), "XDG_CACHE_HOME": str(tmp_path)}
    with Context(Streams.for_test(), environ) as context:
        assert fetch(context, None) == 0
    gone = {
        "PENNSIEVE_API_HOST": "http://127.0.0.1:1",
        "PENNSIEVE_API2_HOST": "http://127.0.0.1:1",
        "PENNSIEVE_COGNITO_ENDPOINT": "http://127.0.0.1:1",
    }
    key = {"PENNSIEVE_API_KEY": "k", "PENNSIEVE_API_SECRET": "s"}
    with Context(Streams.for_test(), {**environ, **gone, **key}, sleep=lambda _: None) as context:
        assert fetch(context, None) == 1
    assert not list(tmp_path.rglob("names-*.json"))


@pytest.fixture
def shell_environ(clean_machine: Path, tmp_path: Path) -> dict[str, str]:
    """A machine that is signed in, with fresh names; Pennsieve cannot be reached."""
    environ = {
        "HOME": str(clean_machine),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PENNSIEVE_API_KEY": "k",
        "PENNSIEVE_API_SECRET": "s",
        "PENNSIEVE_API_HOST": "http://127.0.0.1:1",
        "PENNSIEVE_API2_HOST": "http://127.0.0.1:1",
        "PENNSIEVE_COGNITO_ENDPOINT": "http://127.0.0.1:1",
        "TERM": "xterm",
    }
    NameCache(tmp_path / "cache" / "pennsieve", "http://127.0.0.1:1 k").write(NAMES, time.time())
    for shell in Shell:
        (tmp_path / shell.value).write_text(script(shell))
    return environ


def in_bash(environ: dict[str, str], folder: Path, *words: str) -> list[str]:
    program = (
        f'source {folder}/bash; COMP_WORDS=(pennsieve "$@"); COMP_CWORD=$#; _pennsieve;'
        r" printf '%s\n' "
        '"${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", *words],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_bash(shell_environ: dict[str, str], tmp_path: Path) -> None:
    def typed(*words: str) -> list[str]:
        return in_bash(shell_environ, tmp_path, *words)

    assert typed("run", "sh") == ["show"]
    assert typed("run", "start", "--dataset", "mouse") == [r"Mouse\ EEG", r"Mouse\ MRI"]
    assert typed("run", "start", "--dataset", "'Mouse E") == ["Mouse EEG"]
    assert typed("run", "start", "--dataset", "=", "Mou") == [r"Mouse\ EEG", r"Mouse\ MRI"]
    assert typed("nothing", "") == [""]


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
def test_fish(shell_environ: dict[str, str], tmp_path: Path) -> None:
    def typed(line: str) -> list[str]:
        done = subprocess.run(
            ["fish", "--no-config", "-c", f"source {tmp_path}/fish; complete -C {line!r}"],
            env=shell_environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return [row.split("\t")[0] for row in done.stdout.splitlines()]

    assert typed("pennsieve run sh") == ["show"]
    assert "list" in typed("pennsieve run ")
    assert typed("pennsieve run start --dataset Mouse") == ["Mouse EEG", "Mouse MRI"]
    assert typed("pennsieve run show ") == NAMES["runs"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_zsh(shell_environ: dict[str, str], tmp_path: Path) -> None:
    setup = f"autoload -U compinit; compinit -u; source {tmp_path}/zsh; PS1='ready> '\n"
    terminal = Terminal(["zsh", "-f", "-i"], shell_environ)
    try:
        terminal.type(setup)
        terminal.wait_for("ready> ")
        terminal.type("pennsieve run sh\t")
        terminal.wait_for("run show ")
        terminal.type("spi\t")
        terminal.wait_for("spike-rate-1c20 ")
        terminal.type("\x15pennsieve run start --dataset ra\t")
        terminal.wait_for("rat ")
    finally:
        terminal.close()


class Terminal:
    """A program that believes it is typed to."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self._main, other = pty.openpty()
        self._process = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, env=environ, start_new_session=True
        )
        os.close(other)
        self._seen = ""

    def type(self, text: str) -> None:
        self._seen = ""
        os.write(self._main, text.encode())

    def wait_for(self, text: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while text not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._seen):
            ready, _, _ = select.select([self._main], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{text!r} never came: {self._seen!r}"
            self._seen += os.read(self._main, 4096).decode(errors="replace")

    def close(self) -> None:
        os.close(self._main)
        self._process.kill()
        self._process.wait()


def test_a_tab_is_answered_quickly(shell_environ: dict[str, str]) -> None:
    """As a ratio to a bare interpreter that imports typer, the least of several."""

    def least(command: list[str], environ: dict[str, str]) -> float:
        def once() -> float:
            begun = time.perf_counter()
            subprocess.run(command, env=environ, check=True, capture_output=True)
            return time.perf_counter() - begun

        return min(once() for _ in range(5))

    pennsieve = str(Path(sys.executable).with_name("pennsieve"))
    base = least([sys.executable, "-c", "import typer"], shell_environ)
    asking = {**shell_environ, "_PENNSIEVE_COMPLETE": "bash"}
    assert least([pennsieve, "run", "show", ""], asking) < 3 * base
