"""Follow what happens to a CloudFormation stack, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import StackEvent
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import StillRunning

Sleep = Callable[[float], None]
STACK_SECONDS = 4500.0
"""AWS deletes a function that is inside a network only when its network interfaces are gone
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-vpcconfig.html),
for which Lambda takes up to 45 minutes
(https://github.com/hashicorp/terraform-provider-aws/pull/10329)."""


def last_event(aws: Aws, name: str) -> str | None:
    """The id of the newest event that ended an operation; what follows belongs to the next one."""
    for event in _newest_first(aws, name):
        if event.final:
            return event.id
    return None


def stack_events(
    aws: Aws,
    name: str,
    since: str | None,
    *,
    sleep: Sleep,
    seconds: float = STACK_SECONDS,
) -> Iterator[StackEvent]:
    """The events after the event ``since``, oldest first, until the stack is idle.

    Give the stack's ARN to follow a deletion to its end. ``seconds`` is the longest wait.

    Raises:
        StillRunning: the wait ended first.

    """
    newest = since
    for pause in pauses(seconds):
        news: list[StackEvent] = []
        for event in _newest_first(aws, name):
            if event.id == newest:
                break
            news.append(event)
        for event in reversed(news):
            yield event
            if event.final:
                return
        newest = news[0].id if news else newest
        sleep(pause)
    raise StillRunning(
        f"AWS is still changing stack {name}",
        hint="run the same command again to continue waiting",
    )


def _newest_first(aws: Aws, name: str) -> Iterator[StackEvent]:
    for page in aws.pages("cloudformation", "describe_stack_events", StackName=name):
        for row in page["StackEvents"]:
            yield StackEvent(
                id=row["EventId"],
                logical_id=row.get("LogicalResourceId", ""),
                type=row.get("ResourceType", ""),
                status=row.get("ResourceStatus", ""),
                reason=row.get("ResourceStatusReason", ""),
                at=row["Timestamp"].isoformat(),
                of_stack=row.get("PhysicalResourceId") == row["StackId"],
            )
