"""Policies in words: complete, literal where there are no words, and never too kind."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.account.rights.action_words import SENSITIVE_ACTIONS
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, describe, summary
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.account.stack.policies import Where, role_access
from pennsieve_agent.account.stack.trusts import service_trust
from pennsieve_agent.sandbox.compute.nodes.role_policy import permission_policy, trust_policy

NAMES = NodeNames("0a1b2c3d", "123456789012", "us-east-1")
OURS = RoleDocuments(
    NAMES.gateway,
    service_trust("lambda.amazonaws.com", NAMES),
    (role_access("gateway", Where(NAMES)),),
    node_boundary(NAMES),
)
SERVED = RoleDocuments("Pennsieve-Compute-dev-11112222", trust_policy(), (permission_policy(),))


def role(*rows: dict[str, Any]) -> RoleDocuments:
    return RoleDocuments("r", {"Statement": []}, ({"Statement": list(rows)},))


def test_our_role() -> None:
    words = describe(OURS)
    (who,) = words.who
    assert who.startswith("the AWS service lambda.amazonaws.com may assume the role, only if ")
    assert who.endswith("aws:SourceAccount is 123456789012")
    reconciler = f"arn:aws:lambda:us-east-1:123456789012:function:{NAMES.reconciler}"
    assert f"invoke functions on {reconciler}" in words.can
    assert words.cannot == tuple(words_ for words_, _ in SENSITIVE_ACTIONS)


def test_our_role_in_two_lines() -> None:
    can, cannot = summary(OURS, "It")
    assert "invoke functions" in can
    assert ", on the node's own resources only" in can
    assert cannot.startswith("It cannot read other buckets, change other buckets, start")


def test_the_served_role_is_not_flattered() -> None:
    words = describe(SERVED)
    assert words.who[0].endswith("may assume the role, without any condition")
    can = " ".join(words.can)
    for action in permission_policy()["Statement"][0]["Action"]:
        if action.endswith(":*"):
            assert any(line.startswith(f"{action}: every action") for line in words.wildcards)
            assert action in can
    assert "*: every resource of the account" in words.wildcards
    assert "pass roles to services" in can
    too_kind = {
        "read other buckets",
        "start instances",
        "pass other roles to services",
        "change permissions",
    }
    assert not too_kind & set(words.cannot)
    assert {"read other secrets", "create users"} <= set(words.cannot)
    assert "anywhere in the account" in summary(SERVED)[0]
    # It may not change its own permissions: the one Deny without a condition on a sensitive action.
    assert "change its own permissions" in words.cannot
    assert any("the role has no permissions boundary arn:aws:iam::*" in c for c in words.cannot)


def test_everything_is_never_kept_from_anybody() -> None:
    admin = role({"Effect": "Allow", "Action": "*", "Resource": "*"})
    words = describe(admin)
    assert words.can == ("do everything in every service on everything in the account",)
    assert words.cannot == ()
    assert "does not reliably deny anything" in summary(admin)[1]


def test_a_condition_may_be_met_after_all() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    reads = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}
    words = describe(role(reads))
    assert "read other buckets" not in words.cannot
    assert words.can[0].endswith("only if aws:RequestedRegion is us-east-1")


@pytest.mark.parametrize("resource", ["arn:aws:s3:::lab-*", "arn:aws:s3:::one/*", "arn:aws:s3:::*"])
def test_some_other_buckets_are_other_buckets(resource: str) -> None:
    reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    assert "read other buckets" not in describe(role(reads)).cannot
    never = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert "read other buckets" in describe(role(reads, never)).cannot


def test_where_is_not_flattered() -> None:
    reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lab/*"}
    assert summary(role(reads))[0].endswith(", on the resources that the policy names")
    but = {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::lab/*"}
    assert summary(role(but))[0].endswith(", anywhere in the account")


def test_other_accounts_are_no_excuse() -> None:
    reads = {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::555566667777:role/r"}
    assert not {"change permissions", "change its own permissions"} & set(
        describe(role(reads)).cannot
    )


def test_opposites_are_named() -> None:
    words = describe(role({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:x"}))
    assert words.can == ("do everything except iam:* on everything except arn:x",)
    assert any(line.startswith("NotAction") for line in words.wildcards)


@pytest.mark.parametrize("kind", ["AWS", "Service", "Federated"])
def test_whoever_enters_is_named(kind: str) -> None:
    trust = {
        "Statement": {"Effect": "Allow", "Principal": {kind: "x.y"}, "Action": "sts:AssumeRole"}
    }
    assert "x.y" in describe(RoleDocuments("r", trust, ())).who[0]
    anybody = {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
    assert describe(RoleDocuments("r", anybody, ())).who[0].startswith("anybody in the world")


ACTION = st.from_regex(re.compile(r"[a-z]{2,8}:[A-Z][A-Za-z]{2,12}\*?"), fullmatch=True)


@given(st.lists(ACTION, min_size=1, max_size=5))
def test_no_action_is_ever_dropped(actions: list[str]) -> None:
    words = describe(role({"Effect": "Allow", "Action": actions, "Resource": "arn:x"}))
    for action in actions:
        assert action in words.can[0]
        if action.endswith("*"):
            assert any(line.startswith(action) for line in words.wildcards)
