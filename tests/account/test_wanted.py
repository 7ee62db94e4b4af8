"""Each flag changes what is made; what was asked for once is kept; what cannot be is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.execute import first_entry
from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Code, Gpu, Mode, Network, NodeSpec, Settings
from pennsieve_agent.account.spec.options import TypedSettings, parse_network, settle
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.spec.spec_json import (
    installed_organization,
    installed_settings,
    metadata,
    settings_json,
    settings_of,
)
from pennsieve_agent.account.stack.costs import costs_of
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.world.clients import StepState
from pennsieve_agent.account.world.steps import AlreadyDone
from pennsieve_agent.aws.cloudformation import (
    execute_change_set,
    plan_change_set,
    template_of,
)
from pennsieve_agent.errors import UsageProblem
from tests.account.scene import BUNDLE, OPTIONS, Scene
from tests.account.stack.specs import DIGEST, ZONES
from tests.aws.emulator import IGNORED, NUMBER

pytestmark = pytest.mark.filterwarnings(IGNORED)
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")
SPEC = NodeSpec(
    *(NAMES, "lab", "N:organization:1"),
    code=Code("0a" * 32, "0.1.0"),
    transfer_digest=DIGEST,
    zones=ZONES,
)
NETWORK = Network("vpc-0123abcd", ("subnet-0123abcd", "subnet-0123abce"))
BOUNDARY = f"arn:aws:iam::{NUMBER}:policy/org/bounded"
ASKED = {
    "mode": TypedSettings(mode=Mode.SECURE),
    "network": TypedSettings(network=NETWORK),
    "gpu": TypedSettings(gpu=Gpu("g5.4xlarge", 16, 2)),
    "max_vcpus": TypedSettings(max_vcpus=32),
    "monthly_budget": TypedSettings(monthly_budget=50.0),
    "budget_email": TypedSettings(monthly_budget=50.0, budget_email="lab@example.org"),
    "own_email": TypedSettings(monthly_budget=50.0, own_email="ada@example.org"),
    "extras": TypedSettings(extras=Extras(BOUNDARY, (("cost-centre", "42"),))),
    "role_path": TypedSettings(role_path="/research/"),
}
FULL = Settings(
    Mode.COMPLIANT,
    Network(),
    Gpu("g5.4xlarge", 16, 2),
    64,
    50.0,
    Extras(BOUNDARY, (("cost-centre", "42"), ("owner", "ada"))),
    "/research/",
    "ada@example.org",
)


def body(settings: Settings) -> object:
    """The template, without what it says about itself."""
    return stack_request(replace(SPEC, settings=settings)).template["Resources"]


@pytest.mark.parametrize("name", [field.name for field in fields(TypedSettings)])
def test_no_flag_is_silently_dropped(name: str) -> None:
    changed = settle(ASKED[name], None)
    assert changed != Settings()
    assert body(changed) != body(Settings())
    assert settle(TypedSettings(), changed) == changed


@pytest.mark.parametrize(
    "extras", [Extras(BOUNDARY), Extras(tags=(("cost-centre", "42"),))], ids=["boundary", "tag"]
)
def test_boundary_and_tags_each_change_it(extras: Extras) -> None:
    assert body(Settings(extras=extras)) != body(Settings())


@pytest.mark.parametrize("settings", [Settings(), FULL, Settings(network=NETWORK)])
def test_settings_come_back_as_they_were_written(settings: Settings) -> None:
    assert settings_of(settings_json(settings)) == settings
    template = {"Metadata": metadata(replace(SPEC, settings=settings))}
    assert installed_settings(template) == settings
    assert installed_organization(template) == "N:organization:1"


@pytest.mark.parametrize("mode", [Mode.BASIC, Mode.SECURE])
def test_without_tags_it_is_short_enough_for_a_request(mode: Mode) -> None:
    first = turned_off(replace(SPEC, settings=replace(FULL, mode=mode, extras=Extras())))
    assert not stack_request(first).too_long


def tagged(count: int) -> TypedSettings:
    tags = tuple((f"{'long-key-' * 6}{i}", "a long value " * 5) for i in range(count))
    return TypedSettings(mode=Mode.COMPLIANT, extras=Extras(tags=tags))


@pytest.mark.parametrize("count", [7, 12])
def test_what_is_too_long_for_a_request_goes_by_the_nodes_own_bucket(
    scene: Scene, count: int
) -> None:
    asked = plan(scene, tagged(count))
    assert stack_request(turned_off(asked.spec)).too_long
    scene.register(asked)
    assert scene.plan().nothing_to_do
    body = stack_request(asked.spec).body
    assert template_of(scene.aws, asked.names.stack) == json.loads(body)
    versions = scene.aws.call("s3", "list_object_versions", Bucket=asked.names.bucket)
    keys = [row["Key"] for row in versions["Versions"]]
    assert (keys, versions.get("DeleteMarkers", [])) == ([asked.names.code_key(BUNDLE.digest)], [])


def test_such_a_stack_begins_with_the_bucket_and_its_key_alone(scene: Scene) -> None:
    request = stack_request(turned_off(plan(scene, tagged(12)).spec))
    first = replace(request, template=request.first)
    assert not first.too_long
    assert set(first.template["Resources"]) == {"Bucket", "BucketTlsOnly", "Key", "KeyName"}
    whole = request.template["Resources"]
    assert all(whole[name] == body for name, body in first.template["Resources"].items())
    assert first.template["Metadata"] == request.template["Metadata"]


def test_such_a_registration_goes_on_after_its_bucket(scene: Scene) -> None:
    asked = plan(scene, tagged(12))
    request = stack_request(turned_off(asked.spec))
    bucket_alone = replace(request, template=request.first)
    change_set = plan_change_set(scene.aws, bucket_alone, sleep=lambda _: None, types=EVERY_TYPE)
    execute_change_set(scene.aws, change_set)
    scene.clients.journal.write(first_entry(asked))
    scene.register(plan(scene, tagged(12)))
    assert scene.plan().nothing_to_do


def test_every_role_is_told_in_words() -> None:
    roles = roles_of(replace(SPEC, settings=FULL))
    made = {
        resource["Properties"]["RoleName"]
        for resource in stack_request(replace(SPEC, settings=FULL)).template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    }
    assert {role.name for role in roles} == made
    assert all(role.permissions for role in roles)


def test_costs_are_told_by_mode() -> None:
    totals = {m: costs_of(replace(SPEC, settings=Settings(mode=m))).idle_total for m in Mode}
    assert totals[Mode.BASIC] < 0.5 < totals[Mode.SECURE]
    basic = costs_of(SPEC)
    assert basic.most_hour == pytest.approx(6.33, abs=0.01)
    old = costs_of(replace(SPEC, settings=Settings(max_vcpus=256)))
    assert old.most_hour == pytest.approx(25.3, abs=0.1)
    gpus = costs_of(replace(SPEC, settings=Settings(gpu=Gpu("g5.4xlarge", 16, 2))))
    assert gpus.most_hour == pytest.approx(basic.most_hour + 2 * 1.624)
    assert "at most about 6.33 USD an hour" in basic.lines[2]
    assert "0.31 USD a month while nothing runs" in basic.lines[0]
    assert basic.to_json()["usd_per_vcpu_hour"] > basic.to_json()["usd_per_spot_vcpu_hour"] > 0


@pytest.mark.parametrize(
    ("wanted", "before", "part"),
    [
        (TypedSettings(mode=Mode.SECURE), Settings(), "cannot be changed; this one is basic"),
        (TypedSettings(network=NETWORK), Settings(), "a VPC of its own"),
        (TypedSettings(role_path="/x/"), Settings(), "roles cannot be changed"),
        (TypedSettings(role_path="x"), None, "not a valid IAM path"),
        (TypedSettings(role_path="/a b/"), None, "not a valid IAM path"),
        (TypedSettings(max_vcpus=0), None, "--max-vcpus"),
        (TypedSettings(monthly_budget=-1), None, "must not be negative"),
        (TypedSettings(monthly_budget=5, budget_email="ada"), None, "not an e-mail address"),
    ],
)
def test_what_cannot_be(wanted: TypedSettings, before: Settings | None, part: str) -> None:
    with pytest.raises(UsageProblem, match=part) as raised:
        settle(wanted, before)
    assert raised.value.hint


def test_what_may_change_later() -> None:
    later = TypedSettings(max_vcpus=8, monthly_budget=0, gpu=Gpu())
    changed = settle(later, replace(FULL, extras=Extras()))
    assert (changed.max_vcpus, changed.monthly_budget, bool(changed.gpu)) == (8, 0, False)
    assert changed.mode is Mode.COMPLIANT


def test_a_budget_warns_who_was_named_else_who_set_it() -> None:
    mine = TypedSettings(monthly_budget=5, own_email="ada@example.org")
    assert settle(mine, None).budget_email == "ada@example.org"
    theirs = Settings(monthly_budget=9, budget_email="lab@example.org")
    assert settle(mine, theirs).budget_email == "lab@example.org"
    named = TypedSettings(budget_email="bob@example.org")
    assert settle(named, theirs).budget_email == "bob@example.org"
    assert settle(TypedSettings(own_email="ada@example.org"), None).budget_email == ""


def test_the_budgets_topic_has_the_address_and_is_the_nodes_own() -> None:
    """No budget of AWS Budgets: it needs a tag that somebody has activated in the billing."""
    resources: Any = body(Settings(monthly_budget=5, budget_email="lab@example.org"))
    topic = resources["BudgetTopic"]["Properties"]
    assert topic["Subscription"] == [{"Protocol": "email", "Endpoint": "lab@example.org"}]
    assert topic["TopicName"] == NAMES.budget_topic
    variables = resources["Reconciler"]["Properties"]["Environment"]["Variables"]
    assert variables["NODE_BUDGET_TOPIC"] == {"Ref": "BudgetTopic"}
    assert "AWS::Budgets::Budget" not in json.dumps(resources)
    assert "BudgetTopic" not in json.dumps(body(Settings()))


@pytest.mark.parametrize("mode", list(Mode))
def test_mails_about_runs_have_a_topic_of_their_own_in_every_mode(mode: Mode) -> None:
    resources: Any = body(Settings(mode=mode))
    topic = resources["MailTopic"]["Properties"]
    assert topic["TopicName"] == NAMES.mail_topic
    assert "Subscription" not in topic, "people name their addresses themselves"
    of_aws = topic["KmsMasterKeyId"] == "alias/aws/sns"
    assert of_aws is (mode is Mode.BASIC)
    for name in ("Gateway", "Admin", "Reconciler"):
        variables = resources[name]["Properties"]["Environment"]["Variables"]
        assert variables["NODE_MAIL_TOPIC"] == {"Ref": "MailTopic"}


def test_a_new_node_runs_at_most_64_processors_at_once() -> None:
    resources: Any = body(settle(TypedSettings(), None))
    for name in ("FargateMachines", "SpotMachines"):
        assert resources[name]["Properties"]["ComputeResources"]["MaxvCpus"] == 64
    there = settings_of(settings_json(Settings(max_vcpus=256)))
    assert settle(TypedSettings(), there).max_vcpus == 256, "a node that is there keeps its own"


def test_networks_that_cannot_be() -> None:
    assert parse_network(None, ()) is None
    assert parse_network("vpc-0123abcd", ("subnet-0123abcd",))
    for vpc, subnets in (
        ("vpc-0123abcd", ()),
        (None, ("subnet-0123abcd",)),
        ("vpc-x", ("subnet-0123abcd",)),
        ("vpc-0123abcd", ("subnet-0123abcd", "subnet-0123abcd")),
    ):
        with pytest.raises(UsageProblem):
            parse_network(vpc, subnets)


def test_more_tags_than_the_template_has_room_for(scene: Scene) -> None:
    tags = tuple((f"key-{i}", "ä" * 256) for i in range(45))
    with pytest.raises(UsageProblem, match="with 45 tags the stack's template is longer"):
        plan(scene, TypedSettings(extras=Extras(tags=tags)))


def plan(scene: Scene, wanted: TypedSettings) -> AccountPlan:
    return scene.plan(replace(OPTIONS, typed=wanted))


def test_a_changed_setting_is_planned_applied_and_kept(scene: Scene) -> None:
    scene.register()
    later = plan(scene, TypedSettings(max_vcpus=16, monthly_budget=20))

    todo = [step.kind for step in later.steps if not isinstance(step, AlreadyDone)]
    assert todo == ["turn_on", "check_node", "put_shares"]
    changes = later.to_json()["steps"][3]["changes"]
    assert ("Add", "BudgetTopic") in {(c["action"], c["logical_id"]) for c in changes}
    scene.register(later)

    again = scene.plan()
    assert again.nothing_to_do
    assert again.spec.settings.max_vcpus == 16
    scene.clients.journal.forget()
    # Another machine, whose journal knows nothing, learns it from the stack.
    assert scene.plan().spec.settings.max_vcpus == 16
    assert StepState.DONE in {progress.state for progress in scene.told}
