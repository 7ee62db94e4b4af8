"""The log of a run of an earlier version of the node, which did not note the names of streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.jobs.job_definitions import stream_prefix
from pennsieve_agent.node.jobs.tasks import step_slug
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import RunRecord

_NOT_FOUND = "ResourceNotFoundException"


def is_older(record: RunRecord, token: str) -> bool:
    """Whether attempts of a run have no streams by name, or a page of it was read so before."""
    if token:
        return not token.startswith("[")
    return any(
        "log" not in row for job in record.work for row in (*job.past, *job.attempts)
    ) or any(job.started and not (job.log or job.attempts) for job in record.work)


def filtered_page(
    node: Node, record: RunRecord, step: str, since: int, limit: int, token: str
) -> tuple[list[tuple[str, Mapping[str, Any]]], str]:
    """Some lines with their steps, and CloudWatch's own token of those that follow."""
    # With the slash, as the name of one step may begin another's.
    prefix = f"{stream_prefix(record.run, step)}/" if step else f"run/{record.run}/"
    query: dict[str, Any] = {"limit": limit}
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
        return [], ""
    names = {step_slug(job.step): job.step for job in record.work}
    rows = answer["events"]
    # A stream is called run/RUN/STEP/...
    steps = [names.get(row["logStreamName"].split("/", 3)[2], step) for row in rows]
    after = str(answer.get("nextToken") or "")
    return list(zip(steps, rows, strict=True)), "" if after == token else after
