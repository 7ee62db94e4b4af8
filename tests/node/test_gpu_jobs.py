"""Steps on GPU machines: their size, their role, and that they are given nothing secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.gpu_machines import gpu_machine
from pennsieve_agent.domain.job_sizes import fit_gpu
from pennsieve_agent.errors import Invalid
from tests.node.owned import WORKFLOW, Owned, start, version

GPU_ROLE = "arn:gpu-execution"


def with_gpus(node: Owned, type_: str = "g4dn.xlarge") -> None:
    node.world.settings = replace(
        node.world.settings, gpu_queue="q-gpu", gpu_type=type_, gpu_execution_role=GPU_ROLE
    )


def gpu_version(node: Owned, **step: Any) -> None:
    document = version("gpu")
    document["steps"][1] |= {"computeType": "gpu", **step}
    node.furnish().ask("PUT", f"/workflows/{WORKFLOW}/versions/gpu", body=document)


def definition(node: Owned, step: str) -> Mapping[str, Any]:
    """What the job of a step runs."""
    (job,) = [job for job in node.world.jobs.values() if f"-{step}-" in job.name]
    return job.definition


def test_a_step_gets_the_whole_machine(node: Owned) -> None:
    """A machine has one GPU, so one job; what it asks for beyond Fargate's sizes is fine here."""
    with_gpus(node)
    gpu_version(node, cpu=3 * 1024, memory=13_000)
    node.furnish().ask("POST", "/runs", body=start(version="gpu"))
    node.world.deliver(node.world.events.pop(0))
    container = definition(node, "work")["containerProperties"]
    needs = {row["type"]: row["value"] for row in container["resourceRequirements"]}
    assert needs == {"VCPU": "4", "MEMORY": "15052", "GPU": "1"}
    assert definition(node, "work")["platformCapabilities"] == ["EC2"]


@pytest.mark.parametrize(
    ("cpu", "memory"), [(5 * 1024, 0), (0, 16 * 1024), (0, 15_600)], ids=["cpu", "all", "agent"]
)
def test_what_is_larger_than_the_machine_is_refused_at_once(
    node: Owned, cpu: int, memory: int
) -> None:
    """A job that asks for all the memory that AWS lists is never placed (AWS Batch)."""
    with_gpus(node)
    gpu_version(node, cpu=cpu, memory=memory)
    with pytest.raises(Invalid, match=r"g4dn.xlarge has 4 processors and 15052 MB for a job"):
        node.furnish().ask("POST", "/runs", body=start(version="gpu"))


def test_a_job_fits_every_machine_that_is_known() -> None:
    for name in ("g4dn.xlarge", "g6.2xlarge", "g5.4xlarge", "g6e.4xlarge", "g6e.16xlarge"):
        machine = gpu_machine(name)
        assert machine is not None
        assert fit_gpu(0, 0, name) == (machine.vcpus, machine.job_memory)
        assert machine.job_memory < machine.memory * 0.95
    assert gpu_machine("g5.12xlarge") is None, "it has four GPUs"
    with pytest.raises(ValueError, match="does not know the size"):
        fit_gpu(0, 0, "p9.huge")


def test_a_job_on_a_gpu_machine_has_its_own_execution_role_and_no_secret(node: Owned) -> None:
    with_gpus(node)
    gpu_version(node)
    node.furnish().ask("POST", "/runs", body=start(version="gpu"))
    node.furnish().ask("PATCH", "/secrets", query={"scope": "shared"}, body=SECRETS)
    node.world.deliver(node.world.events.pop(0))
    container = definition(node, "work")["containerProperties"]
    assert container["executionRoleArn"] == GPU_ROLE
    assert "jobRoleArn" not in container, "its machine mounts, so it needs no rights"
    assert not container.get("secrets"), "they came after the run was asked for"
    assert definition(node, "in")["containerProperties"]["executionRoleArn"] != GPU_ROLE


SECRETS = {"secrets": {"OPENAI_API_KEY": "sk-0123456789"}}


def test_a_run_with_secrets_is_refused_a_gpu(node: Owned) -> None:
    with_gpus(node)
    gpu_version(node)
    owner = node.furnish()
    owner.ask("PATCH", "/secrets", query={"scope": "shared"}, body=SECRETS)
    with pytest.raises(Invalid, match="this run has OPENAI_API_KEY") as refused:
        owner.ask("POST", "/runs", body=start(version="gpu"))
    assert "sk-0123456789" not in str(refused.value)
    owner.ask("POST", "/runs", body=start())  # without a GPU they are given as ever
    owner.ask("DELETE", "/secrets", query={"scope": "shared", "deleteAll": "true"})
    owner.ask("POST", "/runs", body=start(version="gpu"))


def test_a_workflow_that_was_promised_its_key_is_refused_a_gpu(node: Owned) -> None:
    with_gpus(node)
    document = version("gpu", needsPennsieve="read")
    document["steps"][1] |= {"computeType": "gpu"}
    owner = node.furnish()
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/gpu", body=document)
    with pytest.raises(Invalid, match="PENNSIEVE_API_KEY"):
        owner.ask("POST", "/runs", body=start(version="gpu"))
