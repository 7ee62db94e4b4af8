"""Who sent a request: the gateways in front of the two surfaces.

v1 (``contracts/core.md`` 1.8) knows access tokens only. v2 (``contracts/core.md`` 1.9,
``contracts/workflows.md`` 0.2) also knows a run's callback token, demands the query parameter that
the route declares before anything else, and may remember its decisions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Refusal, Request, Scheme
from pennsieve_agent.sandbox.http.sign_in import Identity

CACHE_SECONDS = 300
"""How long the real gateway remembers a decision, denials too."""

CALLBACK_SERVICE = "workflow-service"
MAX_REMEMBERED = 10_000

Callback = Callable[[str, str], Caller | None]
"""Whose run this is, given its id and token; None when the token is not valid (any more)."""


class V1Authorizer:
    """The gateway of v1.

    It refuses ID tokens, as v2 does: the contract says to send the access token to both, and that
    real v1 may take the other one is nothing to build on.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def __call__(self, request: Request, scheme: Scheme) -> Caller:
        """The caller; the scheme is the same on all routes of v1. The token may be a parameter."""
        del scheme
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if not token and "authorization" not in request.headers:
            kind, token = "bearer", request.query.get("api_key", "")
        if kind.lower() != "bearer":
            raise Refusal(401, "Unauthorized.")
        caller = self._identity.caller(token.strip())
        if caller is None:
            raise Refusal(401, "Unauthorized.")
        return caller


class V2Authorizer:
    """The gateway of v2."""

    def __init__(
        self,
        world: World,
        identity: Identity,
        callback: Callback | None = None,
        cache_seconds: float = 0,
        dataset_of: Callable[[str], str | None] | None = None,
    ) -> None:
        self._world = world
        self._identity = identity
        self._callback = callback
        self._cache_seconds = cache_seconds
        self._dataset_of = dataset_of
        self._decisions: dict[tuple[Scheme, str, str], tuple[float, Caller | None]] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request, scheme: Scheme) -> Caller:
        """The caller, or 401 when the identity source is incomplete and 403 when denied."""
        credential = request.headers.get("authorization", "")
        named = request.query.get(scheme.query, "") if scheme.query else ""
        if not credential or (scheme.query and not named):
            raise Refusal(401, {"message": "Unauthorized"})
        caller = self._decide(scheme, credential, named)
        if caller is None:
            raise Refusal(403, {"message": "Forbidden"})
        return caller

    def _decide(self, scheme: Scheme, credential: str, named: str) -> Caller | None:
        if not self._cache_seconds:
            return self._fresh(scheme, credential, named)
        now, key = self._world.now(), (scheme, credential, named)
        with self._lock:
            until, decision = self._decisions.get(key, (0.0, None))
        if until > now:
            return decision
        decision = self._fresh(scheme, credential, named)
        with self._lock:
            if len(self._decisions) >= MAX_REMEMBERED:
                self._decisions.clear()
            self._decisions[key] = (now + self._cache_seconds, decision)
        return decision

    def _fresh(self, scheme: Scheme, credential: str, named: str) -> Caller | None:
        caller = self._who(credential)
        if caller is None:
            return None
        match scheme:
            case Scheme.DATASET:
                return self._on_dataset(caller, named)
            case Scheme.WORKSPACE:
                return caller if named == caller.org_id else None
            case Scheme.MANIFEST:
                dataset_id = self._dataset_of(named) if self._dataset_of else None
                return self._on_dataset(caller, dataset_id) if dataset_id else None
            case Scheme.USER | Scheme.NONE:
                return caller

    def _on_dataset(self, caller: Caller, dataset_id: str) -> Caller | None:
        if caller.run_dataset_id not in {None, dataset_id}:
            return None
        row = self._world.store.row(
            "SELECT workspace_int_id FROM datasets WHERE node_id = ?", (dataset_id,)
        )
        if row is None or row["workspace_int_id"] != caller.org_int_id:
            return None
        role = dataset_role(self._world.store, caller.user_int_id, dataset_id)
        return caller if role.at_least(Role.GUEST) else None

    def _who(self, credential: str) -> Caller | None:
        kind, _, rest = credential.partition(" ")
        if kind.lower() == "bearer":
            return self._identity.caller(rest.strip())
        if kind == "Callback" and self._callback is not None:
            service, _, run = rest.strip().partition(":")
            run_id, _, token = run.partition(":")
            if service != CALLBACK_SERVICE or not run_id or not token:
                return None
            caller = self._callback(run_id, token)
            return replace(caller, run_id=run_id) if caller else None
        return None
