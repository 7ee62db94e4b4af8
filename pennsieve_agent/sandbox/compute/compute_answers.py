"""The error families of the compute routes and their texts (``contracts/resources.md`` 0.3)."""

from __future__ import annotations

from pennsieve_agent.sandbox.http.routing import Refusal

UNMARSHAL = "error unmarshaling body"
NO_RECORDS = "error no records found"
EXISTS = "error records exists"
NOT_FOUND = "not found"
FORBIDDEN = "forbidden"
BAD_REQUEST = "bad request"
BAD_STATUS = "invalid status value"
NOT_YOURS = "account does not belong to user"
NO_ACCOUNT = "account not found"
NO_ENABLEMENT = "workspace enablement not found"
ALREADY_ENABLED = "account already enabled for workspace"
WORKSPACE_ACTIVE = (
    "cannot remove workspace access: active compute or storage nodes exist in this workspace. "
    "Remove them first before disabling workspace access"
)
PENDING = "cannot modify status of pending node"
ACCOUNT_PAUSED = "cannot enable compute node while account is paused"
OWNER_PERMISSIONS = "only owner can change permissions"
SCOPE = "invalid access scope"
INDEPENDENT = "organization-independent nodes cannot be shared"
ATTACHED = "cannot attach node that already belongs to an organization"
NOT_ENABLED = "account is not enabled for this workspace"
NO_COMPUTE = "compute is not enabled for this workspace on this account"
OWNER_CREATE = "only the account owner can create nodes on private accounts"
ADMIN_CREATE = "only workspace administrators can create nodes on public accounts"
OWNER_DETACH = "only the account owner can detach nodes"
ORG_FORMAT = "invalid organization ID format - expected format: N:organization:uuid"
NO_ORG = "organization not found"
NOT_REGISTERED = "account is not registered"
CHECK = "error checking access"
BAA = (
    "LLM access in secure/compliant mode requires llmBaaAcknowledged: true "
    "(confirming an AWS BAA is in place)"
)
NO_REVOKE_OWNER = "cannot revoke access from owner"
NO_USER = "missing user id"
NO_TEAM = "missing team id"
PROVISIONER = "failed to communicate with provisioner"


def plain(status: int, handler: str, text: str) -> Refusal:
    """Family A: plain text, which begins with the handler's name (all account routes)."""
    return Refusal(status, f"{handler}: {text}")


def message(status: int, text: str) -> Refusal:
    """Family B: ``{"message"}`` (nodes, applications, workflows)."""
    return Refusal(status, {"message": text})


def error(status: int, text: str, **more: int) -> Refusal:
    """Family C: ``{"error"}``."""
    return Refusal(status, {"error": text, **more})
