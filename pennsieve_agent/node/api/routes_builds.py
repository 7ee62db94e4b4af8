"""Routes for the node's owner: building images of workflows with the node's CodeBuild project.

What is known of a build is what CodeBuild keeps of it, for a year. A build is of one archive, whose
SHA-256 is the image's tag: an archive is built once, and who asks for one that is being built is
told of that build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.image_builds import ARCHIVE_DAYS, BuildSize, BuildState
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, route
from pennsieve_agent.node.api.routes_admin import archive_bytes
from pennsieve_agent.node.node import aws_code

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BUILD = re.compile(r"[0-9a-f-]{36}")
_TEXTS = {"name": 100, "source": 1000, "commit": 100}
"""What a build is told about its code, for who looks at it later, in characters."""
_QUEUED = {"SUBMITTED", "QUEUED", "PROVISIONING"}
_STATES = {
    "SUCCEEDED": BuildState.SUCCEEDED,
    "TIMED_OUT": BuildState.TIMED_OUT,
    "STOPPED": BuildState.CANCELLED,
    "FAILED": BuildState.FAILED,
    "FAULT": BuildState.FAILED,
}
MOST_LISTED = 100
"""What one call of CodeBuild tells of ("BatchGetBuilds")."""
_LINES = 2000
Row = Mapping[str, Any]


def start(request: Request) -> Reply:
    """Build an archive; answers the build that is there already for one that is being built."""
    body, project = request.document(), _project(request)
    archive, size = str(body.get("sha256") or ""), str(body.get("size") or BuildSize.SMALL)
    if not _DIGEST.fullmatch(archive) or size not in list(BuildSize):
        text = f"a build needs a SHA-256 in hex and a size: {', '.join(BuildSize)}"
        raise Problem(400, "bad-build", text)
    texts = {name: str(body.get(name) or "")[:most] for name, most in _TEXTS.items()}
    known = _newest(request, project)
    same = [row for row in known if _variables(row).get("ARCHIVE") == archive]
    for row in same:
        if not _state(row).is_final:
            return 200, {"build": shown(row), "created": False}
    if archive_bytes(request, archive) is None:
        text = f"it no longer has this code: code that was sent to be built is kept {ARCHIVE_DAYS}"
        raise Problem(404, "no-archive", f"{text} days")
    earlier = _earlier(known, texts["source"], archive)
    variables = {"ARCHIVE": archive, "EARLIER": earlier}
    variables |= {name.upper(): value for name, value in texts.items()}
    try:
        answer = request.node.client("codebuild").start_build(
            projectName=project,
            computeTypeOverride=BuildSize(size).compute_type,
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"}
                for name, value in variables.items()
            ],
            # Two who ask at once start one build; one that ended may be repeated.
            idempotencyToken=f"{archive[:40]}-{size}-{len(same)}",
        )
    except Exception as error:
        if aws_code(error) != "AccountLimitExceededException":
            raise
        words = str(error).rpartition("operation: ")[2]
        raise Problem(
            409, "build-quota", f"AWS does not start a build in its account: {words.rstrip('.')}"
        ) from None
    return 200, {"build": shown(answer["build"]), "created": True}


def list_builds(request: Request) -> Reply:
    """The newest builds, of all code or of one source."""
    source, most = request.query.get("source", ""), request.number("limit", 20, MOST_LISTED)
    rows = [shown(row) for row in _newest(request, _project(request))]
    return 200, {"builds": [row for row in rows if source in {"", row["source"]}][:most]}


def show(request: Request, build: str) -> Reply:
    """One build."""
    return 200, {"build": shown(_build(request, build))}


def stop(request: Request, build: str) -> Reply:
    """Stop a build that has not ended."""
    row = _build(request, build)
    if _state(row).is_final:
        raise Problem(409, "build-ended", f"the build {build} has ended")
    answer = request.node.client("codebuild").stop_build(id=row["id"])
    return 200, {"build": shown(answer["build"])}


def log(request: Request, build: str) -> Reply:
    """A page of a build's log, from its beginning on; ``next`` leads on, also at its end."""
    row = _build(request, build)
    logs = row.get("logs") or {}
    token = request.query.get("next", "")
    if not logs.get("streamName"):
        return 200, {"lines": [], "next": token}
    try:
        answer = request.node.client("logs").get_log_events(
            logGroupName=logs["groupName"],
            logStreamName=logs["streamName"],
            startFromHead=True,
            limit=_LINES,
            **({"nextToken": token} if token else {}),
        )
    except Exception as error:
        if aws_code(error) != "ResourceNotFoundException":
            raise
        return 200, {"lines": [], "next": token}  # it has written nothing yet
    lines = [str(event["message"]).rstrip("\n") for event in answer["events"]]
    return 200, {"lines": lines, "next": answer["nextForwardToken"]}


def shown(row: Row) -> dict[str, Any]:
    """A build as it is answered."""
    variables, started, ended = _variables(row), row.get("startTime"), row.get("endTime")
    sizes = {size.compute_type: size.value for size in BuildSize}
    return {
        "id": str(row["id"]).rpartition(":")[2],
        "sha256": variables.get("ARCHIVE", ""),
        **{name: variables.get(name.upper(), "") for name in _TEXTS},
        "size": sizes.get((row.get("environment") or {}).get("computeType", ""), "small"),
        "state": _state(row).value,
        "startedAt": started.timestamp() if started else 0,
        "endedAt": ended.timestamp() if ended else 0,
        "problem": next(_problems(row), ""),
    }


def _problems(row: Row) -> Iterator[str]:
    """AWS's sentences about what failed, without the text of the command, which is ours."""
    for phase in row.get("phases") or ():
        for context in phase.get("contexts") or ():
            if text := str(context.get("message") or "").strip():
                command, _, why = text.rpartition(". Reason: ")
                yield why if command else text


def _project(request: Request) -> str:
    if project := request.node.settings.builder:
        return project
    raise Problem(
        409,
        "no-builder",
        "a node of mode compliant has no internet access, which base images come from, so it "
        "cannot build images",
    )


def _newest(request: Request, project: str) -> list[Row]:
    """The newest builds, newest first."""
    codebuild = request.node.client("codebuild")
    ids = codebuild.list_builds_for_project(projectName=project, sortOrder="DESCENDING")["ids"]
    if not ids:
        return []
    rows = codebuild.batch_get_builds(ids=ids[:MOST_LISTED])["builds"]
    return sorted(rows, key=lambda row: ids.index(row["id"]))


def _build(request: Request, build: str) -> Row:
    project = _project(request)
    if _BUILD.fullmatch(build):
        ids = [f"{project}:{build}"]
        rows: list[Row] = request.node.client("codebuild").batch_get_builds(ids=ids)["builds"]
        if rows:
            return rows[0]
    raise Problem(404, "no-such-build", f"there is no build {build[:100]}")


def _earlier(rows: list[Row], source: str, archive: str) -> str:
    """The tag of the newest image of the same source, whose layers a build begins with."""
    for row in rows:
        variables = _variables(row)
        is_same = source and variables.get("SOURCE") == source
        if is_same and _state(row) is BuildState.SUCCEEDED and variables["ARCHIVE"] != archive:
            return str(variables["ARCHIVE"])
    return ""


def _variables(row: Row) -> dict[str, str]:
    rows = (row.get("environment") or {}).get("environmentVariables") or ()
    return {str(pair["name"]): str(pair["value"]) for pair in rows}


def _state(row: Row) -> BuildState:
    status = str(row.get("buildStatus"))
    if status in _STATES:
        return _STATES[status]
    return BuildState.QUEUED if row.get("currentPhase") in _QUEUED else BuildState.RUNNING


ROUTES: tuple[Route, ...] = (
    route("POST", "/builds", start),
    route("GET", "/builds", list_builds),
    route("GET", "/builds/{}", show),
    route("GET", "/builds/{}/log", log),
    route("POST", "/builds/{}/stop", stop),
)
