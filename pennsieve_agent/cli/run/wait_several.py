"""``pennsieve run wait`` for several runs and batches at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any, Protocol

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.run.at_end import AtEnd
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.services.runs.wait_runs import Waited

if TYPE_CHECKING:
    from pennsieve_agent.cli.run.batch_places import LocatedBatch
    from pennsieve_agent.domain.runs import RunState
    from pennsieve_agent.services.batches.follow_batch import BatchWait
    from pennsieve_agent.services.runs.follow_run import Follower


class Named(Waited, Protocol):
    """A run or a batch that was named. ``id`` is its id."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    def ended(self, context: Context, telling: AtEnd) -> tuple[list[str], bool]:
        """What is said of its end, and whether all of it succeeded. Who is to be told is told."""
        ...

    def document(self) -> dict[str, Any]:
        """It at its end."""
        ...


@dataclass
class NamedRun:
    """A run, with the state of the last look."""

    follower: Follower
    state: RunState | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return self.follower.run.uuid

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return self.follower.run.label

    @property
    def typed(self) -> str:
        """What it is called on a command line."""
        return self.follower.run.typed

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        return self.follower.here

    def look(self) -> bool:
        """Ask once how far it is: whether it has ended."""
        self.state = self.follower.look()
        return self.state.status.is_final

    def ended(self, context: Context, telling: AtEnd) -> tuple[list[str], bool]:
        """What is said of its end, and whether it succeeded. Who is to be told is told."""
        from pennsieve_agent.cli.run.endings import ended_of_several
        from pennsieve_agent.domain.runs import RunStatus
        from pennsieve_agent.services.runs.all_runs import Located

        located = Located(self.follower.run, self.follower.backend)
        state = self.state or self.follower.look()
        shown = ended_of_several(context, located, state, telling)
        return list(shown.notes), state.status is RunStatus.SUCCEEDED

    def document(self) -> dict[str, Any]:
        """The run at its end."""
        from pennsieve_agent.console import documents

        return documents.run(self.follower.run, self.state)


@dataclass
class NamedBatch:
    """A batch, as it was at the last look."""

    located: LocatedBatch
    wait: BatchWait

    def __post_init__(self) -> None:
        """Begin with what is known."""
        self._batch = self.located.batch

    @property
    def id(self) -> str:
        """Its id."""
        return self._batch.id

    @property
    def label(self) -> str:
        """What it is called in a sentence."""
        return self._batch.name

    @property
    def typed(self) -> str:
        """What it is called on a command line."""
        return quote(self._batch.name)

    @property
    def here(self) -> bool:
        """Whether it is on this machine."""
        return self.wait.here

    def look(self) -> bool:
        """Ask once how far it is: whether it is over."""
        if not self._batch.status.is_final:
            self._batch = self.wait.look(self._batch)
        return self._batch.status.is_final

    def ended(self, context: Context, telling: AtEnd) -> tuple[list[str], bool]:
        """What is said of its end, and whether all succeeded. Who is to be told is told."""
        from pennsieve_agent.cli.run.batch_following import end_words, exit_code
        from pennsieve_agent.errors import ExitCode

        telling.tell_batch(context, self._batch, self.located.backend.name)
        return [end_words(self._batch)], exit_code(self._batch) == ExitCode.OK

    def document(self) -> dict[str, Any]:
        """The batch with its subjects."""
        from pennsieve_agent.console import batch_documents

        backend = self.located.backend
        return batch_documents.shown(self._batch, backend.name, list(backend.rows(self._batch.id)))


def named(context: Context, references: Sequence[str], timeout: float | None) -> list[Named]:
    """What was named, each once, in that order; ``timeout`` is in seconds.

    Raises:
        UsageProblem: a name means nothing, or several.
    """
    from pennsieve_agent.cli.run import batch_following, batch_places, following

    known: dict[str, Named] = {}
    for reference in references:
        located = batch_places.run_or_batch(context, reference)
        one: Named
        if isinstance(located, batch_places.LocatedBatch):
            one = NamedBatch(located, batch_following.waiter(context, located, timeout))
        else:
            one = NamedRun(
                following.follower(context, located.run, located.backend, timeout=timeout)
            )
        known.setdefault(one.id, one)
    return list(known.values())


def wait_for(
    context: Context, waited: Sequence[Named], timeout: float | None, telling: AtEnd
) -> Shown:
    """Wait for all of them; each end is noted as it comes.

    Raises:
        RunFailed: one failed or was cancelled.
        StillRunning: the time was up.
    """
    from pennsieve_agent.errors import ExitCode, RunFailed
    from pennsieve_agent.services.runs.wait_runs import ends

    deadline = None if timeout is None else context.now() + timeout
    failed = list[str]()
    with context.interruption.during(
        "stopped waiting; the runs go on",
        f"wait again: pennsieve run wait {' '.join(one.typed for one in waited)}",
        always=True,
    ):
        for one in ends(waited, context.now, context.sleep, deadline):
            notes, succeeded = one.ended(context, telling)
            for note in notes:
                context.streams.note(note)
            failed += [] if succeeded else [one.typed]
    code = RunFailed.exit_code if failed else ExitCode.OK
    if context.as_json:
        return Shown([one.document() for one in waited], exit_code=code)
    if failed:
        raise RunFailed(
            f"{len(failed)} of {len(waited)} did not succeed",
            hint=f"see what they did: pennsieve run show {failed[0]}",
        )
    return Shown()
