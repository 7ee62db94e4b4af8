"""Domain values as JSON documents: the fields scripts may rely on.

Names are snake_case and stable; a field is never removed or renamed without a new major version.
:mod:`pennsieve_agent.console.schema` describes each of them.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console.estimate_documents import estimate
from pennsieve_agent.console.words import moment

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.mail import MailTo
    from pennsieve_agent.domain.measured import Measured
    from pennsieve_agent.domain.plans import RunPlan
    from pennsieve_agent.domain.profile import Identity, Profile
    from pennsieve_agent.domain.run_events import Line, NewAttempt
    from pennsieve_agent.domain.runs import (
        Attempt,
        OutputFile,
        Run,
        RunDetails,
        RunInput,
        RunLimits,
        RunState,
        RunStatus,
    )
    from pennsieve_agent.domain.workflows import Step


def time(text: str) -> str | None:
    """A server's time as ISO 8601 in UTC."""
    at = moment(text)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def identity(who: Identity, profile: Profile, now: float) -> dict[str, Any]:
    """Who is signed in; never the key's secret."""
    return {
        "user": {"id": who.user.id, "name": who.user.name, "email": who.user.email},
        "workspace": {
            "id": who.workspace.id,
            "name": who.workspace.name,
            "role": who.workspace.role,
        },
        "profile": profile.name,
        "host": profile.hosts.api,
        "key_source": profile.key_source,
        "seconds_left": int(who.expires_at - now),
    }


def file(value: DataFile) -> dict[str, Any]:
    """A file of a dataset."""
    return {"path": value.path, "size": value.size, "package_id": value.package_id}


def node(value: ComputeNode) -> dict[str, Any]:
    """A compute node."""
    return {
        "id": value.uuid,
        "name": value.name,
        "status": value.status.value,
        "health": value.health or None,
        "aws_account": value.aws_account_id,
        "account_id": value.account_uuid,
        "mode": value.deployment_mode or None,
        "access": value.access_scope or None,
        "owner": value.owner_id,
        "description": value.description,
        "created_at": time(value.created_at),
    }


def plan(value: RunPlan) -> dict[str, Any]:
    """What a run would execute."""
    return {
        "workflow": value.workflow_name,
        "dataset_id": value.dataset_id,
        "jobs": [
            {
                "id": job.id,
                "kind": job.kind.value,
                "depends_on": list(job.depends_on),
                "source_url": job.source_url or None,
                "tag": job.tag or None,
                "target_folder": job.target_folder or None,
                "environment": dict(job.environment),
                "cpu": job.cpu or None,
                "memory": job.memory or None,
            }
            for job in value.jobs
        ],
    }


def run_summary(value: Run, state: RunState | None = None) -> dict[str, Any]:
    """A run in a list."""
    at = state or value
    details = value.details
    return {
        "id": value.uuid,
        "name": value.name or None,
        "status": at.status.label,
        "workflow": value.workflow_name or None,
        "workflow_id": value.workflow_uuid,
        "node": value.node_name or None,
        "node_id": value.node_uuid or None,
        "dataset_id": value.dataset_id,
        "created_by": {
            "id": value.created_by or None,
            "name": (details.person_name if details else value.creator_name) or None,
            "email": (details.person_email if details else value.creator_email) or None,
        },
        "created_at": time(value.created_at),
        "started_at": time(at.started_at),
        "completed_at": time(at.completed_at),
        "reason": at.reason or None,
        "limits": limits(value.limits),
    }


def run_ended(value: Run, state: RunState) -> dict[str, Any]:
    """A run that has ended, for those who are told of it: no parameter, no file, no person."""
    return {
        "event": "run_ended",
        "id": value.uuid,
        "name": value.name or None,
        "status": state.status.label,
        "workflow": value.workflow_name or None,
        "node": value.node_name or None,
        "dataset_id": value.dataset_id,
        "started_at": time(state.started_at),
        "completed_at": time(state.completed_at),
        "seconds": state.seconds(math.nan),
        "reason": state.reason or None,
        "failed_steps": [step.id for step in state.steps if step.status.label == "failed"],
        "command": f"pennsieve run show {value.typed}",
    }


def run(
    value: Run, state: RunState | None = None, input_: RunInput | None = None
) -> dict[str, Any]:
    """A run with its steps; ``state`` is newer than what the run says of itself.

    ``input_`` is told where it was asked for.
    """
    code = {step.id: step_code(step, value.details) for step in value.steps}
    details = value.details
    return {
        **run_summary(value, state),
        "layout": (details.layout if details else "") or None,
        "node_version": (details.node_version if details else "") or None,
        **({} if input_ is None else {"input": run_files(value, input_)}),
        "steps": [
            {
                "id": s.id,
                **code.get(s.id, _NO_CODE),
                "status": s.status.label,
                "started_at": time(s.started_at),
                "completed_at": time(s.completed_at),
                # Of what goes on, a script can tell the seconds by its own clock.
                "seconds": s.seconds(math.nan) if s.status.is_final else None,
                "reason": s.reason or None,
                "attempts": [attempt(one) for one in s.attempts],
            }
            for s in (state.steps if state else value.states)
        ],
        "parameters": {k: dict(v) for k, v in value.parameters.items()},
        "outputs": dict(value.outputs),
        "details": details and run_details(details),
    }


_NO_CODE = dict.fromkeys(("source_url", "tag", "commit", "digest"))


def step_code(step: Step, details: RunDetails | None) -> dict[str, Any]:
    """The code of a step; null where it runs none, and where nobody recorded it."""
    from pennsieve_agent.domain.runs import StepCode  # noqa: PLC0415 - few documents need it

    pinned = details.code.get(step.id) if details else None
    return {
        "source_url": step.source_url or None,
        "tag": step.tag if (pinned or StepCode()).is_tag(step.tag) else None,
        "commit": (pinned.commit if pinned else "") or None,
        "digest": (pinned.digest.rpartition("@")[2] if pinned else "") or None,
    }


def run_files(value: Run, input_: RunInput) -> dict[str, Any]:
    """What a run reads."""
    files = input_.files
    ids = value.package_ids or [one.package_id for one in files or () if one.package_id]
    return {
        "count": input_.count,
        "size": input_.size,
        "files": None if files is None else [file(one) for one in files],
        "package_ids": list(dict.fromkeys(ids)),
        "recorded": input_.is_recorded,
        "packages_missing": input_.missing,
    }


def run_status(value: Run, status: RunStatus) -> dict[str, Any]:
    """How a run is."""
    return {"id": value.uuid, "name": value.name or None, "status": status.label}


def attempt(value: Attempt) -> dict[str, Any]:
    """One attempt of a step."""
    return {
        "started_at": time(value.started_at),
        "completed_at": time(value.completed_at),
        "exit_code": value.exit_code,
        "reason": value.reason or None,
        "memory_mb": value.memory or None,
        "queued_seconds": value.queued,
        "startup_seconds": value.startup,
        "running_seconds": value.running,
        "measured": value.measured and measured(value.measured),
    }


def measured(value: Measured) -> dict[str, Any]:
    """What an attempt used."""
    return {
        "peak_memory_bytes": value.peak_memory,
        "peak_memory_bound": value.bound or None,
        "cpu_seconds": value.cpu_seconds,
        "read_bytes": value.read,
        "written_bytes": value.written,
        "by": value.by or None,
    }


def run_details(value: RunDetails) -> dict[str, Any]:
    """What an own node keeps of a run; null for runs on nodes that Pennsieve runs."""
    return {
        "workflow_version": value.workflow_version or None,
        "caller": value.caller or None,
        "folder": value.folder or None,
        "layout": value.layout or None,
        "input": {"files": value.input_count, "size": value.input_bytes},
        "estimated_usd": value.cost,
        "estimate": value.estimate and estimate(value.estimate),
        "layers": list(value.layers),
        "code": {
            step: {"commit": code.commit or None, "digest": code.digest or None}
            for step, code in value.code.items()
        },
        "node_version": value.node_version or None,
        "fingerprint": value.fingerprint or None,
        "mail": mail(value.mail),
        "kept_until": time("" if value.files_of else value.kept_until),
        "taken_from": value.taken_from or None,
        "taken_steps": list(value.taken_steps),
    }


def mail(value: MailTo | None) -> dict[str, Any] | None:
    """Who is told of an end by mail."""
    if value is None:
        return None
    return {
        "address": value.to,
        "status": value.status and value.status.value,
        "sent_at": time(value.sent),
        "reason": value.reason or None,
    }


def output_file(value: OutputFile) -> dict[str, Any]:
    """A file that a run delivered."""
    return {
        "path": value.path,
        "size": value.size,
        "package_id": value.package_id or None,
        "sha256": value.sha256 or None,
    }


def limits(value: RunLimits) -> dict[str, Any]:
    """What a run may take; null means without limit."""
    return {
        "max_cost_usd": value.max_cost or None,
        "seconds": value.seconds or None,
        "spot": value.spot,
        "retries": value.retries,
        "memory_on_oom": value.memory_on_oom or None,
        "keep_steps": value.keep_steps or None,
    }


def log_line(event: Line | NewAttempt, message: str) -> dict[str, Any]:
    """A line of a log, or that a step is tried again."""
    return {
        "step": event.step,
        "timestamp": milliseconds(event.timestamp),
        "attempt": event.attempt,
        "message": message,
    }


def milliseconds(timestamp: int) -> str:
    """A time in unix milliseconds as ISO 8601 in UTC, to the millisecond."""
    at = datetime.fromtimestamp(timestamp / 1000, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
