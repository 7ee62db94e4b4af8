"""Documents of the attempts of a run's steps, and of what they used."""

from __future__ import annotations

from pennsieve_agent.console.schema.kinds import Document, Field

DOCUMENTS: tuple[Document, ...] = (
    Document(
        "run_attempt",
        "One attempt of a step.",
        (
            Field("started_at", "time", "When it began.", null=True),
            Field("completed_at", "time", "When it ended.", null=True),
            Field("exit_code", "integer", "The program's; null where it never ended.", null=True),
            Field("reason", "text", "Why it failed.", null=True),
            Field("memory_mb", "integer", "The memory it had; null where unknown.", null=True),
            Field(
                "queued_seconds",
                "number",
                "It waited for a machine; null: not reported.",
                null=True,
            ),
            Field(
                "startup_seconds", "number", "Its container started; null: not reported.", null=True
            ),
            Field("running_seconds", "number", "Its program ran; null before its end.", null=True),
            Field("measured", "measured", "What it used; null: not measured.", null=True),
        ),
    ),
    Document(
        "measured",
        "What an attempt used.",
        (
            Field("peak_memory_bytes", "integer", "The most memory at once.", null=True),
            Field("peak_memory_bound", "word", "at_most or at_least that; null: that.", null=True),
            Field("cpu_seconds", "number", "Of all its processors.", null=True),
            Field("read_bytes", "integer", "What it read from disks.", null=True),
            Field("written_bytes", "integer", "What it wrote to disks.", null=True),
            Field("by", "word", "cgroup, engine, process or task: what measured it.", null=True),
        ),
    ),
)
