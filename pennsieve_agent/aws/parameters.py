"""List parameters of Systems Manager by name, and delete them."""

from __future__ import annotations

from pennsieve_agent.aws.session import Aws

AT_ONCE = 10
"""Parameters that one request deletes (AWS Systems Manager API Reference, "DeleteParameters")."""


def parameters_called(aws: Aws, prefix: str) -> tuple[str, ...]:
    """The names of the parameters that begin with a prefix; values are not read."""
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [prefix]}]
    pages = aws.pages("ssm", "describe_parameters", ParameterFilters=filters)
    return tuple(row["Name"] for page in pages for row in page["Parameters"])


def delete_parameters(aws: Aws, names: tuple[str, ...]) -> None:
    """Delete parameters; fine if some do not exist."""
    for start in range(0, len(names), AT_ONCE):
        aws.call("ssm", "delete_parameters", Names=list(names[start : start + AT_ONCE]))
