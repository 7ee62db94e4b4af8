"""The log that Lambda writes of each call of a function, with the rights of the function's role.

It is in the group that the function's ``LoggingConfig`` names. What a function itself prints is in
the sandbox's own log; here are its calls and its failures, and only the last of them.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws.rights.policy_check import PolicyCheck
from pennsieve_agent.sandbox.aws.rights.principals import Principal
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock

MOST_EVENTS = 1000
_STREAM = "[$LATEST]"


class FunctionLog:
    """Writes the log lines of calls. ``now`` is in unix seconds."""

    def __init__(self, policy_check: PolicyCheck, lock: Lock, now: Callable[[], float]) -> None:
        self._policy_check = policy_check
        self._lock = lock
        self._now = now

    def write(self, role: str, name: str, arn: str, group: str, failure: Mapping[str, Any]) -> None:
        """Log that a call ended; ``failure`` is its error, empty if it succeeded."""
        _, _, _, region, account, _ = arn.split(":", 5)
        caller = Principal(account, role, role.rpartition("/")[2], f"{role}/{name}")
        here = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{_STREAM}"
        with self._lock:
            for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
                if self._policy_check.why_not(caller, Ask(action, here)):
                    return  # as on AWS, where such a function works without a log
            self._put(account, region, group, failure)

    def _put(self, account: str, region: str, group: str, failure: Mapping[str, Any]) -> None:
        from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

        log_group = logs_backends[account][region].groups.get(group)
        if log_group is None:
            return
        if _STREAM not in log_group.streams:
            log_group.create_log_stream(_STREAM)
        request = f"RequestId: {uuid.uuid4()}"
        lines = [f"START {request} Version: $LATEST", f"END {request}"]
        if failure:
            lines.insert(1, f"[ERROR] {json.dumps(failure)}")
        when = int(self._now() * 1000)
        stream = log_group.streams[_STREAM]
        stream.put_log_events([{"timestamp": when, "message": line} for line in lines])
        del stream.events[:-MOST_EVENTS]


def mounts_of(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The access points that a function mounts, and where."""
    rows = properties.get("FileSystemConfigs") or ()
    return [(str(row["Arn"]), str(row["LocalMountPath"])) for row in rows]


def keep_log_groups() -> None:
    """Make moto remember what it does not: logs, mounts, and the queue for dead letters."""
    from moto.awslambda.models import LambdaFunction  # noqa: PLC0415 - slow

    inner = LambdaFunction.__init__
    if hasattr(inner, "__wrapped__"):
        return

    @functools.wraps(inner)
    def make(self: Any, account_id: str, spec: dict[str, Any], *rest: Any, **more: Any) -> None:
        inner(self, account_id, spec, *rest, **more)
        config = spec.get("LoggingConfig") or {}
        self.logs_group_name = config.get("LogGroup") or self.logs_group_name
        self.file_systems = mounts_of(spec)
        self.dead_letters = (spec.get("DeadLetterConfig") or {}).get("TargetArn", "")
        self.recursive_loop = spec.get("RecursiveLoop", "")

    LambdaFunction.__init__ = make  # type: ignore[method-assign]
