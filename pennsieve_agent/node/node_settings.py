"""Settings of the node's functions, which the stack passes in environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

PREFIX = "NODE_"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """Names and limits. Each field ``some_name`` is the variable ``NODE_SOME_NAME``.

    ``mover_image`` is an image with Python 3.11 or newer and nothing else; ``code_key`` is where
    the node's code lies in ``bucket``. ``monthly_budget`` is in USD, 0 for none, and
    ``budget_topic`` is told before it is used up; ``mail_topic`` mails the ends of runs, and is
    empty on a node that Pennsieve runs; ``gpu_queue``,
    ``gpu_type`` (of EC2 instances) and ``gpu_execution_role`` are empty where there are no GPUs.
    ``role`` names are ARNs. ``endpoint`` is an emulated AWS.
    ``admin`` and ``organization`` (the node id of the workspace) are of nodes that their owner
    calls, and empty where Pennsieve does.
    ``cognito`` is where keys sign in, where that is not AWS's own address; ``key`` is the ARN
    of the node's key, in the modes that have one. ``transfer_function`` and ``files_function`` are
    the functions that move the files of small runs. ``builder`` is the CodeBuild project that
    builds images, empty where there is none. ``stack_digest`` and ``policy_digest`` are the SHA-256
    of the stack's template and of the policies in it.
    """

    token: str
    region: str
    account: str
    mode: str
    version: str
    table: str
    bucket: str
    code_key: str
    log_group: str
    file_system: str
    fargate_queue: str
    spot_queue: str
    execution_role: str
    job_role: str
    mover_role: str
    gateway: str
    reconciler: str
    relay: str
    schedule: str
    secret_prefix: str
    mover_image: str
    api: str
    api2: str
    gpu_queue: str = ""
    gpu_type: str = ""
    gpu_execution_role: str = ""
    max_vcpus: str = "64"
    monthly_budget: str = "0"
    budget_topic: str = ""
    mail_topic: str = ""
    endpoint: str = ""
    admin: str = ""
    organization: str = ""
    cognito: str = ""
    key: str = ""
    transfer_function: str = ""
    files_function: str = ""
    builder: str = ""
    stack_digest: str = ""
    policy_digest: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """The settings in a function's environment.

        Raises:
            KeyError: one is missing.

        """
        values = {}
        for field in fields(cls):
            name = variable(field.name)
            if name in environ or field.name not in _OPTIONAL:
                values[field.name] = environ[name]
        return cls(**values)

    def run_tags(self, run: str) -> dict[str, str]:
        """The tags of what is made for a run."""
        return {"pennsieve:token": self.token, "pennsieve:run": run}

    def environment(self) -> dict[str, str]:
        """The variables that make these settings; empty ones are left out."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {variable(name): value for name, value in values if value}


_OPTIONAL = {
    *("gpu_queue", "gpu_type", "gpu_execution_role"),
    *("max_vcpus", "monthly_budget", "budget_topic", "mail_topic", "endpoint"),
    *("admin", "organization", "cognito", "key", "transfer_function", "files_function", "builder"),
    *("stack_digest", "policy_digest"),
}


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()
