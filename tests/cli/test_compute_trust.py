"""What a security officer types: policy, template, doctor."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Lab
from tests.cli.harness import Agent


@pytest.fixture
def stranger(lab: Lab, clean_machine: Path) -> Agent:
    """Somebody who is not signed in, with AWS credentials."""
    data = lab.box.data
    variables = {
        "AWS_CONFIG_FILE": str(data / "aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(data / "aws" / "credentials"),
    }
    return Agent({"HOME": str(clean_machine), **variables})


@pytest.fixture
def aws_files(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore reads the process's own environment."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(lab.box.data / "aws" / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(lab.box.data / "aws" / "credentials"))


@pytest.mark.usefixtures("aws_files")
def test_policy_in_words_and_as_documents_without_a_sign_in(stranger: Agent) -> None:
    shown = stranger("compute", "policy")
    assert shown.code == 0, shown.err
    assert shown.out.startswith("Pennsieve has no permissions in this account")
    assert "What they cannot do:\n  - read other buckets" in shown.out
    assert "external id" not in shown.out
    document = stranger("compute", "policy", "--json").document
    names = [role["role"].rpartition("-")[2] for role in document["roles"]]
    serving = ["gateway", "admin", "reconciler", "execution", "job"]
    assert names == [*serving, "mover", "files", "relay", "transfer", "files", "builder"]
    assert document["roles"][-2]["role"].endswith("-transfer-files")
    assert set(document["roles"][0]) == {
        *("role", "trust_policy", "permission_policies", "permissions_boundary", "words"),
    }


@pytest.mark.usefixtures("aws_files")
def test_a_template_without_a_sign_in(stranger: Agent) -> None:
    workspace = ("--workspace", "N:organization:0b9ad7b4")
    printed = stranger("compute", "policy", "template", "--name", "lone", *workspace)
    assert printed.code == 0, printed.err
    assert printed.document["Metadata"]["PennsieveNode"]["organization"] == workspace[1]
    assert f"pennsieve:workspace={workspace[1]}" in printed.err
    assert "sts:ExternalId" not in printed.out
    refused = stranger("compute", "policy", "template", "--workspace", "Sandbox")
    assert (refused.code, "not the id of a workspace" in refused.err) == (2, True)


@pytest.mark.usefixtures("lab")
def test_the_served_policy_with_every_wildcard(agent: Agent) -> None:
    shown = agent("compute", "policy", "--served")
    assert shown.code == 0, shown.err
    assert "without any condition" in shown.out
    assert "s3:*: every action; buckets: can read, change, delete and share" in shown.out


@pytest.mark.usefixtures("lab")
def test_the_installers_policies(agent: Agent) -> None:
    policies = agent("compute", "policy", "installer", "--json").document["policies"]
    assert {s["Effect"] for policy in policies for s in policy["Statement"]} == {"Allow"}
    assert "123456789012" in json.dumps(policies)
    words = agent("compute", "policy", "installer")
    assert "create the roles, never without their boundary, only by way of CloudForm" in words.out
    assert f"--part 1 (to {len(policies)})" in words.err
    second = agent("compute", "policy", "installer", "--part", "2", "--json")
    assert second.document == policies[1]
    assert "make the roles, never" not in agent("compute", "policy", "installer", "--part", "3").out
    assert agent("compute", "policy", "installer", "--part", "9").code == 2
    assert agent("compute", "policy", "installer", "--role-path", "team").code == 2
    assert "for nodes of every mode, in 4 policies" in words.err
    assert "limits every role that they create" in words.out.splitlines()[0]
    assert "first make the boundary" in words.err
    basic = agent("compute", "policy", "installer", "--mode", "basic", "--json").document
    assert "ec2:CreateNatGateway" in json.dumps(policies)
    assert "ec2:CreateNatGateway" not in json.dumps(basic)
    assert agent("compute", "policy", "installer", "--mode", "wild").code == 2
    pathed = agent("compute", "policy", "installer", "--role-path", "/team/", "--json")
    assert "role/team/pennsieve-node-*" in pathed.out


@pytest.mark.usefixtures("lab")
def test_who_may_write_the_boundary_is_told_first_what_that_is(agent: Agent) -> None:
    shown = agent("compute", "policy", "installer", "--writes-boundary")
    assert "can become an administrator of the AWS account" in shown.out.splitlines()[0]
    document = agent("compute", "policy", "installer", "--writes-boundary", "--json").document
    assert "iam:CreatePolicyVersion" in json.dumps(document)
    assert "can become an administrator" in document["can_do"][0]
    arn = "arn:aws:iam::123456789012:policy/p"
    both = agent(
        "compute", "policy", "installer", "--writes-boundary", "--permissions-boundary", arn
    )
    assert both.code == 2


@pytest.mark.usefixtures("lab")
def test_the_boundary_that_an_administrator_makes(agent: Agent) -> None:
    shown = agent("compute", "policy", "boundary")
    assert json.loads(shown.out) == agent("compute", "policy", "boundary", "--json").document
    assert "iam:PassRole" in shown.out
    assert "aws iam create-policy --policy-name PennsieveNodeBoundary" in shown.err
    assert len(json.dumps(json.loads(shown.out), separators=(",", ":"))) <= 6144
    installer = agent("compute", "policy", "installer", "--json").out
    assert "arn:aws:iam::123456789012:policy/PennsieveNodeBoundary" in installer


@pytest.mark.usefixtures("lab")
def test_the_installers_policies_for_an_organisation(agent: Agent) -> None:
    foreign = "arn:aws:iam::999988887777:policy/p"
    assert agent("compute", "policy", "installer", "--permissions-boundary", foreign).code == 2
    without = Agent({"HOME": agent.environ["HOME"]})("compute", "policy", "installer", "--json")
    assert without.code == 0
    assert "iam::*:role/pennsieve-node-*" in without.out


@pytest.mark.usefixtures("lab")
def test_a_template_is_only_printed_and_is_the_same_each_time(agent: Agent) -> None:
    words = ("compute", "policy", "template", "--name", "planned", "--tag", "owner=ada")
    home = Path(agent.environ["HOME"])
    before = sorted(home.rglob("*"))
    first = agent(*words)
    assert first.code == 0, first.err
    assert '"owner"' in first.out
    assert "aws cloudformation deploy --stack-name pennsieve-node-" in first.err
    assert "--s3-bucket" not in first.err
    assert agent(*words).out == first.out
    assert "--from-stack pennsieve-node-" in first.err
    assert "AWS::Lambda::Function" not in first.out
    assert sorted(home.rglob("*")) == before
    code = home / "node.zip"
    whole = agent(*words, "--code", str(code))
    assert whole.code == 0, whole.err
    assert "AWS::Lambda::Function" in whole.out
    token = first.document["Metadata"]["PennsieveNode"]["token"]
    assert whole.document["Metadata"]["PennsieveNode"]["token"] == token
    functions = json.loads(whole.out)["Resources"]
    image = functions["Reconciler"]["Properties"]["Environment"]["Variables"]["NODE_MOVER_IMAGE"]
    # Not the public one, which a network without internet does not reach, nor a tag of it.
    assert ".dkr.ecr.us-east-1.amazonaws.com/pennsieve-node-" in image
    assert image.partition("@sha256:")[2]
    assert f"code/{hashlib.sha256(code.read_bytes()).hexdigest()}.zip" in whole.err
    missing = agent(*words, "--code", "/no/where/node.zip")
    assert (missing.code, missing.out) == (1, "")
    wrong = agent("compute", "register", "--tag", "aws:x=1", "--dry-run")
    assert (wrong.code, wrong.out) == (2, "")
    many = [word for i in range(30) for word in ("--tag", f"{'key' * 20}{i}={'value' * 20}")]
    assert "--s3-bucket BUCKET" in agent(*words, *many).err


@pytest.mark.usefixtures("nodes")
def test_doctor(agent: Agent) -> None:
    well = agent("compute", "doctor", "my-comp")
    assert well.code == 0, well.out + well.err
    assert "✓ node's answer: healthy" in well.out
    assert "✓ shares: nobody" in well.out
    offer = "next: pennsieve compute doctor 'my-compute' --run   (a trial run, about 0.00"
    assert offer in well.err
    misspelt = agent("compute", "doctor", "my-compuet")
    assert (misspelt.code, misspelt.out) == (2, "")
    assert "no compute node is called 'my-compuet'" in misspelt.err
    assert "did you mean 'my-compute'?" in misspelt.err


@pytest.mark.usefixtures("lab")
def test_the_plan_says_what_pennsieve_can_and_cannot(agent: Agent) -> None:
    shown = agent("compute", "register", "--name", "other", "--dry-run")
    assert shown.code == 0, shown.err
    assert "Pennsieve has no permissions in this account" in shown.out
    assert "USD a month while nothing runs" in shown.out
    assert "USD per CPU-hour" in shown.out
    assert "None of these roles can read other buckets" in shown.out
    assert "AWS::EC2::VPC" not in shown.out
    details = agent("compute", "register", "--name", "other", "--dry-run", "--details")
    assert "create Vpc (AWS::EC2::VPC)" in details.out
    job = "-job can mount the file system, write files and read objects, on the node's own"
    assert job in details.out


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("kind", ["own", "platform"])
def test_the_plan_before_the_question_is_one_screen(agent: Agent, kind: str) -> None:
    asked = agent(
        *("compute", "register", "--provisioner", kind, "--name", "other"),
        answers="n\n",
        terminal=True,
    )
    assert asked.code == 0, asked.err
    assert "Go on? [y/N] nothing was changed" in asked.err
    assert len(asked.err.splitlines()) <= 24, asked.err
