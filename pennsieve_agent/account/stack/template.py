"""The whole template. Physical names are ours, so that nobody has to read outputs."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.firewalls import firewalls
from pennsieve_agent.account.stack.functions import functions
from pennsieve_agent.account.stack.image_builds import image_builds
from pennsieve_agent.account.stack.network import network
from pennsieve_agent.account.stack.queues import queues
from pennsieve_agent.account.stack.roles import roles
from pennsieve_agent.account.stack.storage import bucket_resources, storage
from pennsieve_agent.account.stack.template_parts import Resources, attribute, ref
from pennsieve_agent.account.stack.topics import topics
from pennsieve_agent.account.stack.transfer_functions import transfer_functions
from pennsieve_agent.domain.node_protocol import digest_of
from pennsieve_agent.node.node_settings import variable

_POLICIES = "AWS::IAM::"
_FUNCTION = "AWS::Lambda::Function"
_HEAD = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A Pennsieve compute node. Remove it with: pennsieve compute delete",
}


def node_template(spec: NodeSpec) -> dict[str, Any]:
    """The stack of a node. Without ``spec.code`` it is turned off: it has no functions."""
    resources = {
        **roles(spec),
        **network(spec),
        **firewalls(spec),
        **storage(spec),
        **queues(spec),
        **(functions(spec, spec.code) if spec.code is not None else {}),
        **(transfer_functions(spec, spec.code) if spec.code is not None else {}),
        **image_builds(spec),
        **topics(spec),
    }
    outputs = {
        name: {"Value": value, "Description": about}
        for name, (value, about) in _outputs(spec).items()
    }
    return _with_digests({**_HEAD, "Resources": resources, "Outputs": outputs})


def _with_digests(template: dict[str, Any]) -> dict[str, Any]:
    """The template, whose functions know its digest and that of its policies, for receipts.

    They are those of the template without them, and without Pennsieve's addresses: a sandbox that
    is started again has others, and its nodes go on.
    """
    resources: Resources = template["Resources"]
    policies = {name: row for name, row in resources.items() if row["Type"].startswith(_POLICIES)}
    digests = {
        variable("stack_digest"): digest_of({**template, "Resources": _without_hosts(resources)}),
        variable("policy_digest"): digest_of(policies),
    }
    for row in resources.values():
        if row["Type"] == _FUNCTION and "Environment" in row["Properties"]:
            row["Properties"]["Environment"]["Variables"] |= digests
    return template


def _without_hosts(resources: Resources) -> Resources:
    hosts = {variable(name) for name in ("api", "api2", "cognito")}
    rows = {}
    for name, row in resources.items():
        properties = row["Properties"]
        environment = properties.get("Environment", {})
        if row["Type"] == _FUNCTION and "Variables" in environment:
            kept = {k: v for k, v in environment["Variables"].items() if k not in hosts}
            row = {**row, "Properties": {**properties, "Environment": {"Variables": kept}}}  # noqa: PLW2901 - a copy
        rows[name] = row
    return rows


def bucket_template(spec: NodeSpec) -> dict[str, Any]:
    """The node's bucket and its key alone: what a stack whose template is too long begins with.

    The whole template is then read from that bucket, so no other one is needed: it is the node's,
    private, encrypted as everything in it, and deleted with it.
    """
    return {**_HEAD, "Resources": bucket_resources(spec)}


def _outputs(spec: NodeSpec) -> dict[str, tuple[object, str]]:
    outputs: dict[str, tuple[object, str]] = {
        "Bucket": (ref("Bucket"), "The node's own files"),
        "FileSystem": (ref(spec.kept.files), "The files of runs"),
    }
    if spec.code is not None:
        outputs["Gateway"] = (attribute("Gateway", "Arn"), "The function that users call")
        outputs["Admin"] = (attribute("Admin", "Arn"), "The function that the owner calls")
        outputs["Version"] = (spec.code.version, "The version of the node's code")
    return outputs
