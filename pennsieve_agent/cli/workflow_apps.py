"""``pennsieve workflow app``: the registered code that workflows are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.sharing import AppSharing
    from pennsieve_agent.domain.workflows import Application

app = group("Registered code (applications), of which workflows are made; and who may see it.")
App = Annotated[str, typer.Argument(metavar="APP", help="Repository, name, unique prefix or id.")]
Archived = Annotated[bool, typer.Option("--archived", help="Archived ones, instead.")]
Public = Annotated[bool, typer.Option("--public", help="Everybody on Pennsieve.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    archived: Archived = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The registered code you may see."""
    from pennsieve_agent.console import offer_documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    found = context.platform.applications.list(archived=archived)
    found = [a for a in found if (a.status.casefold() == "archived") is archived]
    found.sort(key=lambda a: apps.short_name(a).casefold())
    if json:
        context.streams.document([offer_documents.application(a) for a in found])
        return
    if not found:
        which = "archived " if archived else ""
        context.streams.note(f"no {which}code; register some with: pennsieve workflow add REPO")
        return
    rows = [[apps.short_name(a), a.visibility, _newest(a), a.source_url, a.uuid] for a in found]
    columns = ["NAME", "VISIBILITY", "NEWEST", "CODE", "ID"]
    context.streams.result(table(columns, rows, context.streams))


def _newest(found: Application) -> str:
    newest = max(found.versions, key=lambda v: v.created_at, default=None)
    return f"{newest.tag} {newest.status.value}" if newest else ""


@app.command()
def show(
    ctx: typer.Context,
    application: App,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """One registered repository: its versions, and who may see it."""
    from pennsieve_agent.console import offer_documents, people_documents
    from pennsieve_agent.console.tables import details, table
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    found = apps.application(context.platform, application)
    sharing = context.platform.applications.sharing(found.uuid)
    if json:
        document = offer_documents.application(found)
        context.streams.document({**document, "sharing": people_documents.app_sharing(sharing)})
        return
    streams = context.streams
    names = {m.id: m.name for m in context.platform.people.members(context.workspace_id)}
    shared = [names.get(id_, id_) for kind in ("user", "team") for id_ in sharing.ids(kind)]
    shared += ["a workspace" for _ in sharing.ids("workspace")]
    pairs = [
        ("name", apps.short_name(found)),
        ("id", found.uuid),
        ("code", found.source_url),
        ("description", found.description),
        ("visible to", "everybody" if sharing.visibility.value == "public" else "its owner"),
        ("shared with", ", ".join(shared)),
        ("owner", names.get(sharing.owner_id, sharing.owner_id)),
    ]
    streams.result(details(pairs, streams))
    newest_first = sorted(found.versions, key=lambda v: v.created_at, reverse=True)
    rows = [
        [
            v.tag,
            v.status.value,
            when(v.created_at, context.now(), relative=context.relative),
            v.problem,
        ]
        for v in newest_first
    ]
    streams.result("")
    columns = ["TAG", "STATUS", "REGISTERED", "PROBLEM"]
    streams.result(table(columns, rows, streams, wrap_last=True))


@app.command()
def share(
    ctx: typer.Context,
    application: App,
    user: options.User = None,
    team: options.Team = None,
    workspace: options.Workspace = False,
    public: Public = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let somebody see code and use it in workflows. Only its owner may; it takes some minutes."""
    from pennsieve_agent.domain.sharing import Visibility
    from pennsieve_agent.services.nodes.node_access import Grantees
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    who = Grantees(user, team, workspace)
    _check(who, public=public)
    found = apps.application(context.platform, application)
    if public:
        said = "everybody on Pennsieve"
        now = apps.set_visibility(context.platform, found, Visibility.PUBLIC)
    else:
        said, now = apps.share(context.platform, context.workspace_id, found, who)
    _say(context, found, now, f"'{apps.short_name(found)}' is shared with {said}")


@app.command()
def unshare(
    ctx: typer.Context,
    application: App,
    user: options.User = None,
    team: options.Team = None,
    workspace: options.Workspace = False,
    public: Public = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Stop sharing code with somebody; other shares stay. Only its owner may."""
    from pennsieve_agent.domain.sharing import Visibility
    from pennsieve_agent.services.nodes.node_access import Grantees
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    who = Grantees(user, team, workspace)
    _check(who, public=public)
    found = apps.application(context.platform, application)
    if public:
        said = "everybody on Pennsieve"
        now = apps.set_visibility(context.platform, found, Visibility.PRIVATE)
    else:
        said, now = apps.unshare(context.platform, context.workspace_id, found, who)
    _say(context, found, now, f"'{apps.short_name(found)}' is no longer shared with {said}")


def _check(who: object, *, public: bool) -> None:
    from pennsieve_agent.services.nodes.node_access import Grantees

    if public and who != Grantees():
        raise UsageProblem("--public goes alone", hint="give one of them at a time")
    if not public and isinstance(who, Grantees):
        who.check()


def _say(context: Context, found: Application, now: AppSharing, sentence: str) -> None:
    from pennsieve_agent.console import people_documents

    if context.as_json:
        sharing = people_documents.app_sharing(now)
        context.streams.document(
            {"id": found.uuid, "source_url": found.source_url, "sharing": sharing}
        )
    else:
        context.streams.result(sentence)


@app.command()
def archive(
    ctx: typer.Context,
    application: App,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Put registered code away, where the platform can. Only its owner may."""
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    found = apps.application(context.platform, application)
    name = apps.short_name(found)
    if not context.streams.confirm(f"Archive '{name}' ({found.source_url})?", assume=yes):
        context.streams.note("nothing was changed")
        return
    context.platform.applications.archive(found.uuid)
    _said(context, found, archived=True)


@app.command()
def restore(
    ctx: typer.Context,
    application: App,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take archived code back."""
    from pennsieve_agent.services.workflows import apps

    context = options.use(ctx, profile, as_json=json)
    found = apps.application(context.platform, application, archived=True)
    context.platform.applications.restore(found.uuid)
    _said(context, found, archived=False)


def _said(context: Context, found: Application, *, archived: bool) -> None:
    from pennsieve_agent.services.workflows import apps

    if context.as_json:
        context.streams.document(
            {"id": found.uuid, "source_url": found.source_url, "archived": archived}
        )
        return
    verb = "Archived" if archived else "Restored"
    context.streams.result(f"{verb} '{apps.short_name(found)}' ({found.source_url})")
