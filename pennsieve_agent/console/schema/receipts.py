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
        "checked_file",
        "A file beside a receipt.",
        (
            Field("path", "text", "Its path beside the receipt."),
            Field("status", "word", "unchanged, changed or missing."),
        ),
    ),
)
