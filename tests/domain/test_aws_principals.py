"""Who may be let in by AWS, as typed: an account, a user, a role, and the role of a session."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.aws_principals import Kind, parse_principal
from pennsieve_agent.errors import UsageProblem

NUMBER = "222233334444"
ROLE = f"arn:aws:iam::{NUMBER}:role/analysts"


@pytest.mark.parametrize(
    ("text", "kind", "arn", "reaches"),
    [
        (NUMBER, Kind.ACCOUNT, NUMBER, "everybody to whom AWS account"),
        (f"arn:aws:iam::{NUMBER}:root", Kind.ACCOUNT, NUMBER, "everybody to whom AWS account"),
        (ROLE, Kind.ROLE, ROLE, "everybody who can use role analysts"),
        (f" {ROLE} ", Kind.ROLE, ROLE, "everybody who can use role analysts"),
        (f"arn:aws:iam::{NUMBER}:role/a/b", Kind.ROLE, f"arn:aws:iam::{NUMBER}:role/a/b", "role b"),
        (f"arn:aws:iam::{NUMBER}:user/ada", Kind.USER, f"arn:aws:iam::{NUMBER}:user/ada", "ada of"),
        (
            f"arn:aws:sts::{NUMBER}:assumed-role/analysts/ada@example.org",
            Kind.ROLE,
            ROLE,
            "can use",
        ),
    ],
)
def test_who_is_meant(text: str, kind: Kind, arn: str, reaches: str) -> None:
    found = parse_principal(text)
    assert (found.kind, found.arn, found.account) == (kind, arn, NUMBER)
    assert reaches in found.reaches
    assert found.statement_id == parse_principal(arn).statement_id


def test_statements_are_told_apart() -> None:
    ids = {parse_principal(text).statement_id for text in (NUMBER, ROLE, f"{ROLE}2")}
    assert len(ids) == 3
    assert all(len(sid) < 100 for sid in ids)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ada", "not an AWS account"),
        ("*", "not an AWS account"),
        ("12345", "not an AWS account"),
        (f"arn:aws:iam::{NUMBER}:policy/p", "not an AWS account"),
        (f"arn:aws:sts::{NUMBER}:assumed-role/AWSReservedSSO_Lab_1a/ada", "single sign-on"),
    ],
)
def test_who_cannot_be_meant(text: str, part: str) -> None:
    with pytest.raises(UsageProblem, match=part) as raised:
        parse_principal(text)
    assert raised.value.hint
