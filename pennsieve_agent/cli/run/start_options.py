"""The options of ``pennsieve run start`` but its limits: code, place, input and results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Dataset = Annotated[
    str | None,
    typer.Option("--dataset", "-d", metavar="DATASET", help="Name, unique prefix or id."),
]
Workflow = Annotated[
    str | None,
    typer.Option("--workflow", "-w", metavar="WORKFLOW", help="Default: the only one granted."),
]
Version = Annotated[
    list[str] | None,
    typer.Option(
        "--version",
        metavar="[STEP=]TAG",
        help="A registered version instead of the newest; see 'workflow versions'.",
    ),
]
Node = Annotated[
    str | None,
    typer.Option("--node", "-n", metavar="NODE", help="Default: the only one there is."),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--files", metavar="GLOB", help="Input files, such as 'raw/**/*.edf'; repeatable."
    ),
]
InputRun = Annotated[
    list[str] | None,
    typer.Option(
        "--input-run", metavar="RUN", help="The results of this run are input; repeatable."
    ),
]
IncludeResults = Annotated[
    bool, typer.Option("--include-results", help="Results of earlier runs are input, too.")
]
All = Annotated[
    bool, typer.Option("--all", help="Take the whole dataset as input, without being asked.")
]
Repeat = Annotated[
    str | None,
    typer.Option(
        "--repeat",
        metavar="RUN",
        help="Start this run, or that of a receipt.json, again; other options replace its own.",
    ),
]
SkipDone = Annotated[
    bool, typer.Option("--skip-done", help="Do not start what succeeded before with equal input.")
]
Grant = Annotated[
    bool,
    typer.Option("--grant", help="Let the workflow use the dataset on your nodes, without asking."),
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", "-p", metavar="K=V", help="A parameter; STEP.K=V for one step; repeatable."
    ),
]
ParamsFile = Annotated[
    Path | None,
    typer.Option(
        "--params-file", metavar="FILE", help="Parameters in YAML or JSON; --param replaces them."
    ),
]
Undeclared = Annotated[
    bool, typer.Option("--undeclared", help="Allow parameters that no step declares.")
]
Layout = Annotated[
    str | None,
    typer.Option(
        metavar="tree|flat", help="Input in its folders, or all files at the top of INPUT_DIR."
    ),
]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="A name for the run.")]
Folder = Annotated[
    str | None, typer.Option(metavar="FOLDER", help="The dataset's folder for the results.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Show the log until the run ends.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait, quietly, until the run ends.")]
Watch = Annotated[bool, typer.Option("--watch", help="Watch its steps until the run ends.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would run, and start nothing.")]
Local = Annotated[bool, typer.Option("--local", help="Run on this machine, without a node or AWS.")]
Input = Annotated[
    Path | None,
    typer.Option(
        "--input", metavar="FOLDER", help="With --local: a folder of this machine as the input."
    ),
]
To = Annotated[
    Path | None,
    typer.Option(
        "--to", metavar="FOLDER", help="With --local: results go here; default results/NAME."
    ),
]
Upload = Annotated[
    bool, typer.Option("--upload", help="With --local: upload the results to the dataset, too.")
]


def parameters(typed: list[str] | None, file: Path | None) -> tuple[str, ...]:
    """What was typed and what a file says, as ``NAME=VALUE``; what was typed wins.

    Raises:
        SourceError: the file cannot be read, or has no names and values.
    """
    if file is None:
        return tuple(typed or ())
    from pennsieve_agent.source.params_file import not_readable, read_params, with_typed

    try:
        data = file.expanduser().read_bytes()
    except OSError as error:
        raise not_readable(str(file), error.strerror or "the system refused") from None
    return with_typed(read_params(data, str(file)), typed or ())
