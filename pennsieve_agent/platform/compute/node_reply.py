"""What a compute node answers through the platform (``contracts/resources.md`` 3.9)."""

from __future__ import annotations

from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.exchange import Answer

_OLD_HINT = "upgrade the node; check with: pennsieve compute list"


def reply(answer: Answer) -> Fields:
    """A node's answer.

    Raises:
        PlatformError: it is null, which is an old node that ignores every call.

    """
    value = parse(answer)
    if value is None:
        raise took_no_notice(answer)
    return Fields(value, answer.where)


def took_no_notice(answer: Answer) -> PlatformError:
    """The error for a node that is too old for what was asked."""
    return PlatformError(
        "the node is too old for this and ignored the request", where=answer.where, hint=_OLD_HINT
    )
