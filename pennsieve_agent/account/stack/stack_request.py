"""The stack that a node's specification asks of CloudFormation."""

from __future__ import annotations

from dataclasses import replace

from pennsieve_agent.account.spec.names import stack_tags
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.spec.spec_json import metadata
from pennsieve_agent.account.stack.template import bucket_template, node_template
from pennsieve_agent.aws.cloudformation import StackRequest


def stack_request(spec: NodeSpec) -> StackRequest:
    """The stack as it should be: its name, template and tags."""
    tags = spec.kept.stack
    if tags is None:
        own = stack_tags(spec.names, spec.node_name, spec.organization_id)
        tags = own | dict(spec.settings.extras.tags)
    about = {"Metadata": metadata(spec)}
    return StackRequest(
        spec.names.stack,
        {**node_template(spec), **about},
        tags,
        bucket=spec.names.bucket,
        first={**bucket_template(spec), **about},
    )


def turned_off(spec: NodeSpec) -> NodeSpec:
    """The same node without its functions: what comes first."""
    return replace(spec, code=None)
