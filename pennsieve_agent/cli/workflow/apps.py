"""``pennsieve workflow app list|show|archive|restore``: the code that workflows are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import UNCHANGED, Details, Shown, Table, planned
from pennsieve_agent.console.tables import ID, NAME, Column, Cut

if TYPE_CHECKING:
    from pennsieve_agent.domain.sharing import AppSharing
    from pennsieve_agent.domain.workflows import Application

App = Annotated[str, typer.Argument(metavar="APP", help="Repository, name, unique prefix or id.")]


@command("workflow app list", answers="list of app", examples=["pennsieve workflow app list"])
def list_(context: Context, archived: options.Archived = False) -> Shown:
    """The registered code that you may see."""
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.services.workflows import apps

    known = context.platform.applications.list(archived=archived)
    known = [a for a in known if (a.status.casefold() == "archived") is archived]
    known.sort(key=lambda a: apps.short_name(a).casefold())
    document = [workflow_documents.application(a) for a in known]
    if not known:
        which = "archived" if archived else "registered"
        return Shown(
            document, notes=[f"no {which} code; register some with: pennsieve workflow add REPO"]
        )
    rows = [[apps.short_name(a), a.visibility, _newest(a), a.source_url, a.uuid] for a in known]
    return Shown(
        document,
        Table([NAME, "VISIBILITY", "NEWEST", Column("CODE", Cut.MIDDLE, spare=True), ID], rows),
    )


def _newest(app: Application) -> str:
    newest = max(app.versions, key=lambda v: v.created_at, default=None)
    return f"{newest.tag} {newest.status.value}" if newest else ""


@command(
    "workflow app show",
    answers="app_details",
    examples=["pennsieve workflow app show https://github.com/lab/spike-rate"],
)
def show(context: Context, application: App) -> Shown:
    """One registered repository: its versions, and who may see it."""
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services.workflows import apps

    app = apps.application(context.platform, application)
    sharing = context.platform.applications.sharing(app.uuid)
    names = {m.id: m.name for m in context.platform.people.members(context.workspace_id)}
    newest_first = sorted(app.versions, key=lambda v: v.created_at, reverse=True)
    rows = [
        [
            v.tag,
            v.status.value,
            when(v.created_at, context.now(), relative=context.relative),
            v.problem,
        ]
        for v in newest_first
    ]
    table = Table(["TAG", "STATUS", "REGISTERED", Column("PROBLEM", Cut.WRAP)], rows)
    document: dict[str, Any] = {
        **workflow_documents.application(app),
        "sharing": workflow_documents.app_sharing(sharing),
    }
    return Shown(document, [_details(app, sharing, names), "", table])


def _details(app: Application, sharing: AppSharing, names: dict[str, str]) -> Details:
    from pennsieve_agent.services.workflows import apps

    shared = [names.get(id_, id_) for kind in ("user", "team") for id_ in sharing.ids(kind)]
    shared += ["a workspace" for _ in sharing.ids("workspace")]
    return Details(
        [
            ("name", apps.short_name(app)),
            ("id", app.uuid),
            ("code", app.source_url),
            ("description", app.description),
            ("visible to", "everybody" if sharing.visibility.value == "public" else "its owner"),
            ("shared with", ", ".join(shared)),
            ("owner", names.get(sharing.owner_id, sharing.owner_id)),
        ]
    )


@command(
    "workflow app archive",
    answers=("app_archived", "planned_change"),
    examples=["pennsieve workflow app archive spike-rate"],
)
def archive(
    context: Context,
    application: App,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Archive registered code, so that it is not used. Only its owner can do this."""
    from pennsieve_agent.services.workflows import apps

    app = apps.application(context.platform, application)
    if dry_run:
        return planned(f"archive '{apps.short_name(app)}' ({app.source_url})")
    question = f"Archive '{apps.short_name(app)}' ({app.source_url})?"
    if not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    context.platform.applications.archive(app.uuid)
    return _moved(app, archived=True)


@command(
    "workflow app restore",
    answers=("app_archived", "planned_change"),
    examples=["pennsieve workflow app restore spike-rate"],
)
def restore(context: Context, application: App, dry_run: options.DryRun = False) -> Shown:
    """Restore archived code."""
    from pennsieve_agent.services.workflows import apps

    app = apps.application(context.platform, application, archived=True)
    if dry_run:
        return planned(f"restore '{apps.short_name(app)}' ({app.source_url})")
    context.platform.applications.restore(app.uuid)
    return _moved(app, archived=False)


def _moved(app: Application, *, archived: bool) -> Shown:
    from pennsieve_agent.services.workflows import apps

    document = {"id": app.uuid, "source_url": app.source_url, "archived": archived}
    verb = "Archived" if archived else "Restored"
    return Shown(document, f"{verb} '{apps.short_name(app)}' ({app.source_url})")
