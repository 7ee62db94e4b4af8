"""The evaluator of policies, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide, fits, lets_in

ARN = "arn:aws:s3:::bucket/key"


def policy(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(rows)}


def row(effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", **more}


def test_nothing_is_allowed_by_silence() -> None:
    assert decide(Ask("s3:GetObject", ARN), []) is Verdict.NOT_ALLOWED
    assert decide(Ask("s3:PutObject", ARN), [policy(row())]) is Verdict.NOT_ALLOWED
    assert decide(Ask("s3:GetObject", ARN), [policy(row())]) is Verdict.ALLOWED


def test_deny_wins_wherever_it_is() -> None:
    deny = policy(row("Deny"))
    assert decide(Ask("s3:GetObject", ARN), [policy(row()), deny]) is Verdict.DENIED
    both = policy(row(), row("Deny"))
    assert decide(Ask("s3:GetObject", ARN), [policy(row())], both) is Verdict.DENIED


def test_a_boundary_bounds_and_gives_nothing() -> None:
    ask = Ask("s3:GetObject", ARN)
    assert decide(ask, [policy(row())], policy(row(Action="s3:PutObject"))) is Verdict.NOT_ALLOWED
    assert decide(ask, [], policy(row())) is Verdict.NOT_ALLOWED
    assert decide(ask, [policy(row())], policy(row(Action="s3:*"))) is Verdict.ALLOWED


def test_a_lone_statement_needs_no_list() -> None:
    assert decide(Ask("s3:GetObject", ARN), [{"Statement": row()}]) is Verdict.ALLOWED


def test_opposites() -> None:
    but = row(NotAction="iam:*", NotResource="arn:aws:s3:::other/*")
    del but["Action"], but["Resource"]
    assert decide(Ask("s3:GetObject", ARN), [policy(but)]) is Verdict.ALLOWED
    assert decide(Ask("iam:GetRole", ARN), [policy(but)]) is Verdict.NOT_ALLOWED
    assert decide(Ask("s3:GetObject", "arn:aws:s3:::other/k"), [policy(but)]) is Verdict.NOT_ALLOWED


@pytest.mark.parametrize(
    ("pattern", "text", "same"),
    [
        ("a*c", "abbc", True),
        ("a?c", "abbc", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("*", "a/b\nc", True),
        ("A", "a", False),
    ],
)
def test_wildcards(pattern: str, text: str, same: bool) -> None:  # noqa: FBT001 - a table
    assert fits(pattern, text) is same


@pytest.mark.parametrize(
    ("condition", "context", "met"),
    [
        ({"StringEquals": {"k": "v"}}, {"K": "v"}, True),
        ({"StringEquals": {"k": "v"}}, {}, False),
        ({"StringEquals": {"k": ["v", "w"]}}, {"k": "w"}, True),
        ({"StringNotEquals": {"k": "v"}}, {}, True),
        ({"StringNotLike": {"k": ["a*", "b*"]}}, {"k": "bx"}, False),
        ({"StringNotLike": {"k": ["a*", "b*"]}}, {"k": "cx"}, True),
        ({"StringLikeIfExists": {"k": "a*"}}, {}, True),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/r"}}, {"k": "arn:aws:iam::1:role/r"}, True),
        ({"Bool": {"k": False}}, {"k": "false"}, True),
        ({"Null": {"k": "true"}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": "b"}}, {"k": ["a", "b"]}, True),
        ({"ForAnyValue:StringEquals": {"k": "b"}}, {}, False),
        ({"ForAllValues:StringEquals": {"k": "b"}}, {"k": ["a", "b"]}, False),
        ({"ForAllValues:StringEquals": {"k": "b"}}, {}, True),
        ({"StringEquals": {"k": "v"}, "Bool": {"b": "true"}}, {"k": "v", "b": "false"}, False),
        ({"NumericLessThan": {"k": "3"}}, {"k": "1"}, False),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, Any], met: bool) -> None:  # noqa: FBT001 - a table
    found = decide(Ask("s3:GetObject", ARN, context), [policy(row(Condition=condition))])
    assert (found is Verdict.ALLOWED) is met


def test_what_is_not_understood_denies() -> None:
    odd = {"NumericLessThan": {"k": "3"}}
    both = policy(row(), row("Deny", Condition=odd))
    assert decide(Ask("s3:GetObject", ARN), [both]) is Verdict.DENIED


def test_the_worst_reading() -> None:
    condition = {"StringEquals": {"k": "v"}}
    allow = policy(row(Condition=condition))
    assert decide(Ask("s3:GetObject", ARN), [allow], fair=False) is Verdict.ALLOWED
    deny = policy(row(), row("Deny", Condition=condition))
    assert decide(Ask("s3:GetObject", ARN), [deny], fair=False) is Verdict.ALLOWED


def test_trust() -> None:
    root = {"AWS": "arn:aws:iam::999988887777:root"}
    condition = {"StringEquals": {"sts:ExternalId": "outside"}}
    trust = policy(row(Action="sts:AssumeRole", Principal=root, Condition=condition))
    who = "arn:aws:iam::999988887777:role/provisioner"
    right = Ask("sts:AssumeRole", context={"sts:ExternalId": "outside"})
    assert lets_in(trust, right, who)
    assert not lets_in(trust, Ask("sts:AssumeRole"), who)
    assert not lets_in(trust, right, "arn:aws:iam::111122223333:role/provisioner")
    assert lets_in(policy(row(Action="sts:*", Principal="*")), Ask("sts:AssumeRole"), who)
    bare = policy(row(Action="sts:AssumeRole", Principal={"AWS": "999988887777"}))
    assert lets_in(bare, Ask("sts:AssumeRole"), who)
    shut = policy(*bare["Statement"], row("Deny", Action="*", Principal=root))
    assert not lets_in(shut, right, who)
