"""Documents of the sandbox."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_MEMBER = (
    Field("email", "text", "The person's e-mail address."),
    Field("name", "text", "The name."),
    Field("role", "word", "owner, admin, member or guest."),
    Field("workspace", "text", "The workspace's name."),
)
_AWS_ACCOUNT = Field("aws_account", "text", "The number of the emulated AWS account.")


def _running(name: str, kind: str, meaning: str) -> Field:
    return Field(name, kind, meaning, optional=True)


DOCUMENTS: tuple[Document, ...] = (
    Document(
        "sandbox",
        "A sandbox: sandbox start, sandbox status. The fields after `running` are there only "
        "while it runs.",
        (
            Field("running", "boolean", "Whether it runs."),
            _running("pid", "integer", "Its process."),
            _running("api", "text", "Pennsieve's first address."),
            _running("api2", "text", "Pennsieve's second address."),
            _running("aws", "text", "The address of AWS."),
            _running("data", "text", "Its folder."),
            _running("engine", "text", "What runs the steps."),
            _running("engine_place", "text", "Which engine that is, or why there is none."),
            _running("version", "text", "Its version."),
        ),
    ),
    Document(
        "sandbox_stopped",
        "The answer of sandbox stop.",
        (Field("stopped", "boolean", "False if it was not running."),),
    ),
    Document(
        "sandbox_profile",
        "The profile that is the sandbox: sandbox use.",
        (
            Field("name", "text", "The profile's name."),
            Field("default", "boolean", "True."),
            Field("host", "text", "The sandbox's address."),
        ),
    ),
    Document(
        "sandbox_reset",
        "The answer of sandbox reset.",
        (
            Field("data", "text", "The sandbox's folder."),
            Field("datasets_kept", "boolean", "Whether the files of datasets are still there."),
        ),
    ),
    Document("sandbox_member", "A person in a workspace of a sandbox: sandbox user.", _MEMBER),
    Document(
        "sandbox_key",
        "An API key of a person of a sandbox, as a profile: sandbox user key.",
        (Field("profile", "text", "The profile's name."), *_MEMBER),
    ),
    Document(
        "sandbox_connection",
        "Whether a person is connected with GitHub: sandbox user connect.",
        (Field("email", "text", "The e-mail address."), Field("connected", "boolean", "True.")),
    ),
    Document(
        "sandbox_aws_user",
        "A user of the emulated AWS: sandbox user add --aws.",
        (Field("name", "text", "The AWS profile's name."), _AWS_ACCOUNT),
    ),
    Document(
        "sandbox_workspace",
        "A workspace of a sandbox: sandbox workspace.",
        (
            Field("name", "text", "Its name."),
            Field("people", "integer", "How many people are in it."),
        ),
    ),
    Document(
        "sandbox_check",
        "Whether a Pennsieve answers as its contract says: sandbox check.",
        (
            Field("passed", "integer", "Checks that passed."),
            Field("failed", "integer", "Checks that failed."),
            Field("left_out", "integer", "Checks with nothing to ask about."),
            Field("checks", "list of sandbox_check_result", "Those that did not pass."),
        ),
    ),
    Document(
        "sandbox_check_result",
        "A check that did not pass.",
        (
            Field("name", "text", "The check's name."),
            Field("verdict", "word", "failed or left_out."),
            Field("method", "text", "The HTTP method."),
            Field("surface", "text", "Which of Pennsieve's services was asked."),
            Field("path", "text", "The path that was asked for."),
            Field("asker", "text", "As which user it was asked."),
            Field("problems", "list of text", "What is wrong with the answer."),
            Field("got", "text", "The answer, in short."),
        ),
    ),
)
