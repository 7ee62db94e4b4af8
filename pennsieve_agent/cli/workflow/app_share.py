"""``pennsieve workflow app share|unshare``: who may see registered code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.workflow.apps import App
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.sharing import AppSharing
    from pennsieve_agent.domain.workflows import Application
    from pennsieve_agent.services.nodes.node_access import Grantees

Public = Annotated[bool, typer.Option("--public", help="Everybody on Pennsieve.")]


@command(
    "workflow app share",
    answers=("app_shared", "planned_change"),
    examples=["pennsieve workflow app share spike-rate --user grace@example.org"],
)
def share(
    context: Context,
    application: App,
    user: options.User = None,
    team: options.Team = None,
    workspace: options.Workspace = False,
    public: Public = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Let somebody see code and use it in workflows.

    Only the owner of the code can do this. It takes some minutes.
    """
    from pennsieve_agent.domain.sharing import Visibility
    from pennsieve_agent.services.workflows import apps

    who = _grantees(user, team, workspace=workspace, public=public)
    app = apps.application(context.platform, application)
    if dry_run:
        return planned(f"share '{apps.short_name(app)}' with {_whom(context, who, public=public)}")
    if public:
        name = "everybody on Pennsieve"
        sharing = apps.set_visibility(context.platform, app, Visibility.PUBLIC)
    else:
        name, sharing = apps.share(context.platform, context.workspace_id, app, who)
    return _shown(app, sharing, f"'{apps.short_name(app)}' is shared with {name}")


@command(
    "workflow app unshare",
    answers=("app_shared", "planned_change"),
    examples=["pennsieve workflow app unshare spike-rate --workspace"],
)
def unshare(
    context: Context,
    application: App,
    user: options.User = None,
    team: options.Team = None,
    workspace: options.Workspace = False,
    public: Public = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Stop sharing code with somebody; other shares stay. Only its owner can do this."""
    from pennsieve_agent.domain.sharing import Visibility
    from pennsieve_agent.services.workflows import apps

    who = _grantees(user, team, workspace=workspace, public=public)
    app = apps.application(context.platform, application)
    if dry_run:
        return planned(
            f"stop sharing '{apps.short_name(app)}' with {_whom(context, who, public=public)}"
        )
    if public:
        name = "everybody on Pennsieve"
        sharing = apps.set_visibility(context.platform, app, Visibility.PRIVATE)
    else:
        name, sharing = apps.unshare(context.platform, context.workspace_id, app, who)
    return _shown(app, sharing, f"'{apps.short_name(app)}' is no longer shared with {name}")


def _grantees(user: str | None, team: str | None, *, workspace: bool, public: bool) -> Grantees:
    """With whom code is shared; nobody in particular where it is public.

    Raises:
        UsageProblem: it is not exactly one.
    """
    from pennsieve_agent.services.nodes.node_access import Grantees

    who = Grantees(user, team, workspace)
    if not public:
        who.check()
    elif who != Grantees():
        raise UsageProblem(
            "--public cannot be given with --user, --team or --workspace",
            hint="give one of them at a time",
        )
    return who


def _whom(context: Context, who: Grantees, *, public: bool) -> str:
    from pennsieve_agent.services.nodes import node_access

    if public:
        return "everybody on Pennsieve"
    return node_access.whom(context.platform, context.workspace_id, who)


def _shown(app: Application, sharing: AppSharing, sentence: str) -> Shown:
    from pennsieve_agent.console import workflow_documents

    document = {
        "id": app.uuid,
        "source_url": app.source_url,
        "sharing": workflow_documents.app_sharing(sharing),
    }
    return Shown(document, sentence)
