"""Refuses requests that the policies of the caller's role do not allow, in AWS's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from pennsieve_agent.domain.iam_policies import Ask, Verdict, lets_in
from pennsieve_agent.sandbox.aws.rights.encrypted_things import policy_of_key
from pennsieve_agent.sandbox.aws.rights.key_rights import key_asks
from pennsieve_agent.sandbox.aws.rights.principals import (
    Principal,
    Unknown,
    limit_of,
    may,
    principal,
)
from pennsieve_agent.sandbox.aws.rights.required_rights import FREE, asks
from pennsieve_agent.sandbox.aws.wire import AwsRequest

RightsRecord = Callable[[str, Ask], None]
"""Report of each right that a role (its name) was asked for, whether it has it or not."""

_FORMS = {"sts", "cloudformation", "iam", "ec2", "sns"}
_CODES = {"sns": "AuthorizationError"}
"""Services with a word of their own (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. ``headers`` are without ``Content-Length``."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """Checks requests against policies. The caller holds the lock of the emulation."""

    record: RightsRecord
    now: Callable[[], datetime]

    def refusal(self, request: AwsRequest) -> Answer | None:
        """AWS's refusal of a request; None if it is allowed."""
        try:
            caller = principal(request, self.now())
        except Unknown as unknown:
            return failure(request.service, 403, *unknown.args)
        if caller is None:
            return None
        rights = rights_for(request, caller.account)
        if not rights:
            text = f"User: {caller.session} is not authorized to perform this operation"
            return denied(request.service, text)
        for ask in rights:
            if ask.action in FREE:
                continue
            if text := self.why_not(caller, ask):
                return denied(request.service, text)
        return None

    def why_not(self, caller: Principal, ask: Ask) -> str:
        """AWS's sentence about why a role's session may not do something; empty if it may."""
        self.record(caller.name, ask)
        verdict = may(caller.role, ask)
        if verdict is Verdict.ALLOWED:
            return _kept_out(caller, ask)
        because = (
            "with an explicit deny in an identity-based policy"
            if verdict is Verdict.DENIED
            else f"because no identity-based policy allows the {ask.action} action"
        )
        return (
            f"User: {caller.session} is not authorized to perform: {ask.action}"
            f" on resource: {ask.resource} {because}"
        )


def rights_for(request: AwsRequest, account: str) -> list[Ask]:
    """All that a request of an account's needs, on things and on the keys that encrypt them."""
    rights = asks(request, account, tags_of, limit_of)
    return [*rights, *key_asks(request, account)] if rights else []


def _kept_out(caller: Principal, ask: Ask) -> str:
    """AWS's sentence about a key whose own policy does not let a caller use it."""
    if not ask.action.startswith("kms:") or ":key/" not in ask.resource:
        return ""
    policy = policy_of_key(ask.resource)
    if policy is not None and lets_in(policy, ask, caller.role):
        return ""
    return (
        f"User: {caller.session} is not authorized to perform: {ask.action} on resource:"
        f" {ask.resource} because no resource-based policy allows the {ask.action} action"
    )


def denied(service: str, text: str) -> Answer:
    """AWS's answer to a request that policies do not allow."""
    short = service in _FORMS or service == "s3"
    code = _CODES.get(service, "AccessDenied" if short else "AccessDeniedException")
    return failure(service, 403, code, text)


def unknown_operation(request: AwsRequest) -> Answer:
    """What AWS answers when it has no such operation, which nobody asks twice.

    AWS's form for it (Amazon EC2 API reference, "Common client errors", ``InvalidAction``) serves
    for all services.
    """
    text = f"Could not find operation {request.operation}"
    return failure(request.service, 400, "InvalidAction", text)


def failure(service: str, status: int, code: str, text: str) -> Answer:
    """An error in the form of a service's protocol."""
    line = f"{status} {'Forbidden' if status == 403 else 'Error'}"  # noqa: PLR2004 - HTTP
    if service in _FORMS or service == "s3":
        error = f"<Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
        whole = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
        return Answer(
            line, f"<?xml version='1.0'?>{whole}".encode(), (("Content-Type", "text/xml"),)
        )
    body: dict[str, Any] = {"__type": code, "message": text, "Message": text}
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", code))
    return Answer(line, json.dumps(body).encode(), headers)


def tags_of(arn: str) -> dict[str, str]:
    """The tags of jobs, job definitions and access points, which conditions may name."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] not in {"batch", "s3files"}:  # noqa: PLR2004 - an ARN
        return {}
    _, _, service, region, account, _ = parts
    if service == "batch":
        from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

        by_key: dict[str, str] = batch_backends[account][region].list_tags_for_resource(arn)
        return by_key
    from pennsieve_agent.sandbox.aws.s3files.file_systems import (  # noqa: PLC0415 - slow
        Refused,
        s3files_backends,
    )

    try:
        tags = s3files_backends[account][region].tagged(arn).tags
    except Refused:
        return {}
    return {tag["key"]: tag["value"] for tag in tags}
