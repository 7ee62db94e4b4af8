"""The options of ``pennsieve run start`` that make a batch: many runs, one for each subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.repeats import BatchAgain

PerFolder = Annotated[
    str | None,
    typer.Option(
        "--each", metavar="GLOB", help="A batch: a run for each folder, such as 'raw/sub-*'."
    ),
]
PerFile = Annotated[
    str | None,
    typer.Option("--each-file", metavar="GLOB", help="A batch: a run for each file."),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="FILE",
        help="A batch: a run for each row; columns: 'subject', 'files' and parameters.",
    ),
]
Parallel = Annotated[
    int | None,
    typer.Option(
        "--parallel", metavar="N", help="Of a batch: runs at the same time, 1 to 500; default 50."
    ),
]
Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="BATCH", help="Send the runs of a batch that were not sent."),
]


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What was typed of a batch; ``again`` is one that is started again."""

    per_folder: str | None
    per_file: str | None
    csv: Path | None
    parallel: int | None
    resume: str | None
    skip_done: bool = False
    again: BatchAgain | None = None

    @property
    def is_batch(self) -> bool:
        """Whether a batch is meant."""
        chosen = (self.per_folder, self.per_file, self.csv, self.resume, self.again)
        return any(value is not None for value in chosen)

    def refuse_of_batch(self, run: str) -> None:
        """Refuse what is for a batch where a run is started again.

        Raises:
            UsageProblem: it was typed.
        """
        if self.parallel is not None:
            raise UsageProblem(
                f"--parallel is for a batch, and '{run}' is a run", hint="leave it out"
            )

    def check(self, others: Mapping[str, object], chosen: Mapping[str, object]) -> None:
        """Refuse options that do not go together; ``others`` says which others were typed.

        ``chosen`` are those of what is sent, which a batch that is gone on with has.

        Raises:
            UsageProblem: there are some.
        """
        if not self.is_batch:
            if self.parallel is not None:
                raise UsageProblem(
                    "--parallel is for a batch",
                    hint="add --each 'PATTERN', --each-file 'PATTERN' or --csv FILE",
                )
            return
        if self.per_folder is not None and self.per_file is not None:
            raise UsageProblem(
                "--each and --each-file cannot be given together", hint="leave one out"
            )
        for option, pattern in (("--each", self.per_folder), ("--each-file", self.per_file)):
            if pattern is not None and not pattern.strip("/ "):
                raise UsageProblem(
                    f"'{pattern}' is not a pattern for {option}",
                    hint=f"for example: {option} 'raw/sub-*'",
                )
        mine = next(
            name
            for name, value in (
                ("--resume", self.resume),
                ("--each", self.per_folder),
                ("--each-file", self.per_file),
                ("--csv", self.csv),
            )
            if value is not None
        )
        for name, is_typed in others.items():
            if is_typed:
                raise UsageProblem(
                    f"{name} and {mine} cannot be given together", hint="leave one out"
                )
        if self.resume is not None and (self.per_folder or self.per_file or self.csv):
            raise UsageProblem(
                "--resume goes on with a batch whose subjects are chosen already",
                hint="leave out --each, --each-file and --csv",
            )
        typed = [name for name, value in chosen.items() if value and self.resume is not None]
        if typed:
            raise UsageProblem(
                f"{typed[0]} and --resume cannot be given together",
                hint="a batch goes on as it was started; type: pennsieve run start --resume BATCH",
            )
