"""The session that a run acts with: that of the person who started it.

It is kept from the start of a run until its node has it (``contracts/workflows.md`` 5.5; there it
lies in Secrets Manager).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.http.routing import Request


@dataclass(frozen=True, slots=True)
class RunSession:
    """A person's access token, and the refresh token, which is empty when it was not sent (3.1)."""

    session: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)


def session_in(request: Request) -> RunSession:
    """The session of a request that starts a run."""
    _, _, token = request.headers.get("authorization", "").partition(" ")
    return RunSession(token.strip(), request.headers.get("x-refresh-token", ""))


def keep(store: Store, run_uuid: str, session: RunSession) -> None:
    """Keep a new run's session."""
    store.execute(
        "INSERT INTO workflow_sessions VALUES (?, ?, ?)",
        (run_uuid, session.session, session.refresh),
    )


def kept(store: Store, run_uuid: str) -> RunSession:
    """The session of a run whose node has not got it yet."""
    row = store.row("SELECT * FROM workflow_sessions WHERE run_uuid = ?", (run_uuid,))
    return RunSession(row["session"], row["refresh"]) if row else RunSession()


def forget(store: Store, run_uuid: str) -> None:
    """A run's node has its session, or the run is over."""
    store.execute("DELETE FROM workflow_sessions WHERE run_uuid = ?", (run_uuid,))
