"""Documented limits that no service model states, one rule for each operation that has some.

A rule raises :class:`Refused` with AWS's code and words. Those of one service are in a module of
its own once there are many; :data:`RULES` names them all.
"""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.sandbox.aws.limits import (
    batch_quotas,
    bulk_quotas,
    function_quotas,
    name_quotas,
    session_quotas,
)
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.wire import AwsRequest

Rule = Callable[[AwsRequest, str, bytes], None]
"""Looks at a request, its account, and its body."""

MOST_TEMPLATE = 51_200
"""Bytes of a template that is sent in the request itself.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


def check_quotas(request: AwsRequest, account: str, body: bytes) -> None:
    """Hold a request to the documented limits. The caller holds the lock of the emulation.

    Raises:
        Refused: it goes beyond one.

    """
    rule = RULES.get((request.service, request.operation))
    if rule is not None:
        rule(request, account, body)


def _template(request: AwsRequest, _: str, __: bytes) -> None:
    if len(request.text("TemplateBody").encode()) > MOST_TEMPLATE:
        raise Refused(
            "ValidationError",
            "1 validation error detected: Value at 'templateBody' failed to satisfy constraint:"
            f" Member must have length less than or equal to {MOST_TEMPLATE}",
        )


RULES: dict[tuple[str, str], Rule] = {
    **{
        ("cloudformation", name): _template
        for name in ("CreateChangeSet", "CreateStack", "UpdateStack", "ValidateTemplate")
    },
    **batch_quotas.RULES,
    **bulk_quotas.RULES,
    **function_quotas.RULES,
    **name_quotas.RULES,
    **session_quotas.RULES,
}
