"""People, workspaces and API keys, and the first ones of a new sandbox."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field

from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.http.routing import Caller

GUEST = 1
READ = 2
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


FOUNDERS = (
    Person("ada@example.org", "Ada", "Lovelace", OWNER),
    Person("grace@example.org", "Grace", "Hopper", ADMINISTRATOR),
    Person("edith@example.org", "Edith", "Clarke"),
    Person("vera@example.org", "Vera", "Rubin"),
)
"""The first people: an owner, an administrator, and the editor and viewer of all datasets that are
found as folders (:data:`FOLDER_ROLES`)."""
FOLDER_ROLES = {"edith@example.org": "editor", "vera@example.org": "viewer"}
OTHER_OWNER = Person("charles@example.org", "Charles", "Babbage", OWNER)


def seed(store: Store, now: float) -> None:
    """Make the first two workspaces and their people; nothing if there are people already."""
    with store.transaction():
        if store.row("SELECT 1 FROM users"):
            return
        workspace = add_workspace(store, "Sandbox", now)
        for person in FOUNDERS:
            add_person(store, workspace, person, now)
        add_person(store, add_workspace(store, "Engine Room", now), OTHER_OWNER, now)


def add_workspace(store: Store, name: str, now: float) -> int:
    """Make a workspace, with its team of publishers; answers its number."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    with store.transaction():
        workspace = store.execute(
            "INSERT INTO workspaces (node_id, name, slug, created_at) VALUES (?, ?, ?, ?)",
            (f"N:organization:{uuid.uuid4()}", name, slug, now),
        )
        team = store.execute(
            "INSERT INTO teams (node_id, name, workspace_int_id) VALUES (?, 'Publishers', ?)",
            (f"N:team:{uuid.uuid4()}", workspace),
        )
        store.execute("INSERT INTO system_teams VALUES (?, 'publishers')", (team,))
    return workspace


def folder_collaborators(store: Store, workspace: int) -> list[tuple[int, str]]:
    """Who, beside the owner, has a role on a dataset that was found as a folder: the first ones."""
    rows = store.rows(
        "SELECT u.int_id, u.email FROM users u JOIN memberships m ON m.user_int_id = u.int_id"
        " WHERE m.workspace_int_id = ? ORDER BY u.int_id",
        (workspace,),
    )
    return [
        (row["int_id"], FOLDER_ROLES[row["email"]]) for row in rows if row["email"] in FOLDER_ROLES
    ]


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
        set_membership(store, user, workspace, person.role)
    return user


def set_membership(store: Store, user: int, workspace: int, role: int) -> None:
    """Give a person a permission bit in a workspace, in place of the one they have."""
    store.execute(
        "INSERT INTO memberships (user_int_id, workspace_int_id, role) VALUES (?, ?, ?)"
        " ON CONFLICT (user_int_id, workspace_int_id) DO UPDATE SET role = excluded.role",
        (user, workspace, role),
    )


def remove_membership(store: Store, user: int, workspace: int) -> None:
    """Take a person out of a workspace: their teams, their roles on its datasets, and their keys.

    The datasets they own fall to the workspace's owner: ours.
    """
    values = {"user": user, "workspace": workspace, "heir": owner_of(store, workspace)}
    here = "dataset_int_id IN (SELECT int_id FROM datasets WHERE workspace_int_id = :workspace)"
    with store.transaction():
        store.execute(
            "UPDATE OR REPLACE collaborators SET subject_int_id = :heir WHERE kind = 'user'"  # noqa: S608 - our own words
            f" AND role = 'owner' AND subject_int_id = :user AND {here}",
            values,
        )
        for statement in (
            f"DELETE FROM collaborators WHERE kind = 'user' AND subject_int_id = :user AND {here}",  # noqa: S608 - the same
            (
                "DELETE FROM team_members WHERE user_int_id = :user AND team_int_id IN"
                " (SELECT int_id FROM teams WHERE workspace_int_id = :workspace)"
            ),
            "DELETE FROM api_keys WHERE user_int_id = :user AND workspace_int_id = :workspace",
            "DELETE FROM memberships WHERE user_int_id = :user AND workspace_int_id = :workspace",
        ):
            store.execute(statement, values)


def by_email(store: Store, email: str) -> Row | None:
    """The person with this e-mail address, in whatever letter case."""
    return store.row("SELECT * FROM users WHERE email = ? COLLATE NOCASE", (email,))


def is_integration(store: Store, user: int) -> bool:
    """Whether a user is that of a workspace integration, and no person."""
    row = store.row("SELECT is_integration FROM users WHERE int_id = ?", (user,))
    return row is not None and bool(row["is_integration"])


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


def owner_of(store: Store, workspace: int) -> int:
    """The number of a workspace's owner or, before there is one, of the sandbox's."""
    row = store.row(
        "SELECT user_int_id FROM memberships WHERE workspace_int_id = ? AND role >= ?"
        " ORDER BY user_int_id LIMIT 1",
        (workspace, OWNER),
    )
    return int(row["user_int_id"]) if row else owner(store)[0]


def create_key(store: Store, user: int, workspace: int, name: str, now: float) -> NewKey:
    """Make an API key: two random UUIDs, of which only the first is stored unhashed."""
    key = NewKey(str(uuid.uuid4()), str(uuid.uuid4()))
    store.execute(
        "INSERT INTO api_keys (key, secret_hash, sub, name, user_int_id, workspace_int_id,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key.key, digest(key.secret), str(uuid.uuid4()), name, user, workspace, now),
    )
    return key


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
