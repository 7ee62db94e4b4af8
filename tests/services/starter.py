"""Types ``run start`` as a process that can be killed: prepares, asks over HTTP, tells, notes."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pennsieve_agent.services.runs import start_run
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.services.runs.prepare_run import prepare
from pennsieve_agent.services.runs.run_request import RunOptions
from pennsieve_agent.settings.started_runs import RunJournal
from tests.fakes.earlier import Earlier
from tests.fakes.pennsieve import pennsieve
from tests.fakes.run_node import NODE, OverHttp


def main(port: str, folder: str, files: str) -> None:
    """Start the same run as always, and say its id."""
    calls = OverHttp(int(port))
    options = RunOptions("Mouse EEG", files=(files,))
    ready = prepare(pennsieve(), [NODE], lambda _: calls, options, time.time(), earlier=Earlier())
    _say("ready")
    with start_run.on_own_node(
        ready,
        options,
        calls=calls,
        backend=NodeRuns(NODE, calls),
        journal=RunJournal(Path(folder)),
        note=lambda _: None,
        check=lambda: None,
    ) as started:
        _say(f"run {started.run.uuid}")
        started.acknowledge()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
