"""What an own node should be: everything its stack is made of, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.organisation_rules import Extras


class Mode(StrEnum):
    """How a node's network is made (``contracts/resources.md`` 3.2)."""

    BASIC = "basic"
    SECURE = "secure"
    COMPLIANT = "compliant"


@dataclass(frozen=True, slots=True)
class Network:
    """An existing network to use; empty means that the stack makes its own."""

    vpc_id: str = ""
    subnet_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether one is given."""
        return bool(self.vpc_id)


@dataclass(frozen=True, slots=True)
class Gpu:
    """GPU machines: an instance type of the platform's tiers, and how many at most at once."""

    instance_type: str = ""
    vcpus: int = 0
    most: int = 0

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.instance_type and self.most)


@dataclass(frozen=True, slots=True)
class Settings:
    """What its owner chooses and may change later, except the mode and the network.

    ``max_vcpus`` bounds what runs at once in one queue; ``monthly_budget`` is in USD, 0 for none;
    ``budget_email`` is warned before it is used up.
    """

    mode: Mode = Mode.BASIC
    network: Network = field(default_factory=Network)
    gpu: Gpu = field(default_factory=Gpu)
    max_vcpus: int = 64
    monthly_budget: float = 0.0
    extras: Extras = field(default_factory=Extras)
    role_path: str = "/"
    """The path of the node's roles."""
    budget_email: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """The node's code in its bucket: the SHA-256 of the zip, in hex, and the version in it."""

    digest: str
    version: str


RUN_FILES = "RunFiles"
"""The logical id of the files of runs. Not ``Files``: there the first nodes have another type of
resource, which AWS refuses to change ("Modify a stack template",
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-get-template.html).
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays what it was at first, as AWS would make anew what has it.

    ``machines`` are those of each compute environment, by its logical id (AWS CloudFormation,
    "AWS::Batch::ComputeEnvironment": an update of Tags requires replacement, which a name of ours
    forbids). ``stack`` are the stack's own, which CloudFormation hands down to all that it makes;
    None for a stack that is not there. ``subnets`` say of each subnet, by its logical id, in which
    zone it is, in the template's words: its range of addresses cannot be in two subnets at once
    ("AWS::EC2::Subnet": an update of AvailabilityZone or AvailabilityZoneId requires replacement).
    ``files`` is the logical id of the files of runs: under another one AWS would make a second file
    system of the same files, and delete the first with what is in it.
    """

    stack: Mapping[str, str] | None = None
    machines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    subnets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: str = RUN_FILES


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A node. Without ``code`` it is turned off: a stack with roles and a bucket, and no functions.

    ``organization_id`` is the Pennsieve workspace that it is for, empty where nobody said. ``api``
    and ``api2`` are Pennsieve's hosts, as the node's functions reach them; ``cognito`` is where
    keys sign in, empty for AWS's own address.
    ``platform_account_id`` is the AWS account that has Pennsieve's App Store images; empty where it
    is not known, and images of any account may be pulled, where that account allows it.
    """

    names: NodeNames
    node_name: str
    organization_id: str = ""
    platform_account_id: str = ""
    api: str = "https://api.pennsieve.io"
    api2: str = "https://api2.pennsieve.io"
    cognito: str = ""
    settings: Settings = field(default_factory=Settings)
    code: Code | None = None
    transfer_digest: str = ""
    """The digest of the copied image in which files are moved; the node's functions need it."""
    zones: tuple[str, ...] = ()
    """The ids of the availability zones of its own network, the first with what there is one of."""
    kept: Kept = field(default_factory=Kept)
