"""Documents of datasets, the files in them, and who and which workflow may use them."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_DATASET_ID = Field("dataset_id", "text", "The dataset's id.")
_OF_DATASET = (Field("dataset", "text", "The dataset's name."), _DATASET_ID)
_OF_WORKFLOW = (
    Field("workflow", "text", "The workflow's name."),
    Field("workflow_id", "text", "The workflow's id."),
)
_ROLE = Field("role", "word", "viewer, editor, manager or owner.")
_ACCESS = Field("access", "word", "read or read-write.")
_UNTIL = Field("until", "time", "When it ends; null for never.", null=True)
_PATH = Field("path", "text", "Its path in the dataset.")
_SIZE = Field("size", "integer", "Bytes.")
_SKIPPED = Field(
    "skipped", "list of skipped_file", "Files that the dataset already has, with the same content."
)
_UNCHECKED = Field(
    "unchecked",
    "list of text",
    "Paths where the dataset has a file of the same size, but no checksum to compare.",
)
_LEFT_OUT = Field("left_out", "list of left_out_file", "What is not uploaded.")

_DATASET = (
    Field("id", "text", "Its id."),
    Field("name", "text", "Its name."),
    Field("role", "word", "The user's role on it.", null=True),
    Field("size", "integer", "Bytes.", null=True),
    Field("description", "text", "Its description."),
    Field("updated_at", "time", "When it was changed last.", null=True),
)

_THINGS = (
    Document("dataset", "A dataset: dataset list, create, update.", _DATASET),
    Document(
        "dataset_details",
        "A dataset and who is on it: dataset show.",
        (
            *_DATASET,
            Field("people", "list of dataset_person", "The people on it."),
            Field("teams", "list of dataset_team", "The teams on it."),
            Field("workspace_role", "word", "The role of all members of the workspace.", null=True),
        ),
    ),
    Document(
        "dataset_person",
        "A person on a dataset.",
        (
            Field("id", "text", "The person's id."),
            Field("name", "text", "The name."),
            Field("email", "text", "The e-mail address.", null=True),
            _ROLE,
        ),
    ),
    Document(
        "dataset_team",
        "A team on a dataset.",
        (Field("id", "text", "The team's id."), Field("name", "text", "Its name."), _ROLE),
    ),
    Document(
        "dataset_deleted",
        "A dataset that was deleted: dataset delete.",
        (
            Field("id", "text", "Its id."),
            Field("name", "text", "Its name."),
            Field("deleted", "boolean", "True."),
        ),
    ),
)

_FILES = (
    Document(
        "dataset_tree",
        "The folders and files of a dataset with their sizes: dataset files --tree.",
        (
            *_OF_DATASET,
            Field("files", "integer", "How many files there are."),
            Field("size", "integer", "Bytes of all together.", null=True),
            Field(
                "entries", "list of tree_entry", "Folders, each before what is in it, and files."
            ),
        ),
    ),
    Document(
        "tree_entry",
        "A folder or file in a tree.",
        (
            Field("path", "text", "Its path in the dataset; a folder's ends with /."),
            Field("folder", "boolean", "Whether it is a folder."),
            Field("files", "integer", "How many files are in a folder, at any depth.", null=True),
            Field("size", "integer", "Bytes; of a folder, of everything in it.", null=True),
        ),
    ),
    Document(
        "dataset_entry",
        "A file or folder of a dataset.",
        (Field("id", "text", "Its id."), _PATH),
    ),
    Document(
        "dataset_folder",
        "A folder that is there now: dataset fs mkdir.",
        (*_OF_DATASET, Field("id", "text", "The folder's id."), _PATH),
    ),
    Document(
        "dataset_moves",
        "What was moved or renamed: dataset fs mv.",
        (*_OF_DATASET, Field("moved", "list of dataset_move", "Files and folders.")),
    ),
    Document(
        "dataset_move",
        "A file or folder that was moved.",
        (
            Field("id", "text", "Its id."),
            Field("from", "text", "Its path before."),
            Field("to", "text", "Its path now."),
        ),
    ),
    Document(
        "dataset_deletions",
        "What was deleted, or would be: dataset fs rm.",
        (
            *_OF_DATASET,
            Field("deleted", "list of dataset_entry", "Files and folders.", optional=True),
            Field("would_delete", "list of dataset_entry", "With --dry-run.", optional=True),
        ),
    ),
    Document(
        "upload",
        "Files that were uploaded: dataset upload.",
        (
            *_OF_DATASET,
            Field("uploaded", "list of uploaded_file", "What was uploaded."),
            Field("failed", "list of failed_file", "What could not be uploaded."),
            _LEFT_OUT,
            _SKIPPED,
            _UNCHECKED,
            _SIZE,
        ),
    ),
    Document(
        "upload_plan",
        "What would be uploaded: dataset upload --dry-run.",
        (
            *_OF_DATASET,
            Field("files", "list of upload_file", "What would be uploaded."),
            _LEFT_OUT,
            _SKIPPED,
            _UNCHECKED,
            _SIZE,
        ),
    ),
    Document("upload_file", "A file that would be uploaded.", (_PATH, _SIZE)),
    Document(
        "uploaded_file",
        "A file that was uploaded.",
        (_PATH, Field("package_id", "text", "Null until Pennsieve imports it.", null=True)),
    ),
    Document(
        "skipped_file",
        "A file that the dataset has already, with the same content.",
        (_PATH, Field("package_id", "text", "The package's id.")),
    ),
    Document(
        "left_out_file",
        "A local file that is not uploaded.",
        (Field("path", "text", "Its path on this machine."), Field("reason", "text", "Why.")),
    ),
)

_ACCESSES = (
    Document(
        "dataset_share",
        "With whom a dataset is shared now, or no longer: dataset share, dataset unshare.",
        (
            *_OF_DATASET,
            Field("shared_with", "grantee", "Who."),
            Field("role", "word", "Their role; null if it was removed.", null=True),
            Field("invited", "boolean", "Whether they were invited by mail."),
        ),
    ),
    Document(
        "granted",
        "A grant that a workflow has now: dataset grant.",
        (
            *_OF_WORKFLOW,
            *_OF_DATASET,
            _ACCESS,
            _UNTIL,
            Field("changed", "boolean", "False if it had this grant before."),
            Field("nodes", "list of text", "The compute nodes that keep the grant."),
            Field("nodes_not_asked", "list of text", "Compute nodes that did not answer."),
            Field("integrations_created", "list of text", "New users of the workflow."),
        ),
    ),
    Document(
        "revoked",
        "A grant that was removed: dataset revoke.",
        (
            *_OF_WORKFLOW,
            *_OF_DATASET,
            Field("revoked", "boolean", "False if there was no grant."),
        ),
    ),
    Document(
        "grant",
        "A workflow's grant on a dataset: dataset grants.",
        (
            Field("workflow", "text", "The workflow's name.", null=True),
            Field("workflow_id", "text", "The workflow's id."),
            Field("dataset", "text", "The dataset's name.", null=True),
            _DATASET_ID,
            _ACCESS,
            Field("created_by", "person", "Who granted it."),
            Field("created_at", "time", "When.", null=True),
            _UNTIL,
            Field("ended", "boolean", "Whether that time has passed on the compute node."),
            Field("nodes", "list of text", "Your compute nodes that keep it."),
        ),
    ),
    Document(
        "dataset_use",
        "A run that used a dataset: dataset grants --audit.",
        (
            Field("run_name", "text", "The run's name.", null=True),
            Field("run_id", "text", "The run's id."),
            Field("started_at", "time", "When it began, or was asked for.", null=True),
            Field("completed_at", "time", "When it ended.", null=True),
            Field("person", "person", "Who started it; on an own node, as the caller said."),
            Field("aws_identity", "text", "Who called the own node, as AWS says.", null=True),
            Field("workflow", "text", "The workflow's name.", null=True),
            Field("workflow_id", "text", "The workflow's id."),
            Field("version", "text", "The workflow's version.", null=True),
            Field("node", "text", "The compute node.", null=True),
            Field("status", "word", "Its status."),
        ),
    ),
)

DOCUMENTS: tuple[Document, ...] = (*_THINGS, *_FILES, *_ACCESSES)
