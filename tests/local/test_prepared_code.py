"""Who uses what is prepared on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pennsieve_agent.local.prepared_code import using

HOLD = """\
import sys
from pathlib import Path
from pennsieve_agent.local.prepared_code import using
with using(Path(sys.argv[1])):
    print("in use", flush=True)
    sys.stdin.read()
"""


def test_a_command_is_alone_when_no_other_uses_it(tmp_path: Path) -> None:
    with using(tmp_path / "local") as mine:
        with mine.alone() as is_alone:
            assert is_alone
        with using(tmp_path / "local") as other, other.alone() as is_alone:
            assert not is_alone
        with mine.alone() as is_alone:
            assert is_alone


def test_a_command_that_was_killed_uses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as other, using(tmp_path) as mine:  # type: ignore[call-overload]
        assert other.stdout.readline() == "in use\n"
        with mine.alone() as is_alone:
            assert not is_alone
        other.kill()
        other.wait()
        with mine.alone() as is_alone:
            assert is_alone
