"""Starting, finding and stopping a sandbox. Loads nothing heavy, so that every command may ask.

A sandbox is known by its data folder. The process that runs it holds a lock there and leaves its
addresses in ``state.json``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from pennsieve_agent.errors import AgentError, EngineError, SettingsError, UsageProblem
from pennsieve_agent.sandbox.host.state import (
    HEALTH_PATH,
    HOST,
    LOCK_FILE,
    STATE_FILE,
    SandboxState,
    lock_holder,
)

Launch = Callable[[Sequence[str], int, int], None]
"""Runs :func:`pennsieve_agent.sandbox.host.process.main` in a process of its own.

Given are its arguments but ``--report``, and two file descriptors: where it reports, and its log.
"""
LOG_FILE = "sandbox.log"
MAX_LOG_BYTES = 5_000_000
START_SECONDS = 30.0
STOP_SECONDS = 15.0
ANSWER_SECONDS = 2.0
_OWN_DATA = (
    *("sandbox.db", "sandbox.db-wal", "sandbox.db-shm", "signing-key.pem", "config.ini"),
    *(
        "aws.db",
        "aws.db-wal",
        "aws.db-shm",
        "s3files",
        "jobs",
        "functions",
        "node-secrets",
        "log-archives",
    ),
    *(
        "aws",
        "aws.jsonl",
        "apps",
        "engine",
        "runs",
        "nodes",
        "trash",
        "upload-staging",
        "viewer-assets",
        "uploads",
        STATE_FILE,
        LOG_FILE,
    ),
)
"""What a sandbox makes in its folder, apart from the datasets and the lock.

``nodes`` is what the command line notes beside the settings file about nodes it registers.
"""


class Sandbox:
    """The sandbox of a data folder, running or not."""

    import_seconds: float | None = None
    """How long imports of files take once it is started; None: as long as they do by themselves."""

    def __init__(self, data: Path, launch: Launch | None = None) -> None:
        """``launch`` starts its process; None runs this Python."""
        self.data = data.expanduser().absolute()
        self._launch = launch or run_python

    def start_detached(
        self,
        port: int | None = None,
        engine: str | None = None,
        faults: str | None = None,
        fault_seed: int | None = None,
    ) -> SandboxState:
        """Start it as a process of its own, and wait until it answers.

        ``faults`` and ``fault_seed`` are as in :mod:`pennsieve_agent.sandbox.host.faults`.

        Raises:
            UsageProblem, SettingsError: as :func:`.server.serve` raises.

        """
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        reading, writing = os.pipe()
        try:
            self._spawn(
                writing,
                {"port": port, "engine": engine, "faults": faults, "fault-seed": fault_seed},
            )
        finally:
            os.close(writing)
        try:
            with os.fdopen(reading, "rb") as report:
                ready, _, _ = select.select([report], [], [], START_SECONDS)
                line = report.readline() if ready else b""
        except KeyboardInterrupt:
            # If it has no lock yet, it ends when it finds that nobody reads its report.
            if (pid := lock_holder(self.data)) is not None:
                os.kill(pid, signal.SIGTERM)
            raise
        return self._started(line)

    def run(
        self,
        port: int | None,
        engine: str | None,
        on_ready: Callable[[SandboxState], None],
        faults: str | None = None,
        fault_seed: int | None = None,
    ) -> None:
        """Run it in this process until SIGTERM or SIGINT; raises as :meth:`start_detached`."""
        from pennsieve_agent.sandbox.host import process  # noqa: PLC0415 - not needed otherwise
        from pennsieve_agent.sandbox.host.faults import parse  # noqa: PLC0415 - the same

        process.run(self.data, port, engine, on_ready, parse(faults, fault_seed))

    def stop(self) -> bool:
        """End the process, softly at first; answers whether there was one.

        Raises:
            SettingsError: it does not end.

        """
        pid = lock_holder(self.data)
        if pid is None:
            return False
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            if self._ended(pid):
                return True
        raise SettingsError("the sandbox cannot be stopped", where=f"process {pid}")

    def status(self) -> SandboxState | None:
        """The running sandbox, if its process is alive and answers."""
        try:
            state = SandboxState.load((self.data / STATE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return state if _answering_pid(state.api) == state.pid else None

    def reset(self, *, keep_datasets: bool = True) -> None:
        """Stop it and remove what it has made, except the datasets' files if they are to be kept.

        Only a folder in which a sandbox has run is touched, and nothing else in it.
        """
        self.stop()
        if not (self.data / LOCK_FILE).exists():
            return
        for name in (*_OWN_DATA, *(() if keep_datasets else ("datasets",))):
            path = self.data / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        """Variables that point a shell here. None of them is a secret."""
        return {
            "PENNSIEVE_CONFIG": str(self.data / "config.ini"),
            "PENNSIEVE_PROFILE": "sandbox",
            "AWS_CONFIG_FILE": str(self.data / "aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.data / "aws" / "credentials"),
        }

    def profile_values(self) -> dict[str, str]:
        """The keys and values of a profile that points here, the API key's secret among them.

        Raises:
            UsageProblem: it was never started.

        """
        from pennsieve_agent.sandbox.host.config_file import (  # noqa: PLC0415 - as in profiles
            PROFILE,
        )

        values = self.profiles().get(PROFILE)
        if not values:
            raise UsageProblem(
                "there is no sandbox here yet",
                where=str(self.data),
                hint="start it with: pennsieve sandbox start",
            )
        return values

    def profiles(self) -> dict[str, dict[str, str]]:
        """The profiles of its people that have a key, by name, as :meth:`profile_values`."""
        from pennsieve_agent.sandbox.host.config_file import (  # noqa: PLC0415 - not needed otherwise
            read_profiles,
        )

        return read_profiles(self.data)

    def _spawn(self, report: int, options: Mapping[str, int | str | None]) -> None:
        """Start the process that starts the sandbox and ends at once."""
        arguments = ["--data", str(self.data), "--detach"]
        if self.import_seconds is not None:
            arguments.append(f"--import-seconds={self.import_seconds}")
        arguments += [f"--{name}={value}" for name, value in options.items() if value is not None]
        with self._open_log() as log:
            self._launch(arguments, report, log.fileno())

    def _open_log(self) -> BinaryIO:
        path = self.data / LOG_FILE
        too_long = path.exists() and path.stat().st_size > MAX_LOG_BYTES
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if too_long else os.O_APPEND)
        return os.fdopen(os.open(path, flags, 0o600), "ab")

    def _started(self, line: bytes) -> SandboxState:
        try:
            report = json.loads(line)
            if "error" not in report:
                return SandboxState.load(line.decode())
        except ValueError:
            self.stop()
            raise SettingsError(
                f"the sandbox did not start: {self._last_words()}",
                where=str(self.data / LOG_FILE),
                hint="its log says more",
            ) from None
        raise _error(report["error"])

    def _last_words(self) -> str:
        lines = (self.data / LOG_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "it said nothing"

    def _ended(self, pid: int) -> bool:
        """Wait until the process gives its lock back."""
        pause = threading.Event()
        for _ in range(int(STOP_SECONDS / 0.05)):
            if lock_holder(self.data) != pid:
                return True
            pause.wait(0.05)
        return False


def run_python(arguments: Sequence[str], report: int, log: int) -> None:
    """Start a sandbox's process, as :data:`Launch` says."""
    import subprocess  # noqa: PLC0415 - not needed otherwise

    subprocess.run(
        [
            *(sys.executable, "-m", "pennsieve_agent.sandbox"),
            *(*arguments, "--report", str(report)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=[report],
        start_new_session=True,  # Ctrl+C is for whoever starts it, which then ends it
        check=False,
    )


def _error(report: dict[str, Any]) -> AgentError:
    """The error that the process reported before it ended."""
    known = {kind("").code: kind for kind in (UsageProblem, SettingsError, EngineError)}
    kind = known.get(report["code"], AgentError)
    return kind(report["message"], where=report["where"], hint=report["hint"])


def _answering_pid(api: str) -> int | None:
    """The process id of the sandbox at an address; None if no sandbox answers."""
    import http.client  # noqa: PLC0415 - not needed otherwise

    port = int(api.rpartition(":")[2])
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH)
        reply = json.loads(connection.getresponse().read())
        return int(reply["pid"])
    except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
        return None
    finally:
        connection.close()
