"""``pennsieve dataset grant|revoke``: let a workflow use a dataset, and take it away again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Prose, Shown, planned
from pennsieve_agent.domain.grants import Access, parse_until, until_words
from pennsieve_agent.errors import NotFound, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.grants.grant_dataset import Granted, Revoked
    from pennsieve_agent.services.grants.grant_workflows import Granting

_MANAGER = (
    "note: on Pennsieve the workflow's user becomes manager of the dataset: it can change and "
    "delete everything in it"
)
_DELAYS = (
    "note: Pennsieve may let the workflow's user in for up to 5 minutes more, credentials for "
    "uploads end within 60 minutes, and download links when they expire"
)
_STEPS_HAVE_KEY = (
    "note: the steps of this workflow get its key, so their code can use all of these datasets by "
    "itself; the node cannot prevent that"
)


@command(
    "dataset grant",
    answers=("granted", "planned_change"),
    examples=[
        "pennsieve dataset grant spike-rate -d 'Mouse EEG'",
        "pennsieve dataset grant spike-rate -d 'Mouse EEG' --access read",
        "pennsieve dataset grant spike-rate -d 'Mouse EEG' --until 2027-01-31",
    ],
)
def grant(
    context: Context,
    workflow: options.Workflow,
    dataset: options.Dataset,
    access: Annotated[
        Access | None,
        typer.Option(
            "--access",
            metavar="ACCESS",
            help="read: inputs only; read-write: results are written back. Default: what the "
            "workflow needs.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="DATE",
            help="The grant's last day (UTC), or a time from now: 30d, 12h.",
        ),
    ] = None,
    dry_run: options.DryRun = False,
) -> Iterator[Shown]:
    """Let a workflow use a dataset.

    Your compute nodes read and write only granted datasets. Only managers of the dataset can grant
    it. With --until the grant ends by itself: your nodes then refuse new runs that need it, and
    end active ones within five minutes. Your next command then takes the workflow's user off the
    dataset on Pennsieve. To change the date, grant again; without --until the grant has no end.
    """
    from pennsieve_agent.cli.workflow import identity
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.grants import grant_dataset as granting
    from pennsieve_agent.services.grants.grant_workflows import granting_of

    identity.need_own_nodes(context)
    end = parse_until(until, context.now()) if until is not None else 0.0
    needs = granting_of(named_workflow(context, workflow).workflow, context.admin_nodes)
    where = lookup.dataset(context.platform, dataset)
    if dry_run:
        granting.check_manager(context.platform, where)
        words = (access or needs.needs).words
        date = f" until {until_words(end)}" if end else ""
        yield planned(f"let workflow '{needs.workflow.name}' {words} dataset '{where.name}'{date}")
        return
    granted = granting.grant(
        identity.identity_context(context), needs.workflow, where, access or needs.needs, end
    )
    identity.note_unasked(context, granted.unasked if context.as_json else ())
    text, notes = _text(needs, where, granted), _notes(needs, granted, chosen=access)
    yield Shown(_granted(needs.workflow, where, granted), text, list(notes))
    if not context.as_json:
        identity.require_all_answers(granted.unasked)


def _granted(workflow: Workflow, dataset: Dataset, granted: Granted) -> dict[str, object]:
    from pennsieve_agent.console.grant_documents import moment

    return {
        **_names(workflow, dataset.id, dataset.name),
        "access": granted.access.value,
        "until": moment(granted.until) if granted.until else None,
        "changed": granted.changed,
        "nodes": list(granted.nodes),
        "nodes_not_asked": [silent.node.name for silent in granted.unasked],
        "integrations_created": list(granted.new_users),
    }


def _names(workflow: Workflow, dataset_id: str, dataset: str) -> dict[str, object]:
    return {
        "workflow": workflow.name,
        "workflow_id": workflow.uuid,
        "dataset": dataset,
        "dataset_id": dataset_id,
    }


def _text(needs: Granting, dataset: Dataset, granted: Granted) -> Prose:
    verb = "may" if granted.changed else "may already"
    date = f" until {until_words(granted.until)}," if granted.until else ""
    return Prose(
        f"Workflow '{needs.workflow.name}' {verb} {granted.access.words} dataset "
        f"'{dataset.name}'{date} on your compute nodes: {', '.join(granted.nodes)}"
    )


def _notes(needs: Granting, granted: Granted, *, chosen: Access | None) -> Iterator[str]:
    """What else the person should know of this grant."""
    from pennsieve_agent.cli.workflow.identity import REACH

    if chosen is None:
        yield f"note: {granted.access.words} access is what this workflow needs"
    elif needs.needs.writes and not chosen.writes:
        yield "note: this workflow writes results back, which needs --access read-write"
    if granted.ended_at and not granted.until:
        date = until_words(granted.ended_at)
        yield f"note: the earlier grant was until {date}; this one has no end"
    if granted.access.writes and granted.changed:
        yield _MANAGER
    if not granted.new_users:
        return
    place = (
        "in this machine's keychain and on the nodes"
        if granted.in_keychain
        else "on the nodes only: no keychain can be reached from here"
    )
    names = ", ".join(f"'{name}'" for name in granted.new_users)
    yield f"note: created the workflow's own identity, {names}; its keys are {place}"
    yield f"note: {REACH}"
    if needs.promised:
        yield _STEPS_HAVE_KEY


@command(
    "dataset revoke",
    answers=("revoked", "planned_change"),
    examples=["pennsieve dataset revoke spike-rate -d 'Mouse EEG'"],
)
def revoke(
    context: Context,
    workflow: options.Workflow,
    dataset: options.Dataset,
    dry_run: options.DryRun = False,
) -> Iterator[Shown]:
    """Take a dataset away from a workflow; active runs that need it are ended."""
    from pennsieve_agent.cli.workflow import identity
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.services.grants import grant_dataset as granting

    match = named_workflow(context, workflow).workflow
    id_, name = _granted_dataset(context, match, dataset)
    if dry_run:
        yield planned(f"take dataset '{name}' away from workflow '{match.name}'")
        return
    revoked = granting.revoke(identity.identity_context(context), match, id_)
    document = {**_names(match, id_, name), "revoked": revoked.had}
    yield Shown(document, _revoked_text(match, name, revoked), [_DELAYS] if revoked.had else ())
    identity.require_all_answers(revoked.unasked)


def _revoked_text(workflow: Workflow, dataset: str, revoked: Revoked) -> str:
    if revoked.had:
        return f"Workflow '{workflow.name}' may no longer use dataset '{dataset}'"
    return f"Workflow '{workflow.name}' was not granted dataset '{dataset}'; nothing was changed"


def _granted_dataset(context: Context, workflow: Workflow, reference: str) -> tuple[str, str]:
    """A dataset's id and name; one that was deleted is known from the nodes' grants alone."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.grants.grant_list import of_nodes

    try:
        dataset = lookup.dataset(context.platform, reference)
    except (NotFound, UsageProblem):
        listed, _ = of_nodes(context.admin_nodes, workflow.uuid)
        known = {row.grant.dataset: row.grant.dataset_name for row in listed}
        ids = [id_ for id_, name in known.items() if reference in {id_, name}]
        if len(ids) != 1:
            raise
        return ids[0], known[ids[0]] or ids[0]
    return dataset.id, dataset.name
