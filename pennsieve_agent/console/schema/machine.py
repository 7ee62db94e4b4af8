"""Documents of signing in, profiles and AWS credentials; and those that many others use."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_ID, _NAME = Field("id", "text", "Its id."), Field("name", "text", "Its name.")

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "planned_change",
        "What a command would do: --dry-run.",
        (
            Field("would", "text", "What, in words."),
            Field("changed", "boolean", "False."),
        ),
    ),
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
            Field(
                "problems",
                "list of problem",
                "If there are several problems: each of them; the other fields describe the most "
                "serious.",
                optional=True,
            ),
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
    Document(
        "removed",
        "What was taken off this machine: logout, profile remove, aws remove.",
        (_NAME, Field("removed", "boolean", "True.")),
    ),
    Document(
        "profile_summary",
        "A profile in a list: profile list.",
        (
            _NAME,
            Field("default", "boolean", "Whether it is used when nobody names one."),
            Field("host", "text", "Pennsieve's address; null if it is unusable.", null=True),
        ),
    ),
    Document(
        "profile_default",
        "The profile that is the default now: profile use.",
        (_NAME, Field("default", "boolean", "True.")),
    ),
    Document(
        "profile",
        "A profile: profile show.",
        (
            _NAME,
            Field("host", "text", "Pennsieve's address."),
            Field("host2", "text", "The address of its second service."),
            Field("key", "text", "The API key, without its secret.", null=True),
            Field("key_source", "text", "Where the secret is.", null=True),
            Field("aws_profile", "text", "The AWS profile it uses.", null=True),
        ),
    ),
    Document(
        "aws_credentials",
        "AWS credentials of this machine: aws list.",
        (
            Field("name", "text", "The profile's, or that of kept keys.", null=True),
            Field("aws_account", "text", "The number of the account.", null=True),
            Field("kind", "word", "Where they come from, such as sso or keychain."),
        ),
    ),
    Document(
        "aws_account",
        "An AWS account that is registered on Pennsieve: aws list --registered.",
        (
            _ID,
            Field("aws_account", "text", "The account's number."),
            Field("name", "text", "Its name.", null=True),
            Field("status", "word", "Pennsieve's word, such as enabled.", null=True),
            Field("role", "text", "The role that Pennsieve uses in it.", null=True),
            Field("usable_here", "boolean", "Whether nodes can be created in this workspace."),
        ),
    ),
    Document(
        "aws_identity",
        "Whose AWS credentials are: aws add, aws test.",
        (
            Field("name", "text", "What they are called here.", null=True),
            Field("aws_account", "text", "The number of the account."),
            Field("arn", "text", "The identity, as AWS names it."),
            Field("region", "text", "The region in use."),
            Field("source", "text", "Where they were found."),
        ),
    ),
    Document(
        "completion_script",
        "A script for a shell: completion.",
        (Field("shell", "word", "The shell."), Field("script", "text", "The script.")),
    ),
)
