"""A node without AWS, and the record of a run on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent import __version__
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import EngineError, UsageProblem
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.node_settings import NodeSettings
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.node.records.run_document import FOLDER
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.start_document import Start
from pennsieve_agent.node.runs.own_run import Who, planned
from pennsieve_agent.node.runs.plan_jobs import CannotRun

REGION = "us-east-1"
ANY_PACKAGES = ("N:package:files-of-this-machine",)
"""Stands for the input where it is not a dataset's."""
_NOBODY = Caller("arn:aws:iam::000000000000:user/nobody", "000000000000")


@dataclass(frozen=True, slots=True)
class Platform:
    """Pennsieve's two addresses, and the id of the workspace, if there is one."""

    api: str
    api2: str
    organization: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a run: ``parameters`` are by the ids of steps, as they were checked.

    ``files`` are those of the dataset, ``{path, package, size}``. ``folder`` is where the dataset
    gets the results, empty if it gets none; ``person`` is the name and e-mail address of who runs
    it.
    """

    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    name: str = ""
    dataset: str = ""
    packages: Sequence[str] = ANY_PACKAGES
    files: Sequence[Mapping[str, Any]] = ()
    folder: str = ""
    person: Mapping[str, str] = field(default_factory=dict)
    layout: str = ""
    undeclared: bool = False


def node_here(platform: Platform) -> Node:
    """A node whose settings are those of a basic node in the usual region, and which has no AWS."""

    def make(service: str, *_: str) -> Any:
        raise EngineError(f"a run on this machine cannot use AWS, but it needs {service}")

    no_aws = dict.fromkeys(
        (
            *("token", "account", "table", "bucket", "code_key", "log_group", "file_system"),
            *("fargate_queue", "spot_queue", "execution_role", "job_role", "mover_role", "gateway"),
            *("reconciler", "relay", "schedule", "secret_prefix", "mover_image"),
        ),
        "",
    )
    settings = NodeSettings(
        **no_aws,
        region=REGION,
        mode="basic",
        version=__version__,
        api=platform.api,
        api2=platform.api2,
        organization=platform.organization,
    )
    return Node(settings, make)


def record_here(node: Node, version: Mapping[str, Any], request: Request) -> RunRecord:
    """The record of a run of a version's document.

    Raises:
        UsageProblem: the request does not fit the version, or this machine cannot run it.

    """
    start = Start.of(
        {
            "id": str(uuid.uuid4()),
            "name": request.name,
            "workflow": version["workflow"],
            "version": version["version"],
            "dataset": request.dataset,
            "packages": list(request.packages),
            "files": [dict(row) for row in request.files],
            "targets": _targets(version, request.folder),
            "parameters": {step: dict(values) for step, values in request.parameters.items()},
            "layout": request.layout,
            "undeclared": request.undeclared,
        }
    )
    try:
        return planned(node, start, version, Who(_NOBODY, request.person))
    except CannotRun as problem:
        raise UsageProblem(str(problem), where=str(version["name"])) from None


def _targets(version: Mapping[str, Any], folder: str) -> dict[str, dict[str, str]]:
    """The folder of the dataset for each target of a version."""
    if not folder:
        return {}
    return {
        str(row["id"]): {FOLDER: folder}
        for row in version["steps"]
        if StepKind.of(row["kind"]) is StepKind.TARGET
    }
