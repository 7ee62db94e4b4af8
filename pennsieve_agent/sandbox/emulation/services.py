"""The services of the emulated account that are ours, and who may use any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pennsieve_agent.sandbox.clock import now
from pennsieve_agent.sandbox.emulation.functions import Functions, Handlers
from pennsieve_agent.sandbox.emulation.police import Answer, Heard, Police
from pennsieve_agent.sandbox.emulation.sessions import Lock, Sessions
from pennsieve_agent.sandbox.emulation.wire import AwsRequest
from pennsieve_agent.sandbox.world import USER_ACCOUNT_ID


class Services:
    """Answers what moto does not. ``lock`` keeps requests to moto apart."""

    def __init__(
        self,
        endpoint: str,
        lock: Lock,
        handlers: Handlers,
        heard: Heard,
        clock: Callable[[], float] = now,
    ) -> None:
        self._lock = lock
        self._police = Police(heard, lambda: datetime.fromtimestamp(clock(), UTC))
        sessions = Sessions(endpoint, lock, clock)
        self.functions = Functions(handlers, sessions, lock, {"NODE_ENDPOINT": endpoint})

    def start(self) -> None:
        """Start what works by itself; moto is loaded by now."""
        self.functions.start()

    def stop(self) -> None:
        """End it."""
        self.functions.stop()

    def answer(
        self, request: AwsRequest, environ: Mapping[str, Any], body: bytes, *, checked: bool
    ) -> Answer | None:
        """Refuse a request, or answer it; None leaves it to moto.

        ``checked`` says that somebody else saw to it that the caller may do this.
        """
        if not checked:
            with self._lock:
                refusal = self._police.refusal(request)
            if refusal is not None:
                return refusal
        if request.service == "lambda" and request.operation == "Invoke":
            kind = str(environ.get("HTTP_X_AMZ_INVOCATION_TYPE") or "RequestResponse")
            return self.functions.invoke(request, USER_ACCOUNT_ID, kind, body)
        return None

    def redirected(self, request: AwsRequest) -> dict[str, str]:
        """Variables that send a request for another account's registry there."""
        registry = request.text("registryId") if request.service == "ecr" else ""
        return {"HTTP_X_MOTO_ACCOUNT_ID": registry} if registry else {}
