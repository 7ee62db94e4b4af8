"""A node's zones are chosen by what they have, by their id, and always alike."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.zones import Zone, choose_zones, unfit

US_EAST_1 = tuple(
    Zone(f"use1-az{number}", f"us-east-1{letter}")
    for number, letter in zip((3, 6, 1, 5, 4, 2), "abcdef", strict=True)
)
"""As one account has them: its first zone has no Fargate."""


def test_a_zone_without_fargate_is_never_chosen() -> None:
    assert choose_zones("us-east-1", US_EAST_1) == ("use1-az1", "use1-az2")
    assert choose_zones("us-east-1", reversed(US_EAST_1)) == ("use1-az1", "use1-az2")
    assert choose_zones("us-east-1", US_EAST_1[:1]) == ()
    assert unfit("us-east-1", US_EAST_1[0]) == "AWS Fargate is not available there"


@pytest.mark.parametrize(
    ("region", "zones", "chosen"),
    [
        ("us-west-1", ("usw1-az1", "usw1-az2", "usw1-az3"), ("usw1-az1", "usw1-az3")),
        ("ap-northeast-1", ("apne1-az3", "apne1-az4"), ("apne1-az4",)),
        ("eu-central-1", ("euc1-az3", "euc1-az2", "euc1-az1"), ("euc1-az1", "euc1-az2")),
    ],
)
def test_other_regions(region: str, zones: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    assert choose_zones(region, (Zone(zone, zone) for zone in zones)) == chosen


def test_a_zone_without_an_endpoint_is_left_out() -> None:
    zones = (Zone("euc1-az1", "a", ("ssm",)), Zone("euc1-az2", "b"))
    assert choose_zones("eu-central-1", zones) == ("euc1-az2",)
    assert unfit("eu-central-1", zones[0]) == "AWS has no VPC endpoint there for ssm"
