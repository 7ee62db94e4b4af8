"""A function in a VPC: what Lambda asks of its role and files, and what it then reaches."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.cloudformation.models import cloudformation_backends

from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.stack.endpoints import objects_policy
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.domain.step_files import FILES_PREFIX, RUNS_FOLDER
from pennsieve_agent.sandbox.aws.functions.function_files import order_problem
from tests.account.stack.specs import CODE, NAMES, node
from tests.aws.emulator import IGNORED
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, open_cloud, service_trust

pytestmark = pytest.mark.filterwarnings(IGNORED)
ACTIONS = (
    *("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface"),
    *("DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses"),
)
NEVER = Config(retries={"max_attempts": 0})
TRUST = service_trust("lambda.amazonaws.com")
SPEC = node(Mode.BASIC)
NOT_READY = "not all in the available life cycle state"
Change = Callable[[dict[str, Any]], None]


class Site:
    """An account with the stack of a node, whose template can be made poorer afterwards."""

    def __init__(self, cloud: Cloud, *left_out: str) -> None:
        self.cloud = cloud
        self.cloudformation = cloud.owner.client("cloudformation")
        first = stack_request(turned_off(SPEC))
        template = json.loads(first.body)
        for name in left_out:
            del template["Resources"][name]
        made = self.cloudformation.create_stack(
            StackName=first.name,
            TemplateBody=json.dumps(template),
            Tags=[{"Key": key, "Value": value} for key, value in first.tags.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        self.stack = cloudformation_backends[NUMBER][REGION].stacks[made["StackId"]]
        self.s3 = cloud.owner.client("s3")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("a.py", "")
        self._put(NAMES.code_key(CODE.digest), code.getvalue())
        self.sent = json.loads(stack_request(SPEC).body)

    def _put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=NAMES.bucket, Key=key, Body=body)

    def update(self, change: Change = lambda _: None) -> str:
        """Turn the node on with a changed template; why that failed."""
        template = copy.deepcopy(self.sent)
        change(template["Resources"])
        self._put("template.json", json.dumps(template).encode())
        seen = len(self.stack.events)
        self.cloudformation.update_stack(
            StackName=NAMES.stack,
            TemplateURL=f"https://{NAMES.bucket}.s3.{REGION}.amazonaws.com/template.json",
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        told = [event for event in self.stack.events[seen:] if event.resource_status_reason]
        failed = [row for row in told if row.resource_status == "CREATE_FAILED"]
        return "; ".join(str(row.resource_status_reason) for row in failed)

    def without(self, *path: str | int) -> None:
        """Leave out a part of what the network is known by."""
        template = copy.deepcopy(self.sent)
        place: Any = template["Resources"]
        for key in path[:-1]:
            place = place[key]
        if path:
            del place[path[-1]]
        self.stack.template = json.dumps(template)

    def lets_pass(self, policy: Any) -> None:
        """Give the endpoint to S3 a policy."""
        template = copy.deepcopy(self.sent)
        template["Resources"]["S3Endpoint"]["Properties"]["PolicyDocument"] = policy
        self.stack.template = json.dumps(template)

    def subnet(self) -> str:
        described = self.cloud.owner.client("ec2").describe_subnets()
        return str(described["Subnets"][0]["SubnetId"])

    def call(self, does: Callable[[Any], Any]) -> Any:
        """What the function in the network answers, when its code does this."""
        code = self.sent["Resources"]["TransferFiles"]["Properties"]["Handler"]
        self.cloud.code[code] = lambda _, invocation: does(invocation.session)
        functions = self.cloud.owner.client("lambda")
        return json.load(functions.invoke(FunctionName=NAMES.transfer_files)["Payload"])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_cloud(tmp_path_factory.mktemp("network")) as cloud:
        site = Site(cloud)
        assert site.update() == ""
        yield site


@pytest.fixture
def site(built: Site) -> Site:
    built.without()
    return built


RUN = {"Bucket": NAMES.bucket, "Prefix": f"{FILES_PREFIX}{RUNS_FOLDER}/r/a/"}


def lists(session: Any) -> int:
    return len(session.client("s3", config=NEVER).list_object_versions(**RUN).get("Versions", ()))


def calls(session: Any) -> int:
    client = session.client("lambda", config=NEVER)
    answer = client.invoke(FunctionName=NAMES.relay, InvocationType="Event", Payload=b"{}")
    return int(answer["StatusCode"])


def test_a_function_reaches_what_the_template_leads_to(site: Site) -> None:
    assert site.call(lists) == 0


def test_a_function_does_not_reach_a_service_without_endpoint_or_nat(site: Site) -> None:
    """Its role lets it call the relay, its network does not; Lambda itself is elsewhere."""
    text = site.call(calls)["errorMessage"]
    assert text.startswith("An error occurred (ConnectTimeoutError)")
    assert 'endpoint URL: "https://lambda.us-east-1.amazonaws.com/"' in text


@pytest.mark.parametrize(
    "missing",
    [("S3Endpoint",), ("JobsFirewall", "Properties", "SecurityGroupEgress", 0)],
    ids=lambda path: path[0],
)
def test_a_function_waits_in_vain_for_a_service(site: Site, missing: tuple[str | int, ...]) -> None:
    site.without(*missing)
    assert "(ConnectTimeoutError)" in site.call(lists)["errorMessage"]


def test_the_policy_of_a_node_without_internet_lets_its_own_account_pass(site: Site) -> None:
    policy = objects_policy(node(Mode.COMPLIANT))
    site.lets_pass(policy)
    assert site.call(lists) == 0
    site.lets_pass(json.loads(json.dumps(policy).replace(f'"{NUMBER}"', '"210987654321"')))
    assert "(ConnectTimeoutError)" in site.call(lists)["errorMessage"]


@pytest.mark.parametrize("missing", ["RunFilesTarget1", "FilesFromJobs", "JobsReachFiles"])
def test_a_function_does_not_reach_its_files(site: Site, missing: str) -> None:
    site.without(missing)
    assert site.call(lists)["errorType"] == "S3FilesMountConnectivityException"


@pytest.fixture(scope="module")
def off(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node that is never turned on, as it is rolled back each time; a mount target is new."""
    with open_cloud(tmp_path_factory.mktemp("off")) as cloud:
        yield Site(cloud, "RunFilesTarget2")


def lack(action: str) -> Change:
    def change(resources: dict[str, Any]) -> None:
        (policy,) = resources["TransferFilesRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            statement["Action"] = [row for row in statement["Action"] if row != action]

    return change


def outside(resources: dict[str, Any]) -> None:
    del resources["TransferFiles"]["Properties"]["VpcConfig"]


def without_target(resources: dict[str, Any]) -> None:
    del resources["RunFilesTarget2"]
    resources["TransferFiles"]["DependsOn"].remove("RunFilesTarget2")


def without_order(resources: dict[str, Any]) -> None:
    resources["TransferFiles"]["DependsOn"].remove("RunFilesTarget2")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lack("ec2:CreateNetworkInterface"), "not have permissions to call CreateNetworkInterface"),
        (outside, "must be in a VPC"),
        (without_target, NOT_READY),
        (without_order, NOT_READY),
    ],
    ids=["role", "vpc", "zone", "order"],
)
def test_a_stack_is_rolled_back(off: Site, change: Change, why: str) -> None:
    assert why in off.update(change)


def test_mount_targets_are_made_before_what_mounts_them(site: Site) -> None:
    resources = site.sent["Resources"]
    assert order_problem(resources, "TransferFiles", ()) == ""
    poorer = copy.deepcopy(resources)
    poorer["TransferFiles"]["DependsOn"].remove("RunFilesTarget2")
    assert NOT_READY in order_problem(poorer, "TransferFiles", ())
    assert order_problem(poorer, "TransferFiles", ("RunFilesTarget2",)) == ""


@pytest.mark.parametrize("missing", ["", *ACTIONS])
def test_a_role_makes_the_interfaces_of_its_function(off: Site, missing: str) -> None:
    cloud = off.cloud
    actions = [action for action in ACTIONS if action != missing]
    policy = allow(*((f"ec2:{action}", "*") for action in actions))
    role = cloud.role(f"interfaces-{missing}", TRUST, policy)
    network = {"SubnetIds": [off.subnet()], "SecurityGroupIds": []}
    name = f"in-{missing or 'all'}"
    if not missing:
        cloud.function(name, role, lambda *_: None, VpcConfig=network)
        return
    refused = f"does not have permissions to call {missing} on EC2"
    with pytest.raises(ClientError, match=refused):
        cloud.function(name, role, lambda *_: None, VpcConfig=network)
    cloud.function(name, role, lambda *_: None)
    with pytest.raises(ClientError, match=refused):
        cloud.owner.client("lambda").update_function_configuration(
            FunctionName=name, VpcConfig=network
        )
