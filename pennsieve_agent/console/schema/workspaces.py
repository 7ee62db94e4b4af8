"""Documents of workspaces, members and teams."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_ID, _NAME = Field("id", "text", "Its id."), Field("name", "text", "Its name.")
_TEAM = (
    _ID,
    _NAME,
    Field("members", "integer", "How many people are in it; null: not reported.", null=True),
    Field("system", "boolean", "Whether Pennsieve made it."),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "workspace",
        "A workspace of the user: workspace list.",
        (
            _ID,
            _NAME,
            Field("role", "text", "The user's role in it."),
            Field("current", "boolean", "Whether the profile's key is for it."),
        ),
    ),
    Document(
        "member",
        "A member of the workspace: workspace members.",
        (
            Field("id", "text", "The person's id."),
            Field("name", "text", "The name."),
            Field("email", "text", "The e-mail address.", null=True),
            Field("role", "text", "The role in the workspace.", null=True),
        ),
    ),
    Document("team", "A team of the workspace: workspace teams.", _TEAM),
    Document(
        "team_details",
        "A team with its people: workspace teams TEAM.",
        (*_TEAM, Field("people", "list of member", "Who is in it.")),
    ),
    Document(
        "grantee",
        "A person or a team that something is shared with, or the workspace as a whole.",
        (
            Field("type", "word", "user, team or workspace."),
            Field("id", "text", "Its id; null for a person who is not in it yet.", null=True),
            Field("name", "text", "Its name.", null=True),
            Field("email", "text", "A person's e-mail address.", null=True),
        ),
    ),
)
