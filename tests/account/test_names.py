"""Names fit the services that they are for, and say what they belong to."""

from __future__ import annotations

from dataclasses import replace

from pennsieve_agent.account.spec.names import NodeNames, tag_value, token_of_role
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request
from tests.account.stack.specs import ZONES

NAMES = NodeNames("0a1b2c3d", "123456789012", "ap-southeast-1")


def test_names_fit_their_services() -> None:
    assert NAMES.platform_role == "Pennsieve-Compute-*-0a1b2c3d"
    assert NAMES.stack == "pennsieve-node-0a1b2c3d"
    assert len(NAMES.bucket) <= 63
    assert NAMES.account_role == "PennsieveOwnNode-0a1b2c3d"
    assert not NAMES.account_role.startswith("Pennsieve-Compute-"), "the only ones it can assume"
    assert token_of_role("Pennsieve-Compute-prod-0a1b2c3d") == "0a1b2c3d"
    assert token_of_role("ROLE-123456789012") is None
    assert tag_value("Ada's node #1") == "Ada_s node _1"


def test_the_same_request_has_the_same_change_set_name() -> None:
    spec = NodeSpec(NAMES, "n", "N:organization:1", zones=ZONES)
    same = [stack_request(spec) for _ in range(2)]
    other = stack_request(replace(spec, organization_id="other"))
    assert same[0].change_set_name == same[1].change_set_name != other.change_set_name
