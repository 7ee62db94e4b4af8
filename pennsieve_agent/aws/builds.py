"""Builds of a CodeBuild project: stopping those that go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AwsError, StillRunning

STOP_SECONDS = 300.0
"""How long to wait until AWS has ended builds."""
AT_ONCE = 100
"""Builds that one request tells of (AWS CodeBuild API Reference, "BatchGetBuilds"): the newest, as
builds queue for 8 hours and run for 36 at most, and an account queues five times its limit."""


def stop_builds(aws: Aws, project: str, sleep: Callable[[float], None]) -> int:
    """Stop the builds of a project that have not ended, and wait until they have; how many.

    None where there is no such project. Deleting a project leaves its builds ("DeleteProject",
    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_DeleteProject.html): they would go
    on without their role and their log until they fail, and each of their minutes costs.

    Raises:
        StillRunning: AWS takes longer than we wait.

    """
    stopped = _going_on(aws, project)
    for build in stopped:
        stop_build(aws, build)
    left: Sequence[str] = stopped
    for pause in pauses(STOP_SECONDS):
        if left:
            left = _unended(aws, left)
        if not left:
            return len(stopped)
        sleep(pause)
    raise StillRunning(
        f"AWS is still stopping builds of {project}: {len(left)}",
        where=project,
        hint="run the same command again to continue waiting",
    )


def stop_build(aws: Aws, build: str) -> None:
    """Stop a build, by its id, unless AWS has forgotten it."""
    try:
        aws.call("codebuild", "stop_build", id=build)
    except AwsError as error:
        if error.aws_code != "ResourceNotFoundException":
            raise


def _going_on(aws: Aws, project: str) -> list[str]:
    try:
        answer = aws.call(
            "codebuild", "list_builds_for_project", projectName=project, sortOrder="DESCENDING"
        )
    except AwsError as error:
        if error.aws_code == "ResourceNotFoundException":
            return []
        raise
    return _unended(aws, answer.get("ids") or [])


def _unended(aws: Aws, ids: Sequence[str]) -> list[str]:
    if not ids:
        return []
    rows = aws.call("codebuild", "batch_get_builds", ids=list(ids[:AT_ONCE]))["builds"]
    return [str(row["id"]) for row in rows if row["buildStatus"] == "IN_PROGRESS"]
