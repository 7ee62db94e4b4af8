"""Who is signed in, and in which workspace (v1, ``contracts/core.md`` 1.4, 1.6, 1.7)."""

from __future__ import annotations

from pennsieve_agent.domain.profile import Identity, User, Workspace
from pennsieve_agent.domain.sign_in import Tokens
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.surface import Surface


def read_identity(v1: Surface, tokens: Tokens) -> Identity:
    """The user, and the key's own workspace.

    Route: GET v1 /user
    Route: GET v1 /organizations

    The workspace is the one in the ID token. The user's "preferred organization" may be another
    (``contracts/core.md`` section 8, trap 3).
    """
    user = read_user(v1)
    rows = v1.get_record("/organizations").records("organizations")
    return Identity(
        user=user,
        workspace=_workspace(rows, tokens.workspace_id),
        expires_at=tokens.expires_at,
    )


def read_user(v1: Surface) -> User:
    """The user who is signed in.

    Route: GET v1 /user
    """
    user = v1.get_record("/user")
    return User(
        id=user.need_text("id"),
        email=user.text("email"),
        name=f"{user.text('firstName')} {user.text('lastName')}".strip() or user.text("email"),
        number=user.integer("intId") or 0,
    )


def _workspace(rows: list[Fields], workspace_id: str) -> Workspace:
    for row in rows:
        organization = row.record("organization")
        if organization.text("id") == workspace_id:
            return Workspace(workspace_id, organization.text("name"), workspace_role(row))
    return Workspace(workspace_id, "")


def workspace_role(row: Fields) -> str:
    """The user's role in a workspace of the list, in a word."""
    if row.flag("isOwner"):
        return "owner"
    if row.flag("isAdmin"):
        return "administrator"
    return "guest" if row.flag("isGuest") else "member"
