"""Routes about the node itself: health, registered workflows, and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pennsieve_agent.domain.secret_values import fault_of_value, starts_programs
from pennsieve_agent.node.api.health import health
from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, route
from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.identity.node_secrets import NAME, NodeSecrets, scope_of
from pennsieve_agent.node.records.callers import Caller, identity_key
from pennsieve_agent.node.records.run_document import timestamp

_ACCOUNT = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):.+")


def show_health(request: Request) -> Reply:
    """How the node is."""
    return 200, health(request.node)


def list_workflows(request: Request) -> Reply:
    """The workflows that the caller may use, with their versions, grants and identity."""
    registry, held = request.registry, workflow_credentials.held(request.node)
    grants = registry.grants()
    rows = []
    for workflow, name in registry.workflows().items():
        if not request.may_use(workflow):
            continue
        versions = registry.versions(workflow)
        rows.append(
            {
                "id": workflow,
                "name": name,
                "versions": list(versions),
                "latest": next(reversed(versions), ""),
                "registered": {name: timestamp(at) for name, at in versions.items()},
                "grants": [
                    {"dataset": row["dataset"], "access": row["access"]}
                    for row in grants
                    if row["workflow"] == workflow and not registry.has_ended(row)
                ],
                "ended": {
                    row["dataset"]: timestamp(row["until"])
                    for row in grants
                    if row["workflow"] == workflow and registry.has_ended(row)
                },
                "identity": held.get(workflow, ""),
            }
        )
    return 200, {"workflows": rows}


def show_version(request: Request, workflow: str, version: str) -> Reply:
    """The document of a version."""
    document = None
    if request.may_use(workflow):
        document = request.registry.version(workflow, version)
    if document is None:
        raise Problem(404, "not-registered", "this version is not registered on this node")
    return 200, document


def secret_names(request: Request) -> Reply:
    """The names of the secrets of a scope; values are never told."""
    return 200, {"keys": sorted(NodeSecrets(request.node).names(_scope(request)))}


def set_secrets(request: Request) -> Reply:
    """Set some secrets; others stay."""
    secrets = request.document().get("secrets")
    if not isinstance(secrets, Mapping) or not secrets:
        raise Problem(400, "no-secrets", "there are no secrets")
    # The engine is loaded by who starts a run or keeps a secret, not by those who look.
    from pennsieve_agent.engine.run_parameters import is_reserved  # noqa: PLC0415

    for name, value in secrets.items():
        if not NAME.fullmatch(str(name)) or not isinstance(value, str):
            raise Problem(400, "bad-secret", "a secret needs the name of a variable, and a text")
        if fault := fault_of_value(value):
            raise Problem(400, "bad-secret", f"the value of the secret {fault}")
        if starts_programs(name):
            words = f"'{name}' cannot be the name of a secret: it changes how programs start"
            raise Problem(400, "reserved", words)
        if is_reserved(name):
            words = f"'{name}' is not a valid name for a secret: Pennsieve or AWS Batch uses it"
            raise Problem(400, "reserved", words)
    try:
        NodeSecrets(request.node).merge(_scope(request), dict(secrets))
    except ValueError as error:
        raise Problem(413, "too-large", str(error)) from None
    return 200, {"message": "secrets updated"}


def remove_secrets(request: Request) -> Reply:
    """Remove one secret, or with ``deleteAll=true`` all of a scope."""
    key, every = request.query.get("key", ""), request.query.get("deleteAll") == "true"
    if not key and not every:
        raise Problem(400, "no-key", "say which: key, or deleteAll=true")
    NodeSecrets(request.node).remove(_scope(request), "" if every else key)
    return 200, {"message": "secrets removed"}


def _scope(request: Request) -> str:
    scope, user = request.query.get("scope", "user"), request.query.get("user", "")
    if scope not in {"user", "shared"}:
        raise Problem(400, "bad-query", "scope must be user or shared")
    if (scope == "shared" or user) and not request.is_owner:
        raise Problem(403, "owner-only", "only the node's owner may do this")
    if not user:
        return scope_of(scope, request.caller.owner)
    try:
        identity_key(user)
    except ValueError as error:
        raise Problem(400, "bad-query", str(error)) from None
    matched = _ACCOUNT.fullmatch(user)
    return scope_of(scope, Caller(user, matched[1] if matched else user).owner)


ROUTES: tuple[Route, ...] = (
    route("GET", "/health", show_health),
    route("GET", "/workflows", list_workflows),
    route("GET", "/workflows/{}/versions/{*}", show_version),
    route("GET", "/secrets", secret_names),
    route("PATCH", "/secrets", set_secrets),
    route("DELETE", "/secrets", remove_secrets),
)
