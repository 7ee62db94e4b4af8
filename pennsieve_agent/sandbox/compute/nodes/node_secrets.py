"""Secrets of compute nodes (``contracts/resources.md`` 3.9, ``contracts/workflows.md`` 5.2)."""

from __future__ import annotations

import re

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.gateway_vault import SHARED, GatewayVault
from pennsieve_agent.sandbox.compute.nodes.node_access import NodeGate, check_gateway
from pennsieve_agent.sandbox.compute.nodes.nodes import PATH
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

MAX_SECRETS = 50
MAX_KEY_BYTES = 256
MAX_VALUE_BYTES = 10_000
RESERVED = frozenset(
    (
        *("EXECUTION_RUN_ID", "WORKFLOW_INSTANCE_ID", "INTEGRATION_ID", "INPUT_DIR", "OUTPUT_DIR"),
        *("SESSION_TOKEN", "REFRESH_TOKEN", "PENNSIEVE_API_HOST", "PENNSIEVE_API_HOST2"),
        *("DEPLOYMENT_MODE", "LLM_GOVERNOR_FUNCTION", "DATASET_ID", "ORGANIZATION_ID"),
        *("TARGET_TYPE", "CALLBACK_TOKEN", "executionRunId", "integrationId", "computeNodeId"),
        *("inputDir", "outputDir", "sessionToken", "refreshToken", "datasetId", "organizationId"),
        *("targetType", "callbackToken", "llmGovernorFunction", "params"),
    )
)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NodeSecrets:
    """One's own secrets and the shared ones. Values are taken and never answered."""

    def __init__(self, store: Store, members: Members, vault: GatewayVault) -> None:
        self._gate = NodeGate(store, members)
        self._vault = vault

    def routes(self) -> list[Route]:
        """The routes."""
        own, shared = f"{PATH}/<id>/secrets", f"{PATH}/<id>/shared-secrets"
        return [
            Route("GET", own, Scheme.USER, self.own_names),
            Route("PATCH", own, Scheme.USER, self.set_own),
            Route("DELETE", own, Scheme.USER, self.remove_own),
            Route("GET", shared, Scheme.USER, self.shared_names),
            Route("PATCH", shared, Scheme.USER, self.set_shared),
            Route("DELETE", shared, Scheme.USER, self.remove_shared),
        ]

    def own_names(self, request: Request) -> Response:
        """The names of the caller's secrets, for those with access to the node (3.9)."""
        node = self._gate.usable(request, compute_answers.NOT_FOUND)
        return self._names(node, request.caller.user_id)

    def shared_names(self, request: Request) -> Response:
        """The names of the shared secrets, for those with access to the node (3.9)."""
        return self._names(self._gate.usable(request, compute_answers.NOT_FOUND), SHARED)

    def set_own(self, request: Request) -> Response:
        """Set some of the caller's secrets; others stay (3.9)."""
        node = self._gate.usable(request, compute_answers.NOT_FOUND)
        self._set(request, node, request.caller.user_id)
        return Response(200, {"message": "secrets updated"})

    def set_shared(self, request: Request) -> Response:
        """Set some of the shared secrets, for those who manage the node (3.9)."""
        self._set(request, self._gate.managed(request), SHARED)
        return Response(200, {"message": "shared secrets updated"})

    def remove_own(self, request: Request) -> Response:
        """Remove one of the caller's secrets, or all (3.9)."""
        node = self._gate.usable(request, compute_answers.NOT_FOUND)
        return self._remove(request, node, request.caller.user_id, "")

    def remove_shared(self, request: Request) -> Response:
        """Remove one of the shared secrets, or all, for those who manage the node (3.9)."""
        return self._remove(request, self._gate.managed(request), SHARED, "shared ")

    def _names(self, node: Row, scope: str) -> Response:
        check_gateway(node)
        return Response(200, {"keys": self._vault.names(node["uuid"], scope)})

    def _set(self, request: Request, node: Row, scope: str) -> None:
        check_gateway(node)
        try:
            secrets = read(request).text_map("secrets")
        except BadBody:
            raise compute_answers.message(400, compute_answers.UNMARSHAL) from None
        if not secrets:
            raise compute_answers.message(400, compute_answers.BAD_REQUEST)
        if len(secrets) > MAX_SECRETS:
            raise compute_answers.message(400, f"too many secrets (max {MAX_SECRETS})")
        for key, value in secrets.items():
            _check(key, value)
        self._vault.merge(node["uuid"], scope, secrets)

    def _remove(self, request: Request, node: Row, scope: str, which: str) -> Response:
        check_gateway(node)
        key = request.query.get("key", "")
        every = request.query.get("deleteAll") == "true"
        if not key and not every:
            raise compute_answers.message(400, "must specify 'key' or 'deleteAll=true'")
        self._vault.remove(node["uuid"], scope, None if every else key)
        if every:
            return Response(200, {"message": f"all {which}secrets deleted"})
        # The platform writes the key into the text as it is, so the body may be no JSON (trap 15).
        text = f'{{"message":"{which}secret \'{key}\' deleted"}}'
        headers = {"Content-Type": "application/json"}
        return Response(200, text.encode("utf-8", "replace"), headers)


def _check(key: str, value: str) -> None:
    """The limits, in the contract's order; they count bytes.

    Raises:
        Refusal: 400. The text quotes the key, as the platform does, and never the value.

    """
    if len(key.encode()) > MAX_KEY_BYTES:
        raise compute_answers.message(400, f"secret key exceeds max length ({MAX_KEY_BYTES})")
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise compute_answers.message(400, f"secret value exceeds max length ({MAX_VALUE_BYTES})")
    if not _KEY.fullmatch(key):
        raise compute_answers.message(
            400, f'invalid secret key "{key}": must match ^[A-Za-z_][A-Za-z0-9_]*$'
        )
    if key in RESERVED:
        raise compute_answers.message(
            400, f'reserved secret key "{key}": this name is used by the system'
        )
