"""Documents of code that workflows are made of: its builds, who may see it, where it is."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_ID, _NAME = Field("id", "text", "Its id."), Field("name", "text", "Its name.")
_SOURCE = Field("source_url", "text", "The repository.")
_TAG = Field("tag", "text", "The code's tag.")
_PROBLEM = Field("problem", "text", "Why it failed.", null=True)

_APP = (
    _ID,
    Field("name", "text", "Its name.", null=True),
    _SOURCE,
    Field("description", "text", "What it does."),
    Field("owner", "person", "Who registered it."),
    Field("visibility", "word", "public or private.", null=True),
    Field("status", "word", "Its status on Pennsieve.", null=True),
    Field("versions", "list of app_version", "Its registered tags."),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "target_type",
        "What the last step can do with results: workflow add --targets.",
        (
            _NAME,
            Field("label", "text", "Its name, as the web shows it.", null=True),
            Field("compute_types", "list of text", "The compute types that have it."),
            Field("parameters", "list of target_parameter", "Its parameters."),
        ),
    ),
    Document(
        "target_parameter",
        "A parameter of a target.",
        (
            _NAME,
            Field("type", "text", "Its type."),
            Field("default", "text", "Its default.", null=True),
        ),
    ),
    Document(
        "build",
        "A build of the code of a step: workflow build list.",
        (
            Field("id", "text", "Its id; null before it has begun.", null=True),
            Field(
                "status",
                "word",
                "AWS CodeBuild's word in lower case; null before it started.",
                null=True,
            ),
            Field("step", "text", "The step's id; null on an own node.", null=True),
            Field("tag", "text", "The code's tag; null on an own node.", null=True),
            Field(
                "version_status",
                "word",
                "The tag's status on Pennsieve; null on an own node.",
                null=True,
            ),
            Field("failed", "boolean", "Null before it has begun.", null=True),
            _PROBLEM,
            Field("started_at", "time", "When it began.", null=True),
            Field("completed_at", "time", "When it ended.", null=True),
            Field("node", "text", "The own node that built it; null for Pennsieve.", null=True),
            Field("source", "text", "Where its code is from; of own nodes.", null=True),
            Field("commit", "text", "Its commit; of own nodes.", null=True),
            Field("archive", "text", "The SHA-256 of its code; of own nodes.", null=True),
            Field("size", "word", "The machine: small, medium or large; of own nodes.", null=True),
            Field("cost_usd", "number", "What AWS charges for it; of own nodes.", null=True),
        ),
    ),
    Document(
        "build_log",
        "The log of a build on an own node: workflow build logs.",
        (
            Field("build", "build", "The build."),
            Field("lines", "list of text", "What it printed, AWS's own lines included."),
        ),
    ),
    Document("app", "Registered code: workflow app list.", _APP),
    Document(
        "app_details",
        "Registered code and who may see it: workflow app show.",
        (*_APP, Field("sharing", "app_sharing", "Who may see it.")),
    ),
    Document(
        "github_repository",
        "A repository that Pennsieve's GitHub integration sees: workflow app repos.",
        (
            Field("name", "text", "owner/name."),
            Field("source_url", "text", "Its address."),
            Field("description", "text", "What it is."),
            Field("private", "boolean", "Whether it is private on GitHub."),
            Field("to_app_store", "boolean", "Whether each new release is registered by itself."),
            Field("to_discover", "boolean", "Whether each new release is published."),
            Field("app_id", "text", "The id of its registered code.", null=True),
            Field("latest_release", "text", "The tag of its newest release.", null=True),
            Field("releases", "list of github_release", "Of one repository alone; else empty."),
        ),
    ),
    Document(
        "github_release",
        "A release on GitHub.",
        (
            _TAG,
            Field("released_at", "time", "When it was released.", null=True),
            Field("app_store", "word", "As status of app_version; null: not there.", null=True),
            Field("discover", "word", "How far its publication is.", null=True),
        ),
    ),
    Document(
        "app_version",
        "A registered tag of code.",
        (
            _ID,
            _TAG,
            Field("status", "word", "registering, deploying, deployed, error or unknown."),
            _PROBLEM,
            Field("created_at", "time", "When it was registered.", null=True),
        ),
    ),
    Document(
        "app_sharing",
        "Who may see code.",
        (
            Field("visibility", "word", "public or private.", null=True),
            Field("owner", "person", "Who registered it."),
            Field("access", "list of app_access", "Who may see it, its owner too."),
        ),
    ),
    Document(
        "app_access",
        "Somebody who may see code.",
        (
            Field("type", "word", "user, team or workspace."),
            Field("id", "text", "Whose id."),
            Field("is_owner", "boolean", "Whether they registered it."),
            Field("created_by", "person", "Who shared it.", null=True),
            Field("created_at", "time", "When it was shared.", null=True),
        ),
    ),
    Document(
        "app_shared",
        "Code that was shared or no longer is: workflow app share, workflow app unshare.",
        (_ID, _SOURCE, Field("sharing", "app_sharing", "Who may see it.")),
    ),
    Document(
        "app_archived",
        "Code that was archived or restored: workflow app archive, workflow app restore.",
        (_ID, _SOURCE, Field("archived", "boolean", "Whether it is archived now.")),
    ),
)
