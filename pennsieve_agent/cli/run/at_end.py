"""Who is told when what is waited for has ended: a command of the user's, an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.errors import AgentError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.batches import Batch
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

    def check_followed(self, *, is_followed: bool) -> None:
        """Refuse to tell an end that nobody waits for.

        Raises:
            UsageProblem: somebody is to be told.
        """
        if self != NOBODY and not is_followed:
            raise UsageProblem(
                "--then and --webhook need a command that waits for the run's end",
                hint="add --wait",
            )

    def tell(self, context: Context, run: Run, state: RunState) -> None:
        """Tell that a run has ended; that it cannot be told is said, and changes nothing else."""
        from pennsieve_agent.console import documents

        self._tell(context, run.uuid, state.status.label, lambda: documents.run_ended(run, state))

    def tell_batch(self, context: Context, batch: Batch, node: str) -> None:
        """Tell that a batch is over, as of a run; ``node`` is the name of the place it is at."""
        from pennsieve_agent.console import batch_documents

        state = batch_documents.label(batch.status.value)
        self._tell(context, batch.id, state, lambda: batch_documents.ended(batch, node))

    def _tell(
        self, context: Context, id_: str, state: str, document: Callable[[], dict[str, Any]]
    ) -> None:
        if self.webhook is not None:
            _post(context, self.webhook, document())
        if self.then is not None:
            _perform(context, self.then, id_, state)


NOBODY = AtEnd()


def _post(context: Context, url: str, document: dict[str, Any]) -> None:
    import random

    from pennsieve_agent.services.runs import run_webhook

    try:
        run_webhook.send(
            context.sender,
            url,
            document,
            sleep=context.sleep,
            jitter=random.random,
            now=context.now,
        )
    except AgentError as error:
        context.streams.note(f"note: the webhook could not be called: {error.message}")


def _perform(context: Context, command: str, id_: str, state: str) -> None:
    import subprocess

    environ = {**context.environ, "PENNSIEVE_RUN": id_, "PENNSIEVE_STATE": state}
    # Standard output is for our own results, which a script may read. The shell is what was asked
    # for: the command is the user's, as typed.
    done = subprocess.run(command, shell=True, env=environ, stdout=2, check=False)  # noqa: S602
    if done.returncode:
        how = f"exit code {done.returncode}" if done.returncode > 0 else "a signal"
        context.streams.note(f"note: the --then command ended with {how}")
