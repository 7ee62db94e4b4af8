"""The log of a run: all attempts of all its steps, in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pennsieve_agent.node.identity.node_secrets import masked_lines
from pennsieve_agent.node.jobs.job_definitions import stream_prefix
from pennsieve_agent.node.jobs.tasks import step_slug
from pennsieve_agent.node.node import Node, aws_code

MOST_LINES = 10_000
"""In one answer (Amazon CloudWatch Logs, "FilterLogEvents")."""
_NOT_FOUND = "ResourceNotFoundException"


def page(  # noqa: PLR0913, PLR0917 - a page has as many sides
    node: Node,
    run: str,
    steps: Iterable[str],
    step: str,
    since: int,
    limit: int,
    token: str,
    hidden: Iterable[str],
) -> dict[str, Any]:
    """Some lines, and the token of those that follow; no token after the last.

    ``since`` is in unix milliseconds. The token is CloudWatch's own, so a line is neither lost nor
    told twice between pages.
    """
    # With the slash, as the name of one step may begin another's.
    prefix = f"{stream_prefix(run, step)}/" if step else f"run/{run}/"
    query: dict[str, Any] = {"limit": max(1, min(limit, MOST_LINES))}
    if since:
        query["startTime"] = since
    if token:
        query["nextToken"] = token
    try:
        answer = node.client("logs").filter_log_events(
            logGroupName=node.settings.log_group, logStreamNamePrefix=prefix, **query
        )
    except Exception as error:
        if aws_code(error) != _NOT_FOUND:
            raise
        return {"messages": [], "next": ""}
    names = {step_slug(step_id): step_id for step_id in steps}
    messages = masked_lines([str(row["message"]) for row in answer["events"]], list(hidden))
    lines = [
        _line(row, message, names, step)
        for row, message in zip(answer["events"], messages, strict=True)
    ]
    return {"messages": lines, "next": str(answer.get("nextToken") or "")}


def _line(event: dict[str, Any], message: str, names: dict[str, str], step: str) -> dict[str, Any]:
    """A line as it is shown. ``names`` are the steps' by their slugs."""
    slug = str(event["logStreamName"]).split("/", 3)[2]  # a stream is called run/RUN/STEP/…
    return {
        "timestamp": int(event["timestamp"]),
        "message": message,
        "step": names.get(slug, step),
    }


def step_lines(node: Node, run: str, step: str, hidden: Iterable[str]) -> Iterator[dict[str, Any]]:
    """All lines of a step."""
    token, secret = "", list(hidden)
    while True:
        answer = page(node, run, (step,), step, 0, MOST_LINES, token, secret)
        yield from answer["messages"]
        # The same token again would never come to an end.
        if not answer["next"] or answer["next"] == token:
            return
        token = answer["next"]
