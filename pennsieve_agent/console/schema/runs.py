"""Documents of runs."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_RUN_ID = Field("run_id", "text", "The run's id.")
_STARTED = Field("started_at", "time", "When it began.", null=True)
_COMPLETED = Field("completed_at", "time", "When it ended.", null=True)
_REASON = Field("reason", "text", "Why it waits, failed or was cancelled.", null=True)
_PATH = Field("path", "text", "Its path in the dataset.")
_SIZE = Field("size", "integer", "Bytes.")
_KNOWN_SIZE = Field("size", "integer", "Bytes; null: unknown.", null=True)
_USD = Field("estimated_usd", "number", "Cost by estimate, in USD; null before that.", null=True)
_SECONDS = Field("seconds", "number", "How long it took; null: not measured.", null=True)

_SUMMARY = (
    Field("id", "text", "The run's id."),
    Field("name", "text", "Its name.", null=True),
    Field(
        "status",
        "word",
        "pending, running, finalizing, succeeded, failed, canceling, canceled or unknown.",
    ),
    Field("workflow", "text", "The workflow's name.", null=True),
    Field("workflow_id", "text", "The workflow's id."),
    Field("node", "text", "The compute node's name.", null=True),
    Field("node_id", "text", "The compute node's id.", null=True),
    Field("dataset_id", "text", "The dataset's id."),
    Field("created_by", "person", "Who started it; on an own node, as the caller says."),
    Field("created_at", "time", "When it was asked for.", null=True),
    _STARTED,
    _COMPLETED,
    _REASON,
    Field("limits", "run_limits", "What it may take."),
)

_RUN = (
    *_SUMMARY,
    Field(
        "layout", "word", "The layout of the input: tree or flat; null: not reported.", null=True
    ),
    Field("node_version", "text", "The node's, at the start; null: not reported.", null=True),
    Field("steps", "list of run_step", "Its steps, in the order of the workflow."),
    Field("parameters", "map of map of text", "Parameters by step and name."),
    Field("outputs", "map of text", "What its steps reported."),
    Field("details", "run_details", "What an own node records of it.", null=True),
)

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "run_page",
        "Where a run is in the web application: run show --web.",
        (
            Field("address", "text", "The web application; of a sandbox, the results' folder."),
            Field("dataset", "text", "The dataset's name.", null=True),
            Field("folders", "list of text", "The folders of the results."),
        ),
    ),
    Document("run_summary", "A run in a list: run list.", _SUMMARY),
    Document("run", "A run with its steps: run wait, run start.", _RUN),
    Document(
        "shown_run",
        "A run with its input and its steps, and why it failed: run show.",
        (
            *_RUN,
            Field("input", "run_files", "What it reads."),
            Field("failed_step", "run_failed_step", "What ended it.", null=True),
        ),
    ),
    Document(
        "run_ended",
        "What --webhook sends when a run has ended.",
        (
            Field("event", "word", "run_ended."),
            Field("id", "text", "The run's id."),
            Field("name", "text", "Its name.", null=True),
            Field("status", "word", "succeeded, canceled or failed."),
            Field("workflow", "text", "The workflow's name.", null=True),
            Field("node", "text", "The compute node's name.", null=True),
            Field("dataset_id", "text", "The dataset's id."),
            _STARTED,
            _COMPLETED,
            _SECONDS,
            _REASON,
            Field("failed_steps", "list of text", "The ids of the steps that failed."),
            Field("command", "text", "What shows the run."),
        ),
    ),
    Document(
        "run_failed_step",
        "The step that a run failed in.",
        (
            Field("step", "text", "The step's id."),
            _REASON,
            Field(
                "last_lines",
                "list of text",
                "The last lines that it printed; null where its log cannot be read.",
                null=True,
            ),
            Field("command", "text", "What shows all that it printed."),
            Field("advice", "text", "What to try; null if not known.", null=True),
        ),
    ),
    Document(
        "run_step",
        "A step of a run.",
        (
            Field("id", "text", "The step's id."),
            Field("source_url", "text", "The repository of its code.", null=True),
            Field("tag", "text", "Its code's tag, or its commit where it has none.", null=True),
            Field("commit", "text", "The git commit; null: not recorded.", null=True),
            Field("digest", "text", "The image's; null: not recorded.", null=True),
            Field("status", "word", "As of a run; skipped: it can never run."),
            _STARTED,
            _COMPLETED,
            Field("seconds", "number", "How long it ran; null before its end.", null=True),
            _REASON,
            Field("attempts", "list of run_attempt", "Each attempt."),
        ),
    ),
    Document(
        "run_files",
        "The files that a run reads.",
        (
            Field("count", "integer", "How many; null: unknown.", null=True),
            Field("size", "integer", "Bytes of all; null where not all are known.", null=True),
            Field("files", "list of file", "Each of them; null: unknown.", null=True),
            Field("package_ids", "list of text", "The packages that it was started with."),
            Field("recorded", "boolean", "False: what its packages hold now, on Pennsieve."),
            Field("packages_missing", "integer", "Packages that are gone from the dataset."),
        ),
    ),
    Document(
        "run_limits",
        "What a run may take; null means without limit.",
        (
            Field("max_cost_usd", "number", "Its cost.", null=True),
            Field("seconds", "integer", "Its time, from the start.", null=True),
            Field("spot", "boolean", "Whether machines are used that AWS may take back."),
            Field("retries", "integer", "How often a failed step is tried again."),
            Field(
                "memory_on_oom",
                "number",
                "Times the memory that a step gets after it ran out; null: it fails.",
                null=True,
            ),
            Field("keep_steps", "integer", "Days its steps' outputs are kept.", null=True),
        ),
    ),
    Document(
        "run_details",
        "What an own node records of a run; a node that Pennsieve runs does not.",
        (
            Field("workflow_version", "text", "The workflow's version.", null=True),
            Field(
                "caller", "text", "The AWS identity that started it, as AWS names it.", null=True
            ),
            Field("folder", "text", "The folder of the results in the dataset.", null=True),
            Field("layout", "word", "How the input was laid out: tree or flat.", null=True),
            Field("input", "run_input", "How much it read."),
            _USD,
            Field("estimate", "run_estimate", "The estimate from before its start.", null=True),
            Field("layers", "list of text", "The layers that it could read."),
            Field("code", "map of run_code", "What each step ran."),
            Field("node_version", "text", "The version of the node's code.", null=True),
            Field(
                "fingerprint",
                "text",
                "The same for runs of the same code on the same input; null: it has none.",
                null=True,
            ),
            Field("mail", "run_mail", "With --mail: who is told of its end.", null=True),
            Field("kept_until", "time", "Until when what its steps made is kept.", null=True),
            Field("taken_from", "text", "The run whose steps were taken over.", null=True),
            Field("taken_steps", "list of text", "The steps that were taken over from it."),
        ),
    ),
    Document(
        "run_mail",
        "Who is told of the end of a run or a batch by mail.",
        (
            Field("address", "text", "The e-mail address."),
            Field(
                "status",
                "word",
                "none, pending (AWS has asked, and waits) or confirmed; null after the end.",
                null=True,
            ),
            Field("sent_at", "time", "When the mail was sent.", null=True),
            Field("reason", "text", "Why it was not, where that was given up.", null=True),
        ),
    ),
    Document(
        "run_input",
        "The input of a run.",
        (
            Field("files", "integer", "The number of files; null: unknown.", null=True),
            Field("size", "integer", "Bytes; null: unknown.", null=True),
        ),
    ),
    Document(
        "run_code",
        "The code of a step, pinned.",
        (
            Field("commit", "text", "The git commit.", null=True),
            Field("digest", "text", "The image by digest.", null=True),
        ),
    ),
    Document(
        "run_status",
        "The status of a run: run show --status, run cancel.",
        (
            Field("id", "text", "The run's id."),
            Field("name", "text", "Its name.", null=True),
            Field("status", "word", "As of a run."),
        ),
    ),
    Document(
        "run_plan",
        "What a run would do: run start --dry-run.",
        (
            Field("name", "text", "The run's name.", null=True),
            Field("workflow", "text", "The workflow's name."),
            Field("workflow_version", "text", "Its version, on an own node.", null=True),
            Field("node", "text", "The compute node's name."),
            Field("node_kind", "word", "own or pennsieve."),
            Field("dataset", "text", "The dataset's name."),
            Field("dataset_id", "text", "The dataset's id."),
            Field("files", "list of file", "The input."),
            Field("results_left_out", "integer", "Files that are results of earlier runs."),
            Field("layout", "word", "tree or flat; null where the node decides.", null=True),
            Field("folder", "text", "The folder of the results in the dataset."),
            Field("files_in_folder", "integer", "Files that are there already."),
            Field("limits", "run_limits", "What it may take."),
            Field("differences", "list of text", "With --repeat: what has changed."),
            Field("kept_usd_per_gb", "number", "With --keep-steps: its price.", null=True),
            Field("mail", "run_mail", "With --mail: who is told of its end.", null=True),
            Field("quotas", "list of text", "Quotas of the node's AWS account that limit it."),
            Field(
                "fingerprint",
                "text",
                "The same for runs of the same code on the same input; null: it has none.",
                null=True,
            ),
            Field("estimate", "plan_estimate", "What it will cost and take.", null=True),
            Field("jobs", "list of run_job", "What runs, in order."),
        ),
    ),
    Document(
        "run_job",
        "A job of a plan.",
        (
            Field("id", "text", "The job's id."),
            Field("kind", "word", "What it does."),
            Field("depends_on", "list of text", "The jobs before it."),
            Field("source_url", "text", "Its code.", null=True),
            Field("tag", "text", "Its code's tag.", null=True),
            Field("target_folder", "text", "Where it delivers to.", null=True),
            Field("environment", "map of text", "Its environment variables."),
            Field("cpu", "integer", "1024 are one CPU.", null=True),
            Field("memory", "integer", "MB.", null=True),
        ),
    ),
    Document(
        "file",
        "A file of a dataset.",
        (_PATH, _KNOWN_SIZE, Field("package_id", "text", "The id of its package.")),
    ),
    Document(
        "run_logs",
        "What a run printed: run logs.",
        (_RUN_ID, Field("messages", "list of log_line", "Lines in order.")),
    ),
    Document(
        "log_line",
        "A line of a log; run logs --follow shows each by itself.",
        (
            Field("step", "text", "The step's id."),
            Field("timestamp", "time", "When it was printed, to the millisecond."),
            Field("attempt", "integer", "Which attempt of the step; a line shows when one begins."),
            Field("message", "text", "The line."),
            Field("subject", "text", "The subject, of a run in a batch.", optional=True),
        ),
    ),
    Document(
        "run_archive",
        "The archive of a run's logs: run logs --archive.",
        (_RUN_ID, Field("file", "text", "Where it was saved."), _SIZE),
    ),
    Document(
        "run_outputs",
        "What a run wrote: run show --outputs.",
        (
            _RUN_ID,
            Field("files", "list of output_file", "The files it wrote to its dataset."),
            Field("importing", "list of text", "Paths of those that Pennsieve still imports."),
            Field("outputs", "map of text", "What its steps reported."),
        ),
    ),
    Document(
        "output_file",
        "A file that a run wrote.",
        (
            _PATH,
            _KNOWN_SIZE,
            Field("package_id", "text", "Null until Pennsieve has imported it.", null=True),
            Field("sha256", "text", "Its checksum, in hexadecimal.", null=True),
        ),
    ),
    Document(
        "download",
        "Files that were downloaded: dataset download, run download.",
        (
            Field("folder", "text", "Where they are."),
            Field("downloaded", "list of text", "Paths of files that were fetched."),
            Field("skipped", "list of text", "Paths of files that were there already."),
            Field("unchecked", "list of text", "Those of the skipped compared by size alone."),
            Field("blocked", "list of blocked_file", "What Pennsieve's scanner holds back."),
            Field("failed", "list of failed_file", "What could not be fetched."),
            Field("importing", "list of text", "Paths of files that Pennsieve still imports."),
            Field("renamed", "list of renamed_file", "Files that have another name here."),
            _SIZE,
        ),
    ),
    Document(
        "renamed_file",
        "A file with another name here, because the file system does not allow its own.",
        (
            Field("path", "text", "Its path in the dataset."),
            Field("local", "text", "Its path in the folder."),
        ),
    ),
    Document(
        "blocked_file",
        "A file that Pennsieve's scanner holds back.",
        (
            Field("path", "text", "Its path."),
            Field("scan_status", "text", "What the scanner says."),
        ),
    ),
    Document(
        "failed_file",
        "A file that could not be transferred.",
        (Field("path", "text", "Its path."), Field("message", "text", "Why.")),
    ),
)
