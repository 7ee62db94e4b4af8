"""Steps on machines with GPUs get no secret and no key; a run that has any is refused there."""

from __future__ import annotations

from pennsieve_agent.node.jobs.step_secrets import step_secrets
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import RunRecord


def withheld(node: Node, record: RunRecord) -> str:
    """Why a run may not use a GPU: it has secrets; empty where it has none, or uses none.

    A program on such a machine can read what AWS hands to any job there (``GPU_EXECUTION`` in
    :mod:`pennsieve_agent.node.role_permissions`), so nothing secret is handed there.
    """
    steps = [job.step for job in record.work if job.gpu]
    names = [row["name"] for row in step_secrets(node, record)] if steps else []
    if not names:
        return ""
    return (
        f"step '{steps[0]}' needs a GPU, and on a GPU machine one program could read the secrets "
        f"of another, so steps there get none; this run has {', '.join(names)}. Delete these "
        "secrets, or run it on a node without them"
    )
