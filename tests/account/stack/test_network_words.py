"""What a node's network means is said before it is made: zones, ways out, and what stays open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.stack.network_words import DNS_IS_OPEN, network_words
from tests.account.stack.specs import GPU, NUMBER, every, node


def test_zones_and_what_fails_with_one() -> None:
    assert network_words(node())[0] == "Jobs run in zones use1-az1 and use1-az2"
    secure = network_words(node(Mode.SECURE))
    assert secure[0] == "Jobs run in zones use1-az1 and use1-az2, the NAT in use1-az1"
    assert secure[1] == (
        "When zone use1-az1 fails, no job runs, as the NAT can be reached no more; a second zone "
        "for that would cost 36.50 USD a month more"
    )
    compliant = network_words(node(Mode.COMPLIANT))
    assert compliant[0].endswith(", endpoints in use1-az1; DNS is open")
    assert "a second zone for that would cost 43.80 USD a month more" in compliant[1]
    alone = replace(node(), zones=("use1-az4",))
    assert network_words(alone)[0] == (
        "Jobs run in zone use1-az4 alone; when it fails, no job runs"
    )


@pytest.mark.parametrize("mode", list(Mode))
def test_open_dns_is_said_where_nothing_else_is_open(mode: Mode) -> None:
    assert (DNS_IS_OPEN in network_words(node(mode))) is (mode is Mode.COMPLIANT)
    existing = every()[f"{mode.value}-existing"]
    assert (DNS_IS_OPEN in network_words(existing)) is (mode is Mode.COMPLIANT)


def test_what_passes_the_endpoints_is_said() -> None:
    text = " ".join(network_words(node(Mode.COMPLIANT, gpu=GPU)))
    assert "buckets that are called 'pennsieve-*', a name that others can choose, too" in text
    assert "The endpoints ecs-agent and ecs-telemetry let everything pass" in text


def test_files_of_another_region_are_not_reached_without_internet() -> None:
    names = NodeNames("0a1b2c3d", NUMBER, "eu-central-1")
    far = "Only buckets and images in eu-central-1 are reached, and Pennsieve's own are in us-east"
    for mode in Mode:
        words = network_words(replace(node(mode), names=names))
        assert any(line.startswith(far) for line in words) is (mode is Mode.COMPLIANT)
