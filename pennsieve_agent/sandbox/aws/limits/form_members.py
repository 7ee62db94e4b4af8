"""Reads the members of a request that came as a form: the protocols ``query`` and ``ec2``.

``Tags.member.1.Key=a`` is ``{"Tags": [{"Key": "a"}]}`` (Smithy, "AWS query protocol" and "AWS EC2
query protocol").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def form_members(shape: Any, form: Mapping[str, str], *, ec2: bool = False) -> dict[str, Any]:
    """The members of an operation's input."""
    tree: dict[str, Any] = {}
    for name, value in form.items():
        *places, last = name.split(".")
        branch = tree
        for place in places:
            branch = branch.setdefault(place, {})
            if not isinstance(branch, dict):
                return {}
        branch[last] = value
    members: dict[str, Any] = _value(shape, tree, ec2=ec2)
    return members


def _value(shape: Any, node: Any, *, ec2: bool) -> Any:
    if not isinstance(node, dict):  # an empty list is an empty text
        return [] if shape.type_name == "list" and node == "" else node
    if shape.type_name == "structure":
        parts = ((n, m, node.get(_name(m, n, ec2=ec2))) for n, m in shape.members.items())
        return {n: _value(m, part, ec2=ec2) for n, m, part in parts if part is not None}
    if shape.type_name == "list":
        flat = ec2 or shape.serialization.get("flattened")
        rows = node if flat else node.get(_name(shape.member, "member"), {})
        return [_value(shape.member, row, ec2=ec2) for row in _numbered(rows)]
    if shape.type_name == "map":
        rows = node if shape.serialization.get("flattened") else node.get("entry", {})
        key, value = _name(shape.key, "key"), _name(shape.value, "value")
        return {
            row[key]: _value(shape.value, row.get(value, ""), ec2=ec2)
            for row in _numbered(rows)
            if key in row
        }
    return node


def _numbered(rows: Any) -> list[Any]:
    if not isinstance(rows, dict):
        return []
    return [rows[place] for place in sorted((p for p in rows if p.isdigit()), key=int)]


def _name(shape: Any, default: str, *, ec2: bool = False) -> str:
    names = shape.serialization
    if not ec2:
        return str(names.get("name", default))
    if "queryName" in names:
        return str(names["queryName"])
    name = str(names.get("name", default))
    return name[:1].upper() + name[1:]
