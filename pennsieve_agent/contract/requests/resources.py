"""AWS accounts, compute nodes, storage nodes (``contracts/resources.md``)."""

from __future__ import annotations

from pennsieve_agent.contract.requests.sent import Sent, joined, table
from pennsieve_agent.contract.shapes import UUID, Either, MapOf, Matching, Only, node_id

_R = "/compute/resources"
_N, _S = f"{_R}/compute-nodes/{{id}}", f"{_R}/storage-nodes"
_WORKSPACE = node_id("organization")
_TIER = Either("small", "medium", "large", "xlarge")
_COUNT = int

_ACCOUNTS = table(
    "v2",
    {
        f"POST {_R}/accounts": Sent(
            "resources.md 1.2",
            body=Only(
                {
                    "accountId": Matching(r"\d{12}"),
                    "accountType": str,
                    "roleName": str,
                    "externalId?": str,
                    "name?": str,
                    "description?": str,
                }
            ),
        ),
        f"GET {_R}/accounts": Sent("resources.md 1.3", query="organization_id includeWorkspaces"),
        f"PATCH {_R}/accounts/{{id}}": Sent(
            "resources.md 1.5",
            body=Only({"status?": Either("Enabled", "Paused"), "name?": str, "description?": str}),
        ),
        f"DELETE {_R}/accounts/{{id}}": Sent("resources.md 1.6", query="force"),
        f"POST {_R}/accounts/{{uuid}}/workspaces": Sent(
            "resources.md 1.7",
            query="organization_id!",
            body=Only({"isPublic?": bool, "enableCompute?": bool, "enableStorage?": bool}),
        ),
        f"POST {_R}/app-store/access": Sent(
            "resources.md 1.11",
            body=Only({"accountId": Matching(r"\d{12}"), "accountType": Matching(".+")}),
        ),
    },
)

_NODES = table(
    "v2",
    {
        f"POST {_R}/compute-nodes": Sent(
            "resources.md 3.2",
            body=Only(
                {
                    "accountId": UUID,
                    "name?": str,
                    "description?": str,
                    "organizationId?": _WORKSPACE,
                    "provisionerImage?": str,
                    "provisionerImageTag?": str,
                    "deploymentMode?": Either("basic", "secure", "compliant"),
                    "enableLLMAccess?": bool,
                    "llmBaaAcknowledged?": bool,
                    "maxGpuInstances?": _COUNT,
                    "gpuTier?": _TIER,
                    "maxInteractiveSessions?": _COUNT,
                }
            ),
        ),
        f"GET {_R}/compute-nodes": Sent("resources.md 3.4", query="account_owner organization_id"),
        f"PATCH {_N}": Sent(
            "resources.md 3.5",
            body=Only({"status?": Either("Enabled", "Paused"), "name?": str, "description?": str}),
        ),
        f"PUT {_N}": Sent(
            "resources.md 3.5",
            body=Only(
                {
                    # Left out, they set the node back to the newest image.
                    "provisionerImage": str,
                    "provisionerImageTag": str,
                    "maxInteractiveSessions?": _COUNT,
                }
            ),
        ),
        f"POST {_N}/update-config": Sent(
            "resources.md 3.5",
            body=Only(
                {
                    "maxGpuInstances?": _COUNT,
                    "gpuTier?": _TIER,
                    "enableLLMAccess?": bool,
                    "maxInteractiveSessions?": _COUNT,
                }
            ),
        ),
        f"PUT {_N}/permissions": Sent(
            "resources.md 3.7", body=Only({"accessScope": Either("private", "workspace", "shared")})
        ),
        f"POST {_N}/permissions/users": Sent(
            "resources.md 3.7", body=Only({"userId": node_id("user")})
        ),
        f"POST {_N}/permissions/teams": Sent(
            "resources.md 3.7", body=Only({"teamId": node_id("team")})
        ),
        f"POST {_N}/organization": Sent("resources.md 3.8", query="organization_id!"),
        f"PATCH {_N}/secrets": Sent("resources.md 3.9", body=Only({"secrets": MapOf(str)})),
        f"PATCH {_N}/shared-secrets": Sent("resources.md 3.9", body=Only({"secrets": MapOf(str)})),
        f"DELETE {_N}/secrets": Sent("resources.md 3.9", query="key deleteAll"),
        f"DELETE {_N}/shared-secrets": Sent("resources.md 3.9", query="key deleteAll"),
        f"PUT {_N}/allowed-processors": Sent("resources.md 3.10", body=Only({"processors": [str]})),
        f"PUT {_N}/llm-config": Sent(
            "resources.md 3.11",
            body=Only({"budgetUsd": float, "budgetPeriod": Either("daily", "monthly")}),
        ),
        f"PUT {_N}/user-quotas/{{userId}}": Sent(
            "resources.md 3.11",
            body=Only(
                {
                    "dailyCostUsd?": Either(float, None),
                    "monthlyCostUsd?": Either(float, None),
                    "perWorkflowUsd?": Either(float, None),
                    "notes?": str,
                }
            ),
        ),
        f"GET {_N}/user-usage/{{userId}}": Sent("resources.md 3.11", query="period date"),
        f"GET {_R}/gpu-tiers": Sent("resources.md 3.12", query="organization_id!"),
        f"PATCH {_N}/config": Sent(
            "resources.md 3.13", body=Only({"stuckTaskThresholdHours": float})
        ),
        f"GET {_R}/interactive/jwks": Sent("resources.md 3.13", open=True),
    },
)

_STORAGE = table(
    "v2",
    {
        f"POST {_S}": Sent(
            "resources.md 3.14",
            body=Only(
                {
                    "accountUuid": UUID,
                    "name": str,
                    "storageLocation": str,
                    "providerType": Either("s3", "azure-blob", "local"),
                    "organizationId?": _WORKSPACE,
                    "description?": str,
                    "region?": str,
                    "deploymentMode?": Either("basic", "compliant"),
                    "skipProvisioning?": bool,
                }
            ),
        ),
        f"GET {_S}": Sent("resources.md 3.14", query="account_owner organization_id"),
        f"PATCH {_S}/{{id}}": Sent(
            "resources.md 3.14",
            body=Only(
                {"name?": str, "description?": str, "status?": Either("Enabled", "Disabled")}
            ),
        ),
        f"DELETE {_S}/{{id}}": Sent("resources.md 3.14", query="force"),
        f"POST {_S}/{{id}}/workspace": Sent(
            "resources.md 3.14", body=Only({"workspaceId": _WORKSPACE, "isDefault?": bool})
        ),
        f"DELETE {_S}/{{id}}/workspace": Sent(
            "resources.md 3.14", body=Only({"workspaceId": _WORKSPACE})
        ),
    },
)

RESOURCES = joined(_ACCOUNTS, _NODES, _STORAGE)
