"""The document that registers a workflow version on an own node. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.domain.image_addresses import is_image, shown_image
from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.target_types import TARGETS
from pennsieve_agent.domain.workflows import Checkout, Step, StepKind
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.source.repository_urls import local_path, name_of, public_host

LAYOUTS = ("tree", "flat")
NEEDS = ("", "read", "write")
MOST_VERSION = 100
_HEX = 12
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What a workflow is on an own node besides its code.

    ``layout`` is how a step's input lies; ``needs_pennsieve`` is what of the workflow's identity
    its steps are given: nothing, ``read`` or ``write``. ``disk`` is GiB for image and ``/tmp`` by
    the id of a step, or by ``""`` for all others.
    """

    layout: str = "tree"
    needs_pennsieve: str = ""
    disk: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Naming:
    """Which workflow a version is of, and where it was built: ``pennsieve``, ``here``, ``node``."""

    workflow: str
    name: str
    description: str
    origin: str


@dataclass(frozen=True, slots=True)
class StepCode:
    """The code of a step: full commit (empty when it is not known), and image by digest.

    Of an image that nobody here built, the commit is its digest's hex digits.
    """

    commit: str
    image: str
    address: str = ""


def version_document(
    naming: Naming,
    version: str,
    steps: Sequence[Step],
    code: Mapping[str, StepCode],
    settings: NodeSettings,
) -> Document:
    """The document; ``code`` is by the ids of the steps that run something.

    Raises:
        UsageProblem: a step delivers to something that an own node does not serve, or disk is asked
            for a step that is not there.

    """
    _check_disk(settings.disk, code)
    return {
        "workflow": naming.workflow,
        "name": naming.name,
        "description": naming.description,
        "version": version,
        "layout": settings.layout,
        "needsPennsieve": settings.needs_pennsieve,
        "origin": naming.origin,
        "steps": [_step(step, code.get(step.id), disk_of(settings, step.id)) for step in steps],
    }


def disk_of(settings: NodeSettings, step: str) -> int:
    """GiB of disk that a step was given; 0 for what comes with a machine."""
    return settings.disk.get(step, settings.disk.get("", 0))


def _check_disk(disk: Mapping[str, int], code: Mapping[str, StepCode]) -> None:
    if unknown := sorted(set(disk) - {"", *code}):
        raise UsageProblem(
            f"--disk names step '{unknown[0]}', which runs no code in this workflow",
            hint=f"its steps are: {', '.join(code)}",
        )


def version_name(tags: Sequence[str]) -> str:
    """What a version of code at these tags or commits is called."""
    joined = "+".join(tags)
    if len(joined) <= MOST_VERSION:
        return joined
    return f"{len(tags)}-steps-{hashlib.sha256(joined.encode()).hexdigest()[:_HEX]}"


def with_number(version: str, number: int) -> str:
    """The name of another version of the same code: the first has no number."""
    return version if number == 1 else f"{version}-{number}"


def same_version(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents mean the same code and settings, whatever they are called.

    An image that was built again from the same commit is another image and the same version.
    """
    left, right = _essence(one), _essence(other)
    for mine, others in zip(left["steps"], right["steps"], strict=False):
        if mine.get("commit") and others.get("commit"):
            mine["image"] = others["image"] = ""
        else:  # by whom nobody knew the commit, the image alone says which code it is
            mine["commit"] = others["commit"] = ""
    return left == right


def same_code(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents are made of the same repositories, whatever their versions."""
    return _repositories(one) == _repositories(other)


def _repositories(document: Mapping[str, Any]) -> list[str]:
    return [str(step.get("sourceUrl") or "") for step in document.get("steps") or ()]


def shown_address(checkout: Checkout) -> str:
    """A repository's address as a node, and with a receipt a dataset on Pennsieve, may have it.

    A folder of this machine and a host of one's own are told by the repository's name alone.
    """
    return shown(checkout.source_url)


def shown(url: str) -> str:
    """An address, in its one spelling, as a node may have it; see :func:`shown_address`."""
    if is_image(url):
        return shown_image(url)
    if local_path(url) is not None:
        return f"local:{name_of(url)}"
    if public_host(url):
        return url
    return f"git:{name_of(url)}"


def _essence(document: Mapping[str, Any]) -> Document:
    steps = [{**step, "tag": ""} for step in document.get("steps") or ()]
    return {**document, "steps": steps, "version": "", "name": "", "description": ""}


def _step(step: Step, code: StepCode | None, disk: int) -> Document:
    if step.kind is StepKind.TARGET and step.target_type not in TARGETS:
        raise UsageProblem(
            f"step '{step.id}' has the target '{step.target_type}', which an own node does not "
            "support",
            hint=f"supported targets: {', '.join(TARGETS)}; or use a node that Pennsieve runs",
        )
    document: Document = {
        "id": step.id,
        "kind": step.kind.value,
        "dependsOn": list(step.depends_on),
        "targetType": step.target_type,
        "defaults": dict(step.default_params),
    }
    if code is not None:
        document |= {
            "sourceUrl": code.address or step.source_url,
            "tag": step.tag,
            "commit": code.commit,
            "image": code.image,
            "computeType": "gpu" if step.compute_type == "gpu" else "standard",
            "cpu": step.cpu,
            "memory": step.memory,
            **({"disk": disk} if disk else {}),
            "parameters": [_parameter(parameter) for parameter in step.parameters],
            **({"command": step.command.to_json()} if step.command else {}),
        }
    return document


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "type": parameter.type.value,
        "default": parameter.default,
        "required": parameter.required,
        "values": list(parameter.allowed),
        "min": parameter.minimum,
        "max": parameter.maximum,
    }
