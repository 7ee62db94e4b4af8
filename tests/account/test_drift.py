"""A role that is not as its template says is named, with what is different about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.doctor.role_drift import (
    ActualRole,
    ExpectedRole,
    expected_roles,
    fits,
    role_drift,
)
from pennsieve_agent.aws.iam import IamRole

DOCUMENT: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject"}],
}
OTHER: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
TRUST = {"Statement": {"Principal": {"Service": "lambda.amazonaws.com"}}}
TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "r",
                "AssumeRolePolicyDocument": TRUST,
                "PermissionsBoundary": {"Ref": "Boundary"},
                "Policies": [{"PolicyName": "own", "PolicyDocument": DOCUMENT}],
            },
        },
        "More": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "more",
                "PolicyDocument": DOCUMENT,
                "Roles": [{"Ref": "Role"}, "shared"],
            },
        },
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {}},
    }
}
ROLE = IamRole("r", "arn:aws:iam::1:role/r", "/", boundary="arn:b", trust=TRUST)
WELL = ActualRole(ROLE, {"own": DOCUMENT, "more": DOCUMENT})


def expected() -> ExpectedRole:
    return next(role for role in expected_roles(TEMPLATE) if role.name == "r")


def test_roles_are_read_from_the_template() -> None:
    own, shared = expected_roles(TEMPLATE)
    assert (own.name, set(own.policies), own.boundary) == (
        "r",
        {"own", "more"},
        {"Ref": "Boundary"},
    )
    assert (shared.name, shared.trust, set(shared.policies)) == ("shared", None, {"more"})


def test_as_it_should_be() -> None:
    assert list(role_drift(expected(), WELL)) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, ["role r does not exist"]),
        (
            replace(WELL, role=replace(ROLE, trust={"Statement": []})),
            ["the trust policy of role r"],
        ),
        (
            replace(WELL, role=replace(ROLE, boundary="")),
            ["the permissions boundary of role r"],
        ),
        (replace(WELL, policies={"own": DOCUMENT}), ["policy more of role r does not exist"]),
        (
            replace(WELL, policies={"own": OTHER, "more": DOCUMENT}),
            ["policy own of role r"],
        ),
        (
            replace(WELL, policies={**WELL.policies, "extra": OTHER}),
            ["policy extra was added to role r"],
        ),
        (
            replace(WELL, attached=("arn:aws:iam::aws:policy/AdministratorAccess",)),
            ["policy arn:aws:iam::aws:policy/AdministratorAccess was attached to role r"],
        ),
    ],
)
def test_what_is_different(found: ActualRole | None, words: list[str]) -> None:
    assert list(role_drift(expected(), found)) == words


def test_other_nodes_have_their_policies_on_the_shared_role() -> None:
    shared = ExpectedRole("shared", policies={"more": DOCUMENT})
    there: dict[str, dict[str, Any]] = {"more": DOCUMENT, "pennsieve-node-ffffffff-access": OTHER}
    found = ActualRole(replace(ROLE, name="shared"), there, ("arn:aws:iam::1:policy/theirs",))
    assert list(role_drift(shared, found)) == []


@pytest.mark.parametrize(
    ("said", "there", "same"),
    [
        ({"Ref": "X"}, "anything", True),
        ({"Fn::GetAtt": ["X", "Arn"]}, "arn:x", True),
        ({"Ref": "X"}, "", False),
        ({"Ref": "X"}, {"a": 1}, False),
        (["a", {"Ref": "X"}], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a"], "a", False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, {"a": 2}, False),
        ("a", "a", True),
    ],
)
def test_what_a_template_leaves_to_cloudformation(*, said: Any, there: Any, same: bool) -> None:
    assert fits(said, there) is same
