"""Compute nodes and their settings on the wire (``contracts/resources.md`` 3.1)."""

from __future__ import annotations

from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.platform_offers import GpuTier, NodeConfig
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.times import iso

_NO_ORGANIZATION = "INDEPENDENT"


def decode_node(item: Fields) -> ComputeNode:
    """A node. Flags that are left out are false (``resources.md`` section 6, trap 10)."""
    account = item.record("account")
    organization_id = item.text("organizationId")
    return ComputeNode(
        uuid=item.need_text("uuid"),
        name=item.text("name"),
        status=NodeStatus.of(item.text("status")),
        account_uuid=account.text("uuid"),
        aws_account_id=account.text("accountId"),
        owner_id=item.text("ownerId"),
        description=item.text("description"),
        # A word of the platform's store that leaks (trap 8).
        organization_id="" if organization_id == _NO_ORGANIZATION else organization_id,
        deployment_mode=item.text("deploymentMode"),
        created_at=iso(item.raw("createdAt")),
        access_scope=item.text("accessScope"),
        health=item.text("healthStatus"),
        provisioner_tag=item.text("provisionerImageTag"),
        provisioner_image=item.text("provisionerImage"),
        latest_version=item.text("latestVersion"),
        update_available=item.flag("updateAvailable"),
        gpu_tier=item.text("gpuTier"),
        max_gpu_instances=max(item.integer("maxGpuInstances") or 0, 0),
        max_interactive_sessions=max(item.integer("maxInteractiveSessions") or 0, 0),
        enable_llm=item.flag("enableLLMAccess"),
        last_health_check=iso(item.raw("lastHealthCheck")),
    )


def encode_config(config: NodeConfig) -> dict[str, object]:
    """What of a node's settings is to change."""
    fields = {
        "maxGpuInstances": config.max_gpu_instances,
        "gpuTier": config.gpu_tier,
        "enableLLMAccess": config.enable_llm,
        "maxInteractiveSessions": config.max_interactive_sessions,
    }
    return {name: value for name, value in fields.items() if value is not None}


def decode_tier(item: Fields) -> GpuTier:
    """A GPU machine and its price."""
    return GpuTier(
        name=item.need_text("tier"),
        instance_type=item.text("instanceType"),
        gpu=item.text("gpu"),
        gpu_memory=item.integer("gpuMemoryGB"),
        cpus=item.integer("vcpus"),
        memory=item.integer("memoryGB"),
        hourly_price=item.number("pricePerHour"),
    )
