"""What CloudFormation refuses of an update, seen by the template that a stack has.

Another type under the same logical id is refused when the update is asked for ("an unsupported
change", "Modify a stack template",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-get-template.html).
A change that takes another resource fails while it is carried out where the old one's name is ours
("How do I resolve the 'Cannot update a stack when a custom-named resource requires replacing'
error?", https://repost.aws/knowledge-center/cloudformation-custom-name), or its range of addresses
("Cidr blocks of two subnets of a VPC cannot overlap", ``InvalidSubnet.Conflict``,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html). Which properties can
only be set at creation stands in AWS's schemas, which only the test suite has: see
:func:`know_fixed_properties`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
Fixed = Callable[[str], Iterable[Path]]
Bodies = Mapping[str, Mapping[str, Any]]
"""Resources of a template by logical id."""
_NAMED = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing."
    " Rename {} and update the stack again."
)
_fixed: list[Fixed] = []


def know_fixed_properties(fixed: Fixed) -> None:
    """From now on know what of a type can only be set at creation, in this process."""
    _fixed[:] = [fixed]


def type_problem(before: Bodies, now: Bodies) -> str:
    """Why an update is refused, in AWS's words; empty when no resource has another type."""
    changed = [
        name
        for name, body in now.items()
        if name in before and before[name].get("Type") != body.get("Type")
    ]
    return (
        "Update of resource type is not permitted. The new template modifies resource type of the"
        f" following resources: [{', '.join(changed)}]"
        if changed
        else ""
    )


def replacement_problems(before: Bodies, now: Bodies) -> Iterator[tuple[str, str]]:
    """The resources that cannot be made anew, each with the reason, by logical id."""
    for name, body in now.items():
        was, will = (row.get(name, {}).get("Properties", {}) for row in (before, now))
        fixed = [path for known in _fixed for path in known(body["Type"])] if name in before else []
        if all(_at(was, path) == _at(will, path) for path in fixed):
            continue
        kept = {path[0] for path in fixed if len(path) == 1 and was.get(path[0], "") != ""}
        kept = {key for key in kept if was[key] == will.get(key)}
        if called := sorted(key for key in kept if key.endswith("Name")):
            yield name, _NAMED.format(was[called[0]])
        elif {"CidrBlock", "VpcId"} <= kept:
            yield name, f"The CIDR '{was['CidrBlock']}' conflicts with another subnet"


def _at(properties: Any, path: Path) -> Any:
    for name in path:
        properties = properties.get(name, {}) if isinstance(properties, dict) else {}
    return properties
