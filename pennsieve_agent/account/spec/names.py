"""What everything is called: names that follow from eight random digits and the AWS account."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.own_node import builds_log_group, functions_log_group, log_group
from pennsieve_agent.errors import UsageProblem

STACK_PREFIX = "pennsieve-node-"
ROLE_PREFIX = "Pennsieve-Compute-"
OWN_ROLE_PREFIX = "PennsieveOwnNode-"
"""What an AWS account with own nodes is registered with: the name of a role that does not exist.

Pennsieve can assume roles called ``Pennsieve-Compute-*`` alone (``contracts/resources.md`` 1.8), so
such a record gives it no access.
"""

BOUNDARY_NAME = "PennsieveNodeBoundary"
"""The permissions boundary that an administrator makes once, for the roles of all nodes of an
account. Outside the names of nodes, which whoever registers them may make and delete."""

NODE_TAG = "pennsieve:node"
TOKEN_TAG = "pennsieve:token"  # noqa: S105 - the key of a tag
MANAGER_TAG = "pennsieve:managed-by"
WORKSPACE_TAG = "pennsieve:workspace"
"""On the stack: the Pennsieve workspace that the node is for."""
MANAGER = "pennsieve-agent"

_ROLE = re.compile(r"Pennsieve-Compute-(?P<env>[a-z0-9]+)-(?P<token>[0-9a-f]{8})")
_NOT_IN_TAGS = re.compile(r"[^\w +\-=.:/@]")
_TAG_CHARACTERS = 256
_NAME_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class NodeNames:
    """The names of one node's resources."""

    token: str
    account_id: str
    region: str
    partition: str = "aws"

    @property
    def stack(self) -> str:
        """The stack."""
        return f"{STACK_PREFIX}{self.token}"

    @property
    def platform_role(self) -> str:
        """The role that Pennsieve assumes for a node that it runs, on whichever of its platforms.

        A pattern of IAM: the platform's name is in it, too (``contracts/resources.md`` 1.8).
        """
        return f"{ROLE_PREFIX}*-{self.token}"

    @property
    def boundary(self) -> str:
        """The permissions boundary on every role of the stack."""
        return f"{self.stack}-boundary"

    @property
    def account_boundary_arn(self) -> str:
        """The ARN of the boundary that an administrator makes once for the account."""
        return self.arn("iam", f"policy/{BOUNDARY_NAME}", regional=False)

    @property
    def account_role(self) -> str:
        """What the AWS account is registered with for an own node; there is no such role."""
        return f"{OWN_ROLE_PREFIX}{self.token}"

    @property
    def bucket(self) -> str:
        """The private bucket; these names are unique in the world, at most 63 characters."""
        return f"{self.stack}-{self.account_id}-{self.region}"

    @property
    def table(self) -> str:
        """The journal's table."""
        return f"{self.stack}-journal"

    @property
    def log_group(self) -> str:
        """The log group of jobs."""
        return log_group(self.token)

    @property
    def functions_log_group(self) -> str:
        """The log group of functions."""
        return functions_log_group(self.token)

    @property
    def builds_log_group(self) -> str:
        """The log group of the builds of images."""
        return builds_log_group(self.token)

    @property
    def gateway(self) -> str:
        """The function that users of the node call, and the role it has."""
        return f"{self.stack}-gateway"

    @property
    def admin(self) -> str:
        """The function that the node's owner calls, and the role it has."""
        return f"{self.stack}-admin"

    @property
    def reconciler(self) -> str:
        """The function that moves runs forward, and the role it has."""
        return f"{self.stack}-reconciler"

    @property
    def relay(self) -> str:
        """The function that asks Pennsieve for transfers, and the role it has."""
        return f"{self.stack}-relay"

    @property
    def transfer(self) -> str:
        """The function that moves files of small runs to and from Pennsieve, and its role."""
        return f"{self.stack}-transfer"

    @property
    def transfer_files(self) -> str:
        """The function that does so with the files of runs mounted, and its role."""
        return f"{self.stack}-transfer-files"

    @property
    def execution_role(self) -> str:
        """The role with which AWS pulls a job's image, reads its secrets and writes its log."""
        return f"{self.stack}-execution"

    @property
    def gpu_execution_role(self) -> str:
        """The same for jobs on machines with GPUs, which get no secrets and no keys."""
        return f"{self.stack}-gpu-execution"

    @property
    def job_role(self) -> str:
        """The role that a processor's container has."""
        return f"{self.stack}-job"

    @property
    def mover_role(self) -> str:
        """The role of the jobs that move files in and out."""
        return f"{self.stack}-mover"

    @property
    def builder(self) -> str:
        """The CodeBuild project that builds images of workflows, and the role it has."""
        return f"{self.stack}-builder"

    @property
    def files_role(self) -> str:
        """The role with which S3 Files reads and writes the bucket."""
        return f"{self.stack}-files"

    @property
    def instance_role(self) -> str:
        """The role, and the profile, of the machines with GPUs."""
        return f"{self.stack}-instance"

    @property
    def budget_topic(self) -> str:
        """The topic that is told before the month's budget is used up."""
        return f"{self.stack}-budget"

    @property
    def mail_topic(self) -> str:
        """The topic by which people get mails about the ends of their runs."""
        return f"{self.stack}-mail"

    @property
    def schedule(self) -> str:
        """The rule that wakes the reconciler every five minutes while runs are active."""
        return f"{self.stack}-schedule"

    @property
    def dead_letters(self) -> str:
        """The queue of events that the reconciler or the relay could not handle."""
        return f"{self.stack}-dead-letters"

    def alarm(self, about: str) -> str:
        """An alarm of the node."""
        return f"{self.stack}-{about}"

    @property
    def secret_prefix(self) -> str:
        """What the names of the node's secrets in Secrets Manager begin with."""
        return f"{self.stack}/"

    @property
    def parameter_prefix(self) -> str:
        """What the names of the node's parameters in Systems Manager begin with."""
        return f"/pennsieve-node/{self.token}/"

    @property
    def workflow_images(self) -> str:
        """The repository for images of workflows that were built for this node."""
        return f"{self.stack}/workflows"

    @property
    def transfer_images(self) -> str:
        """The repository for the image in which files are moved."""
        return f"{self.stack}/transfer"

    def queue(self, kind: str) -> str:
        """A queue and its compute environment; ``kind`` is fargate, spot or gpu."""
        return f"{self.stack}-{kind}"

    def code_key(self, digest: str) -> str:
        """Where the node's code lies in its bucket; ``digest`` is the zip's SHA-256 in hex."""
        return f"code/{digest}.zip"

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """The ARN of something in this account."""
        region = self.region if regional else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account_id}:{resource}"

    def function_arn(self, name: str) -> str:
        """The ARN of a function, unqualified."""
        return self.arn("lambda", f"function:{name}")

    @property
    def boundary_arn(self) -> str:
        """The permissions boundary's ARN."""
        return self.arn("iam", f"policy/{self.boundary}", regional=False)


def node_names(token: str, identity: AwsIdentity) -> NodeNames:
    """The names of a node in the account and region of an identity."""
    return NodeNames(token, identity.account_id, identity.region, identity.partition)


def check_node_name(name: str) -> None:
    """Refuse a name that Pennsieve does not accept.

    Raises:
        UsageProblem: it is empty or too long.
    """
    if not name.strip() or len(name) > _NAME_CHARACTERS:
        raise UsageProblem(
            f"a compute node's name must have 1 to {_NAME_CHARACTERS} characters",
            hint="give one with: --name NAME",
        )


def token_of_role(role_name: str) -> str | None:
    """The eight digits in a role's name, if it has the form that the platform demands."""
    match = _ROLE.fullmatch(role_name)
    return match["token"] if match else None


def tag_value(text: str) -> str:
    """A text as AWS takes it for a tag: other characters become ``_``."""
    return _NOT_IN_TAGS.sub("_", text)[:_TAG_CHARACTERS]


def stack_tags(names: NodeNames, node_name: str, organization_id: str) -> dict[str, str]:
    """The tags on the stack itself, which CloudFormation hands down to what it makes.

    With them the node is found again from another machine.
    """
    workspace = {WORKSPACE_TAG: tag_value(organization_id)} if organization_id else {}
    ours = {MANAGER_TAG: MANAGER, NODE_TAG: tag_value(node_name), TOKEN_TAG: names.token}
    return {**ours, **workspace}
