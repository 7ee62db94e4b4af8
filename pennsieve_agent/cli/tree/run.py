"""``pennsieve run``."""

from __future__ import annotations

from pennsieve_agent.cli.tree.entries import Command, Entry, Old

COMMANDS: tuple[Entry, ...] = (
    Command("run start", "run.start", "Start a workflow on a dataset's files."),
    Command("run list", "run.listing", "The latest runs, on your own nodes and on Pennsieve's."),
    Command(
        "run show", "run.show", "A run: its steps, times, code, input, parameters and results."
    ),
    Command("run watch", "run.watch", "Watch the steps of a run until it ends."),
    Command("run logs", "run.logs", "What a run printed."),
    Command("run wait", "run.wait", "Wait until runs end, showing nothing meanwhile."),
    Command("run cancel", "run.cancel", "Stop a run: end what is running, start nothing more."),
    Command("run retry", "run.retry", "Start again a run that failed or was cancelled."),
    Command("run download", "run.download", "Download the files that a run wrote."),
    Command(
        "run receipt", "run.receipt", "Write a folder that says exactly what a run or a batch did."
    ),
    Command(
        "run which",
        "run.which",
        "Which run wrote a file, from which code and inputs.",
    ),
    Command(
        "run diff",
        "run.diff",
        "What differs between two runs, from code to cost and results.",
    ),
    Command(
        "run cost", "run.cost", "The time and estimated cost of a run, or of all runs together."
    ),
)

OLD: tuple[Old, ...] = (
    Old("run status", "run show --status"),
    Old("run outputs", "run show --outputs", {"--download": "run download --to"}),
    Old("run metrics", "run cost"),
    Old("run stats", "run cost --total"),
)
