"""Documents about receipts. A receipt itself is described by ``receipt.schema.json``."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_OF = (
    Field("id", "text", "The run's or the batch's id."),
    Field("name", "text", "Its name; its id where it has none."),
    Field("kind", "word", "run or batch."),
    Field("status", "word", "As of a run, when the receipt was written."),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "run_receipt",
        "A receipt that was written: run receipt.",
        (
            *_OF,
            Field("folder", "text", "The folder on this machine."),
            Field("files", "list of receipt_file", "The files in it."),
        ),
    ),
    Document(
        "receipt_file",
        "A file of a receipt.",
        (
            Field("path", "text", "Its name in the folder."),
            Field("size", "integer", "Bytes."),
            Field("sha256", "text", "Of its content, in hex."),
        ),
    ),
    Document(
        "checked_receipt",
        "Whether a receipt was changed: run receipt --check.",
        (
            *_OF,
            Field("path", "text", "The receipt's file."),
            Field("unchanged", "boolean", "Whether it has the checksum that was written with it."),
            Field("files", "list of checked_file", "The files beside it."),
        ),
    ),
    Document(
        "run_differences",
        "What differs between two runs: run diff.",
        (
            Field("first", "compared_run", "The first that was named."),
            Field("second", "compared_run", "The second."),
            Field("differences", "list of run_difference", "In the order of a receipt's parts."),
        ),
    ),
    Document("compared_run", "A run or a batch that was compared.", _OF),
    Document(
        "run_difference",
        "Something that differs.",
        (
            Field(
                "part",
                "word",
                "state, code, parameters, inputs, resources, time, cost or outputs.",
            ),
            Field("what", "text", "Its name, such as STEP.PARAMETER or a path."),
            Field("first", "any", "Its value; null where there is none.", null=True),
            Field("second", "any", "The same of the second.", null=True),
        ),
    ),
    Document(
        "run_of_file",
        "The run that wrote a file: run which.",
        (
            Field("path", "text", "The file as it was named."),
            Field("known_by", "word", "package, checksum, folder or receipt."),
            Field("run_id", "text", "The run's id."),
            Field("run_name", "text", "Its name; its id where it has none."),
            Field("kind", "word", "run; batch where only the receipt of a batch names it."),
            Field("status", "word", "As of a run."),
            Field("workflow", "text", "The workflow's name.", null=True),
            Field("workflow_version", "text", "Its version; null: not recorded.", null=True),
            Field("dataset_id", "text", "The dataset's id.", null=True),
            Field("code", "list of code_of_step", "What each step ran."),
            Field("parameters", "map of map of text", "By step and name."),
            Field("inputs", "list of read_file", "What it read, as far as that is known."),
        ),
    ),
    Document(
        "code_of_step",
        "The code of a step that wrote a file.",
        (
            Field("step", "text", "The step's id."),
            Field("source_url", "text", "The repository."),
            Field("tag", "text", "The git tag.", null=True),
            Field("commit", "text", "The git commit; null: not recorded.", null=True),
            Field("digest", "text", "The image's; null: not recorded.", null=True),
        ),
    ),
    Document(
        "read_file",
        "An input of the run that wrote a file.",
        (
            Field("path", "text", "In the dataset."),
            Field("size", "integer", "Bytes.", null=True),
            Field("checksum", "text", "That of its upload.", null=True),
            Field("package_id", "text", "Its package.", null=True),
        ),
    ),
    Document(
        "checked_file",
        "A file beside a receipt.",
        (
            Field("path", "text", "Its path beside the receipt."),
            Field("status", "word", "unchanged, changed or missing."),
        ),
    ),
)
