"""Chains of calls in which one function comes again and again, which Lambda stops.

A call that a function makes tells what it was made for, in a header; the AWS SDK of the runtime
sends it along. "If your function is invoked approximately 16 times in the same chain of requests,
then Lambda automatically stops the next function invocation in that chain", unless the function
allows it; what EventBridge and DynamoDB hand on begins a new chain ("Use Lambda recursive loop
detection to prevent infinite loops",
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html). The header's ``Lineage``
counts the functions of a chain
(https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

MOST_CALLS = 16
"""Calls of one function in a chain."""
ALLOW = "Allow"
"""The setting ``RecursiveLoop`` of a function that is not stopped."""
REFUSAL = "RecursiveInvocationException"
WHY = (
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web "
    "Services resources and stopped your function's invocation."
)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of calls up to one of a function: its header, and how many of them are its own."""

    header: str
    calls: int

    @classmethod
    def of(cls, header: str, arn: str) -> Self:
        """The chain that goes on with a call of a function; an empty header begins one."""
        parts = dict(part.split("=", 1) for part in unquote(header).split(";") if "=" in part)
        rows = (row.split(":") for row in parts.get("Lineage", "").split("|") if ":" in row)
        counts = {name: int(count) for name, count in rows}
        name = hashlib.sha256(arn.encode()).hexdigest()[:8]
        counts[name] = counts.get(name, 0) + 1
        lineage = "|".join(f"{function}:{count}" for function, count in counts.items())
        root = parts.get("Root") or f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"
        text = f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage={lineage}"
        return cls(text, counts[name])

    def is_stopped(self, setting: str) -> bool:
        """Whether Lambda makes this call no more, by the function's setting."""
        return self.calls > MOST_CALLS and setting != ALLOW
