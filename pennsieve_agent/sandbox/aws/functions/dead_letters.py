"""Events that a function could not handle go to the queue that its ``DeadLetterConfig`` names.

With the right of the function's role, and with the attributes that AWS gives such a message (AWS
Lambda Developer Guide, "Adding a dead-letter queue",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws.rights.policy_check import PolicyCheck
from pennsieve_agent.sandbox.aws.rights.principals import Principal
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock

log = logging.getLogger(__name__)
_FAILED = "200"
"""The status of an invocation whose function failed."""


class DeadLetters:
    """Sends what failed to queues. ``lock`` is the emulation's."""

    def __init__(self, policy_check: PolicyCheck, lock: Lock) -> None:
        self._policy_check = policy_check
        self._lock = lock

    def send(self, role: str, name: str, target: str, event: bytes, error: bytes) -> None:
        """Send an event to a queue, by its ARN; nothing where the role may not, as on AWS."""
        _, _, _, region, account, queue = target.split(":", 5)
        caller = Principal(account, role, role.rpartition("/")[2], f"{role}/{name}")
        with self._lock:
            if why := self._policy_check.why_not(caller, Ask("sqs:SendMessage", target)):
                log.warning("an event that %s could not handle is lost: %s", name, why)
                return
            self._put(account, region, queue, event, error)

    def _put(self, account: str, region: str, queue: str, event: bytes, error: bytes) -> None:
        from moto.sqs.models import sqs_backends  # noqa: PLC0415 - slow

        backend = sqs_backends[account][region]
        if queue not in backend.queues:
            log.warning("there is no queue %s for an event that was not handled", queue)
            return
        texts = {
            "RequestID": str(uuid.uuid4()),
            "ErrorCode": _FAILED,
            "ErrorMessage": str(json.loads(error or b"{}").get("errorMessage", ""))[:1024],
        }
        attributes: dict[str, Any] = {
            key: {"DataType": "String", "StringValue": text} for key, text in texts.items()
        }
        backend.send_message(queue, event.decode("utf-8", "replace"), attributes)
