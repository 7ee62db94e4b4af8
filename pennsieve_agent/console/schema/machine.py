"""Documents of signing in, profiles and AWS credentials; and those that many others use."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_ID, _NAME = Field("id", "text", "Its id."), Field("name", "text", "Its name.")

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "error",
        "What went wrong; the only document that any command may answer with besides its own.",
        (Field("error", "problem", "The problem."),),
    ),
    Document(
        "problem",
        "An error: what happened, where, and what to do next.",
        (
            Field("code", "word", "A stable word; the README lists them."),
            Field("message", "text", "One sentence without a full stop."),
            Field("where", "text", "The thing it happened to: a URL, a file, an ARN.", null=True),
            Field("hint", "text", "What to type or do next.", null=True),
            Field("exit_code", "integer", "How the program ends."),
        ),
    ),
    Document(
        "person",
        "Somebody.",
        (
            Field(
                "id", "text", "The id on Pennsieve; null where only the name is known.", null=True
            ),
            Field("name", "text", "The name.", null=True),
            Field("email", "text", "The e-mail address.", null=True, optional=True),
        ),
    ),
    Document(
        "identity",
        "Who is signed in: whoami, login.",
        (
            Field("user", "person", "The user."),
            Field("workspace", "identity_workspace", "The workspace of the key."),
            Field("profile", "text", "The profile."),
            Field("host", "text", "Pennsieve's address."),
            Field("key_source", "text", "Where the key was found."),
            Field("seconds_left", "integer", "How long the session lasts; it is renewed."),
        ),
    ),
    Document(
        "identity_workspace",
        "The workspace of a key.",
        (_ID, _NAME, Field("role", "text", "The user's role in it.")),
    ),
)
