"""Which people have connected their Pennsieve account with GitHub; nobody, from the start."""

from __future__ import annotations

from pennsieve_agent.sandbox.host.store import Store


def is_connected(store: Store, user_int_id: int) -> bool:
    """Whether a person's account is connected."""
    return store.row("SELECT 1 FROM settings WHERE name = ?", (_key(user_int_id),)) is not None


def connect(store: Store, user_int_id: int) -> None:
    """Connect a person's account; one that is connected stays so."""
    store.execute("INSERT OR REPLACE INTO settings VALUES (?, '1')", (_key(user_int_id),))


def disconnect(store: Store, user_int_id: int) -> None:
    """Disconnect a person's account."""
    store.execute("DELETE FROM settings WHERE name = ?", (_key(user_int_id),))


def _key(user_int_id: int) -> str:
    return f"github_connected {user_int_id}"
