"""Words that the parts of the template share."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.names import MANAGER, MANAGER_TAG, TOKEN_TAG
from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec

Resource = dict[str, Any]
Resources = dict[str, Resource]

KEY = "Key"
"""The customer's key, in the modes that have one."""
KEY_DAYS = 7
"""How long AWS keeps a key that is deleted; the shortest that it accepts (AWS KMS API,
"ScheduleKeyDeletion")."""


def ref(logical_id: str) -> dict[str, str]:
    """What CloudFormation calls a resource."""
    return {"Ref": logical_id}


def attribute(logical_id: str, name: str) -> dict[str, list[str]]:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [logical_id, name]}


def tags(spec: NodeSpec, **more: str) -> list[dict[str, str]]:
    """The tags of everything that has a name of ours, and takes a list of tags.

    CloudFormation hands the stack's own tags down as well.
    """
    return [{"Key": key, "Value": value} for key, value in tag_map(spec, **more).items()]


def tag_map(spec: NodeSpec, **more: str) -> dict[str, str]:
    """The tags of everything that has a name of ours, and takes a map of tags."""
    return {TOKEN_TAG: spec.names.token, **dict(spec.settings.extras.tags), **more}


def marked(spec: NodeSpec, **more: str) -> list[dict[str, str]]:
    """The tags of what AWS names itself: by its mark alone may it be changed and deleted again.

    See :mod:`pennsieve_agent.account.rights.stack_rights`.
    """
    return tags(spec, **{MANAGER_TAG: MANAGER}, **more)


def has_key(spec: NodeSpec) -> bool:
    """Whether what is stored is encrypted with a key of the customer's own."""
    return spec.settings.mode is not Mode.BASIC


def builds_images(spec: NodeSpec) -> bool:
    """Whether the node builds images in its account, once it is turned on.

    A node of mode compliant reaches no internet, which base images come from.
    """
    return spec.settings.mode is not Mode.COMPLIANT


def deleted_with_the_stack() -> Resource:
    """Removal is asked for, shown and confirmed; what stayed behind would cost money unseen."""
    return {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"}
