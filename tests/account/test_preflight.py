"""Missing rights are all named at once, before anything is made; a check that fails is no wall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.plan import additions
from pennsieve_agent.account.register.preflight import (
    Intent,
    _question,
    check_before,
    problems_before,
)
from pennsieve_agent.account.register.steps import DeployStack, StackAction
from pennsieve_agent.account.rights.installer import installer_policies, installer_rights
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import NodeSpec, Settings
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.rights import Question, lacking, principal_of
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import AwsIdentity, ResourceChange
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError, NotPermitted
from tests.account.scene import Scene
from tests.account.stack.specs import ZONES, node
from tests.aws.emulator import IGNORED, NUMBER, ScriptedAws

pytestmark = pytest.mark.filterwarnings(IGNORED)
ADA = f"arn:aws:iam::{NUMBER}:user/ada"
WHO = AwsIdentity(NUMBER, ADA, "U", "us-east-1", "")
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")
STEP = DeployStack(NAMES.stack, "us-east-1", StackAction.CREATE, ())
SPEC = NodeSpec(NAMES, "lab", zones=ZONES)
PLAN = AccountPlan(SPEC, "N:organization:1", WHO, (STEP,))


class PennsieveRecords(Aws):
    """Answers what it is told to; anything else an emulated AWS would not know."""

    def __init__(self, answers: Mapping[str, dict[str, Any] | Exception] | None = None) -> None:
        super().__init__(AwsSettings(region="us-east-1"))
        self.answers = answers or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append((operation, parameters))
        answer = self.answers.get(operation, AwsError(f"{service} is not emulated"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def pages(self, service: str, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)


class Simulating(PennsieveRecords):
    """AWS's own answers to ``SimulatePrincipalPolicy``, all allowed but what is said."""

    def __init__(
        self,
        rows: dict[str, dict[str, Any]],
        answers: Mapping[str, dict[str, Any] | Exception] | None = None,
    ) -> None:
        super().__init__(answers)
        self.rows = rows

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation != "simulate_principal_policy":
            return super().call(service, operation, **parameters)
        self.asked.append((operation, parameters))
        found = [
            {
                "EvalActionName": action,
                "EvalResourceName": parameters["ResourceArns"][0],
                "EvalDecision": "allowed",
                "MatchedStatements": [],
                "MissingContextValues": [],
                **self.rows.get(action, {}),
            }
            for action in parameters["ActionNames"]
        ]
        return {"EvaluationResults": found, "IsTruncated": False}

    @property
    def questions(self) -> list[dict[str, Any]]:
        return [given for operation, given in self.asked if operation.startswith("simulate")]


def notes(aws: Aws, plan: AccountPlan = PLAN) -> list[str]:
    told: list[str] = []
    check_before(aws, plan, told.append)
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
        "these AWS credentials lack 2 permissions: iam:CreateRole, s3:CreateBucket"
    )
    assert "pennsieve compute policy installer" in str(raised.value.hint)
    assert raised.value.where == ADA


def test_it_asks_about_our_names_in_the_way_of_cloudformation() -> None:
    aws = Simulating({})
    assert notes(aws) == []
    assert {given["PolicySourceArn"] for given in aws.questions} == {ADA}
    role = next(given for given in aws.questions if "iam:CreateRole" in given["ActionNames"])
    assert role["ResourceArns"] == [f"arn:aws:iam::{NUMBER}:role/{NAMES.stack}-x"]
    entries = {e["ContextKeyName"]: e["ContextKeyValues"] for e in role["ContextEntries"]}
    assert entries["aws:CalledVia"] == ["cloudformation.amazonaws.com"]
    assert entries["iam:PermissionsBoundary"] == [NAMES.boundary_arn]
    assert not any("*" in r for given in aws.questions for r in given["ResourceArns"] if r != "*")


def test_it_asks_only_about_what_the_stack_has() -> None:
    aws = Simulating({})
    notes(aws)
    asked = {action for given in aws.questions for action in given["ActionNames"]}
    assert "dynamodb:CreateTable" in asked
    assert not asked & {"kms:CreateKey", "budgets:ModifyBudget"}


@pytest.mark.parametrize(("added", "is_short"), [((), False), (("Relay",), True)])
def test_functions_that_an_update_adds_need_room_too(
    added: tuple[str, ...],
    is_short: bool,  # noqa: FBT001 - a parameter
) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 105}
    aws = PennsieveRecords({"get_account_settings": {"AccountLimit": limit}})
    template = stack_request(node()).template
    intent = Intent(NAMES, WHO, Settings(), template, creates=False, added=frozenset(added))
    sentences = [problem.sentence for problem in problems_before(aws, intent)]
    assert any("reserve 10, and Lambda" in sentence for sentence in sentences) is is_short


def test_every_condition_of_a_right_is_met_by_what_it_asks() -> None:
    """So that an installer with exactly our policies is never told that something is missing."""
    policies = installer_policies(Place(NAMES))
    intent = Intent(NAMES, WHO, Settings(), {"Resources": {}}, creates=True)
    for right in installer_rights(Place(NAMES)):
        question = _question(right, intent)
        for action in question.actions:
            ask = Ask(action, question.resource, question.context)
            assert decide(ask, policies) is Verdict.ALLOWED, ask


@pytest.mark.parametrize(
    ("row", "ruled"),
    [
        ({"EvalDecision": "implicitDeny"}, False),
        ({"EvalDecision": "explicitDeny"}, True),
        (
            {
                "EvalDecision": "implicitDeny",
                "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
            },
            True,
        ),
    ],
)
def test_a_rule_against_roles_may_demand_a_boundary(row: dict[str, Any], *, ruled: bool) -> None:
    with pytest.raises(NotPermitted) as raised:
        notes(Simulating({"iam:CreateRole": row}))
    assert ("--permissions-boundary ARN" in str(raised.value.hint)) is ruled


@pytest.mark.parametrize(("other", "made"), [("", True), ("s3:CreateBucket", False)])
def test_whoever_may_not_write_a_boundary_is_told_who_makes_it(other: str, *, made: bool) -> None:
    """With the rights that 'compute policy installer' prints, before the boundary is there."""
    lacking = ["iam:CreatePolicy", "iam:CreateRole", "iam:PutRolePolicy", *filter(None, [other])]
    with pytest.raises(NotPermitted) as raised:
        notes(Simulating({action: {"EvalDecision": "implicitDeny"} for action in lacking}))
    assert ("pennsieve compute policy boundary" in str(raised.value.hint)) is made
    assert ("compute policy installer" in str(raised.value.hint)) is not made


QUOTA = {"Quota": {"Value": 0.0}}


def test_what_stands_in_the_way_is_said_before_anything_is_made() -> None:
    aws = Simulating({}, {"get_service_quota": QUOTA})
    with pytest.raises(AwsError) as raised:
        notes(aws)
    assert "quota 'Fargate On-Demand vCPU resource count' is 0" in raised.value.message
    assert "request-service-quota-increase" in str(raised.value.hint)
    full: dict[str, dict[str, Any] | Exception] = {
        "get_service_quota": QUOTA,
        "describe_vpcs": {"Vpcs": [{}]},
    }
    told: list[str] = []
    with pytest.raises(AwsError, match="2 problems, listed above"):
        check_before(Simulating({}, full), PLAN, told.append)
    assert any("VPCs per Region" in line for line in told)
    assert any("Fargate On-Demand" in line for line in told)


def test_missing_rights_come_first_and_the_rest_is_told_too() -> None:
    aws = Simulating(
        {"s3:CreateBucket": {"EvalDecision": "implicitDeny"}}, {"get_service_quota": QUOTA}
    )
    told: list[str] = []
    with pytest.raises(NotPermitted, match="lack this permission: s3:CreateBucket"):
        check_before(aws, PLAN, told.append)
    assert any("Fargate On-Demand" in line for line in told)


def test_where_nothing_can_be_simulated_it_tries_what_only_reads() -> None:
    denied = NotPermitted("AWS refused it", aws_code="AccessDenied")
    shut = {"simulate_principal_policy": denied, "get_role": denied, "describe_table": denied}
    told: list[str] = []
    with pytest.raises(NotPermitted) as raised:
        check_before(PennsieveRecords(shut), PLAN, told.append)
    assert raised.value.message == (
        "these AWS credentials lack 2 permissions: dynamodb:DescribeTable, iam:GetRole"
    )
    assert "only those to read" in told[0]
    federated = replace(PLAN, identity=replace(WHO, arn=f"arn:aws:sts::{NUMBER}:federated-user/a"))
    with pytest.raises(NotPermitted, match="iam:GetRole"):
        check_before(PennsieveRecords({"get_role": denied}), federated, told.append)


def test_what_hangs_on_an_unknown_condition_is_not_missing() -> None:
    unsure = {"EvalDecision": "implicitDeny", "MissingContextValues": ["aws:PrincipalTag/team"]}
    assert notes(Simulating({"iam:CreateRole": unsure})) == []


def test_an_explicit_deny_is_missing_whatever_is_unknown() -> None:
    shut = {"EvalDecision": "explicitDeny", "MissingContextValues": ["aws:PrincipalTag/team"]}
    with pytest.raises(NotPermitted, match="lack this permission: iam:CreateRole"):
        notes(Simulating({"iam:CreateRole": shut}))


def test_not_being_allowed_to_ask_is_said_and_goes_on() -> None:
    denied = NotPermitted("AWS refused iam:SimulatePrincipalPolicy", aws_code="AccessDenied")
    (note,) = notes(PennsieveRecords({"simulate_principal_policy": denied}))
    assert "cannot be checked in advance" in note


def test_an_emulated_aws_does_not_know_the_question(scene: Scene) -> None:
    told: list[str] = []
    check_before(scene.aws, replace(scene.plan(), identity=WHO), told.append)
    assert told == []


def test_a_plan_without_aws_asks_nothing() -> None:
    plan = replace(PLAN, steps=(AlreadyDone(STEP, "it is there"),))
    assert notes(ScriptedAws(), plan) == []
    assert additions(plan.stack_request.template)


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


def test_it_asks_about_what_an_update_removes() -> None:
    gone = ResourceChange("Remove", "FilesTarget1", "AWS::EFS::MountTarget")
    steps = [
        replace(step, changes=(*step.changes, gone)) if isinstance(step, DeployStack) else step
        for step in PLAN.steps
    ]
    aws = Simulating({})
    notes(aws, replace(PLAN, steps=tuple(steps)))
    asked = {action for given in aws.questions for action in given["ActionNames"]}
    assert "elasticfilesystem:DeleteMountTarget" in asked
