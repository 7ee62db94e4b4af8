"""How far a program gets that takes everything a GPU machine can be made to hand out.

Jobs of AWS Batch on EC2 have the machine's network, so a program can take the machine's keys, and
as the machine's ECS agent the keys of both roles of every job there. Read from the policies.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from tests.account.stack.specs import GPU, NAMES, NUMBER, PLATFORM, node

HERE = f"us-east-1:{NUMBER}"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:{NAMES.secret_prefix}"
PARAMETERS = f"arn:aws:ssm:{HERE}:parameter{NAMES.parameter_prefix}secrets/"
KEYS = f"arn:aws:ssm:{HERE}:parameter{NAMES.parameter_prefix}workflows/w-1/read"
KEY = f"arn:aws:kms:{HERE}:key/{NAMES.stack}"
BUCKET = f"arn:aws:s3:::{NAMES.bucket}"
ON_THE_MACHINE = (NAMES.instance_role, NAMES.gpu_execution_role)
"""The machine's own role, and that of a job there, which has no job role (``test_gpu_jobs.py``)."""
NEVER = (
    *(("secretsmanager:GetSecretValue", f"{SECRET}{name}-AbCdEf")
      for name in ("shared", "user-N-user-1", "runs/1", "parameters/1")),
    *((f"ssm:{get}", f"{KEYS}{part}")
      for get in ("GetParameter", "GetParameters", "GetParametersByPath")
      for part in ("", "-key", "-secret", "-session")),
    *(("ssm:GetParameters", f"{PARAMETERS}{scope}/KEY") for scope in ("shared", "user-N-user-1")),
    ("s3:GetObject", f"{BUCKET}/documents/a"),
    ("s3:GetObject", f"{BUCKET}/files/runs/r/a/data/raw.edf"),
    ("s3:GetObject", f"{BUCKET}/logs/a.zip"),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/{NAMES.table}"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.reconciler}"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.relay}"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAMES.admin}"),
    ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:*"),
    ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:*"),
    ("iam:PassRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.execution_role}"),
    ("sts:AssumeRole", f"arn:aws:iam::{NUMBER}:role/{NAMES.execution_role}"),
    ("batch:RegisterJobDefinition", "*"),
    ("batch:SubmitJob", "*"),
    ("batch:DescribeJobs", "*"),
    ("ecs:RunTask", "*"),
    ("ecs:RegisterContainerInstance",
     f"arn:aws:ecs:{HERE}:cluster/AWSBatch-{NAMES.queue('fargate')}-1"),
)  # fmt: skip


def documents(mode: Mode) -> list[Any]:
    roles = {role.name: role for role in roles_of(node(mode, gpu=GPU))}
    return [policy for name in ON_THE_MACHINE for policy in roles[name].permissions]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("action", "resource"), NEVER)
def test_from_a_gpu_machine_nothing_secret_is_reached(
    mode: Mode, action: str, resource: str
) -> None:
    assert decide(Ask(action, resource), documents(mode), fair=False) is Verdict.NOT_ALLOWED


@pytest.mark.parametrize("mode", [Mode.SECURE, Mode.COMPLIANT])
def test_the_nodes_key_opens_there_only_what_secrets_manager_hands_out(mode: Mode) -> None:
    """That are the parameters of steps on GPU machines, and nothing by the key itself."""
    for service, verdict in (
        ("secretsmanager", Verdict.ALLOWED),
        *((word, Verdict.NOT_ALLOWED) for word in ("ssm", "s3", "dynamodb", "ec2")),
    ):
        via = {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}
        asked = Ask("kms:Decrypt", KEY, via)
        assert decide(asked, documents(mode)) is verdict
    direct = Ask("kms:Decrypt", KEY)
    assert decide(direct, documents(mode)) is Verdict.NOT_ALLOWED


def test_the_machine_pulls_the_images_of_its_jobs_and_writes_their_logs() -> None:
    """On EC2 these are done by the machine's own role (Amazon ECS, "IAM roles")."""
    (machine,) = [r for r in roles_of(node(gpu=GPU)) if r.name == NAMES.instance_role]
    own = f"arn:aws:ecr:{HERE}:repository/{NAMES.workflow_images}"
    for image in (own, f"arn:aws:ecr:us-east-1:{PLATFORM}:repository/app"):
        for word in ("BatchGetImage", "GetDownloadUrlForLayer", "BatchCheckLayerAvailability"):
            asked = Ask(f"ecr:{word}", image)
            assert decide(asked, machine.permissions, machine.boundary) is Verdict.ALLOWED
    stream = f"arn:aws:logs:{HERE}:log-group:{NAMES.log_group}:log-stream:run/1/s/1"
    asked = Ask("logs:PutLogEvents", stream)
    assert decide(asked, machine.permissions, machine.boundary) is Verdict.ALLOWED


def test_a_node_without_gpus_has_none_of_these_roles() -> None:
    assert not [r.name for r in roles_of(node()) if re.search("gpu|instance", r.name)]
