"""Missing rights are all named at once, before anything is made; a check that fails is no wall."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.names import NodeNames
from pennsieve_agent.account.plan import additions
from pennsieve_agent.account.preflight import check_rights
from pennsieve_agent.account.steps import AccountPlan, AlreadyDone, DeployStack, StackAction
from pennsieve_agent.aws.rights import Question, lacking, principal_of
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.errors import AwsError, NotPermitted
from tests.account.scene import Scene
from tests.aws.emulator import IGNORED, NUMBER, ScriptedAws

pytestmark = pytest.mark.filterwarnings(IGNORED)
ADA = f"arn:aws:iam::{NUMBER}:user/ada"
WHO = AwsIdentity(NUMBER, ADA, "U", "us-east-1", "")
NAMES = NodeNames("0a1b2c3d", "prod", NUMBER, "us-east-1")
STEP = DeployStack(NAMES.stack, NUMBER, "us-east-1", StackAction.CREATE, ())
PLAN = AccountPlan("lab", "N:organization:1", "basic", WHO, NAMES, "9", "x", True, (STEP,))  # noqa: FBT003 - makes_role


class Simulating(ScriptedAws):
    """AWS's own answers to ``SimulatePrincipalPolicy``, all allowed but what is said."""

    def __init__(self, rows: dict[str, dict[str, Any]]) -> None:
        super().__init__()
        self.rows = rows

    def call(self, service: str, operation: str, **given: Any) -> dict[str, Any]:
        assert (service, operation) == ("iam", "simulate_principal_policy")
        self.asked.append((operation, given))
        found = [
            {
                "EvalActionName": action,
                "EvalResourceName": given["ResourceArns"][0],
                "EvalDecision": "allowed",
                "MatchedStatements": [],
                "MissingContextValues": [],
                **self.rows.get(action, {}),
            }
            for action in given["ActionNames"]
        ]
        return {"EvaluationResults": found, "IsTruncated": False}


def notes(aws: ScriptedAws, plan: AccountPlan = PLAN) -> list[str]:
    told: list[str] = []
    check_rights(aws, plan, told.append)
    return told


def test_all_missing_rights_in_one_message() -> None:
    aws = Simulating(
        {
            "iam:CreateRole": {"EvalDecision": "implicitDeny"},
            "s3:CreateBucket": {
                "EvalDecision": "explicitDeny",
                "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
            },
        }
    )
    with pytest.raises(NotPermitted) as raised:
        notes(aws)
    assert raised.value.message == (
        "these AWS credentials lack 2 rights: iam:CreateRole, s3:CreateBucket"
    )
    assert "pennsieve compute policy --installer" in str(raised.value.hint)
    assert raised.value.where == ADA


def test_it_asks_about_our_names_in_the_way_of_cloudformation() -> None:
    aws = Simulating({})
    assert notes(aws) == []
    assert {given["PolicySourceArn"] for _, given in aws.asked} == {ADA}
    role = next(given for _, given in aws.asked if "iam:CreateRole" in given["ActionNames"])
    assert role["ResourceArns"] == [f"arn:aws:iam::{NUMBER}:role/{NAMES.role}"]
    entries = {e["ContextKeyName"]: e["ContextKeyValues"] for e in role["ContextEntries"]}
    assert entries["aws:CalledVia"] == ["cloudformation.amazonaws.com"]
    assert entries["iam:PermissionsBoundary"] == [NAMES.boundary_arn]
    assert not any("*" in r for _, g in aws.asked for r in g["ResourceArns"] if r != "*")


def test_what_hangs_on_an_unknown_condition_is_not_missing() -> None:
    unsure = {"EvalDecision": "implicitDeny", "MissingContextValues": ["aws:PrincipalTag/team"]}
    assert notes(Simulating({"iam:CreateRole": unsure})) == []


def test_an_explicit_deny_is_missing_whatever_is_unknown() -> None:
    shut = {"EvalDecision": "explicitDeny", "MissingContextValues": ["aws:PrincipalTag/team"]}
    with pytest.raises(NotPermitted, match="lack this right: iam:CreateRole"):
        notes(Simulating({"iam:CreateRole": shut}))


def test_not_being_allowed_to_ask_is_said_and_goes_on() -> None:
    denied = NotPermitted("AWS refused iam:SimulatePrincipalPolicy", aws_code="AccessDenied")
    (note,) = notes(ScriptedAws(("simulate_principal_policy", denied)))
    assert "could not be checked beforehand" in note


def test_an_emulated_aws_does_not_know_the_question(scene: Scene) -> None:
    told: list[str] = []
    check_rights(scene.aws, replace(scene.plan(), identity=WHO), told.append)
    assert told == []


def test_a_plan_without_aws_asks_nothing() -> None:
    plan = replace(PLAN, steps=(AlreadyDone(STEP, "it is there"),))
    assert notes(ScriptedAws(), plan) == []
    assert additions(plan.stack_request)


def test_a_session_is_its_role() -> None:
    arn = "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ada@example.org"
    found = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1"
    row = {"RoleName": "AWSReservedSSO_Admin_1", "Arn": found}
    who = replace(WHO, arn=arn)
    assert principal_of(ScriptedAws(("get_role", {"Role": row})), who) == found
    refused = ScriptedAws(("get_role", NotPermitted("AWS refused iam:GetRole")))
    assert principal_of(refused, who) == "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_1"
    federated = replace(WHO, arn="arn:aws:sts::111122223333:federated-user/ada")
    assert principal_of(ScriptedAws(), federated) is None


def test_other_errors_are_the_callers() -> None:
    aws = ScriptedAws(("simulate_principal_policy", AwsError("AWS does not answer")))
    with pytest.raises(AwsError):
        lacking(aws, ADA, Question(("iam:GetRole",), "*", {}))
