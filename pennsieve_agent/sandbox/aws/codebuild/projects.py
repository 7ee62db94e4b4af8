"""Projects of CodeBuild, as a template makes them; moto knows none in templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from pennsieve_agent.sandbox.aws.rights.principals import trusts

TYPE = "AWS::CodeBuild::Project"
SERVICE = "codebuild.amazonaws.com"


@dataclass(slots=True)
class Project:
    """A project; ``properties`` are those of its template."""

    account: str
    region: str
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.properties["Name"])

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:codebuild:{self.region}:{self.account}:project/{self.name}"

    @property
    def role(self) -> str:
        """The ARN of the role that its builds have."""
        return str(self.properties["ServiceRole"])

    @property
    def environment(self) -> Mapping[str, Any]:
        """The machine of its builds."""
        environment: Mapping[str, Any] = self.properties["Environment"]
        return environment

    @property
    def minutes(self) -> int:
        """How long a build may take; 60 where the project does not say."""
        return int(self.properties.get("TimeoutInMinutes") or 60)

    @property
    def queued_minutes(self) -> int:
        """How long a build may wait; 480 where the project does not say."""
        return int(self.properties.get("QueuedTimeoutInMinutes") or 480)

    @property
    def phases(self) -> list[tuple[str, list[str]]]:
        """The phases of its buildspec, in order, with their commands; the buildspec is JSON."""
        spec = json.loads(self.properties["Source"]["BuildSpec"])
        return [
            (name, spec["phases"][name]["commands"]) for name in _PHASES if name in spec["phases"]
        ]

    @property
    def log_group(self) -> str:
        """Where builds write."""
        logs = self.properties.get("LogsConfig", {}).get("CloudWatchLogs", {})
        return str(logs.get("GroupName") or f"/aws/codebuild/{self.name}")

    @property
    def context(self) -> dict[str, str]:
        """What CodeBuild says of itself when it takes on the role."""
        return {"aws:SourceAccount": self.account, "aws:SourceArn": self.arn}


_PHASES = ("install", "pre_build", "build", "post_build")


class CodeBuildBackend(BaseBackend):
    """The projects of an account in a region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.projects: dict[str, Project] = {}


codebuild_backends = BackendDict(CodeBuildBackend, "codebuild")


def project_of(account: str, region: str, name: str) -> Project | None:
    """A project by its name or ARN; None when there is none."""
    backend = codebuild_backends[account][region]
    return backend.projects.get(name.rpartition("/")[2])


def project_types() -> dict[str, Any]:
    """Moto's model of the type, by name."""
    from moto.core.common_models import CloudFormationModel  # noqa: PLC0415 - slow

    class Resource(CloudFormationModel):
        """A project of a stack."""

        def __init__(self, project: Project) -> None:
            self.project = project

        @property
        def physical_resource_id(self) -> str:
            return self.project.name

        @classmethod
        def cloudformation_type(cls) -> str:
            return TYPE

        @staticmethod
        def cloudformation_name_type() -> str:
            return "Name"

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr == "Arn"

        def get_cfn_attribute(self, attribute_name: str) -> Any:
            del attribute_name
            return self.project.arn

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **_: Any,
        ) -> Any:
            del resource_name
            project = Project(account_id, region_name, cloudformation_json["Properties"])
            _check(project)
            codebuild_backends[account_id][region_name].projects[project.name] = project
            return cls(project)

        @staticmethod
        def update_from_cloudformation_json(  # type: ignore[override]
            original_resource: Any, cloudformation_json: dict[str, Any], **_: Any
        ) -> Any:
            original_resource.project.properties = cloudformation_json["Properties"]
            return original_resource

        def delete(self, account_id: str, region_name: str) -> None:
            codebuild_backends[account_id][region_name].projects.pop(self.project.name, None)

    return {TYPE: Resource}


def _check(project: Project) -> None:
    """Refuse a project as "CreateProject" does.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
    """
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 - slow

    if not trusts(project.role, SERVICE, project.context):
        raise ValidationError(
            message=f"CodeBuild is not authorized to perform: sts:AssumeRole on {project.role}"
        )
    if "ConcurrentBuildLimit" in project.properties:
        raise ValidationError(
            message="Project-level concurrent build limit cannot exceed the account-level "
            "concurrent build limit of 1."
        )
