"""What commands are known to ask that Pennsieve's contract has not. This list only gets shorter.

A line is a command and what is wrong with a request of it. One that no longer happens must go from
here: the test says which.
"""

from __future__ import annotations

_CAPABILITIES = (
    "GET v2 /compute/resources/capabilities: not served by hosted Pennsieve"
    " (ours: hosted Pennsieve does not have it)"
)
_OWN_NODE = (
    "POST v2 /compute/resources/compute-nodes:"
    " body has the key selfManaged, which does not belong there"
)
_LIMITS = "POST v2 /compute/workflows/runs: body has the key limits, which does not belong there"

KNOWN: frozenset[tuple[str, str]] = frozenset(
    {
        ("compute doctor", _CAPABILITIES),
        ("compute policy", _CAPABILITIES),
        ("compute register", _CAPABILITIES),
        ("compute template", _CAPABILITIES),
        ("compute update", _CAPABILITIES),
        ("compute register", _OWN_NODE),
        ("run start", _LIMITS),
    }
)
