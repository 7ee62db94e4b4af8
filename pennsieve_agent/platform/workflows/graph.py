"""The graph of a workflow on the wire, in the spellings of all its generations.

A definition is sent with ``processors`` and answered with ``dag`` (``contracts/workflows.md`` 2.1);
old ones have a ``dag`` that maps repositories to the repositories before them (2.8).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.values import as_text

if TYPE_CHECKING:
    from pennsieve_agent.domain.platform_offers import TargetType


def encode_step(step: Step) -> dict[str, object]:
    """A step as a definition is created with; numbers are text on the wire."""
    fields: dict[str, object] = {
        "id": step.id,
        "type": step.kind.value,
        "dependsOn": list(step.depends_on),
        "sourceUrl": step.source_url,
        "tag": step.tag,
        "targetType": step.target_type,
        "computeType": step.compute_type,
        "cpu": str(step.cpu) if step.cpu else "",
        "memory": str(step.memory) if step.memory else "",
        "defaultParams": dict(step.default_params),
    }
    return {name: value for name, value in fields.items() if value}


def decode_steps(item: Fields) -> tuple[Step, ...]:
    """The steps of a definition or a run; () when a list answer leaves them out."""
    dag = item.raw("dag")
    if isinstance(dag, dict):
        return tuple(_old_steps(item))
    for name in ("dag", "processors", "nodes"):
        if isinstance(item.raw(name), list):
            nodes = item.records(name)
            return tuple(_step(node, number) for number, node in enumerate(nodes, start=1))
    return ()


def _old_steps(item: Fields) -> Iterable[Step]:
    dag = item.raw("dag")
    for url, before in dag.items():
        names = (as_text(name) for name in before) if isinstance(before, list) else ()
        yield Step(
            id=as_text(url) or "",
            kind=StepKind.PROCESSOR,
            depends_on=tuple(name for name in names if name),
            source_url=as_text(url) or "",
        )


def _step(node: Fields, number: int) -> Step:
    kind = StepKind.of(node.text("type"))
    # The web app takes a node that is neither source nor target for a processor (2.3).
    kind = StepKind.PROCESSOR if kind is StepKind.UNKNOWN else kind
    sizes = node.record("runtimeConfig")
    defaults = node.text_map("defaultParams")
    return Step(
        id=node.text("id") or f"step-{number}",
        kind=kind,
        depends_on=node.texts("dependsOn"),
        source_url=node.text("sourceUrl"),
        tag=node.text("tag"),
        target_type=node.text("targetType"),
        compute_type=_compute_type(node.text("computeType")),
        cpu=_size(node, sizes, "cpu"),
        memory=_size(node, sizes, "memory"),
        parameters=tuple(_parameters(node, defaults if kind is StepKind.PROCESSOR else {})),
        default_params=defaults,
    )


def _compute_type(word: str) -> str:
    """A compute type; ``ecs`` is the old word for ``standard`` (trap 19)."""
    return "standard" if word == "ecs" else word


def decode_target_type(item: Fields) -> TargetType:
    """What a data target can do (2.5); its name is kept to the letter, spaces included."""
    from pennsieve_agent.domain.platform_offers import TargetType  # noqa: PLC0415 - few commands need it

    offered = (_compute_type(word) for word in item.record("runtimeConfig").texts("computeTypes"))
    return TargetType(
        name=item.need_text("targetType"),
        label=item.text("label"),
        parameters=tuple(_parameters(item, {}, "params")),
        compute_types=tuple(dict.fromkeys(offered)) or ("standard", "lambda"),
    )


def _size(node: Fields, sizes: Fields, name: str) -> int:
    return max(node.integer(name) or sizes.integer(name) or 0, 0)


def _parameters(
    node: Fields, overrides: dict[str, str], field: str = "paramSchema"
) -> Iterable[Parameter]:
    """A node's parameters. The workflow's own defaults lie over the application's.

    Those of a data target do not: the platform stores them and ignores them (trap 27).
    """
    for item in node.records(field):
        if not (name := item.text("name")):
            continue
        default = overrides.get(name, as_text(item.raw("defaultValue", "default")))
        allowed = item.texts("allowedValues") or item.texts("validValues")
        kind = ParameterType.of(item.text("type") or "string")
        yield Parameter(
            name=name,
            type=kind,
            default=default,
            label=item.text("label"),
            description=item.text("description"),
            # A parameter without a default must be given (2.3), whatever "required" says.
            required=default is None,
            allowed=allowed,
            minimum=item.number("min"),
            maximum=item.number("max"),
        )
