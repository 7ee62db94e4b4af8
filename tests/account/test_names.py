"""Names fit the services that they are for, and say what they belong to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.account.spec.names import NodeNames, environment_of, tag_value, token_of_role
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.domain.profile import Hosts

NAMES = NodeNames("0a1b2c3d", "prod", "123456789012", "ap-southeast-1")


def test_names_fit_their_services() -> None:
    assert NAMES.role == "Pennsieve-Compute-prod-0a1b2c3d"
    assert NAMES.stack == "pennsieve-node-0a1b2c3d"
    assert len(NAMES.bucket) <= 63
    assert NAMES.account_role == "PennsieveOwnNode-0a1b2c3d"
    assert not NAMES.account_role.startswith("Pennsieve-Compute-"), "the only ones it can assume"
    assert token_of_role(NAMES.role) == "0a1b2c3d"
    assert token_of_role("ROLE-123456789012") is None
    assert tag_value("Ada's node #1") == "Ada_s node _1"


@pytest.mark.parametrize(
    ("host", "word"),
    [
        ("https://api2.pennsieve.io", "prod"),
        ("https://api2.pennsieve.net", "dev"),
        ("http://127.0.0.1:9000", "sbx"),
    ],
)
def test_the_role_says_which_platform(host: str, word: str) -> None:
    assert environment_of(Hosts(api2=host)) == word


def test_the_same_request_has_the_same_change_set_name() -> None:
    spec = NodeSpec(NAMES, "n", "N:organization:1")
    same = [stack_request(spec) for _ in range(2)]
    other = stack_request(replace(spec, organization_id="other"))
    assert same[0].change_set_name == same[1].change_set_name != other.change_set_name
