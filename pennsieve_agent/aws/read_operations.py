"""Which operations of AWS change nothing, by how their names begin."""

from __future__ import annotations

_READS = (
    *("describe_", "get_", "list_", "head_", "batch_get_", "simulate_"),
    "invoke",  # what it asks of a node, the node's client knows
    *("create_change_set", "delete_change_set"),  # they only ask what a change would be
)


def may_change(operation: str) -> bool:
    """Whether an operation, by its botocore name, may change something."""
    return not operation.startswith(_READS)
