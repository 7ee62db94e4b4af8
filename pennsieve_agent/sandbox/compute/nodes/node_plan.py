"""The names of a Pennsieve-provisioned node, and the rights of its roles: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.step_files import FILES_PREFIX
from pennsieve_agent.node.bundle import Bundle
from pennsieve_agent.node.node_settings import NodeSettings
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID

REGION = "us-east-1"
"""Where Pennsieve builds, whatever is asked for (``contracts/resources.md`` 3.2)."""
MOVER_IMAGE = "public.ecr.aws/docker/library/python:3.13-slim"
MOST_VCPUS = 256


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A node to be made: its token, its mode, and where its functions reach Pennsieve."""

    token: str
    account: str
    mode: str
    api: str
    api2: str

    @property
    def base(self) -> str:
        """What all of its names begin with."""
        return f"pennsieve-hosted-{self.token}"

    @property
    def bucket(self) -> str:
        """Its bucket."""
        return f"{self.base}-{self.account}-{REGION}"

    @property
    def log_group(self) -> str:
        """Its log group."""
        return f"/pennsieve/hosted/{self.token}"

    def name(self, word: str) -> str:
        """The name of a function, a role, a queue or a rule."""
        return f"{self.base}-{word}"

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something in its region."""
        return f"arn:aws:{service}:{REGION}:{self.account}:{resource}"

    def role(self, word: str) -> str:
        """The ARN of a role."""
        return f"arn:aws:iam::{self.account}:role/{self.name(word)}"

    def settings(self, code: Bundle, file_system: str) -> NodeSettings:
        """The environment variables of its functions."""
        return NodeSettings(
            token=self.token,
            region=REGION,
            account=self.account,
            mode=self.mode or "basic",
            version=code.version,
            table=self.name("journal"),
            bucket=self.bucket,
            code_key=f"code/{code.digest}.zip",
            log_group=self.log_group,
            file_system=file_system,
            fargate_queue=self.name("fargate"),
            spot_queue=self.name("spot"),
            execution_role=self.role("execution"),
            job_role=self.role("job"),
            mover_role=self.role("mover"),
            gateway=self.name("gateway"),
            reconciler=self.name("reconciler"),
            relay=self.name("relay"),
            schedule=self.name("schedule"),
            secret_prefix=f"{self.base}/",
            mover_image=MOVER_IMAGE,
            api=self.api,
            api2=self.api2,
            max_vcpus=str(MOST_VCPUS),
        )

    def resources(self, kind: str, file_system: str) -> list[str]:
        """What a word of the rights table means; any other word means everything."""
        logs, jobs = self.arn("logs", f"log-group:{self.log_group}"), self.arn("batch", "")
        bucket = f"arn:aws:s3:::{self.bucket}"
        definitions = f"{jobs}job-definition/pennsieve-node-{self.token}-*"
        table = {
            "table": [self.arn("dynamodb", f"table/{self.name('journal')}")],
            "reconciler": [self.arn("lambda", f"function:{self.name('reconciler')}")],
            "relay": [self.arn("lambda", f"function:{self.name('relay')}")],
            "job-log": [f"{logs}:*"],
            "own-log": [f"{logs}/functions:*"],
            "secret": [self.arn("ssm", f"parameter/pennsieve-node/{self.token}/secrets/*")],
            "parameters-of-run": [self.arn("secretsmanager", f"secret:{self.base}/*parameters/*")],
            "budget-topic": [self.arn("sns", self.name("budget"))],
            "mail-topic": [self.arn("sns", self.name("mail"))],
            "mail-addresses": [self.arn("sns", self.name("mail"))],
            "tokens-of-run": [self.arn("secretsmanager", f"secret:{self.base}/runs/*")],
            "schedule": [self.arn("events", f"rule/{self.name('schedule')}")],
            "submission": [f"{jobs}job-queue/{self.base}-*", definitions, f"{jobs}job/*"],
            "job-definition": [definitions],
            "job": [f"{jobs}job/*"],
            "new-job": [f"{jobs}job/*"],
            "file-system": [file_system],
            "mount": [file_system],
            "access-point": [f"{file_system}/access-point/*"],
            "new-access-point": [f"{file_system}/access-point/*"],
            "bucket": [bucket],
            "bucket-files": [f"{bucket}/{FILES_PREFIX}*"],
            "roles-to-pass": [self.role(word) for word in ("execution", "job", "mover")],
            "bucket-code": [f"{bucket}/code/*"],
            "bucket-runs": [f"{bucket}/runs/*"],
            "bucket-logs": [f"{bucket}/logs/*"],
            "platform-images": [f"arn:aws:ecr:*:{PLATFORM_ACCOUNT_ID}:repository/*"],
        }
        return table.get(kind, ["*"])


def allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    """A policy that allows actions on resources."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def service_trust(service: str, account: str) -> dict[str, Any]:
    """One AWS service may use the role, for this account alone."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": service},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            }
        ],
    }
