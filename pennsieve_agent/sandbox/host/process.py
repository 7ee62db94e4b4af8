"""Running the sandbox as a process: in the foreground, or on its own in the background."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pennsieve_agent.domain.file_trouble import explained
from pennsieve_agent.errors import AgentError
from pennsieve_agent.sandbox.host import faults
from pennsieve_agent.sandbox.host.state import SandboxState

Report = Callable[[SandboxState | dict[str, str | None]], None]


def main(arguments: Sequence[str]) -> int:
    """Run the sandbox as the arguments say; answers the exit code.

    With ``--report``, a file descriptor, the first thing that happens is written there as a line of
    JSON: the state of the running sandbox, or the error that kept it from running.
    """
    options = _parser().parse_args(arguments)
    if options.detach:
        if os.fork():
            os._exit(0)
        os.setsid()
        os.chdir("/")
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    report = _reporter(options.report)
    try:
        plan = faults.parse(options.faults, options.fault_seed)
        run(options.data, options.port, options.engine, report, plan, options.import_seconds)
    except AgentError as error:
        problem = {"code": error.code, "message": error.message}
        report({**problem, "where": error.where, "hint": error.hint})
        return int(error.exit_code)
    return 0


def run(
    data: Path,
    port: int | None,
    engine: str | None,
    on_ready: Callable[[SandboxState], None],
    plan: faults.Plan | None = None,
    import_seconds: float | None = None,
) -> None:
    """Run a sandbox in this process until SIGTERM or SIGINT.

    ``import_seconds`` is as in :class:`.surfaces.Settings`; None is what it is there.

    Raises:
        UsageProblem: a port is in use, or it runs already.
        SettingsError: its files cannot be used.

    """
    from pennsieve_agent.sandbox.host import server, surfaces  # noqa: PLC0415 - slow

    stop = threading.Event()
    old = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        settings = surfaces.Settings(engine=engine, faults=plan)
        if import_seconds is not None:
            settings = replace(settings, import_seconds=import_seconds)
        server.serve(data, port, settings, on_ready=on_ready, stop=stop)
    except (OSError, sqlite3.Error) as error:
        raise _explained(error, data) or error from error
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _explained(error: OSError | sqlite3.Error, data: Path) -> AgentError | None:
    """What keeps the sandbox from its files: a full disk as a rule."""
    from pennsieve_agent.sandbox.host.store import unusable  # noqa: PLC0415 - as in run

    if isinstance(error, sqlite3.Error):
        return unusable(data / "sandbox.db", error)
    problem = explained(error)
    if problem is not None:
        problem.where = problem.where or str(data)
    return problem


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pennsieve_agent.sandbox")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--port", type=int, help="the first of three ports; 0 for any free ones")
    parser.add_argument("--engine", help="what runs the steps: docker or process")
    parser.add_argument("--faults", help="faults to inject on purpose")
    parser.add_argument("--fault-seed", type=int, help="the seed that repeats the same faults")
    parser.add_argument("--import-seconds", type=float, help="how long imports of files take")
    parser.add_argument("--detach", action="store_true", help="run in the background")
    parser.add_argument("--report", type=int, help=argparse.SUPPRESS)
    return parser


def _reporter(descriptor: int | None) -> Report:
    pending = [descriptor] if descriptor is not None else []

    def report(outcome: SandboxState | dict[str, str | None]) -> None:
        if isinstance(outcome, SandboxState):
            line = outcome.dump()
        else:
            line = json.dumps({"error": outcome})
        if pending:  # only the first time
            try:
                with os.fdopen(pending.pop(), "wb", buffering=0) as waiting:
                    waiting.write(f"{line}\n".encode())
            except BrokenPipeError as error:
                raise AgentError("whoever started it does not wait for it any more") from error
        if not isinstance(outcome, SandboxState):
            with contextlib.suppress(OSError):  # the log is on a disk that may be full
                print(f"error: {outcome['message']}", file=sys.stderr)  # noqa: T201 - to the log

    return report
