"""What is kept of builds, and how the API shows one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.sandbox.host.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS codebuild_builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, project TEXT NOT NULL,
    token TEXT NOT NULL, build TEXT NOT NULL
);
"""
TOKEN_SECONDS = 300
"""How long CodeBuild remembers a token ("StartBuild", ``idempotencyToken``)."""
RUNNING = "IN_PROGRESS"


@dataclass(slots=True)
class Build:
    """A build; times are in unix seconds. ``project`` is an ARN."""

    id: str
    project: str
    role: str
    log_group: str
    variables: dict[str, str]
    overrides: dict[str, str]
    compute_type: str
    started: float
    ended: float = 0.0
    status: str = RUNNING
    phase: str = "QUEUED"
    stream: str = ""
    failed_phase: str = ""
    context: list[str] = field(default_factory=list)

    @property
    def arn(self) -> str:
        """The build's ARN."""
        place = self.project.rpartition(":project/")[0]
        return f"{place}:build/{self.id}"

    @property
    def status_is_final(self) -> bool:
        """Whether it has ended."""
        return self.status != RUNNING

    def document(self) -> dict[str, Any]:
        """The build as the API shows it; only what a node reads."""
        phases: list[dict[str, Any]] = [{"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"}]
        if self.status_is_final and self.failed_phase != "COMPLETED":
            keys = ("statusCode", "message")
            contexts = [dict(zip(keys, self.context, strict=False))] if self.context else []
            failed = {"phaseType": self.failed_phase, "phaseStatus": self.status}
            phases.append({**failed, "contexts": contexts})
        elif not self.status_is_final:
            phases.append({"phaseType": self.phase})
        own = [{"name": n, "value": v, "type": "PLAINTEXT"} for n, v in self.variables.items()]
        stream = {"streamName": self.stream} if self.stream else {}
        ended = {"endTime": datetime.fromtimestamp(self.ended, UTC)} if self.ended else {}
        return {
            "id": self.id,
            "arn": self.arn,
            "projectName": self.project.rpartition("/")[2],
            "startTime": datetime.fromtimestamp(self.started, UTC),
            **ended,
            "currentPhase": self.phase,
            "buildStatus": self.status,
            "buildComplete": self.status_is_final,
            "phases": phases,
            "environment": {"computeType": self.compute_type, "environmentVariables": own},
            "logs": {"groupName": self.log_group, **stream},
            "serviceRole": self.role,
        }


class BuildRecords:
    """The builds of the account."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, build: Build, token: str) -> Build:
        """Keep a new one."""
        self._store.execute(
            "INSERT INTO codebuild_builds (id, project, token, build) VALUES (?, ?, ?, ?)",
            (build.id, build.project, token, json.dumps(asdict(build))),
        )
        return build

    def save(self, build: Build) -> None:
        """Keep what has become of one."""
        self._store.execute(
            "UPDATE codebuild_builds SET build = ? WHERE id = ?",
            (json.dumps(asdict(build)), build.id),
        )

    def get(self, id_: str) -> Build | None:
        """One by its id."""
        row = self._store.row("SELECT build FROM codebuild_builds WHERE id = ?", (id_,))
        return Build(**json.loads(row["build"])) if row else None

    def of_project(self, arn: str) -> list[Build]:
        """Those of a project, the newest first."""
        return self._builds("WHERE project = ? ORDER BY number DESC", (arn,))

    def of_token(self, arn: str, token: str, now: float) -> Build | None:
        """The one that was started with a token in the last minutes."""
        for build in self._builds("WHERE project = ? AND token = ?", (arn, token)):
            if build.started > now - TOKEN_SECONDS:
                return build
        return None

    def unended(self) -> list[Build]:
        """Those that have not ended."""
        return [build for build in self._builds("", ()) if not build.status_is_final]

    def running(self) -> int:
        """How many have a place among the account's."""
        return sum(build.phase != "QUEUED" for build in self.unended())

    def _builds(self, where: str, values: tuple[str, ...]) -> list[Build]:
        rows = self._store.rows(f"SELECT build FROM codebuild_builds {where}", values)  # noqa: S608 - our own words
        return [Build(**json.loads(row["build"])) for row in rows]
