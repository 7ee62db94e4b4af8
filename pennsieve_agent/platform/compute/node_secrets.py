"""Secrets of a compute node, and the code it may run (v2, ``contracts/resources.md`` 3.9, 3.10).

Secrets become environment variables of containers: one's own for one's own runs, shared ones for
everybody's. Neither their names nor their values are ever in an error: the platform's own words,
which may quote them, are replaced by ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pennsieve_agent.domain.secret_values import fault_of_value, starts_programs
from pennsieve_agent.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    RateLimited,
    Unreachable,
    UsageProblem,
)
from pennsieve_agent.platform.compute.node_changes import NODES
from pennsieve_agent.platform.compute.node_reply import reply, took_no_notice
from pennsieve_agent.platform.http.exchange import Answer
from pennsieve_agent.platform.http.surface import Surface, segment

MOST_SECRETS = 50
LONGEST_NAME = 256
LONGEST_VALUE_BYTES = 10_000
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
"""Names the platform sets itself (``contracts/resources.md`` 3.9)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LOOK_HINT = "check with: pennsieve compute list"
_REFUSALS: tuple[tuple[type[PlatformError], str, str], ...] = (
    # The platform says no more than "bad request" to a node that is not ready (trap 14).
    (Invalid, "the node is not ready for this yet, or does not take it", _LOOK_HINT),
    (Forbidden, "you may not do this on the node", "ask the owner of the node"),
    (NotFound, "there is no such node", _LOOK_HINT),
    (RateLimited, "Pennsieve asks to slow down", "try again later"),
    (PlatformError, "Pennsieve could not get an answer from the node", "try again later"),
)


class NodeSecrets:
    """Secrets and allowed code.

    Whoever may use a node reads names and keeps secrets of their own; what is shared is changed by
    the node's owner or an administrator of a public account.
    """

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def names(self, node_uuid: str) -> tuple[str, ...]:
        """The names of one's own secrets, sorted; values cannot be read.

        Route: GET v2 /compute/resources/compute-nodes/{id}/secrets

        Raises:
            Invalid: the node is not ready yet.

        """
        return self._names(_path(node_uuid, "secrets"))

    def shared_names(self, node_uuid: str) -> tuple[str, ...]:
        """The names of the node's shared secrets, sorted; values cannot be read.

        Route: GET v2 /compute/resources/compute-nodes/{id}/shared-secrets

        Raises:
            Invalid: the node is not ready yet.

        """
        return self._names(_path(node_uuid, "shared-secrets"))

    def set(self, node_uuid: str, secrets: Mapping[str, str]) -> None:
        """Set some of one's own secrets; others stay.

        Route: PATCH v2 /compute/resources/compute-nodes/{id}/secrets

        Raises:
            UsageProblem: a name or a value is not allowed.
            PlatformError: the node did not take them.

        """
        self._set(_path(node_uuid, "secrets"), secrets)

    def set_shared(self, node_uuid: str, secrets: Mapping[str, str]) -> None:
        """Set some of the node's shared secrets; others stay.

        Route: PATCH v2 /compute/resources/compute-nodes/{id}/shared-secrets

        Raises:
            UsageProblem: a name or a value is not allowed.
            Forbidden: the user may not manage the node.

        """
        self._set(_path(node_uuid, "shared-secrets"), secrets)

    def remove(self, node_uuid: str, name: str) -> None:
        """Remove one of one's own secrets.

        Route: DELETE v2 /compute/resources/compute-nodes/{id}/secrets
        """
        self._remove(_path(node_uuid, "secrets"), {"key": checked_name(name)})

    def remove_shared(self, node_uuid: str, name: str) -> None:
        """Remove one of the node's shared secrets.

        Route: DELETE v2 /compute/resources/compute-nodes/{id}/shared-secrets

        Raises:
            Forbidden: the user may not manage the node.

        """
        self._remove(_path(node_uuid, "shared-secrets"), {"key": checked_name(name)})

    def allowed_processors(self, node_uuid: str) -> tuple[str, ...]:
        """The repositories whose code the node runs; none means all of them.

        Route: GET v2 /compute/resources/compute-nodes/{id}/allowed-processors

        Raises:
            Invalid: the node is not ready yet.

        """
        answer = self._call("GET", _path(node_uuid, "allowed-processors"))
        return reply(answer).texts("processors")

    def allow_processors(self, node_uuid: str, source_urls: Iterable[str]) -> None:
        """Replace the list of repositories whose code the node runs; an empty one allows all.

        Route: PUT v2 /compute/resources/compute-nodes/{id}/allowed-processors

        Addresses are compared letter by letter with those applications are registered under
        (``contracts/workflows.md`` section 8, trap 4). For the node's owner and administrators of a
        public account.

        Raises:
            Forbidden: the user may not manage the node.

        """
        body = {"processors": list(source_urls)}  # a body without the list would send null on
        reply(self._call("PUT", _path(node_uuid, "allowed-processors"), body=body))

    def _names(self, path: str) -> tuple[str, ...]:
        return tuple(sorted(reply(self._call("GET", path)).texts("keys")))

    def _set(self, path: str, secrets: Mapping[str, str]) -> None:
        if not secrets:
            raise UsageProblem("no secret was given", hint="give at least one NAME=value")
        if len(secrets) > MOST_SECRETS:
            raise UsageProblem(f"a node accepts at most {MOST_SECRETS} secrets at once")
        reply(self._call("PATCH", path, body={"secrets": checked(secrets)}))

    def _remove(self, path: str, query: Mapping[str, str]) -> None:
        # Its answer quotes the name without escaping it (trap 15), so it may be no JSON.
        answer = self._call("DELETE", path, query=query)
        if answer.body.strip() == b"null":
            raise took_no_notice(answer)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """Ask a node through the platform; its refusals come without the platform's words."""
        try:
            return self._v2.call(method, path, query=query, body=body, repeatable=True)
        except Unreachable:
            raise
        except PlatformError as error:
            kind, problem, hint = next(
                (row for row in _REFUSALS if isinstance(error, row[0])), _REFUSALS[-1]
            )
            raise kind(problem, where=error.where, hint=hint, status=error.status) from None


def _path(node_uuid: str, below: str) -> str:
    return f"{NODES}/{segment(node_uuid)}/{below}"


def checked_name(name: str) -> str:
    """A secret's name, if a node takes it.

    Raises:
        UsageProblem: it does not.
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UsageProblem(
            "the name of a secret is not allowed",
            hint=f"use letters, digits and _, a letter first, {LONGEST_NAME} at most",
        )
    if name in RESERVED:
        raise UsageProblem(
            "the name of a secret is one that the platform sets itself", hint="choose another name"
        )
    return name


def checked(secrets: Mapping[str, str]) -> dict[str, str]:
    """Secrets that may be set.

    Raises:
        UsageProblem: a name changes how programs start, or no node takes a name or a value.
    """
    for name in secrets:
        if starts_programs(name):
            raise UsageProblem(
                f"'{name}' cannot be the name of a secret: it changes how programs start",
                hint="choose another name, and let the code of the step read that one",
            )
    return {checked_name(name): _checked_value(name, value) for name, value in secrets.items()}


def _checked_value(name: str, value: str) -> str:
    if fault := fault_of_value(value):
        deletion = f"to delete a secret: pennsieve secret delete NODE {name}"
        hint = "save the value without it, or as base64" if value else deletion
        raise UsageProblem(f"the value of the secret {fault}", hint=hint)
    if len(value.encode()) > LONGEST_VALUE_BYTES:
        raise UsageProblem(f"the value of a secret is longer than {LONGEST_VALUE_BYTES} bytes")
    return value
