"""People, workspaces and API keys, and the first ones of a new sandbox."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field

from pennsieve_agent.sandbox.http import Caller
from pennsieve_agent.sandbox.store import Store

MEMBER = 8
ADMINISTRATOR = 16
OWNER = 32


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key at the only moment its secret is known."""

    key: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone to be added to a workspace; ``role`` is the permission bit."""

    email: str
    first_name: str
    last_name: str
    role: int = MEMBER
    is_integration: bool = False


def seed(store: Store, now: float) -> None:
    """Make the first workspace and its owner, Ada; nothing if there are people already."""
    with store.transaction():
        if store.row("SELECT 1 FROM users"):
            return
        workspace = store.execute(
            "INSERT INTO workspaces (node_id, name, slug, created_at) VALUES (?, ?, ?, ?)",
            (f"N:organization:{uuid.uuid4()}", "Sandbox", "sandbox", now),
        )
        add_person(store, workspace, Person("ada@example.org", "Ada", "Lovelace", OWNER), now)


def add_person(store: Store, workspace: int, person: Person, now: float) -> int:
    """Add a user to a workspace; answers the user's number."""
    with store.transaction():
        user = store.execute(
            "INSERT INTO users (node_id, email, first_name, last_name, is_integration,"
            " preferred_workspace, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                f"N:user:{uuid.uuid4()}",
                person.email,
                person.first_name,
                person.last_name,
                person.is_integration,
                workspace,
                now,
            ),
        )
        store.execute(
            "INSERT INTO memberships (user_int_id, workspace_int_id, role) VALUES (?, ?, ?)",
            (user, workspace, person.role),
        )
    return user


def owner(store: Store) -> tuple[int, int]:
    """The numbers of the sandbox's user and workspace."""
    row = store.row(
        "SELECT user_int_id, workspace_int_id FROM memberships WHERE role >= ?"
        " ORDER BY user_int_id LIMIT 1",
        (OWNER,),
    )
    if row is None:
        raise RuntimeError("the sandbox has no people yet")
    return row["user_int_id"], row["workspace_int_id"]


def create_key(store: Store, user: int, workspace: int, name: str, now: float) -> NewKey:
    """Make an API key: two random UUIDs, of which only the first is kept as it is."""
    made = NewKey(str(uuid.uuid4()), str(uuid.uuid4()))
    store.execute(
        "INSERT INTO api_keys (key, secret_hash, sub, name, user_int_id, workspace_int_id,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (made.key, digest(made.secret), str(uuid.uuid4()), name, user, workspace, now),
    )
    return made


def digest(secret: str) -> str:
    """How random secrets are kept. They have 122 random bits or more, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def find_caller(store: Store, sub: str) -> Caller | None:
    """Whose API key has this Cognito subject; the key's row decides user and workspace.

    None if the key was deleted or its user has left the workspace (``contracts/core.md`` 1.8).
    """
    row = store.row(
        "SELECT u.int_id, u.node_id, u.email, m.role, w.int_id AS org, w.node_id AS org_node"
        " FROM api_keys k JOIN users u ON u.int_id = k.user_int_id"
        " JOIN workspaces w ON w.int_id = k.workspace_int_id"
        " JOIN memberships m ON m.user_int_id = u.int_id AND m.workspace_int_id = w.int_id"
        " WHERE k.sub = ?",
        (sub,),
    )
    if row is None:
        return None
    return Caller(
        user_int_id=row["int_id"],
        user_id=row["node_id"],
        email=row["email"],
        org_int_id=row["org"],
        org_id=row["org_node"],
        org_role=row["role"],
    )
