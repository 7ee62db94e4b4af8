"""Ctrl+C, anywhere: what happened and what did not, how to go on, and within a second."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pennsieve_agent.cli.boundary import run
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.interruption import NOTHING, Interruption
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.sandbox.host.state import lock_holder
from tests.cli.conftest import DATASET, Lab, repository
from tests.cli.following import wait_for
from tests.cli.harness import Agent, Result

AGAIN = "go on with: the same command"
SECONDS = 10.0
"""Much more than the second that is promised, for a busy machine; what hung, hung for minutes."""


class Interrupting(io.StringIO):
    """Standard error whose reader presses Ctrl+C when he reads something."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.at and self.at in text:
            self.at = ""
            raise KeyboardInterrupt
        return written


def typed(
    agent: Agent, *words: str, at: str = "", sleep: Callable[[float], None] | None = None
) -> Result:
    """What a command says when Ctrl+C is pressed at these words, or where it waits."""
    streams = Streams.for_test()
    streams.err = Interrupting(at)
    context = Context(streams, agent.environ)
    context.sleep = sleep or context.sleep
    code = run(words, context)
    assert isinstance(streams.out, io.StringIO)
    return Result(code, streams.out.getvalue(), streams.err.getvalue())


def stop(_: float) -> None:
    raise KeyboardInterrupt


def test_only_what_is_sent_changes_something() -> None:
    now = Interruption()
    assert now.words == NOTHING
    with now.during("half is done", AGAIN):
        assert now.words == NOTHING
    now.changing()
    assert "may or may not have been made" in now.words
    with now.during("half is done", AGAIN):
        assert now.words == f"interrupted: half is done\n  {AGAIN}"
    assert "may or may not have been made" in now.words


def test_a_part_that_is_interrupted_is_what_is_said() -> None:
    now = Interruption()
    with contextlib.suppress(KeyboardInterrupt), now.during("it goes on", "look", always=True):
        raise KeyboardInterrupt
    assert now.words == "interrupted: it goes on\n  look"


@pytest.mark.parametrize(
    "words",
    [
        ("login", "--profile", "new"),
        ("compute", "register", "--name", "interrupted"),
        ("compute", "register", "--name", "interrupted", "--provisioner", "own"),
        ("compute", "delete", "my-compute"),
    ],
    ids=" ".join,
)
def test_at_a_question_nothing_was_changed(agent: Agent, words: tuple[str, ...]) -> None:
    asked = agent(*words, terminal=True)  # the end of the input is a Ctrl+D
    assert asked.code == 130
    assert asked.err.endswith(f"\n{NOTHING}\n")


def test_login_says_where_a_key_is_made(agent: Agent) -> None:
    asked = agent("login", "--profile", "new", terminal=True)
    said = " ".join(asked.err.split())
    assert 'web application (https://app.pennsieve.io): your profile, "API keys"' in said
    near = ("--api-host", "http://127.0.0.1:1", "--api2-host", "http://127.0.0.1:1")
    assert "app.pennsieve.io" not in agent("login", "--profile", "new", *near, terminal=True).err


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (("compute", "register", "--name", "new", "--yes"), "AWS account"),
        (("compute", "doctor", "my-compute"), ""),
        (("run", "list"), ""),
    ],
    ids=str,
)
def test_before_anything_is_sent_nothing_was_changed(
    lab: Lab, agent: Agent, words: tuple[str, ...], at: str
) -> None:
    class Stopped(Context):
        """Ctrl+C as soon as Pennsieve is needed."""

        @property
        def platform(self) -> None:  # type: ignore[override]
            raise KeyboardInterrupt

    if at:
        said = typed(agent, *words, at=at).err
    else:
        streams = Streams.for_test()
        assert run(words, Stopped(streams, agent.environ)) == 130
        assert isinstance(streams.err, io.StringIO)
        said = streams.err.getvalue()
    assert said.endswith(f"{NOTHING}\n")
    assert lab.state.pid


def test_a_registration_and_a_removal_go_on(lab: Lab, agent: Agent) -> None:
    register = ("compute", "register", "--name", "halfway", "--provisioner", "own", "--yes")
    delete = ("compute", "delete", "halfway", "--yes")
    undo = "\n  undo it with: pennsieve compute delete 'halfway'"
    for words, at, then in ((register, "is in its bucket", undo), (delete, "✓", "")):
        half = typed(agent, *words, at=at)
        assert half.code == 130, half.err
        done = "steps with a ✓ are done; AWS or Pennsieve finishes what it has begun"
        assert half.err.endswith(f"interrupted: {done}\n  {AGAIN}{then}\n")
        whole = agent(*words)
        assert whole.code == 0, whole.err
    assert "halfway" not in agent("compute", "list").out
    assert lab.state.pid


def test_a_run_goes_on(ready: Lab, agent: Agent) -> None:
    start = ("run", "start", "-d", DATASET, "--files", "raw", "-p", "HOLD=true", "--name", "held")
    begun = typed(agent, *start, "--wait", sleep=stop)
    assert begun.code == 130, begun.err
    assert "interrupted: stopped following; the run goes on" in begun.err
    waited = typed(agent, "run", "wait", "held", sleep=stop)
    followed = typed(agent, "run", "logs", "held", "--follow", sleep=stop)
    for said in (waited, followed):
        assert said.code == 130
        assert "follow it again: pennsieve run logs " in said.err
        assert "cancel it:       pennsieve run cancel " in said.err
    early = agent("run", "download", "held")
    assert (early.code, "has delivered no files yet" in early.err) == (8, True), early.err
    cancelled = typed(agent, "run", "cancel", "held", "--wait", sleep=stop)
    assert "interrupted: the run may or may not have been told to end" in cancelled.err
    assert agent("run", "wait", "held").code == 3
    assert agent(*start[:-1], "second").code == 0
    deleted = typed(agent, "compute", "delete", "my-compute", "--cancel-runs", "--yes", sleep=stop)
    kept = "interrupted: the node is there, its runs may be ended"
    assert deleted.err.endswith(f"{kept}\n  {AGAIN}\n"), deleted.err
    assert agent("run", "wait", "second").code == 3
    assert ready.state.pid


def test_transfers_go_on(lab: Lab, agent: Agent, tmp_path: Path) -> None:
    source = tmp_path / "more"
    source.mkdir()
    (source / "one.txt").write_text("1\n")

    def on_terminal(*words: str, at: str) -> str:
        streams = Streams.for_test(terminal=True)
        streams.err = Interrupting(at)
        assert run(words, Context(streams, agent.environ)) == 130
        return streams.err.getvalue()

    up = on_terminal("dataset", "upload", DATASET, str(source), at="Uploading")
    assert "interrupted: what was sent is kept, the other files are not uploaded" in up
    down = on_terminal("dataset", "download", DATASET, "--to", str(tmp_path), at="Downloading")
    assert "interrupted: what was downloaded is kept" in down
    for said in (up, down):
        assert said.endswith(f"\n  {AGAIN}\n")
    assert lab.state.pid


@contextlib.contextmanager
def started(*words: str, environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *words], env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_slow_git_is_not_waited_for(agent: Agent, tmp_path: Path) -> None:
    code = repository(tmp_path / "code", {"Dockerfile": "FROM scratch\n"})
    called = tmp_path / "called"
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\ntouch '{called}'\nexec sleep 60\n")
    slow.chmod(0o755)
    path = f"{slow.parent}{os.pathsep}{os.environ['PATH']}"
    words = ("-m", "pennsieve_agent", "workflow", "add", str(code))
    with started(*words, environ={**agent.environ, "PATH": path}) as process:
        wait_for(called.exists, lambda: "git was not called")
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert time.monotonic() - begun < SECONDS
    assert process.returncode == 130
    assert said.endswith(f"{NOTHING}\n")


def test_a_program_that_still_loads_says_it_too(agent: Agent) -> None:
    script = """if True:
        import sys
        class Slow:
            def find_spec(self, name, *_):
                if name == "pennsieve_agent.cli.boundary":
                    raise KeyboardInterrupt
        sys.meta_path.insert(0, Slow())
        sys.argv = ["pennsieve", "dataset", "list"]
        from pennsieve_agent.__main__ import main
        main()
    """
    with started("-c", script, environ=agent.environ) as process:
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, f"{NOTHING}\n")


def test_a_sandbox_that_starts_is_not_left_behind(tmp_path: Path) -> None:
    data = tmp_path / "box"
    words = ("-m", "pennsieve_agent", "sandbox", "start", "--detach", "--port", "0")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with started(*words, "--data", str(data), environ=environ) as process:
        wait_for(lambda: lock_holder(data) is not None, lambda: "it did not begin")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.startswith("interrupted: the sandbox is not started")
    wait_for(lambda: lock_holder(data) is None, lambda: "it did not end")
    assert Sandbox(data).status() is None
