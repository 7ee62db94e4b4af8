"""Where the code of a node's functions runs: processes with the very code that was deployed.

A process is made at a function's first call, as Lambda makes an execution environment, and kept for
the next. It has the function's variables, the keys of its role, boto3, and nothing else of ours; it
is forked from one that has loaded boto3 already (:mod:`.runtime_loop`). What runs out of time is
killed. When the sandbox ends, however it ends, so do the processes.

The code is the deployed zip's, unpacked and compiled once into a folder that is called by the zip's
digest; a folder whose files are not the zip's is made anew.
"""

from __future__ import annotations

import inspect
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import IO, Any

from pennsieve_agent.sandbox.aws.functions import runtime_loop
from pennsieve_agent.sandbox.aws.functions.function_code import Codes
from pennsieve_agent.sandbox.aws.functions.functions import Failed, Handler, Invocation

PACKAGE = "pennsieve_agent.node."
MOST_IDLE = 5
"""Processes that are kept for one function while nobody calls it."""
_Key = tuple[str, str, str]


class Runtimes:
    """Runs the handlers of the node's package. ``codes`` has what was deployed."""

    def __init__(self, codes: Codes, home: Path, endpoint: str) -> None:
        self._codes = codes
        self._home = home
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._nursery = _Nursery()
        self._idle: dict[_Key, list[_Runtime]] = defaultdict(list)
        self._all: set[_Runtime] = set()

    def __call__(self, handler: str) -> Handler | None:
        """The function that runs a handler; None for a handler outside the node's package."""
        return partial(self._run, handler) if handler.startswith(PACKAGE) else None

    def start(self) -> None:
        """Load what all functions share, so that the first call need not wait for it."""
        self._nursery.start()

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            every = list(self._all)
            self._idle.clear()
        for runtime in every:
            runtime.end()
        self._nursery.stop()

    def make_ready(self, handler: str, invocation: Invocation) -> None:
        """Start a process for a function that has none yet, so that its first call is quick."""
        if not handler.startswith(PACKAGE):
            return
        key, folder = self._place(invocation)
        with self._lock:
            if key in self._idle:
                return
            self._idle[key] = []
        runtime = self._new(handler, invocation, folder)
        with self._lock:
            self._idle[key].append(runtime)

    def _place(self, invocation: Invocation) -> tuple[_Key, Path]:
        digest, folder = self._codes.unpacked(invocation.code)
        return (invocation.function, digest, invocation.keys.access_key), folder

    def _new(self, handler: str, invocation: Invocation, folder: Path) -> _Runtime:
        runtime = self._nursery.runtime(self._order(handler, invocation, folder))
        with self._lock:
            self._all.add(runtime)
        return runtime

    def _run(self, handler: str, event: Any, invocation: Invocation) -> Any:
        end = time.monotonic() + invocation.seconds
        key, folder = self._place(invocation)
        with self._lock:
            waiting = self._idle[key]
            runtime = waiting.pop() if waiting else None
        if runtime is None:
            runtime = self._new(handler, invocation, folder)
        try:
            answer = runtime.call(event, invocation.chain, max(end - time.monotonic(), 0))
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

    def _order(self, handler: str, invocation: Invocation, folder: Path) -> dict[str, Any]:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        keys = invocation.keys
        environ = {
            **invocation.environ,
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret,
            "AWS_SESSION_TOKEN": keys.token,
            "AWS_REGION": invocation.region,
            "AWS_DEFAULT_REGION": invocation.region,
            "AWS_ENDPOINT_URL": self._endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": invocation.function,
            "HOME": str(self._home),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        where = {"code": str(folder), "folder": str(self._home)}
        return {"handler": handler, "seconds": invocation.seconds, "environ": environ, **where}


class _Nursery:
    """The process that all others are forked from; started again if it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_over = False

    def start(self) -> None:
        """Start it, if it does not run."""
        with self._lock:
            self._started()

    def stop(self) -> None:
        """End it."""
        with self._lock:
            self._is_over = True
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._process = self._control = None

    def runtime(self, order: dict[str, Any]) -> _Runtime:
        """A new process for a function."""
        (inner_in, to_process), (from_process, inner_out) = os.pipe(), os.pipe()
        try:
            process = self._ask(order, [inner_in, inner_out])
        except BaseException:
            os.close(to_process)
            os.close(from_process)
            raise
        finally:
            os.close(inner_in)
            os.close(inner_out)
        return _Runtime(
            process,
            os.fdopen(to_process, "w", encoding="utf-8"),
            os.fdopen(from_process, encoding="utf-8"),
            self,
        )

    def end(self, process: int) -> None:
        """End one of its processes."""
        with self._lock:
            if self._control is not None:
                self._exchange(self._control, {"end": process}, [])

    def _ask(self, order: dict[str, Any], pipes: list[int]) -> int:
        with self._lock:
            for _ in range(2):
                if process := self._exchange(self._started(), order, pipes):
                    return process
                self._process = self._control = None  # it is gone
        raise Failed("Runtime.ExitError", "no process can be made for the function")

    def _exchange(self, control: socket.socket, order: dict[str, Any], pipes: list[int]) -> int:
        text = json.dumps(order).encode()
        header = runtime_loop.HEADER
        try:
            socket.send_fds(control, [header.pack(len(text))], pipes)
            control.sendall(text)
            packed = control.recv(header.size, socket.MSG_WAITALL)
        except OSError:
            return 0
        return int(header.unpack(packed)[0]) if len(packed) == header.size else 0

    def _started(self) -> socket.socket:
        if self._is_over:
            raise Failed("Runtime.ExitError", "the sandbox ends")
        if self._control is None:
            ours, theirs = socket.socketpair()
            program = inspect.getsource(runtime_loop)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", program, str(theirs.fileno())],
                env=_plain(os.environ),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            theirs.close()
            self._control = ours
        return self._control


def _plain(environ: Any) -> dict[str, str]:
    """The variables of this process that have nothing to do with AWS or with Python's own path."""
    ours = ("AWS_", "BOTO", "PYTHONPATH", "PENNSIEVE")
    return {name: value for name, value in environ.items() if not name.startswith(ours)}


class _Runtime:
    """One process, which answers one event at a time."""

    def __init__(self, process: int, events: IO[str], answers: IO[str], nursery: _Nursery) -> None:
        self._process = process
        self._events = events
        self._answers = answers
        self._nursery = nursery

    def call(self, event: Any, chain: str, seconds: float) -> dict[str, Any]:
        timer = threading.Timer(seconds, self._nursery.end, (self._process,))
        timer.daemon = True
        timer.start()
        try:
            self._events.write(f"{json.dumps({'event': event, 'chain': chain})}\n")
            self._events.flush()
            line = self._answers.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            raise Failed("Runtime.ExitError", "the function's process ended, or ran out of time")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        self._nursery.end(self._process)
        for pipe in (self._events, self._answers):
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _unwrapped(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise Failed(*answer["error"])
    return answer["answer"]
