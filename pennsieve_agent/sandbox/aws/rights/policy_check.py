"""Refusing what the caller's role does not allow, as AWS says it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from pennsieve_agent.domain.iam_policies import Ask, Verdict, many
from pennsieve_agent.sandbox.aws.rights.principals import (
    Principal,
    Unknown,
    limit_of,
    may,
    principal,
)
from pennsieve_agent.sandbox.aws.rights.required_rights import FREE, asks
from pennsieve_agent.sandbox.aws.ssm_parameters import decryption, key_use
from pennsieve_agent.sandbox.aws.wire import AwsRequest

Heard = Callable[[str, Ask], None]
"""Told of each right that a role (its name) was asked for, whether it has it or not."""

_FORMS = {"sts", "cloudformation", "iam", "ec2"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered over HTTP. ``headers`` lack the content's length."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Police:
    """Knows who may do what. To be asked while nothing else uses the emulation."""

    heard: Heard
    now: Callable[[], datetime]

    def refusal(self, request: AwsRequest) -> Answer | None:
        """Why a request may not go on; None if it may."""
        try:
            caller = principal(request, self.now())
        except Unknown as unknown:
            return failure(request.service, 403, *unknown.args)
        if caller is None:
            return None
        wanted = asks(request, caller.account, tags_of, limit_of)
        wanted += _uses_of_keys(request, caller.account)
        if not wanted:
            text = f"User: {caller.session} is not authorized to perform this operation"
            return denied(request.service, text)
        for ask in wanted:
            if ask.action in FREE:
                continue
            if text := self.why_not(caller, ask):
                return denied(request.service, text)
        return None

    def why_not(self, caller: Principal, ask: Ask) -> str:
        """AWS's sentence on what a session of a role may not do; empty if it may."""
        self.heard(caller.name, ask)
        verdict = may(caller.role, ask)
        if verdict is Verdict.ALLOWED:
            return ""
        because = (
            "with an explicit deny in an identity-based policy"
            if verdict is Verdict.DENIED
            else f"because no identity-based policy allows the {ask.action} action"
        )
        return (
            f"User: {caller.session} is not authorized to perform: {ask.action}"
            f" on resource: {ask.resource} {because}"
        )


def _uses_of_keys(request: AwsRequest, account: str) -> list[Ask]:
    """What parameters take besides the right on themselves: the use of a customer's key."""
    if request.service != "ssm":
        return []
    region, given = request.region, request.parameters
    match request.operation:
        case "PutParameter":
            uses = [key_use("kms:Encrypt", account, region, request.text("KeyId"))]
        case "GetParameter" | "GetParameters" if given.get("WithDecryption"):
            names = many(given.get("Names") or request.text("Name"))
            uses = [decryption(account, region, name) for name in names]
        case _:
            uses = []
    return [ask for ask in uses if ask is not None]


def denied(service: str, text: str) -> Answer:
    """AWS's refusal: what was asked for is not allowed."""
    short = service in _FORMS or service == "s3"
    return failure(service, 403, "AccessDenied" if short else "AccessDeniedException", text)


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
    if len(parts) < 6 or parts[2] not in {"batch", "elasticfilesystem"}:  # noqa: PLR2004 - an ARN
        return {}
    _, _, service, region, account, resource = parts
    if service == "batch":
        from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

        found: dict[str, str] = batch_backends[account][region].list_tags_for_resource(arn)
        return found
    from moto.efs.models import efs_backends  # noqa: PLC0415 - slow

    tags = efs_backends[account][region].list_tags_for_resource(resource.rpartition("/")[2])
    return {tag["Key"]: tag["Value"] for tag in tags}
