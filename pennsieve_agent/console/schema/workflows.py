"""Documents of workflows, their code and builds."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_ID, _NAME = Field("id", "text", "Its id."), Field("name", "text", "Its name.")
_OF_WORKFLOW = (
    Field("workflow", "text", "The workflow's name."),
    Field("workflow_id", "text", "The workflow's id."),
)
_STATUS = Field("status", "word", "active or archived.")
_SOURCE = Field("source_url", "text", "The repository.")
_TAG = Field("tag", "text", "The code's tag.")
_PROBLEM = Field("problem", "text", "Why it failed.", null=True)
_DATASETS = "Ids of datasets"

_SUMMARY = (
    _ID,
    _NAME,
    Field("description", "text", "What it does.", null=True),
    _STATUS,
    Field("created_at", "time", "When it was added.", null=True),
)
_CODE_VISIBILITY = Field(
    "code_visibility",
    "word",
    "public where every Pennsieve user can see code of it; null where that is not known.",
    null=True,
)
_WORKFLOW = (
    *_SUMMARY,
    Field("visibility", "word", "public where every workspace may run it.", null=True),
    Field("steps", "list of workflow_step", "Its steps, in order."),
)

_WORKFLOWS = (
    Document(
        "workflow_summary",
        "A workflow in a list: workflow list.",
        (
            *_SUMMARY,
            Field("where", "list of text", "Pennsieve, and names of own nodes."),
            Field("visibility", "word", "public where every workspace may run it.", null=True),
            _CODE_VISIBILITY,
        ),
    ),
    Document("workflow", "A workflow: workflow update, share, unshare.", _WORKFLOW),
    Document(
        "workflow_details",
        "A workflow and its own users on Pennsieve: workflow show.",
        (
            *_WORKFLOW,
            _CODE_VISIBILITY,
            Field("identity", "list of workflow_user", "Its own users."),
        ),
    ),
    Document(
        "new_workflow",
        "A workflow that was begun: workflow init.",
        (
            Field("folder", "text", "Its folder."),
            _NAME,
            Field("language", "word", "python or r."),
            Field("script", "text", "The user's script that it starts.", null=True),
            Field("changed", "boolean", "False for --dry-run, and where nothing was missing."),
            Field("written", "list of text", "Files that were, or would be, written."),
            Field("left", "list of text", "Files that were there, and stay as they are."),
            Field("parameters", "list of text", "Variables that its manifest declares."),
            Field("secrets", "list of text", "Variables to set by secret set."),
            Field("packages", "list of text", "What the script imports and the image installs."),
            Field("commit", "text", "Its first commit.", null=True),
            Field("tag", "text", "The commit's tag.", null=True),
            Field("git_problem", "text", "Why nothing was committed.", null=True),
            Field("uncommitted", "list of text", "Other files, which are not in the commit."),
            Field("findings", "list of workflow_finding", "What workflow check says."),
            Field("next", "list of text", "Commands to type next."),
        ),
    ),
    Document(
        "workflow_step",
        "A step of a workflow.",
        (
            Field("id", "text", "The step's id."),
            Field("type", "word", "data-source, processor or data-target."),
            Field("depends_on", "list of text", "The steps before it."),
            Field("source_url", "text", "The repository of its code.", null=True),
            Field("tag", "text", "The code's tag.", null=True),
            Field("target_type", "text", "What it does with results.", null=True),
            Field("cpu", "integer", "1024 are one CPU.", null=True),
            Field("memory", "integer", "MB.", null=True),
            Field("parameters", "list of workflow_parameter", "Its parameters."),
        ),
    ),
    Document(
        "workflow_parameter",
        "A parameter of a step.",
        (
            _NAME,
            Field("type", "text", "Its type."),
            Field("default", "text", "Null where a run must give it.", null=True),
            Field("required", "boolean", "Whether a run must give it."),
            Field("allowed", "list of text", "The values that are possible, if they are limited."),
            Field("description", "text", "What it means."),
        ),
    ),
    Document(
        "workflow_user",
        "A user on Pennsieve that a workflow acts as.",
        (
            Field("kind", "word", "read or write."),
            Field("integration", "integer", "The number of its integration on Pennsieve."),
            _NAME,
            Field("user_id", "text", "The user's id.", null=True),
            Field("created_at", "time", "When it was made.", null=True),
            Field("keys", "list of text", "Where its key is."),
        ),
    ),
)

_CHECKS = (
    Document(
        "workflow_check",
        "What breaks a rule in code: workflow check.",
        (
            Field("checked", "text", "The repository and tag, or the folder."),
            Field("files", "integer", "How many files it has."),
            Field("passed", "boolean", "Whether there is no error."),
            Field("errors", "integer", "What keeps it from being built or run."),
            Field("warnings", "integer", "What may fail, or lose results."),
            Field("notes", "integer", "What is good to know."),
            Field("findings", "list of workflow_finding", "All of these, errors first."),
        ),
    ),
    Document(
        "workflow_finding",
        "A rule that is broken at a place.",
        (
            Field("rule", "word", "The rule's id."),
            Field("level", "word", "error, warning or note."),
            Field("file", "text", "The file; null for the repository as a whole.", null=True),
            Field("line", "integer", "From 1; null for the file as a whole.", null=True),
            Field("message", "text", "What is there."),
            Field("why", "text", "What comes of it."),
            Field("mend", "text", "What to do."),
        ),
    ),
)
_CODE_CHANGES = Field("changes", "list of workflow_code_change", "Its code before and after.")
_OTHERS = Field("used_by_others", "list of text", "Who else uses it, in sentences.")
_REGISTERED = (
    *_WORKFLOW,
    Field("sources", "list of workflow_source", "Its code."),
    Field("created", "boolean", "False where it was there already."),
    Field("build", "word", "Who built it: pennsieve, here or node.", null=True),
    Field("build_reason", "text", "Why there.", null=True),
    Field("on_pennsieve", "boolean", "Whether Pennsieve knows it."),
    Field("nodes", "list of workflow_placement", "The own nodes that have it."),
    _CODE_CHANGES,
)

_CHANGES = (
    Document(
        "workflow_added",
        "A workflow that was registered, and where it is: workflow add.",
        _REGISTERED,
    ),
    Document(
        "workflow_updated",
        "A workflow with newer code: workflow update.",
        (*_REGISTERED, _OTHERS),
    ),
    Document(
        "workflow_update_plan",
        "What workflow update would change, or found unchanged.",
        (
            Field("workflow", "text", "The workflow's name."),
            Field("workflow_id", "text", "The workflow's id."),
            _CODE_CHANGES,
            _OTHERS,
        ),
    ),
    Document(
        "workflow_code_change",
        "A step's code, before and after.",
        (
            Field("step", "text", "The step's id."),
            Field("source", "text", "The repository."),
            Field("from_tag", "text", "The tag that is registered.", null=True),
            Field("from_commit", "text", "The commit it meant then.", null=True),
            Field("to_tag", "text", "The tag asked for."),
            Field("to_commit", "text", "The commit it means now."),
            Field("changed", "boolean", "Whether that is other code."),
            Field("tag_moved", "boolean", "Whether to_tag meant another commit earlier."),
        ),
    ),
    Document(
        "workflow_source",
        "Code of a workflow.",
        (_SOURCE, _TAG, Field("commit", "text", "The full hash of the commit.")),
    ),
    Document(
        "workflow_placement",
        "A workflow on an own node.",
        (
            Field("node", "text", "The node's name."),
            Field("node_id", "text", "The node's id."),
            Field("version", "text", "The workflow's version there."),
            Field("created", "boolean", "False where this version was there already."),
            Field("images", "map of text", "Container images by step."),
        ),
    ),
    Document(
        "workflow_renewal",
        "A workflow's new identity: workflow update --renew-identity.",
        (
            *_OF_WORKFLOW,
            Field("integrations_created", "list of text", "Its new users."),
            Field("integrations_deleted", "list of text", "Its old users."),
            Field("deletion_proved", "boolean", "Whether the old keys were seen to be refused."),
            Field("nodes", "list of text", "The compute nodes that have the new keys."),
            Field("datasets", "list of text", f"{_DATASETS} that it may use."),
            Field("datasets_lost", "list of text", f"{_DATASETS} that it may no longer use."),
        ),
    ),
    Document(
        "workflow_renewal_plan",
        "What renewing an identity would do: workflow update --renew-identity --dry-run.",
        (
            *_OF_WORKFLOW,
            Field("datasets", "list of text", f"{_DATASETS} that it keeps."),
            Field("datasets_lost", "list of text", f"{_DATASETS} that it would lose."),
        ),
    ),
    Document(
        "workflow_archived",
        "A workflow that was archived: workflow archive.",
        (
            _ID,
            _NAME,
            _STATUS,
            Field("integrations_deleted", "list of text", "Its users, which are deleted."),
            Field("grants_kept", "list of text", f"{_DATASETS} that restore grants again."),
        ),
    ),
    Document(
        "workflow_deleted",
        "A workflow that was deleted from own nodes: workflow archive --delete.",
        (
            _ID,
            _NAME,
            Field("deleted", "boolean", "True."),
            Field("nodes", "list of text", "The nodes it was on."),
        ),
    ),
    Document(
        "workflow_restored",
        "A workflow that can be started again: workflow restore.",
        (*_WORKFLOW, Field("granted_again", "list of text", f"{_DATASETS} that it may use.")),
    ),
)

_APP = (
    _ID,
    Field("name", "text", "Its name.", null=True),
    _SOURCE,
    Field("description", "text", "What it does."),
    Field("owner", "person", "Who registered it."),
    Field("visibility", "word", "public or private.", null=True),
    Field("status", "word", "What Pennsieve says of it.", null=True),
    Field("versions", "list of app_version", "Its registered tags."),
)

_CODE = (
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
                "AWS CodeBuild's word in lower case; null before it began.",
                null=True,
            ),
            Field("step", "text", "The step's id; null on an own node.", null=True),
            Field("tag", "text", "The code's tag; null on an own node.", null=True),
            Field(
                "version_status",
                "word",
                "What Pennsieve says of the tag; null on an own node.",
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

DOCUMENTS: tuple[Document, ...] = (*_WORKFLOWS, *_CHECKS, *_CHANGES, *_CODE)
