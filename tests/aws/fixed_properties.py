"""What of a resource can only be set at creation: AWS's schemas, which cfn-lint carries."""

from __future__ import annotations

from functools import cache


@cache
def fixed(type_: str) -> tuple[tuple[str, ...], ...]:
    """The paths of such properties of a type of resource; none of a type that has no schema."""
    from cfnlint.schema import ResourceNotFoundError  # noqa: PLC0415 - a second
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415 - the same

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    except ResourceNotFoundError:
        return ()
    return tuple(tuple(path.split("/")[2:]) for path in schema.get("createOnlyProperties", ()))
