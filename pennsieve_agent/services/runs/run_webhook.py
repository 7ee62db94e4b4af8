"""Telling an address of the user's that a run has ended.

The address may hold a secret, as those of Slack and Teams do: only its host is ever said. Redirects
are not followed, so what is sent goes nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.domain.backoff import Backoff, read_retry_after
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import AgentError, PlatformError, UsageProblem
from pennsieve_agent.transfer.bodies import Text
from pennsieve_agent.transfer.sender import Address, Interrupted, Sender, host_of

BACKOFF = Backoff(first=1.0, longest=20.0, repeats=4)
_HEADERS = {"Content-Type": "application/json"}
_OK, _REDIRECTS, _BUSY, _SERVER_ERROR = 200, 300, 429, 500


def check_webhook(url: str) -> None:
    """Refuse an address that nothing is sent to.

    Raises:
        UsageProblem: it is not https, or http to this machine; or it has a user name in it.
    """
    hint = "give an address that begins with https:// (http:// only for this machine)"
    try:
        Address.of(url)
        parts = urlsplit(url)
    except (PlatformError, ValueError):
        raise UsageProblem("--webhook is not an address that can be used", hint=hint) from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise UsageProblem(
            f"--webhook to {host_of(url)} would be sent without encryption", hint=hint
        )
    if "@" in parts.netloc:
        raise UsageProblem(
            f"--webhook to {host_of(url)} has a user name in it, which is not sent",
            hint="put such values into the path or the query of the address",
        )


def send(
    sender: Sender,
    url: str,
    document: Mapping[str, Any],
    *,
    sleep: Callable[[float], None],
    jitter: Callable[[], float],
    now: Callable[[], float],
) -> None:
    """Send a document; again and again, for about a minute, where nobody takes it.

    Raises:
        AgentError: nobody took it.
    """
    repeats = 0
    while True:
        try:
            with sender.send("POST", url, _HEADERS, Text(json.dumps(document).encode())) as reply:
                status = reply.head.status
                after = read_retry_after(reply.head.headers.get("retry-after"), now())
            problem: AgentError = PlatformError(f"{host_of(url)} answered with status {status}")
            if _OK <= status < _REDIRECTS:
                return
            if status != _BUSY and status < _SERVER_ERROR:
                raise problem
        except Interrupted as error:
            problem, after = error, None
        wait = BACKOFF.wait(repeats, retry_after=after, jitter=jitter())
        if wait is None:
            raise problem
        sleep(wait)
        repeats += 1
