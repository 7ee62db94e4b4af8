"""How long a session of a role may be.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html (role chaining).
"""

from __future__ import annotations

from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.rights.principals import TEMPORARY, role
from pennsieve_agent.sandbox.aws.wire import AwsRequest

HOUR = 3600


def _assume(request: AwsRequest, _: str, __: bytes) -> None:
    seconds = int(request.parameters.get("DurationSeconds") or HOUR)
    if request.access_key.startswith(TEMPORARY) and seconds > HOUR:
        raise Refused(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by"
            " role chaining.",
        )
    known = role(request.text("RoleArn"))
    if known is not None and seconds > int(known.max_session_duration or HOUR):
        raise Refused(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )


RULES = {("sts", "AssumeRole"): _assume}
