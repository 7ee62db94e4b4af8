"""How long a node's functions take to start from the zip, as ratios to ``import typer``.

The zip holds no compiled code, as its bytes are to be the same everywhere, so this is what a cold
start costs. Run by ``make bench``; exits 1 when a target is missed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pennsieve_agent.account.world.node_code import bundle

ROUNDS = 7
TARGET = 3.0
"""300 ms on a machine on which the baseline takes 100 ms."""
BASELINE = (sys.executable, "-I", "-c", "import typer")
MODULES = ("gateway", "reconciler", "relay", "transfer_job.main")


def seconds(command: Sequence[str]) -> float:
    """How long a command takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - start


def main() -> int:
    """Measure, print a table, answer the exit code."""
    missed = 0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        archive = Path(folder, "node.zip")
        archive.write_bytes(bundle().data)
        for module in MODULES:
            program = f"import sys; sys.path.insert(0, {str(archive)!r}); "
            own = (sys.executable, "-I", "-c", f"{program}import pennsieve_agent.node.{module}")
            pairs = [(seconds(BASELINE), seconds(own)) for _ in range(ROUNDS + 1)][1:]
            base, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
            missed += mine / base > TARGET
            verdict = "ok" if mine / base <= TARGET else "MISSED"
            sys.stdout.write(
                f"{mine / base:6.2f}  of {TARGET:.1f}  {verdict:6}  node's {module}, cold, "
                f"{round(mine * 1000)} ms\n"
            )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
