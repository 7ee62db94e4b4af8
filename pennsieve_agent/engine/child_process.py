"""A child process with everything it starts: its output line by line, and its certain end.

The child leads a session of its own, so one signal reaches it and its descendants. A descendant
that leaves the session can still be found on Linux, by a mark in its environment.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from threading import Event

from pennsieve_agent.domain.measured import AT_MOST, NOT_MEASURED, Measured
from pennsieve_agent.engine.backend import Log, nobody_lives
from pennsieve_agent.engine.child_memory import MemoryLimit
from pennsieve_agent.engine.control_groups import Gauge
from pennsieve_agent.engine.output_lines import LineSplitter

GRACE_SECONDS = 10.0
"""How long a program may take to end when asked, before it is killed."""

MARK = "PENNSIEVE_TASK"
"""The variable by which descendants of a child are found."""

_POLL_SECONDS = 0.05
_CHUNK_BYTES = 64 * 1024
_BLOCK = 512
#: A pipe of Linux holds no more unless root says so; what is in it when the child ends is read.
_PIPE_BYTES = 1024 * 1024
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a child may take: ``grace`` seconds to end when asked, and bytes of ``memory``.

    0 bytes are without limit; only on Linux more than the limit is seen, and what it takes shown by
    ``gauge``.
    """

    grace: float = GRACE_SECONDS
    memory: int = 0
    gauge: Gauge | None = field(default=None, compare=False)


_UNBOUND = Bounds()


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended: its exit code, 128 + n for signal n; and whether it was asked to.

    ``out_of_memory``: it took more memory than it might, and was killed.
    """

    code: int
    stopped: bool
    measured: Measured = NOT_MEASURED
    out_of_memory: bool = False


def run_child(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    log: Log,
    stop: Event,
    bounds: Bounds = _UNBOUND,
) -> ChildEnd:
    """Run a program to its end, or end it when ``stop`` is set; nothing of it is left running.

    ``env`` is the whole environment; a value for :data:`MARK` in it must be new for each child.

    Raises:
        OSError: the program cannot be started.

    """
    marked = {MARK: new_mark(""), **env}
    child = subprocess.Popen(
        list(argv),
        cwd=cwd,
        env=marked,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    reaper = _Reaper(child)
    lines = LineSplitter(log)
    # Leaving the block closes the pipe and waits for the child, which is dead by then.
    with child:
        try:
            end = _follow(reaper, lines, stop, bounds)
        finally:
            _signal_group(child, signal.SIGKILL)
            kill_marked(marked[MARK])
            code = reaper.wait()
            if bounds.gauge is not None:
                bounds.gauge.reading = None
        _drain(child, lines)
        lines.close()
    is_short = end is _End.OUT_OF_MEMORY and code == -signal.SIGKILL
    return ChildEnd(
        128 - code if code < 0 else code,
        end is _End.STOPPED,
        reaper.measured,
        out_of_memory=is_short,
    )


class _End(Enum):
    """Why a child comes to its end."""

    ITSELF = auto()
    STOPPED = auto()
    OUT_OF_MEMORY = auto()


class _Reaper:
    """Waits for a child, and keeps what it and all that it waited for took (wait4(2))."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.child = child
        self.measured = NOT_MEASURED
        self.limit: MemoryLimit | None = None
        # Until a child becomes its program, it is a copy of this process, whose memory counts as
        # the child's (Linux, exec_mmap in fs/exec.c).
        self._least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        code = self._reap(0)
        if code is None:
            raise AssertionError("wait4 came back without a child")
        return code

    def _reap(self, options: int) -> int | None:
        if self.child.returncode is None:
            pid, status, taken = os.wait4(self.child.pid, options)
            if pid:
                self.child.returncode = os.waitstatus_to_exitcode(status)
                together = self.limit.peak if self.limit is not None else 0
                self.measured = measured_by(taken, self._least, together)
        return self.child.returncode


def measured_by(
    taken: resource.struct_rusage, least: int, together: int, system: str = sys.platform
) -> Measured:
    """What a process and those that it waited for used, as wait4(2) tells it on a ``system``.

    ``least`` is what counts as its memory in any case, in the unit of the system; ``together`` is
    what several processes were seen to take at once, in bytes.
    """
    is_mac = system == "darwin"
    largest = taken.ru_maxrss * (1 if is_mac else 1024)  # getrusage(2) of each
    return Measured(
        peak_memory=max(largest, together),
        cpu_seconds=taken.ru_utime + taken.ru_stime,
        # macOS counts operations, whatever their size; Linux counts in blocks of 512 bytes.
        read=None if is_mac else taken.ru_inblock * _BLOCK,
        written=None if is_mac else taken.ru_oublock * _BLOCK,
        by="process",
        bound=AT_MOST if taken.ru_maxrss <= least and together < largest else "",
    )


def _follow(reaper: _Reaper, lines: LineSplitter, stop: Event, bounds: Bounds) -> _End:
    """Read until the child ends, whoever else holds its output open; why it did."""
    child, is_short = reaper.child, False
    limit = reaper.limit = MemoryLimit(child.pid, bounds.memory, bounds.gauge)
    output = _output(child)
    os.set_blocking(output, False)
    give_up = None
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while reaper.poll() is None:
            if stop.is_set() and give_up is None:
                give_up = time.monotonic() + bounds.grace
                _signal_group(child, signal.SIGTERM)
            if give_up is not None and time.monotonic() >= give_up:
                _signal_group(child, signal.SIGKILL)
            if limit.is_exceeded():
                is_short = give_up is None
                _signal_group(child, signal.SIGKILL)
            if selector.select(_POLL_SECONDS):
                data = os.read(output, _CHUNK_BYTES)
                if data:
                    lines.feed(data)
                else:
                    selector.unregister(output)
            else:
                lines.idle()
    if is_short:
        return _End.OUT_OF_MEMORY
    return _End.ITSELF if give_up is None else _End.STOPPED


def _drain(child: subprocess.Popen[bytes], lines: LineSplitter) -> None:
    """Read what the child left in the pipe, without waiting for anybody to close it."""
    left = _PIPE_BYTES
    with contextlib.suppress(BlockingIOError):
        while left > 0 and (data := os.read(_output(child), _CHUNK_BYTES)):
            lines.feed(data)
            left -= len(data)


def _output(child: subprocess.Popen[bytes]) -> int:
    if child.stdout is None:
        raise AssertionError("the child was started with a pipe")
    return child.stdout.fileno()


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # macOS refuses when only dead processes are left in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def new_mark(node: str, holder: str = "") -> str:
    """A mark for one child of a node; :func:`kill_marked` finds all of a node by ``node.``.

    ``holder`` is the folder of the command that started it, if that is its own.
    """
    return f"{node}.{uuid.uuid4().hex}" + (f".{holder}" if holder else "")


def kill_marked(beginning: str, lives: Callable[[str], bool] = nobody_lives) -> int:
    """Kill every process whose mark begins so; how many. Elsewhere than on Linux, none is found.

    Those of a holder that ``lives`` are left.
    """
    mark = os.fsencode(f"{MARK}={beginning}")
    killed = set()
    for _ in range(2):  # a second look catches what was just being started
        for folder in _PROC.glob("[0-9]*"):
            # It may be another user's, or end while it is looked at.
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes().split(b"\0")
                marked = next((entry for entry in environment if entry.startswith(mark)), None)
                if marked is not None and not lives(_holder(marked.removeprefix(mark))):
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed.add(folder.name)
    return len(killed)


def _holder(rest: bytes) -> str:
    """The holder in what follows the node of a mark."""
    return os.fsdecode(rest.partition(b".")[2])
