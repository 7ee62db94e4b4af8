"""Where a command looks for runs: on the own nodes that this machine knows, and on Pennsieve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.context import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.people import Member
    from pennsieve_agent.domain.run_filter import Someone
    from pennsieve_agent.domain.runs import Run, RunState
    from pennsieve_agent.services.runs.all_runs import AllRuns, Located
    from pennsieve_agent.services.runs.earlier_runs import EarlierRuns
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.runs.run_outputs import ImportWait
    from pennsieve_agent.settings.started_runs import RunJournal


def journal(context: Context) -> RunJournal:
    """The starts of this machine."""
    from pennsieve_agent.settings.started_runs import FOLDER, RunJournal

    return RunJournal(context.config_path.parent / FOLDER, context.now)


def backend_of(context: Context, node: OwnNode) -> RunBackend:
    """The runs of an own node; nothing is asked yet."""
    from pennsieve_agent.services.runs.node_runs import NodeRuns

    return NodeRuns(node, context.node_calls(node), context.now)


def everywhere(
    context: Context, note: Callable[[str], None] | None = None, *, pennsieve: bool = True
) -> AllRuns:
    """All places, own nodes first; AWS is touched only when an own node is asked.

    ``note`` is told of places that are silent, in place of standard error.
    """
    from pennsieve_agent.services.runs.all_runs import AllRuns
    from pennsieve_agent.services.runs.pennsieve_runs import PennsieveRuns

    own = [backend_of(context, node) for node in context.own_nodes]
    return AllRuns(
        [*own, *([PennsieveRuns(context.platform)] if pennsieve else [])],
        me=lambda: me(context),
        note=note or context.streams.note,
        started_on=journal(context).node_of if own else lambda _: "",
    )


def me(context: Context) -> Someone:
    """Who is signed in."""
    from pennsieve_agent.domain.run_filter import Someone

    user = context.user
    return Someone(user.id, user.email, user.name)


def starter(context: Context, run: Run) -> str | None:
    """Who else started a run, in words; None for one of mine.

    Own nodes know people as they call themselves (``Claimed``), Pennsieve by their ids.
    """
    if run.details is not None:
        email = run.details.person_email
        # A node shows others' runs to its owner alone.
        owned = any(node.token == run.node_uuid and node.is_owned for node in context.own_nodes)
        started_here = bool(journal(context).node_of(run.uuid))
        claims = bool(email) and email.casefold() == context.claimed.email.casefold()
        mine = not owned or started_here or claims
        other = run.details.person_name or email or run.details.caller
    else:
        mine = run.created_by == context.user.id
        other = "" if mine else _name(context, run.created_by)
    return None if mine else other or "somebody who is not known here"


def member(context: Context, id_: str) -> Member | None:
    """Who has an id on Pennsieve; None for somebody who left the workspace."""
    members = context.platform.people.members(context.workspace_id)
    return next((one for one in members if one.id == id_), None)


def _name(context: Context, id_: str) -> str:
    person = member(context, id_)
    return person.name if person else id_


def find(context: Context, reference: str | None) -> Located:
    """A run by name, unique prefix or id, on any node; my latest when none is named."""
    return everywhere(context).find(reference)


def earlier_runs(context: Context) -> EarlierRuns:
    """The runs before one that is to be started."""
    from pennsieve_agent.services.runs.earlier_runs import EarlierRuns

    return EarlierRuns(context.platform, everywhere(context), import_wait(context))


def import_wait(context: Context, seconds: float | None = None) -> ImportWait:
    """How a command waits for results that Pennsieve has not imported yet.

    ``seconds`` is for how long after a run's end; None: ten minutes.
    """
    from pennsieve_agent.console.progress import ImportLine
    from pennsieve_agent.services.runs.run_outputs import IMPORT_SECONDS, ImportWait

    show = ImportLine(context.streams).show
    seconds = IMPORT_SECONDS if seconds is None else seconds
    return ImportWait(context.now, context.sleep, show, seconds)


def fetch(context: Context, url: str) -> bytes:
    """What lies at an address that was given out for a short time."""
    from pennsieve_agent.transfer.receive import read

    return read(context.sender, url, context.sleep)


def state(located: Located) -> RunState:
    """How far a run is: what an own node said of it has that, Pennsieve is asked once more."""
    from pennsieve_agent.domain.runs import RunState

    run = located.run
    if run.details is None:
        return located.backend.state(run.uuid)
    times, spent = (run.started_at, run.completed_at), run.details.spent
    return RunState(run.status, *times, run.states, run.reason, spent)
