"""What a review says of data is what the templates say, for nodes of every kind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.account.rights.data_at_rest import YOURS, at_rest, not_yours
from pennsieve_agent.account.rights.data_flows import flows
from pennsieve_agent.account.rights.installer import all_nodes
from pennsieve_agent.account.rights.officer_sections import sections
from pennsieve_agent.account.rights.review import INDEX, Review, review_files
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.image_builds import ARCHIVE_DAYS
from tests.account.stack.specs import GPU, NUMBER, every, node

WHO = AwsIdentity(NUMBER, f"arn:aws:iam::{NUMBER}:user/ada", "U", "us-east-1", "")
STORES = {
    *("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup"),
    *("AWS::SQS::Queue", "AWS::ECR::Repository", "AWS::S3Files::FileSystem"),
    "AWS::SNS::Topic",
}
#: Types of resources that keep no data of anybody.
KEEP_NOTHING = (
    *("AWS::EC2::", "AWS::IAM::", "AWS::Batch::", "AWS::KMS::", "AWS::Budgets::", "AWS::Events::"),
    *("AWS::CodeBuild::", "AWS::Lambda::", "AWS::S3::BucketPolicy", "AWS::CloudWatch::"),
    *("AWS::Route53Resolver::", "AWS::S3Files::"),
)


def template(spec: NodeSpec) -> dict[str, Any]:
    return node_template(spec)


def review(spec: NodeSpec) -> Review:
    names, roles = all_nodes(WHO), roles_of(spec)
    boundary = spec.settings.extras.boundary or names.account_boundary_arn
    place = Place(names, boundary, spec.settings.role_path)
    return Review(spec, roles, sections(roles, None), place, "first", "1.2.3")


@pytest.mark.parametrize("name", sorted(every()))
def test_a_review_of_every_kind_of_node(name: str) -> None:
    spec = every()[name]
    files = review_files(review(spec))
    assert review_files(review(spec)) == files
    index = json.loads(files[INDEX])
    assert sorted(files) == index["files"]
    assert {role.name for role in roles_of(spec)} == set(index["roles"])
    own = spec.settings.extras.boundary
    assert ("policies/boundary.json" in files) is not bool(own)
    assert f"{json.loads(files[INDEX])['costs']['idle_usd_per_month']:.2f}" in files["costs.md"]
    for flow in index["data_flows"]:
        assert all(flow[key] for key in ("what", "start", "to", "how"))


@pytest.mark.parametrize("name", sorted(every()))
def test_everything_that_is_stored_is_told_with_its_key_and_time(name: str) -> None:
    spec = every()[name]
    resources = template(spec)["Resources"]
    told = " ".join(row.where for row in at_rest(spec, template(spec)))
    for body in resources.values():
        if body["Type"] in STORES:
            known = ("BucketName", "TableName", "LogGroupName", "QueueName", "RepositoryName",
                     "TopicName")  # fmt: skip
            called = [body["Properties"][key] for key in known if key in body["Properties"]]
            assert all(str(word) in told for word in called)
        else:
            assert body["Type"].startswith(KEEP_NOTHING), body["Type"]
    assert all(row.key and row.long for row in at_rest(spec, template(spec)))


def test_what_no_key_of_ones_own_covers_is_told() -> None:
    spec = node(Mode.SECURE)
    made = template(spec)
    before = not_yours(at_rest(spec, made))
    assert any("Fargate" in line for line in before)
    assert not any("bucket" in line for line in before)
    assert not any("ecret" in line for line in before), "secrets have the node's key"
    kept = {row.what: row for row in at_rest(spec, made)}
    assert kept["secrets of users and of the node"].where.endswith("/secrets/*")
    assert kept["parameters of runs, which may be secret"].where.startswith("AWS Secrets Manager")
    del made["Resources"]["FunctionLogs"]["Properties"]["KmsKeyId"]
    assert len(not_yours(at_rest(spec, made))) == len(before) + 1
    basic = node()
    assert not [row for row in at_rest(basic, template(basic)) if row.key == YOURS]


def test_how_long_things_are_kept_follows_the_template() -> None:
    spec = node()
    made = template(spec)
    made["Resources"]["Logs"]["Properties"]["RetentionInDays"] = 7
    rules = made["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    rules.append({"Status": "Enabled", "Prefix": "logs/", "ExpirationInDays": 11})
    rows = {row.what: row.long for row in at_rest(spec, made)}
    assert rows["large parts of records of runs: names of files, parameters"] == "120 days"
    assert rows["what programs of runs print"] == "7 days"
    assert rows["whole logs of runs"] == "11 days"
    assert rows["code of workflows that was uploaded"] == f"{ARCHIVE_DAYS} days"


@pytest.mark.parametrize(
    ("spec", "reach", "note"),
    [
        (node(), "any address of the internet", "nothing comes in"),
        (node(Mode.SECURE, gpu=GPU), "any address of the internet", "nothing comes in"),
        (every()["basic-existing"], "what your network vpc-0123456789abcdef0 lets", "nothing"),
    ],
    ids=["basic", "secure", "existing"],
)
def test_where_a_program_can_send_things(spec: NodeSpec, reach: str, note: str) -> None:
    sent = next(f for f in flows(spec, template(spec)) if f.what.startswith("whatever"))
    assert reach in sent.to
    assert note in sent.note


@pytest.mark.parametrize("mode", list(Mode))
def test_files_of_small_runs_are_said_to_go_by_a_function_outside_the_network(mode: Mode) -> None:
    spec = node(mode)
    told = {flow.what: flow for flow in flows(spec, template(spec))}
    for what in ("input files", "results"):
        assert f"by AWS Lambda, {spec.names.transfer}, which is outside" in told[what].note
    assert spec.names.relay in next(f.start for w, f in told.items() if w.startswith("sign-ins"))


def test_what_is_open_without_internet_is_told_until_it_is_closed() -> None:
    spec = node(Mode.COMPLIANT)
    made = template(spec)
    resources = made["Resources"]

    def sent() -> tuple[str, str]:
        flow = next(f for f in flows(spec, made) if f.what.startswith("whatever"))
        return flow.to, flow.note

    assert "any address" not in sent()[0]
    assert "logs" in sent()[0]
    resources["Wall"] = {"Type": "AWS::Route53Resolver::FirewallRuleGroup", "Properties": {}}
    assert "DNS is open" not in sent()[1]
    for name, body in list(resources.items()):
        if body["Type"].startswith("AWS::Route53Resolver"):
            del resources[name]
        if body["Type"] == "AWS::EC2::VPCEndpoint":
            body["Properties"]["PolicyDocument"] = {}
    assert "DNS is open" in sent()[1]
    assert "without a policy" not in sent()[1]
    next(b for b in resources.values() if b["Type"] == "AWS::EC2::VPCEndpoint")["Properties"].pop(
        "PolicyDocument"
    )
    assert "without a policy" in sent()[1]


def test_names_of_others_are_shown_as_they_are() -> None:
    spec = replace(node(), node_name="a|b\n# c")
    readme = review_files(review(spec))["README.md"]
    assert readme.splitlines()[0] == "# Review of compute node a\\|b # c"


def test_the_costs_name_what_steps_write() -> None:
    page = review_files(review(node()))["costs.md"]
    assert f"| 1 GB that steps write, until it is delivered | {0.06 + 2 * 0.03:.4f} |" in page


@pytest.mark.parametrize("mode", list(Mode))
def test_mails_about_runs_are_told_as_what_goes_out_and_compliant_ones_name_nothing(
    mode: Mode,
) -> None:
    spec = node(mode)
    (flow,) = (f for f in flows(spec, template(spec)) if f.what.startswith("ends of runs"))
    assert spec.names.mail_topic in flow.start
    assert ("no name, no reason" in flow.what) is (mode is Mode.COMPLIANT)
    (row,) = (r for r in at_rest(spec, template(spec)) if "ends of runs" in r.what)
    assert (row.key == YOURS) is (mode is not Mode.BASIC)


def test_a_warning_of_the_budget_is_told_as_what_goes_out() -> None:
    spec = node(monthly_budget=20.0, budget_email="ada@example.org")
    (flow,) = (f for f in flows(spec, template(spec)) if "budget" in f.what)
    assert spec.names.budget_topic in flow.start
    assert not any("budget" in f.what for f in flows(node(), template(node())))
