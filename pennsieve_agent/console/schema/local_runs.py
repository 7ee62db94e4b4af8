"""Documents of runs on this machine."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

_CPU = Field("cpu", "integer", "1024 are one CPU.")
_MEMORY = Field("memory", "integer", "MB.")

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "local_run",
        "A run on this machine: workflow test, run start --local.",
        (
            Field("name", "text", "The run's name; null: a test.", null=True),
            Field("workflow", "text", "The workflow's name."),
            Field("status", "word", "succeeded or failed."),
            Field("engine", "word", "docker or process."),
            Field("isolation", "text", "What separates its steps from this machine."),
            Field("input", "local_input", "Its input."),
            Field("steps", "list of local_step", "Its steps, in the order in which they ran."),
            Field("files", "list of local_file", "Its results."),
            Field("left_out", "list of text", "What a node would not deliver, in sentences."),
            Field("kept_in", "text", "The folder of this machine with the results.", null=True),
            Field("uploaded_to", "text", "The dataset's folder with the results.", null=True),
            Field("not_uploaded", "list of text", "Results that should have been, by their paths."),
        ),
    ),
    Document(
        "local_run_plan",
        "What a run on this machine would do: run start --local --dry-run.",
        (
            Field("name", "text", "The run's name."),
            Field("workflow", "text", "The workflow's name."),
            Field("workflow_id", "text", "The workflow's id."),
            Field("dataset", "text", "The dataset's name.", null=True),
            Field("input_folder", "text", "The folder that is its input.", null=True),
            Field("files", "list of file", "The dataset's files that are its input."),
            Field(
                "results_left_out", "integer", "Files of results of runs, left out of the input."
            ),
            Field("layout", "word", "tree or flat."),
            Field("steps", "list of local_run_step", "Its steps that run code."),
            Field("parameters", "map of map of text", "Parameters by step and name."),
            Field("download_bytes", "integer", "Bytes that are not here yet.", null=True),
            Field("kept_in", "text", "The folder of this machine for the results."),
            Field("uploaded_to", "text", "The dataset's folder for the results.", null=True),
        ),
    ),
    Document(
        "local_run_step",
        "A step that would run on this machine.",
        (
            Field("id", "text", "The step's id."),
            Field("source_url", "text", "The repository of its code."),
            Field("tag", "text", "Its tag or commit, as registered.", null=True),
            Field("commit", "text", "The git commit; null: not known before.", null=True),
        ),
    ),
    Document(
        "local_input",
        "The input of a run on this machine.",
        (
            Field("folder", "text", "Where it is on this machine."),
            Field("dataset", "text", "The dataset that it belongs to.", null=True),
            Field("files", "integer", "How many files."),
            Field("bytes", "integer", "All bytes."),
            Field("layout", "word", "tree or flat."),
        ),
    ),
    Document(
        "local_step",
        "A step of a run on this machine.",
        (
            Field("name", "text", "The step's id."),
            Field("status", "word", "succeeded, failed or not_run."),
            Field("reason", "text", "Why it failed, as a node says it.", null=True),
            Field("exit_code", "integer", "Its program's.", null=True),
            Field("seconds", "number", "What it took."),
            _CPU,
            _MEMORY,
            Field("peak_memory_bytes", "integer", "The most that it took at once.", null=True),
            Field("peak_memory_is_at_most", "boolean", "Whether it was less than that."),
            Field("cpu_seconds", "number", "Of all its processors.", null=True),
            Field("read_bytes", "integer", "What it read from disks.", null=True),
            Field("written_bytes", "integer", "What it wrote to disks.", null=True),
            Field("files", "integer", "How many files it made."),
            Field("bytes", "integer", "All bytes of them."),
            Field("declare", "local_sizes", "What its manifest should declare.", null=True),
            Field("problems", "list of text", "What does not work on a node, in sentences."),
        ),
    ),
    Document("local_sizes", "Sizes on the table of AWS Fargate.", (_CPU, _MEMORY)),
    Document(
        "local_file",
        "A result of a run on this machine.",
        (
            Field("path", "text", "Below the results' folder."),
            Field("bytes", "integer", "Its size."),
        ),
    ),
)
