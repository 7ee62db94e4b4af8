"""Carry out steps one after another, so that a registration can be killed anywhere and run again.

Which steps there are, and what each does, is the business of whoever has the plan. Here is what all
registrations share: the journal is always what was done, and whoever waits is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from pennsieve_agent.account.world.account_steps import KINDS
from pennsieve_agent.account.world.clients import Clients, Progress, StepState
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.account.world.steps import AlreadyDone, Step
from pennsieve_agent.errors import PlatformError, UsageProblem

S = TypeVar("S", bound=Step)


class StepRunner:
    """One run through the steps of a node. ``entry`` is always what the journal on disk says.

    ``planned`` is the journal's entry as a new plan would begin it: names and known records.

    Raises:
        UsageProblem: another command began the same node meanwhile.

    """

    def __init__(self, clients: Clients, name: str, planned: JournalEntry) -> None:
        self.clients = clients
        known = clients.journal.read()
        if known is not None and known.token != planned.token:
            raise UsageProblem(
                f"another command has begun compute node '{name}' in the meantime",
                hint="run the command again to continue with it",
            )
        self.entry = known or planned
        if self.entry.account_uuid != planned.account_uuid:
            # Pennsieve's record of the account is another one: what was done for the old is not.
            done = tuple(kind for kind in self.entry.done if kind not in KINDS)
            self.entry = replace(self.entry, done=done)
        if self.entry.node_uuid and not planned.node_uuid:  # the node was deleted meanwhile
            self.entry = replace(self.entry, nodes_before=None)
        self.note(
            account_uuid=planned.account_uuid,
            node_uuid=planned.node_uuid,
            organization_id=planned.organization_id or self.entry.organization_id,
            settings=planned.settings,
        )

    def skip(self, step: AlreadyDone) -> None:
        """Tell that a step needs nothing."""
        self.tell(step, StepState.ALREADY_DONE, step.sentence)

    def take(self, step: S, do: Callable[[S], str]) -> None:
        """Do one step and tell about it.

        ``do`` answers in words what came of the step; nothing where it is still to be done.
        """
        self.tell(step, StepState.STARTED, step.sentence)
        outcome = do(step)
        if outcome:
            self.note(done=tuple(dict.fromkeys((*self.entry.done, step.kind))))
            self.tell(step, StepState.DONE, outcome)

    def refused(self, step: Step, error: PlatformError, consequence: str, command: str) -> None:
        """Tell that Pennsieve refused a step which does not stop the rest."""
        self.tell(
            step,
            StepState.PROBLEM,
            f"Pennsieve refused: {error.message}. Consequence: {consequence}",
            f"repeat it later with: {command}",
        )

    def note(self, **changes: object) -> None:
        """Write changed fields of the entry to the journal."""
        changed = replace(self.entry, **changes)  # type: ignore[arg-type]
        self.clients.journal.write(changed)
        self.entry = changed

    def tell(self, step: Step, state: StepState, sentence: str, hint: str = "") -> None:
        """Tell whoever waits about a step."""
        self.clients.progress(Progress(step.kind, state, sentence, hint))
