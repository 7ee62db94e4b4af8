"""Who is told when a run that is waited for has ended: a command of the user's, an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.errors import AgentError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.runs import Run, RunState

Then = Annotated[
    str | None,
    typer.Option(
        "--then",
        metavar="COMMAND",
        help="At its end, run this in the shell, with PENNSIEVE_RUN and PENNSIEVE_STATE.",
    ),
]
Webhook = Annotated[
    str | None,
    typer.Option("--webhook", metavar="URL", help="At its end, POST a JSON document there."),
]


@dataclass(frozen=True, slots=True)
class AtEnd:
    """What was typed: a command for the shell, and an address, which may hold a secret."""

    then: str | None = None
    webhook: str | None = None

    def __repr__(self) -> str:
        """Without what may be secret."""
        return "AtEnd(...)"

    def check(self) -> None:
        """Refuse what cannot be used, before anything is started.

        Raises:
            UsageProblem: the address is not one that something is sent to.
        """
        if self.webhook is not None:
            from pennsieve_agent.services.runs.run_webhook import check_webhook

            check_webhook(self.webhook)

    def refuse_for_batch(self, name: str) -> None:
        """Refuse to tell the end of a batch.

        Raises:
            UsageProblem: somebody is to be told.
        """
        if self != NOBODY:
            raise UsageProblem(
                f"'{name}' is a batch, and --then and --webhook are for runs",
                hint="leave them out, or name its runs",
            )

    def tell(self, context: Context, run: Run, state: RunState) -> None:
        """Tell that a run has ended; that it cannot be told is said, and changes nothing else."""
        if self.webhook is not None:
            _post(context, self.webhook, run, state)
        if self.then is not None:
            _perform(context, self.then, run, state)


NOBODY = AtEnd()


def _post(context: Context, url: str, run: Run, state: RunState) -> None:
    import random

    from pennsieve_agent.console import documents
    from pennsieve_agent.services.runs import run_webhook

    try:
        run_webhook.send(
            context.sender,
            url,
            documents.run_ended(run, state),
            sleep=context.sleep,
            jitter=random.random,
            now=context.now,
        )
    except AgentError as error:
        context.streams.note(f"note: the webhook was not told: {error.message}")


def _perform(context: Context, command: str, run: Run, state: RunState) -> None:
    import subprocess

    environ = {**context.environ, "PENNSIEVE_RUN": run.uuid, "PENNSIEVE_STATE": state.status.label}
    # Standard output is for our own results, which a script may read. The shell is what was asked
    # for: the command is the user's, as typed.
    done = subprocess.run(command, shell=True, env=environ, stdout=2, check=False)  # noqa: S602
    if done.returncode:
        how = f"exit code {done.returncode}" if done.returncode > 0 else "a signal"
        context.streams.note(f"note: the command of --then ended with {how}")
