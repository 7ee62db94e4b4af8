"""Builds of images on own nodes: started, followed with their logs, and why they failed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.image_builds import (
    BuildSize,
    BuildState,
    NodeBuild,
    decode_build,
    failing_line,
    is_of_codebuild,
    refused_as_too_many,
)
from pennsieve_agent.errors import SourceError

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

POLL_SECONDS = 2.0
_REMEMBERED = 500
"""Lines of a log that are looked through for why it failed."""
LOGS = "pennsieve workflow build logs"


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What a build is told of its code: a name for people, where it is from, its commit."""

    name: str
    source: str
    commit: str
    size: BuildSize = BuildSize.SMALL


class NodeBuilds:
    """The builds of one own node, by its owner."""

    def __init__(self, node: OwnNode, calls: NodeCalls, sleep: Callable[[float], None]) -> None:
        self.node = node
        self._calls, self._sleep = calls, sleep

    def start(self, archive: str, request: BuildRequest) -> NodeBuild:
        """Build an archive that was uploaded, by its SHA-256; or the build that is under way.

        Raises:
            Conflict: the node has no builder, or AWS starts no build in its account.
            NotFound: the archive is not on the node, or no longer.
            AgentError: the node refuses, or cannot be asked.
        """
        body = {
            "sha256": archive,
            "name": request.name,
            "source": request.source,
            "commit": request.commit,
            "size": request.size.value,
        }
        return decode_build(self._calls.ask("POST", "/builds", body=body, admin=True)["build"])

    def newest(self, source: str = "", limit: int = 20) -> list[NodeBuild]:
        """The newest builds, newest first, of all code or of one source."""
        query = {"source": source, "limit": str(limit)}
        rows = self._calls.ask("GET", "/builds", query, admin=True)["builds"]
        return [decode_build(row) for row in rows]

    def get(self, build: str) -> NodeBuild:
        """One build.

        Raises:
            NotFound: there is none.
        """
        return decode_build(self._calls.ask("GET", f"/builds/{build}", admin=True)["build"])

    def stop(self, build: str) -> None:
        """Stop a build.

        Raises:
            Conflict: it has ended.
        """
        self._calls.ask("POST", f"/builds/{build}/stop", admin=True)

    def follow(self, build: NodeBuild, show: Callable[[str], None]) -> NodeBuild:
        """Show a build's log as it is written, to its end; answers the build as it ended then."""
        token = ""
        while True:
            # Asked before the log is: what was written until the end is in the log then.
            now = self.get(build.id)
            token = self._lines(build.id, token, show)
            if now.state.is_final:
                return now
            self._sleep(POLL_SECONDS)

    def lines(self, build: str) -> list[str]:
        """A build's whole log until now."""
        lines: list[str] = []
        self._lines(build, "", lines.append)
        return lines

    def check(self, build: NodeBuild) -> None:
        """Say why a build that has ended made no image.

        Raises:
            SourceError: it made none.
        """
        if build.state is not BuildState.SUCCEEDED:
            raise self._failure(build)

    def _failure(self, build: NodeBuild) -> SourceError:
        where = f"Dockerfile of {build.name}"
        logs, again = f"{LOGS} {build.id}", f"pennsieve workflow build again {build.id}"
        node = f"on node '{self.node.name}'"
        if build.state is BuildState.CANCELLED:
            return SourceError(f"the build {node} was stopped", where=where, hint=f"again: {again}")
        if build.state is BuildState.TIMED_OUT:
            why = build.problem or "it took longer than 120 minutes"
            hint = f"see how far it came: {logs}; a larger machine: --build-size large"
            return SourceError(f"the build {node} ran out of time: {why}", where=where, hint=hint)
        lines = deque(self.lines(build.id), maxlen=_REMEMBERED)
        if refused_as_too_many(lines):
            return SourceError(
                f"the build {node} failed: the registry of the base image refused, because of too "
                "many requests",
                where=where,
                hint="wait an hour; or take the base image from a registry without this limit, "
                "for example FROM public.ecr.aws/docker/library/python:3.12-slim",
            )
        why = failing_line(lines) or build.problem or "AWS does not say why"
        return SourceError(
            f"the image could not be built {node}: {why}",
            where=where,
            hint=f"its whole log: {logs}",
        )

    def _lines(self, build: str, token: str, show: Callable[[str], None]) -> str:
        """Show what is new in a log; answers where to go on."""
        for following, lines in self._pages(build, token):
            for line in lines:
                show(line)
            token = following
        return token

    def _pages(self, build: str, token: str) -> Iterator[tuple[str, list[str]]]:
        while True:
            query = {"next": token} if token else None
            page = self._calls.ask("GET", f"/builds/{build}/log", query, admin=True)
            following = str(page.get("next") or "")
            yield following, [str(line) for line in page["lines"]]
            if following == token:  # its end, for now (CloudWatch Logs, "GetLogEvents")
                return
            token = following


def of_the_build(line: str) -> bool:
    """Whether a line of a log is worth showing while it is followed."""
    return bool(line.strip()) and not is_of_codebuild(line)
