"""What a run was made of: code, input, node and person, so that somebody can tell it later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.run import mail_options
from pennsieve_agent.console.shown import Details, Part, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import UNKNOWN, figure, plural, size, span, usd, when
from pennsieve_agent.domain.forecast_limits import money

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.mail import MailTo
    from pennsieve_agent.domain.runs import Run, RunDetails, RunInput, RunState, StepState

MOST_PATHS = 5
"""How many input files the text names; --json has all."""
_SOONER = 0.99
"""Of the whole price: the clock deletes what is kept within the hour."""
_ROUNDED = 0.000001
"""A node's costs in USD are rounded to this."""
_NOT_KEPT = "not recorded on nodes that Pennsieve runs"


def input_words(input_: RunInput, layout: str) -> str:
    """How much a run read."""
    count = "an unknown number of files" if input_.count is None else plural(input_.count, "file")
    words = [f"{count}, {UNKNOWN + ' size' if input_.size is None else size(input_.size)}"]
    if layout:
        words.append(f"layout {layout}")
    if not input_.is_recorded and input_.count is not None:
        words.append("as its packages are now")
    if input_.missing:
        words.append(f"{plural(input_.missing, 'package')} not in the dataset any more")
    return ", ".join(words)


def node_words(run: Run) -> str:
    """Where a run executes: whose node, and which version of its code."""
    name = run.node_name or run.node_uuid
    if run.details is None:
        return f"{name}, run by Pennsieve (version {_NOT_KEPT})"
    return f"{name}, version {run.details.node_version or UNKNOWN}"


def who_words(run: Run) -> str:
    """Who started a run: AWS's word first, then what he called himself."""
    details = run.details
    if details is None:
        person = " ".join(
            filter(None, (run.creator_name, run.creator_email and f"<{run.creator_email}>"))
        )
        return person or run.created_by
    claims = details.person_name or details.person_email
    return f"{details.caller} ({claims}, as claimed)" if claims else details.caller


def code(run: Run) -> list[Part]:
    """What each processor runs: a block each, whose lines fit a terminal and can be copied."""
    from pennsieve_agent.domain.runs import StepCode
    from pennsieve_agent.domain.workflows import StepKind

    pinned = run.details.code if run.details else {}
    blocks: list[Part] = []
    for step in run.steps:
        if step.kind is not StepKind.PROCESSOR:
            continue
        known = pinned.get(step.id)
        missing = _NOT_KEPT if run.details is None else UNKNOWN
        pairs = [
            ("step", step.id),
            ("code", step.source_url or UNKNOWN),
            ("tag", step.tag if (known or StepCode()).is_tag(step.tag) else "none"),
            ("commit", (known.commit if known else "") or missing),
            ("image", (known.digest.rpartition("@")[2] if known else "") or missing),
        ]
        blocks += ["", Details(pairs)]
    return blocks


def input_files(context: Context, run: Run, input_: RunInput) -> list[Part]:
    """The first input files of a run."""
    if not input_.files:
        return []
    shown = input_.files[:MOST_PATHS]
    rows = [[f.path, figure(f.size, size, plain=not context.relative)] for f in shown]
    parts: list[Part] = ["", Table([Column("INPUT", Cut.MIDDLE), "SIZE"], rows)]
    if more := len(input_.files) - len(shown):
        parts.append(f"and {more} more: pennsieve run show {run.typed} --json")
    return parts


def cost_words(run: Run, state: RunState) -> str:
    """What a run cost on an own node; empty before that is counted."""
    if run.details is None or (run.details.cost is None and not state.status.is_final):
        return ""
    return usd(run.details.cost)


def kept_words(context: Context, details: RunDetails) -> str:
    """Until when what the steps of a run made is kept, at what price; empty where it is not."""
    from pennsieve_agent.domain.prices import GB, S3_GB_MONTH

    if not details.kept_until or details.files_of:
        return ""
    month = f"{S3_GB_MONTH:.3f} USD a month for each GB"
    if details.kept_bytes is not None:
        cost = money(S3_GB_MONTH * details.kept_bytes / GB)
        month = f"{size(details.kept_bytes)}, {cost} a month"
    until = _until(context, details)
    return f"until {until}, {month}; go on with: run retry --from STEP"


def kept_cost_words(context: Context, run: Run, cost: float) -> str:
    """What keeping costs, beside what was said of it before; empty where it was not measured."""
    from pennsieve_agent.domain.prices import GB, kept_cost

    details, days = run.details, run.limits.keep_steps
    if details is None or details.kept_bytes is None or not days:
        return ""
    amount = size(details.kept_bytes)
    if not details.files_of:
        until = _until(context, details)
        return f"{money(cost)}, for {amount} until {until}; less if it is taken over sooner"
    whole = kept_cost(days) * details.kept_bytes / GB
    is_less = cost < whole * _SOONER - _ROUNDED
    sooner = ", as it was taken over or deleted sooner" if is_less else ""
    return f"{money(cost)} of {money(whole)} for {amount} and {plural(days, 'day')}{sooner}"


def _until(context: Context, details: RunDetails) -> str:
    """When what is kept is deleted: a day on a terminal, ISO 8601 in a pipe."""
    until = when(details.kept_until, context.now(), relative=False)
    return until[:10] if context.relative else until


def mail_words(context: Context, mail: MailTo | None, *, is_over: bool) -> str:
    """Who is told of an end by mail, or was; empty where nobody is."""
    sent = when(mail.sent, context.now(), relative=context.relative) if mail else ""
    return mail_options.words(mail, sent, is_over=is_over)


def taken_words(details: RunDetails) -> str:
    """Which steps were taken over from which run; empty where none was."""
    if not details.taken_from:
        return ""
    return (
        f"{', '.join(details.taken_steps)} of run '{details.taken_from}', which cost nothing here"
    )


def step_time(step: StepState, now: float) -> str:
    """How long a step ran; empty where it never began."""
    seconds = step.seconds(now)
    if seconds is None:
        return UNKNOWN if step.started_at and step.status.is_final else ""
    return span(seconds)
