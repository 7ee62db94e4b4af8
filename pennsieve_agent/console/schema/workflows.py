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
            Field("runs", "integer", "Runs, of own nodes the newest 200.", null=True),
            Field("success_rate", "number", "Of those that ended, 0 to 1.", null=True),
            Field("last_run_at", "time", "When the last one started.", null=True),
            Field("last_run_status", "word", "Its status, with the words of a run's.", null=True),
        ),
    ),
    Document("workflow", "A workflow: workflow update, share, unshare.", _WORKFLOW),
    Document(
        "workflow_details",
        "A workflow, its own users on Pennsieve, grants and last runs: workflow show.",
        (
            *_WORKFLOW,
            _CODE_VISIBILITY,
            Field("pinned", "list of text", "Steps at their versions, as this machine knows."),
            Field("identity", "list of workflow_user", "Its own users."),
            Field("grants", "list of grant", "The datasets that it may use on your own nodes."),
            Field("last_runs", "list of run_summary", "Its newest five runs."),
            Field("scans", "list of image_scan", "What Amazon ECR found in its images."),
        ),
    ),
    Document(
        "image_scan",
        "The scan of a step's image on an own node, by Amazon ECR: workflow show.",
        (
            Field("node", "text", "The node's name."),
            Field("step", "text", "The step's id."),
            Field("image", "text", "The image's digest."),
            Field("status", "word", "Amazon ECR's word in lower case; not_scanned: no scan yet."),
            Field("problem", "text", "What Amazon ECR says of the status.", null=True),
            Field("scanned_at", "time", "When the scan ended.", null=True),
            Field("counts", "map of integer", "Findings by severity: critical, high and so on."),
            Field("worst", "list of image_finding", "The worst few."),
        ),
    ),
    Document(
        "image_finding",
        "A known vulnerability of a package in an image.",
        (
            Field("name", "text", "Its name, such as CVE-2021-44228."),
            Field("severity", "word", "critical, high, medium, low, informational, undefined."),
            Field("package", "text", "The package.", null=True),
            Field("version", "text", "The package's version.", null=True),
            Field("url", "text", "Where it is described.", null=True),
        ),
    ),
    Document(
        "workflow_replaced",
        "A workflow with other steps: workflow update --file.",
        (
            *_WORKFLOW,
            Field("replaced_id", "text", "The id of the archived one; null if kept.", null=True),
            Field("granted_again", "list of text", f"{_DATASETS} that it may use."),
            Field("nodes", "list of text", "Your own nodes that have it."),
        ),
    ),
    Document(
        "workflow_version",
        "A version of a workflow on an own node: workflow versions.",
        (
            Field("version", "text", "Its name."),
            Field("newest", "boolean", "Whether runs use it."),
            Field("node", "text", "The node's name."),
            Field("node_id", "text", "The node's id."),
            Field(
                "registered_at",
                "time",
                "When it was registered there; null on older nodes.",
                null=True,
            ),
            Field("built_by", "word", "pennsieve or owner."),
            Field("runs", "integer", "Runs of it that the node knows."),
            Field("steps", "list of version_step", "Its steps that run code."),
        ),
    ),
    Document(
        "version_step",
        "A step of a version.",
        (
            _ID,
            Field("source_url", "text", "The repository, or its name if it is private."),
            Field("tag", "text", "The code's tag.", null=True),
            Field("commit", "text", "Its commit.", null=True),
            Field("image", "text", "The image, by its digest."),
        ),
    ),
    Document(
        "workflow_differences",
        "What differs between two versions: workflow versions --diff.",
        (
            *_OF_WORKFLOW,
            Field("before", "text", "The one version."),
            Field("after", "text", "The other."),
            Field("changes", "list of version_change", "What is not the same."),
            Field("files", "list of version_file", "Dockerfiles and manifests that differ."),
        ),
    ),
    Document(
        "version_change",
        "One thing that differs.",
        (
            Field("step", "text", "The step's id; null for the whole workflow.", null=True),
            Field("what", "text", "What it is, in words."),
            Field("before", "text", "Null: not there.", null=True),
            Field("after", "text", "Null: not there.", null=True),
        ),
    ),
    Document(
        "version_file",
        "A file that differs.",
        (
            Field("step", "text", "The step's id."),
            Field("file", "text", "Its name."),
            Field("diff", "text", "A unified diff."),
        ),
    ),
    Document(
        "workflow_file",
        "A workflow as a file for workflow add: workflow show --yaml.",
        (_ID, _NAME, Field("yaml", "text", "The file.")),
    ),
    Document(
        "workflow_schema",
        "The JSON Schema of such a file: workflow show --schema.",
        (Field("schema", "any", "The schema, of draft 2020-12."),),
    ),
    Document(
        "new_workflow",
        "A workflow that was made: workflow init.",
        (
            Field("folder", "text", "Its folder."),
            _NAME,
            Field("language", "word", "python or r."),
            Field("script", "text", "The user's script that it starts.", null=True),
            Field("changed", "boolean", "False with --dry-run, and if nothing was missing."),
            Field("written", "list of text", "Files that were, or would be, written."),
            Field("left", "list of text", "Files that existed, and were not changed."),
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
            Field("image", "text", "By digest, if only own nodes have it.", null=True),
            Field("command", "list of text", "Words of its command line.", null=True),
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
            Field("unread", "integer", "Of these, larger than 1 MB and elsewhere: not read."),
            Field("passed", "boolean", "Whether there is no error."),
            Field("errors", "integer", "What prevents it from being built or run."),
            Field("warnings", "integer", "What may fail, or lose results."),
            Field("notes", "integer", "What is useful to know."),
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
            Field("why", "text", "What the consequence is."),
            Field("mend", "text", "What to do."),
        ),
    ),
)
_CODE_CHANGES = Field("changes", "list of workflow_code_change", "Its code before and after.")
_OTHERS = Field("used_by_others", "list of text", "Who else uses it, in sentences.")
_REGISTERED = (
    *_WORKFLOW,
    Field("sources", "list of workflow_source", "Its code."),
    Field("created", "boolean", "False if it existed already."),
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
            Field("from_commit", "text", "The commit that it pointed to then.", null=True),
            Field("to_tag", "text", "The tag asked for."),
            Field("to_commit", "text", "The commit that it points to now."),
            Field("changed", "boolean", "Whether the code differs."),
            Field("tag_moved", "boolean", "Whether to_tag pointed to another commit earlier."),
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
            Field("created", "boolean", "False if this version existed already."),
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
            Field(
                "deletion_proved",
                "boolean",
                "Whether it was checked that the old keys are refused.",
            ),
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

DOCUMENTS: tuple[Document, ...] = (*_WORKFLOWS, *_CHECKS, *_CHANGES)
