"""Documents of batches."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_COMPLETED = Field("completed_at", "time", "When it ended.", null=True)
_USD = Field("estimated_usd", "number", "Cost by estimate, in USD; null before that.", null=True)
_REASON = Field("reason", "text", "Why it failed or was skipped.", null=True)

SUMMARY = (
    Field("id", "text", "The batch's id."),
    Field("name", "text", "Its name."),
    Field("status", "word", "running, canceling, succeeded, failed, canceled or unknown."),
    Field("workflow", "text", "The workflow's name.", null=True),
    Field("workflow_id", "text", "The workflow's id."),
    Field("node", "text", "The own node's name, or Pennsieve."),
    Field("dataset_id", "text", "The dataset's id."),
    Field("created_by", "person", "Who started it, as the caller says; null fields: this machine."),
    Field("created_at", "time", "When it was asked for.", null=True),
    _COMPLETED,
    Field("parallel", "integer", "How many of its runs are active at once."),
    Field("counts", "batch_counts", "How many subjects are in each state."),
    _USD,
)
_ENDED = tuple(field for field in SUMMARY if field.name not in {"created_by", "parallel"})

DOCUMENTS: tuple[Document, ...] = (
    Document("batch_summary", "A batch: run start, run list --batches, run cancel.", SUMMARY),
    Document(
        "batch",
        "A batch with its subjects: run show, run wait.",
        (
            *SUMMARY,
            Field("mail", "run_mail", "With --mail: who is told of its end.", null=True),
            Field("steps", "list of text", "The ids of the workflow's steps, in order."),
            Field("rows", "list of batch_row", "Its subjects, in order."),
        ),
    ),
    Document(
        "batch_retry",
        "Subjects of a batch that are started again from a step: run retry BATCH --from.",
        (
            Field("id", "text", "The batch's id."),
            Field("name", "text", "Its name."),
            Field("node", "text", "The compute node's name."),
            Field("from_step", "text", "The first step that is repeated."),
            Field("changed", "boolean", "Whether they were started; false with --dry-run."),
            Field("subjects", "list of batch_taken", "Those that are started again."),
            Field("left", "list of batch_left", "Those that cannot go on from the step."),
        ),
    ),
    Document(
        "batch_taken",
        "A subject that takes over what had finished.",
        (
            Field("subject", "text", "The subject."),
            Field("taken_steps", "list of text", "The steps that are not paid again."),
        ),
    ),
    Document(
        "batch_left",
        "A subject that is not started again.",
        (
            Field("subject", "text", "The subject."),
            Field("reason", "text", "Why it cannot go on from the step."),
        ),
    ),
    Document(
        "batch_counts",
        "How many subjects of a batch are in each state.",
        (
            Field("waiting", "integer", "Those whose run has not started."),
            Field("running", "integer", "Those whose run is active."),
            Field("succeeded", "integer", "Those that succeeded."),
            Field("failed", "integer", "Those that failed."),
            Field("canceled", "integer", "Those that were cancelled."),
            Field("skipped", "integer", "Those whose run could not start."),
        ),
    ),
    Document(
        "batch_row",
        "A subject of a batch, with its newest run.",
        (
            Field("subject", "text", "The subject."),
            Field("run_id", "text", "Its run's id; null if none was started.", null=True),
            Field("attempt", "integer", "Which of its runs this is, from 1."),
            Field("status", "word", "As of a run; also waiting and skipped."),
            _REASON,
            Field("steps", "map of batch_step", "Status of the steps by id, as far as known."),
            Field("started_at", "time", "When it began.", null=True),
            _COMPLETED,
            Field("seconds", "number", "How long it took; null before its end.", null=True),
            _USD,
        ),
    ),
    Document(
        "batch_step",
        "The status of a step of a subject's run.",
        (Field("status", "word", "As of a step of a run."), _REASON),
    ),
    Document(
        "batch_ended",
        "What --webhook sends when a batch has ended.",
        (Field("event", "word", "batch_ended."), *_ENDED, Field("command", "text", "Shows it.")),
    ),
    Document(
        "batch_logs",
        "What the runs of a batch printed: run logs.",
        (
            Field("batch_id", "text", "The batch's id."),
            Field("messages", "list of log_line", "Lines in order, run after run."),
        ),
    ),
    Document(
        "batch_status",
        "The status of a batch: run show --status.",
        (
            Field("id", "text", "The batch's id."),
            Field("name", "text", "Its name."),
            Field("status", "word", "As of a batch."),
        ),
    ),
    Document(
        "batch_plan",
        "What a batch would start: run start --each --dry-run.",
        (
            Field("name", "text", "The batch's name."),
            Field("workflow", "text", "The workflow's name."),
            Field("workflow_version", "text", "Its version, on an own node.", null=True),
            Field("node", "text", "The compute node's name."),
            Field("node_kind", "word", "own or pennsieve."),
            Field("dataset", "text", "The dataset's name."),
            Field("dataset_id", "text", "The dataset's id."),
            Field("folder", "text", "The folder of the dataset in which each subject has one."),
            Field("parallel", "integer", "How many of its runs are active at once."),
            Field("layout", "word", "tree or flat; null where the node decides.", null=True),
            Field("results_left_out", "integer", "Files that are results of earlier runs."),
            Field("differences", "list of text", "With --repeat: what has changed."),
            Field("quotas", "list of text", "Quotas of the node's AWS account that limit it."),
            Field("mail", "run_mail", "With --mail: who is told of its end.", null=True),
            Field("limits", "run_limits", "What each run may take."),
            Field("kept_usd_per_gb", "number", "With --keep-steps: its price.", null=True),
            Field("max_cost_usd_of_all", "number", "What all may cost; null: no limit.", null=True),
            Field("estimate", "plan_estimate", "What all will cost and take.", null=True),
            Field("runs", "list of batch_plan_run", "Its runs."),
            Field("done", "list of batch_plan_done", "With --skip-done: what is left out."),
        ),
    ),
    Document(
        "batch_plan_done",
        "A subject that is left out, as it was done before.",
        (
            Field("subject", "text", "The subject."),
            Field("done_by", "text", "The run that did it."),
        ),
    ),
    Document(
        "batch_plan_run",
        "A run that a batch would start.",
        (
            Field("subject", "text", "The subject."),
            Field("files", "list of file", "Its input."),
            Field("size", "integer", "Bytes; null: unknown.", null=True),
            Field("parameters", "map of map of text", "Parameters by step and name."),
        ),
    ),
)
