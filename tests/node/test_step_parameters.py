"""Parameters may be secret: no job definition has one, and what has them goes with the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.errors import Invalid
from pennsieve_agent.node.role_permissions import GPU_PARAMETERS, PARAMETERS
from tests.node.owned import WORKFLOW, Owned, start, version

VALUE = "sk-live-0123456789"


def begun(node: Owned, **asks: Any) -> Mapping[str, Any]:
    """The container of the step of a run that has just been submitted."""
    node.furnish().ask("POST", "/runs", body=start(**asks))
    node.world.deliver(node.world.events.pop(0))
    (job,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    container: Mapping[str, Any] = job.definition["containerProperties"]
    return container


def handed(node: Owned, container: Mapping[str, Any]) -> dict[str, str]:
    """What AWS puts into the step's environment from the secrets that it names."""
    found = {}
    for row in container["secrets"]:
        name, _, key = row["valueFrom"].removeprefix("arn:").removesuffix("::").rpartition(":")
        found[row["name"]] = json.loads(node.world.secrets[name])[key]
    return found


def test_no_job_definition_has_the_value_of_a_parameter(node: Owned) -> None:
    """Whoever may describe jobs sees their environment (AWS Batch, "ContainerProperties")."""
    values = {"API_KEY": VALUE, "odd:name": "a b", "EMPTY": ""}
    container = begun(node, parameters={"work": values})
    shown = json.dumps([job.definition for job in node.world.jobs.values()])
    assert VALUE not in shown
    assert VALUE not in json.dumps(list(node.world.definitions.values()), default=str)
    assert handed(node, container) == {"API_KEY": VALUE, "odd:name": "a b"}
    plain = {row["name"]: row["value"] for row in container["environment"]}
    assert plain["EMPTY"] == ""
    assert not {"API_KEY", "odd:name"} & set(plain), "ECS takes a name once"
    assert plain["DATASET_ID"].startswith("N:dataset:")


def test_they_are_deleted_when_the_run_has_ended(node: Owned) -> None:
    begun(node, parameters={"work": {"API_KEY": VALUE}})
    assert VALUE in json.dumps(node.world.secrets)
    node.world.finish_all()
    assert not node.world.secrets


def test_a_run_without_parameters_keeps_nothing(node: Owned) -> None:
    assert begun(node).get("secrets", []) == []
    assert not node.world.secrets


def test_a_secret_of_the_same_name_wins(node: Owned) -> None:
    body = {"secrets": {"API_KEY": "of-the-node"}}
    node.owner.ask("PATCH", "/secrets", {"scope": "shared"}, body)
    container = begun(node, parameters={"work": {"API_KEY": VALUE}})
    assert [row["name"] for row in container["secrets"]] == ["API_KEY"]
    assert "secrets/shared/API_KEY" in container["secrets"][0]["valueFrom"]


def test_those_of_a_gpu_step_are_apart(node: Owned) -> None:
    """The execution role of GPU jobs reads these alone."""
    node.world.settings = replace(
        node.world.settings, gpu_queue="q-gpu", gpu_type="g5.xlarge", gpu_execution_role="arn:gpu"
    )
    document = version("gpu")
    document["steps"][1] |= {"computeType": "gpu"}
    node.furnish().ask("PUT", f"/workflows/{WORKFLOW}/versions/gpu", body=document)
    begun(node, version="gpu", parameters={"work": {"API_KEY": VALUE}})
    (name,) = node.world.secrets
    assert name.startswith(f"{node.world.settings.secret_prefix}{GPU_PARAMETERS}")
    assert PARAMETERS != GPU_PARAMETERS
    node.world.finish_all()
    assert not node.world.secrets


def test_more_than_fits_is_refused_before_the_run(node: Owned) -> None:
    """One secret holds 64 KB (AWS Secrets Manager, "Quotas")."""
    with pytest.raises(Invalid, match="put long values into a file of the input"):
        node.furnish().ask("POST", "/runs", body=start(parameters={"work": {"TEXT": "x" * 40_000}}))
