"""How much a sandbox bears: 20 clients at once, and 10,000 runs in its store.

Run with ``make bench-sandbox``; prints figures and exits 1 when a target is missed. A real sandbox
is started in a process of its own; the clients are threads of this one, so that both share the
machine's cores as they do on a laptop.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.sandbox.host.state import SandboxState

CLIENTS = 20
RATE_TARGET = 200.0
P99_TARGET_MS = 150.0
START_TARGET_SECONDS = 2.0
RUNS = 10_000
MEMORY_TARGET_MB = 20.0
SECONDS = 6.0
FILES = 200


@dataclass
class Figures:
    """Latencies in seconds, and answers that were no success."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def p(self, share: int) -> float:
        return statistics.quantiles(self.seconds, n=100)[share - 1] * 1000


@dataclass(frozen=True, slots=True)
class Target:
    """A running sandbox and who asks it."""

    state: SandboxState
    headers: dict[str, str]
    organization: str
    datasets: list[str]

    def request(self, random_: random.Random) -> tuple[str, str, str, str | None]:
        """A request as commands make them: host, method, path, body; one in ten is a change."""
        dataset = random_.choice(self.datasets)
        runs = f"/compute/workflows/runs?organization_id={self.organization}"
        made = [
            *[(self.state.api, "GET", "/user", None)] * 2,
            *[(self.state.api, "GET", "/datasets/paginated?limit=100", None)] * 2,
            *[(self.state.api, "GET", f"/datasets/{dataset}", None)] * 2,
            (self.state.api, "GET", f"/datasets/{dataset}/packages?pageSize=100", None),
            *[(self.state.api2, "GET", f"{runs}&limit=20", None)] * 2,
            (self.state.api, "PUT", f"/datasets/{dataset}", json.dumps({"description": "x"})),
        ]
        return random_.choice(made)


class Client(threading.Thread):
    """One client with a connection to each surface, kept open."""

    def __init__(self, target: Target, number: int, until: float, pause: float) -> None:
        super().__init__(daemon=True)
        self._target = target
        self._random = random.Random(number)  # noqa: S311 - no secret
        self._until = until
        self._pause = pause
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self.figures = Figures()

    def run(self) -> None:
        due = time.perf_counter() + self._random.random() * self._pause
        idle = threading.Event()
        while (now := time.perf_counter()) < self._until:
            if now < due:
                idle.wait(due - now)
            due += self._pause
            self._ask()
        for each in self._connections.values():
            each.close()

    def _ask(self) -> None:
        host, method, path, body = self._target.request(self._random)
        known = self._connections.get(host) or http.client.HTTPConnection(urlsplit(host).netloc)
        self._connections[host] = known
        begin = time.perf_counter()
        known.request(method, path, body, self._target.headers)
        answer = known.getresponse()
        answer.read()
        self.figures.seconds.append(time.perf_counter() - begin)
        if answer.status >= 400:
            self.figures.failures.append(f"{method} {path}: {answer.status}")


def load(target: Target, seconds: float, rate: float | None) -> tuple[float, Figures]:
    """Let all clients ask, at a rate or as fast as they can; answers the rate they reached."""
    begin = time.perf_counter()
    pause = CLIENTS / rate if rate else 0.0
    clients = [Client(target, each, begin + seconds, pause) for each in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    found = Figures(
        [second for each in clients for second in each.figures.seconds],
        [failure for each in clients for failure in each.figures.failures],
    )
    return len(found.seconds) / (time.perf_counter() - begin), found


@contextmanager
def sandbox() -> Iterator[tuple[Sandbox, SandboxState, float]]:
    """A sandbox with a few datasets, and the seconds it took to start."""
    with tempfile.TemporaryDirectory() as folder:
        box = Sandbox(Path(folder) / "sandbox")
        for number in range(5):
            files = box.data / "datasets" / f"Dataset {number}" / "raw"
            files.mkdir(parents=True)
            for each in range(FILES):
                (files / f"{each:04}.csv").write_text("a,b\n1,2\n")
        begin = time.perf_counter()
        state = box.start_detached(0, "process")
        took = time.perf_counter() - begin
        try:
            yield box, state, took
        finally:
            box.stop()


def sign_in(box: Sandbox, state: SandboxState) -> Target:
    """Sign in with the sandbox's own profile."""
    values = box.profile_values()
    config = call(state.api, "GET", "/authentication/cognito-config")
    password = {"USERNAME": values["api_token"], "PASSWORD": values["api_secret"]}
    body = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": config["tokenPool"]["appClientId"],
        "AuthParameters": password,
    }
    operation = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    answer = call(state.aws, "POST", "/", operation, json.dumps(body))
    headers = {"Authorization": f"Bearer {answer['AuthenticationResult']['AccessToken']}"}
    found = call(state.api, "GET", "/datasets/paginated", headers)["datasets"]
    organization = found[0]["organization"]
    return Target(state, headers, organization, [each["content"]["id"] for each in found])


def call(
    host: str, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
) -> Any:
    connection = http.client.HTTPConnection(urlsplit(host).netloc)
    with closing(connection):
        connection.request(method, path, body, headers or {})
        return json.loads(connection.getresponse().read())


def store_runs(box: Sandbox, organization: str, user: str) -> None:
    """Put finished runs into the store, as years of use would."""
    dag = json.dumps([{"id": f"step-{n}", "type": "processor", "dependsOn": []} for n in range(4)])
    with closing(sqlite3.connect(box.data / "sandbox.db", timeout=30)) as store, store:
        store.executemany(
            "INSERT INTO workflow_runs (uuid, name, status, workflow_uuid, workflow_name,"
            " node_uuid, dataset_id, organization_id, org_int_id, created_by, user_int_id, email,"
            " created_at, dag, request) VALUES (?, ?, 'SUCCEEDED', 'w', 'spikes', 'n', 'd', ?, 1,"
            " ?, 1, 'ada@example.org', '2026-01-01T00:00:00Z', ?, '{}')",
            [(str(uuid.uuid4()), f"run {n}", organization, user, dag) for n in range(RUNS)],
        )


def memory_mb(pid: int) -> float:
    """What a process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each load lasts")
    seconds = parser.parse_args().seconds
    with sandbox() as (box, state, took):
        target = sign_in(box, state)
        load(target, 1.0, None)  # warm
        fastest, hard = load(target, seconds, None)
        paced, calm = load(target, seconds, RATE_TARGET)
        before = memory_mb(state.pid)
        me = call(state.api, "GET", "/user", target.headers)
        store_runs(box, target.organization, me["id"])
        _, full = load(target, seconds, RATE_TARGET)
        grown = memory_mb(state.pid) - before
    failures = hard.failures + calm.failures + full.failures
    rows = [
        ("start", f"{took:.2f} s", took < START_TARGET_SECONDS, f"below {START_TARGET_SECONDS} s"),
        (
            f"{CLIENTS} clients, as fast as they can",
            f"{fastest:.0f} requests a second, p50 {hard.p(50):.0f} ms, p99 {hard.p(99):.0f} ms",
            fastest >= RATE_TARGET,
            f"at least {RATE_TARGET:.0f} a second",
        ),
        (
            f"{CLIENTS} clients, paced",
            f"{paced:.0f} requests a second, p50 {calm.p(50):.0f} ms, p99 {calm.p(99):.0f} ms",
            calm.p(99) < P99_TARGET_MS,
            f"p99 below {P99_TARGET_MS:.0f} ms",
        ),
        (
            f"the same with {RUNS} runs",
            f"p50 {full.p(50):.0f} ms, p99 {full.p(99):.0f} ms",
            full.p(99) < P99_TARGET_MS,
            f"p99 below {P99_TARGET_MS:.0f} ms",
        ),
        (
            "memory they cost",
            f"{grown:.1f} MB more than {before:.0f} MB",
            grown < MEMORY_TARGET_MB,
            f"below {MEMORY_TARGET_MB:.0f} MB",
        ),
        ("refused", f"{len(failures)} {failures[:2] or ''}".strip(), not failures, "none"),
    ]
    for name, value, ok, wanted in rows:
        sys.stdout.write(f"{'ok  ' if ok else 'MISS'}  {name}: {value} ({wanted})\n")
    return 0 if all(ok for _, _, ok, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
