"""How registering and removing a compute node is shown, and what it is done with."""

from __future__ import annotations

from pennsieve_agent.account.journal import Journal
from pennsieve_agent.account.removal import RemovalPlan
from pennsieve_agent.account.steps import AccountPlan
from pennsieve_agent.account.undo import RemovalReport
from pennsieve_agent.account.worlds import Progress, Worlds
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import AgentError


def worlds(context: Context, name: str, region: str | None, aws_profile: str | None) -> Worlds:
    """AWS, the platform and the journal of one node, whose progress is shown."""
    folder = context.config_path.parent / "nodes"
    return Worlds(
        context.aws(region, aws_profile),
        context.platform.compute,
        Journal(folder, context.profile.name, name),
        context.sleep,
        lambda progress: _tell(context, progress),
    )


#: Steps that take long enough to be announced.
_SLOW = {"deploy_stack", "await_node", "delete_node", "delete_stack"}
_MARKS = {
    "started": ("…", "dim"),
    "done": ("✓", "green"),
    "already done": ("✓", "green"),
    "problem": ("!", "yellow"),
    "interrupted": ("!", "yellow"),
}


def _tell(context: Context, progress: Progress) -> None:
    streams, state = context.streams, progress.state.value
    if state == "started" and (not streams.err_is_terminal or progress.step not in _SLOW):
        return
    mark, style = _MARKS.get(state, (" ", "dim"))
    streams.explain(f"{streams.paint(mark, style)} {progress.sentence}")
    if progress.hint:
        streams.note(f"    hint: {progress.hint}")


def show_plan(context: Context, plan: AccountPlan) -> None:
    """What a registration will do."""
    streams, who = context.streams, plan.identity
    streams.explain(f"AWS account {who.account_id} in {who.region}, as {who.arn} ({who.source})")
    if plan.nothing_to_do:
        return
    streams.note("This will be done:")
    for number, step in enumerate(plan.steps, 1):
        streams.explain(f"  {number}. {step.sentence}")
        for line in getattr(step, "lines", ()):
            streams.explain(f"     {line}")
    for words in plan.words:
        streams.explain(words)


def show_removal(context: Context, plan: RemovalPlan) -> None:
    """What a removal will do."""
    context.streams.note("This will be done:")
    for number, step in enumerate(plan.steps, 1):
        context.streams.explain(f"  {number}. {step.sentence}")
    for kept in plan.kept:
        context.streams.explain(f"  stays: {kept}")


def show_report(context: Context, name: str, report: RemovalReport) -> None:
    """What a removal did.

    Raises:
        AgentError: something unexpected remains.
    """
    if context.as_json and not report.leftovers:
        context.streams.document(
            {"name": name, "removed": list(report.removed), "kept": list(report.kept)}
        )
    if report.leftovers:
        raise AgentError(
            f"something of compute node '{name}' remains: {', '.join(report.leftovers)}",
            hint="look at it in the AWS console, then run the same command again",
        )
    if not context.as_json:
        context.streams.result(f"Removed compute node '{name}'; nothing unexpected is left in AWS")
        for kept in report.kept:
            context.streams.explain(f"  kept: {kept}")
