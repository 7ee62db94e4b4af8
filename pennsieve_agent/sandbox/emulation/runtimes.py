"""Where the code of a node's functions runs: processes with the very zip that was deployed.

A process is made at a function's first call, as Lambda makes an execution environment, and kept for
the next. It has the function's variables, the keys of its role, boto3, and nothing else of ours.
What runs out of time is killed. When the sandbox ends, however it ends, so do the processes.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import IO, Any

from pennsieve_agent.sandbox.emulation import runtime_loop
from pennsieve_agent.sandbox.emulation.functions import Failed, Handler, Invocation

PACKAGE = "pennsieve_agent.node."
MOST_IDLE = 2
"""Processes that are kept for one function while nobody calls it."""
_Key = tuple[str, str, str]


class Runtimes:
    """Runs the handlers of the node's package. ``folder`` keeps the zips, for its user alone."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self._folder = folder
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._idle: dict[_Key, list[_Runtime]] = defaultdict(list)
        self._all: set[_Runtime] = set()

    def __call__(self, handler: str) -> Handler | None:
        """What runs a handler; None when it is none of the node's."""
        return partial(self._run, handler) if handler.startswith(PACKAGE) else None

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            every = list(self._all)
            self._idle.clear()
        for runtime in every:
            runtime.end()

    def _run(self, handler: str, event: Any, given: Invocation) -> Any:
        digest = hashlib.sha256(given.code).hexdigest()
        key = (given.function, digest, given.keys.access_key)
        with self._lock:
            waiting = self._idle[key]
            runtime = waiting.pop() if waiting else None
        if runtime is None:
            runtime = _Runtime(self._start(handler, given, digest))
            with self._lock:
                self._all.add(runtime)
        try:
            answer = runtime.call(event, given.seconds)
        except BaseException:
            self._drop(runtime)
            raise
        with self._lock:
            keep = len(self._idle[key]) < MOST_IDLE
            if keep:
                self._idle[key].append(runtime)
        if not keep:
            self._drop(runtime)
        return _unwrapped(answer)

    def _drop(self, runtime: _Runtime) -> None:
        runtime.end()
        with self._lock:
            self._all.discard(runtime)

    def _start(self, handler: str, given: Invocation, digest: str) -> subprocess.Popen[str]:
        home = self._folder / "home"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        code = self._folder / f"{digest}.zip"
        if not code.exists():
            part = code.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            part.write_bytes(given.code)
            part.replace(code)
        keys = given.keys
        environ = {
            **given.environ,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_SESSION_TOKEN": keys.token,
            "AWS_REGION": given.session.region_name,
            "AWS_DEFAULT_REGION": given.session.region_name,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": given.function,
            "HOME": str(home),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1,localhost",
            "PYTHONPATH": str(code),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        program = inspect.getsource(runtime_loop)
        return subprocess.Popen(
            [sys.executable, "-P", "-c", program, handler, str(given.seconds)],
            cwd=home,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


class _Runtime:
    """One process, which answers one event at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, event: Any, seconds: float) -> dict[str, Any]:
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            given, found = _pipes(self._process)
            given.write(f"{json.dumps(event)}\n")
            given.flush()
            line = found.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise Failed("Runtime.ExitError", "the function's process ended, or ran out of time")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        self._process.wait()


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("the process was started with pipes")
    return process.stdin, process.stdout


def _unwrapped(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise Failed(*answer["error"])
    return answer["answer"]
