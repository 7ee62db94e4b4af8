"""The secrets of a run's steps, and what of them is masked in logs."""

from __future__ import annotations

import logging

from pennsieve_agent.node.identity.node_secrets import Fingerprint, hidden_values, secrets_of
from pennsieve_agent.node.identity.pennsieve_api import Down
from pennsieve_agent.node.identity.user_session import token_secrets, token_values
from pennsieve_agent.node.identity.workflow_credentials import (
    Kind,
    hidden_digests,
    identity_secrets,
)
from pennsieve_agent.node.identity.workflow_session import NoKey, Signed
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, RunRecord

log = logging.getLogger(__name__)


def step_secrets(node: Node, record: RunRecord) -> list[dict[str, str]]:
    """The secrets of a run's steps in AWS Batch's form.

    The node's own secrets; for an own workflow that was promised Pennsieve its key and a token, on
    a node that Pennsieve runs the person's (``contracts/workflows.md`` 5.2). Those win, as they are
    not the caller's to choose.
    """
    if record.is_own:
        own = identity_secrets(node, record.workflow.get("id", ""), promised(record))
    else:
        own = token_secrets(node, record.run)
    names = {row["name"] for row in own}
    return [row for row in secrets_of(node, record.person) if row["name"] not in names] + own


def hidden_of(node: Node, record: RunRecord) -> list[str]:
    """What must not be seen in the log of a run."""
    values = hidden_values(node, record.person)
    if promised(record):
        values += map(Fingerprint, hidden_digests(node, record.workflow["id"]))
    if not record.is_own:
        values += token_values(node, record.run)
    return values


def promised(record: RunRecord) -> str:
    """What steps of an own run were promised of Pennsieve: ``read``, ``write`` or nothing."""
    return str(record.plan.get("needsPennsieve") or "") if record.is_own else ""


def keep_session(node: Node, record: RunRecord) -> str:
    """Have a token ready, with almost its whole hour, for steps that start now.

    Returns why the run cannot continue; empty when it can.

    Raises:
        Down: Pennsieve does not answer, and there is no token yet.

    """
    needs = promised(record)
    if not needs or all(job.ended for job in record.work if job.kind is JobKind.PROCESS):
        return ""
    signed = Signed(node, record.workflow["id"], Kind(needs), record.workflow.get("name", ""))
    try:
        signed.freshen()
    except NoKey as error:
        return str(error)
    except Down:
        log.warning("no new token for the steps of run %s: Pennsieve does not answer", record.run)
        signed.token()
    return ""
