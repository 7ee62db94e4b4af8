"""The options that only a run on this machine has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.cli import local_run
from pennsieve_agent.errors import UsageProblem


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """What only a run on this machine has: its input folder, where its results go, what runs it."""

    input: Path | None = None
    to: Path | None = None
    engine: local_run.Engine | None = None
    upload: bool = False
    secrets: tuple[str, ...] = ()
    dry_run: bool = False


def refuse_without_local(options: LocalOptions) -> None:
    """Refuse options that say nothing to a node.

    Raises:
        UsageProblem: there is one.
    """
    typed = {
        "--input": options.input,
        "--to": options.to,
        "--engine": options.engine,
        "--upload": options.upload or None,
        "--secret": options.secrets or None,
    }
    for name, value in typed.items():
        if value is not None:
            raise UsageProblem(
                f"{name} is for runs on this machine", hint="add: --local; or leave it out"
            )
