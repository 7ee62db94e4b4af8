"""Documents of what a node keeps for runs: secrets, the code it may run, layers."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_NODE = Field("node_id", "text", "The compute node.")
_DELETED = Field("deleted", "boolean", "False if the question was answered with no.", optional=True)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "secret",
        "A secret of a node; its value cannot be read.",
        (
            Field("name", "text", "Its name, as the environment variable of a container."),
            Field("shared", "boolean", "Whether everybody's runs get it, or only yours."),
        ),
    ),
    Document(
        "secret_change",
        "A secret that was set or deleted.",
        (
            _NODE,
            Field("name", "text", "Its name."),
            Field("shared", "boolean", "Whether everybody's runs get it, or only yours."),
            Field("masked", "boolean", "Set: whether logs have *** in its place.", optional=True),
            _DELETED,
        ),
    ),
    Document(
        "node_code",
        "Whose code a node that Pennsieve runs may run.",
        (
            _NODE,
            Field("everything", "boolean", "True without a list: the code of every workflow."),
            Field("allowed", "list of text", "Addresses of repositories."),
        ),
    ),
    Document(
        "layer",
        "A directory that a node keeps, read-only, for the runs that ask for it.",
        (
            Field("name", "text", "Its name."),
            Field("status", "word", "empty, ready, or another word of Pennsieve's."),
            Field("type", "text", "What it is for: data, python-env, r-env."),
            Field("description", "text", "A description."),
            Field("size", "integer", "Bytes; null: not measured.", null=True),
            Field("files", "integer", "How many files; null: not measured.", null=True),
            Field("usd_per_month", "number", "What it costs; null: not known.", null=True),
            Field("created_at", "time", "When it was created.", null=True),
        ),
    ),
    Document(
        "layer_change",
        "A layer that was created or deleted.",
        (
            _NODE,
            Field("name", "text", "Its name."),
            Field("type", "text", "What it is for.", optional=True),
            _DELETED,
        ),
    ),
)
