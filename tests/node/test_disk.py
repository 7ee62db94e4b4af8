"""Disk of a step, for its image and /tmp: as AWS takes it, and paid."""

from __future__ import annotations

import pytest

from pennsieve_agent.errors import Invalid
from tests.node.owned import WORKFLOW, Owned, start, version


@pytest.mark.parametrize("disk", [20, 1, 201, -1, "100", 21.5, True])
def test_only_what_aws_takes_is_registered(node: Owned, disk: object) -> None:
    """21 to 200 GiB (AWS Batch, "EphemeralStorage")."""
    document = version("large")
    document["steps"][1]["disk"] = disk
    with pytest.raises(Invalid, match="must be from 21 to 200 GiB"):
        node.furnish().ask("PUT", f"/workflows/{WORKFLOW}/versions/large", body=document)


def test_a_steps_job_has_its_disk_and_is_paid_for_it(node: Owned) -> None:
    owner, costs = node.furnish(), {}
    document = version("large")
    document["steps"][1]["disk"] = 200
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/large", body=document)
    for name in ("large", "v1"):
        asks = start(version=name)
        owner.ask("POST", "/runs", body=asks)
        node.world.finish_all()
        jobs = {
            job.name: job.definition["containerProperties"]
            for job in node.world.jobs.values()
            if asks["id"] in job.name
        }
        disks = {
            shown["ephemeralStorage"]["sizeInGiB"]
            for shown in jobs.values()
            if "ephemeralStorage" in shown
        }
        assert disks == ({200} if name == "large" else set())
        costs[name] = owner.ask("GET", f"/runs/{asks['id']}")["cost"]
    assert costs["large"] > costs["v1"]
