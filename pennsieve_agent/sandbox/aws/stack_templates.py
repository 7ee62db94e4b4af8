"""What CloudFormation refuses of a template before it makes anything of it.

The limits are those of "Understand CloudFormation quotas"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html), the
sentences those of "How do I resolve AWS CloudFormation template validation errors or template
format errors?" (https://repost.aws/knowledge-center/cloudformation-template-validation). What a
property may be stands in AWS's schemas, which only the test suite has: see :func:`check_also`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.stack_changes import type_problem

BODY_BYTES = 51_200
URL_BYTES = 1_000_000
DESCRIPTION_BYTES = 1_024
NAME_CHARACTERS = 255
STACK_TAGS = 50
"""AWS CloudFormation API reference, CreateChangeSet, Tags."""
MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_SECTIONS = {*MOST, "AWSTemplateFormatVersion", "Conditions", "Description", "Metadata", "Rules",
             "Transform"}  # fmt: skip
_OF_RESOURCE = {
    *("Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties"),
    *("Type", "UpdatePolicy", "UpdateReplacePolicy"),
}
_NAME = re.compile(r"[A-Za-z0-9]+")
_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")

Check = Callable[[str, str], list[str]]
"""What is wrong with a template, by its text and the region; empty when nothing is."""
_also: list[Check] = []


def check_also(check: Check) -> None:
    """Refuse what this check finds, too, in all stacks of this process from now on."""
    if check not in _also:
        _also.append(check)


def problem_of(text: str, *, in_request: bool, tags: int = 0) -> str:
    """Why CloudFormation refuses a template, in its words; empty when it does not.

    ``in_request`` says that the text was in the request, not in a bucket; ``tags`` counts the
    stack's.
    """
    most = BODY_BYTES if in_request else URL_BYTES
    if len(text.encode()) > most:
        if in_request:
            return (
                "1 validation error detected: Value at 'templateBody' failed to satisfy "
                f"constraint: Member must have length less than or equal to {most}"
            )
        return f"Template may not exceed {most} bytes in size."
    if tags > STACK_TAGS:
        return (
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member "
            f"must have length less than or equal to {STACK_TAGS}"
        )
    try:
        template = json.loads(text)
    except ValueError:  # YAML, which moto reads
        template = {}
    for problem in _problems(template) if template else ():
        return f"Template format error: {problem}"
    return ""


def _problems(template: Any) -> Iterator[str]:
    if not isinstance(template, dict):
        yield "unsupported structure."
        return
    yield from (f"[{path}] 'null' values are not allowed in templates" for path in _nulls(template))
    if unknown := sorted(set(template) - _SECTIONS):
        yield f"Invalid template property or properties [{', '.join(unknown)}]"
    yield from _sizes(template)
    if template.get("Resources"):
        yield from _resources(template)


def _nulls(value: Any, path: str = "") -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nulls(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nulls(inner, f"{path}/{number}")


def _sizes(template: Mapping[str, Any]) -> Iterator[str]:
    for section, most in MOST.items():
        body = template.get(section, {})
        if not isinstance(body, dict):
            yield f"{section} must be an object."
            continue
        if len(body) > most:
            many = f"{section.lower()}, {len(body)},"
            yield f"Number of {many} is greater than maximum allowed, {most}"
        for name in body:
            if not _NAME.fullmatch(name) or len(name) > NAME_CHARACTERS:
                yield f"{section} name {name} is non alphanumeric."
    description = template.get("Description", "")
    if not isinstance(description, str):
        yield "Template Description must be a string."
    elif len(description.encode()) > DESCRIPTION_BYTES:
        yield "'Description' length is greater than 1024."
    if not template.get("Resources"):
        yield "At least one Resources member must be defined."


def _resources(template: Mapping[str, Any]) -> Iterator[str]:
    known = {*template["Resources"], *template.get("Parameters", {})}
    for name, body in template["Resources"].items():
        if not isinstance(body, dict):
            yield f"[/Resources/{name}] resource definition is malformed"
            continue
        if not isinstance(body.get("Type"), str):
            yield f"[/Resources/{name}] Every Resources object must contain a Type member."
        if unknown := sorted(set(body) - _OF_RESOURCE):
            yield f"Invalid template resource property '{unknown[0]}'"
        if not isinstance(body.get("Properties", {}), dict):
            yield f"[/Resources/{name}/Properties] 'Properties' must be an object"
    for section in ("Resources", "Outputs"):
        named = set(_named(template.get(section, {})))
        if unresolved := sorted(named - known):
            yield (
                f"Unresolved resource dependencies [{', '.join(unresolved)}] in the {section} block"
                " of the template"
            )


def _named(value: Any) -> Iterator[str]:
    """What a part of a template refers to, but for AWS's own parameters (``AWS::Region``)."""
    parts: Iterable[tuple[str, Any]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = (("", inner) for inner in value)
    for key, inner in parts:
        if key in _REFERENCES:
            yield from (name for name in _REFERENCES[key](inner) if not name.startswith("AWS::"))
        else:
            yield from _named(inner)


def _substituted(value: Any) -> Iterator[str]:
    """What a text refers to, but for the names that come with it (CloudFormation, "Fn::Sub").

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
    """
    text, own = (value, {}) if isinstance(value, str) else value
    yield from (name for name in _SUBSTITUTED.findall(text) if name not in own)
    yield from _named(own)


_REFERENCES: Mapping[str, Callable[[Any], Iterable[str]]] = {
    "Ref": lambda name: [name],
    "Fn::GetAtt": lambda path: [path.partition(".")[0] if isinstance(path, str) else path[0]],
    "Fn::Sub": _substituted,
    "DependsOn": lambda names: [names] if isinstance(names, str) else names,
}


def needs(resources: Mapping[str, Any], name: str) -> set[str]:
    """The resources on which one of them depends by itself."""
    return ({*_named(resources[name])} & resources.keys()) - {name}


def needed_by(resources: Mapping[str, Any], name: str) -> set[str]:
    """The resources that CloudFormation makes before one of them, as it depends on them."""
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        new = needs(resources, waiting.pop()) - needed
        needed |= new
        waiting += new
    return needed


def _bodies(text: str) -> dict[str, Any]:
    """The resources of a template; none of one in YAML."""
    try:
        resources: dict[str, Any] = json.loads(text)["Resources"]
    except ValueError:
        return {}
    return resources


def _present(backend: Any, name: str) -> dict[str, Any]:
    """The resources of a stack by its name or id; none of one that is not there."""
    there = (stack for stack in backend.stacks.values() if name in (stack.name, stack.stack_id))
    return next((_bodies(stack.template) for stack in there if stack.template), {})


def refuse_bad_templates() -> None:
    """Make moto's CloudFormation refuse templates as AWS does; again it changes nothing."""
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 - slow
    from moto.cloudformation.responses import CloudFormationResponse  # noqa: PLC0415 - slow

    def checked(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @functools.wraps(operation)
        def wrapped(self: Any) -> Any:
            body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
            text = body or (self._get_stack_from_s3_url(url) if url else "")
            tags = len(self._get_param("Tags", []))
            problem = problem_of(text, in_request=bool(body), tags=tags) if text else ""
            more = (
                (row for check in _also for row in check(text, self.region)) if text else iter(())
            )
            problem = problem or next(more, "")
            if text and not problem:
                name = self._get_param("StackName")
                problem = type_problem(_present(self.cloudformation_backend, name), _bodies(text))
            if problem:
                raise ValidationError(message=problem)
            return operation(self)

        wrapped.filled = True  # type: ignore[attr-defined]
        return wrapped

    for name in ("create_change_set", "create_stack", "update_stack"):
        operation = getattr(CloudFormationResponse, name)
        if not getattr(operation, "filled", False):
            setattr(CloudFormationResponse, name, checked(operation))
