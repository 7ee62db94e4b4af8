"""Builds of a workflow's image in the account of its node: sizes, states, what went wrong. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pennsieve_agent.domain.prices import BUILD_MINUTE

ARCHIVE_DAYS = 30
"""How long a node keeps the archive of code that it was sent to build. An image needs it no more;
``workflow build again`` does, after a failure that may pass: a registry's limit, AWS's quota. Who
adds or updates a workflow sends it anew."""


class BuildSize(StrEnum):
    """How large a machine builds: CodeBuild's ``BUILD_GENERAL1_*``, for Linux."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"

    @property
    def compute_type(self) -> str:
        """CodeBuild's own word."""
        return f"BUILD_GENERAL1_{self.name}"

    @property
    def usd_per_minute(self) -> float:
        """What a minute of it costs, in USD (:mod:`.prices`)."""
        return BUILD_MINUTE[self.value]


class BuildState(StrEnum):
    """What has become of a build."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"

    @property
    def is_final(self) -> bool:
        """Whether it changes no more."""
        return self not in {BuildState.QUEUED, BuildState.RUNNING}


@dataclass(frozen=True, slots=True)
class NodeBuild:
    """A build on an own node.

    ``archive`` is the SHA-256 of the code's archive; ``source`` is where the code is from, as the
    workflow's version says it; times are in unix seconds, 0 where there is none yet. ``problem`` is
    AWS's own sentence about the part that failed.
    """

    id: str
    archive: str
    name: str
    source: str
    commit: str
    size: BuildSize
    state: BuildState
    started_at: float = 0.0
    ended_at: float = 0.0
    problem: str = ""

    @property
    def seconds(self) -> float:
        """How long it took; 0 before it has ended."""
        return max(0.0, self.ended_at - self.started_at) if self.ended_at else 0.0

    @property
    def cost(self) -> float | None:
        """What AWS charges for it, in USD, by the list price; None before it has ended."""
        if not self.ended_at:
            return None
        return round(math.ceil(self.seconds / 60) * self.size.usd_per_minute, 3)


def decode_build(row: Mapping[str, Any]) -> NodeBuild:
    """A build as a node answers it; one in a state that is not known counts as running."""
    state, size = str(row.get("state")), str(row.get("size"))
    return NodeBuild(
        id=str(row["id"]),
        archive=str(row.get("sha256") or ""),
        name=str(row.get("name") or ""),
        source=str(row.get("source") or ""),
        commit=str(row.get("commit") or ""),
        size=BuildSize(size) if size in list(BuildSize) else BuildSize.SMALL,
        state=BuildState(state) if state in list(BuildState) else BuildState.RUNNING,
        started_at=float(row.get("startedAt") or 0),
        ended_at=float(row.get("endedAt") or 0),
        problem=str(row.get("problem") or ""),
    )


_TOO_MANY = re.compile(r"toomanyrequests|429 too many requests", re.IGNORECASE)
_OF_CODEBUILD = re.compile(r"\[Container\] \d{4}/\d\d/\d\d ")
_FAILING = re.compile(
    r"returned a non-zero code|did not complete successfully|^ERROR: |^error: |^Error |"
    r"Cannot connect to the Docker daemon|command not found|: not found$|dockerfile parse error|"
    r"failed to solve|failed to build|pull access denied|manifest unknown|denied: ",
    re.IGNORECASE,
)


def refused_as_too_many(lines: Iterable[str]) -> bool:
    """Whether a registry refused a build as one of too many: Docker Hub's status 429."""
    return any(_TOO_MANY.search(line) for line in lines if not is_of_codebuild(line.strip()))


def is_of_codebuild(line: str) -> bool:
    """Whether a line of a build's log is CodeBuild's own: about its commands and phases."""
    return _OF_CODEBUILD.match(line) is not None


def failing_line(lines: Iterable[str]) -> str:
    """The line of a failed build's log that says why: the last that reads so, else the last.

    CodeBuild's own lines, which begin with ``[Container]`` and a time, are about its phases.
    """
    last = telling = ""
    for line in lines:
        text = line.strip()
        if not text or is_of_codebuild(text):
            continue
        last = text
        if _FAILING.search(text):
            telling = text
    return telling or last
