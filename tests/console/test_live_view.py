"""The live view on a real terminal: its size, Ctrl+C, and what is left behind."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

PROGRAM = """\
import os, threading
from dataclasses import dataclass
from pennsieve_agent.console.live_view import shown_live
from pennsieve_agent.console.streams import Streams

@dataclass
class Line:
    parts: tuple

streams = Streams.of_process({})
def picture(width, height):
    return [Line(((f"size {width}x{height} ", "bold"), ("\\x1b[2Jkept", "")))]
try:
    with shown_live(streams, picture):
        threading.Event().wait()
except KeyboardInterrupt:
    streams.result(f"interrupted at {streams.width}")
"""
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"


@dataclass
class Terminal:
    """A program on a terminal of its own."""

    main: int
    process: subprocess.Popen[bytes]
    seen: str = ""
    ended: bool = field(default=False)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_for(self, text: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.main], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{text!r} never came: {self.seen!r}"
            self.seen += os.read(self.main, 4096).decode(errors="replace")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    main, other = pty.openpty()
    environ = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR"}}
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=other,
        stdout=other,
        stderr=other,
        env={**environ, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(other)
    try:
        yield Terminal(main, process)
    finally:
        process.kill()
        process.wait()
        os.close(main)


def test_it_follows_the_window_and_leaves_nothing_after_ctrl_c(terminal: Terminal) -> None:
    terminal.wait_for("size 80x24")
    terminal.resize(40, 12)
    terminal.wait_for("size 40x12")
    assert "\x1b[2Jkept" not in terminal.seen  # other people's text does not act
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("interrupted at 40")
    after = terminal.seen
    assert after.index(ENTERED) < after.index(HIDDEN) < after.rindex("size 40x12")
    assert after.rindex("size 40x12") < after.rindex(LEFT) < after.index("interrupted")
    assert after.rindex(SHOWN) > after.rindex(HIDDEN)
    assert terminal.process.wait(60) == 0


def test_a_process_that_is_told_to_end_leaves_nothing_either(terminal: Terminal) -> None:
    terminal.wait_for("size 80x24")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.wait_for(LEFT)
    assert terminal.process.wait(60) == 128 + signal.SIGTERM
    assert terminal.seen.rindex(SHOWN) > terminal.seen.rindex(HIDDEN)
