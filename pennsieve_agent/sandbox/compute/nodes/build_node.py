"""A node of Pennsieve's own in a customer's account: made, made anew, and taken away.

What hosted Pennsieve builds is not public beyond its kinds (``contracts/resources.md`` 3.2, 3.3): a
gateway function, a file system, queues of work. Here it is the node of :mod:`pennsieve_agent.node`,
made with the keys of the role that the customer gave and with nothing more than the served policy
allows, but for two things that the sandbox makes: where hosted Pennsieve would make an ECS cluster
and a file system of EFS, which the policy allows and the emulated AWS does not have, the queues of
the emulated Batch and a file system of the emulated S3 Files stand in.
Everything may be done again, and goes on where it was cut off.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

from pennsieve_agent.domain.step_files import FILES_PREFIX
from pennsieve_agent.node.bundle import Bundle, bundle
from pennsieve_agent.node.reconciler import HEEDED
from pennsieve_agent.node.role_permissions import HOSTED, RIGHTS
from pennsieve_agent.sandbox.compute.nodes.cross_account import Access
from pennsieve_agent.sandbox.compute.nodes.node_plan import (
    MOST_VCPUS,
    NodePlan,
    allow,
    service_trust,
)

FRONT = "pennsieve_agent.node.hosted.handler"
"""What answers Pennsieve. Nodes of their owners' own have another front."""
_HANDLERS = {
    "gateway": FRONT,
    "reconciler": "pennsieve_agent.node.reconciler.handler",
    "relay": "pennsieve_agent.node.relay.handler",
}
"""What each function runs."""
_RUNTIME, _MEMORY_MB = "python3.13", 512
_SYNCHRONIZE = [
    *("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject"),
    *("s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", "s3:PutObject"),
]
"""What S3 Files does with the bucket."""
_SECONDS = {"gateway": 15, "reconciler": 300, "relay": 60}
_TAG = "pennsieve:token"
FILES_SERVICE = "elasticfilesystem.amazonaws.com"
_THERE = {
    *("BucketAlreadyOwnedByYou", "BucketAlreadyExists", "ResourceInUseException"),
    *("EntityAlreadyExists", "ResourceAlreadyExistsException", "ResourceConflictException"),
    "InvalidGroup.Duplicate",
    "ClientException",  # of AWS Batch
}
_MISSING = {
    *("NoSuchBucket", "ResourceNotFoundException", "NoSuchEntity"),
    *("InvalidGroup.NotFound", "ClientException"),
}


class NodeMaker:
    """Makes and takes away one node. ``access`` is the account, entered by the role."""

    def __init__(self, plan: NodePlan, access: Access) -> None:
        self._plan = plan
        self._aws = access

    def make(self) -> str:
        """Make it, or what is not there of it; the name of its gateway function.

        Raises:
            botocore's errors: the role may not do it, or AWS does not answer.

        """
        plan, code = self._plan, _code()
        self._store(code)
        self._limit()
        file_system = self._files()
        self._roles(file_system)
        environment = plan.settings(code, file_system).environment()
        for word, handler in _HANDLERS.items():
            self._function(word, handler, code, environment)
        self._queues()
        self._rules()
        return plan.name("gateway")

    def remove(self) -> None:
        """Take everything away again; what is not there is fine."""
        plan = self._plan
        events, functions = self._aws("events"), self._aws("lambda")
        for rule in ("jobs", "schedule", "sweep"):
            _unless(_MISSING, events.remove_targets, Rule=plan.name(rule), Ids=["reconciler"])
            _unless(_MISSING, events.delete_rule, Name=plan.name(rule))
        for word in _SECONDS:
            _unless(_MISSING, functions.delete_function, FunctionName=plan.name(word))
        batch = self._aws.sandbox("batch")
        for word in ("fargate", "spot"):
            queue, place = {"jobQueue": plan.name(word)}, {"computeEnvironment": plan.name(word)}
            _unless(_MISSING, batch.update_job_queue, **queue, state="DISABLED")
            _unless(_MISSING, batch.delete_job_queue, **queue)
            _unless(_MISSING, batch.update_compute_environment, **place, state="DISABLED")
            _unless(_MISSING, batch.delete_compute_environment, **place)
        ec2 = self._aws("ec2")
        _unless(_MISSING, ec2.delete_security_group, GroupName=plan.name("jobs"))
        self._remove_files()
        self._remove_roles()
        self._remove_stored()

    def _store(self, code: Bundle) -> None:
        plan = self._plan
        s3 = self._aws("s3")
        _unless(_THERE, s3.create_bucket, Bucket=plan.bucket)
        s3.put_object(Bucket=plan.bucket, Key=f"code/{code.digest}.zip", Body=code.data)
        table = self._aws("dynamodb")
        keys = {"pk": "HASH", "sk": "RANGE"}
        _unless(
            _THERE,
            table.create_table,
            TableName=plan.name("journal"),
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
            KeySchema=[{"AttributeName": k, "KeyType": kind} for k, kind in keys.items()],
        )
        logs = self._aws("logs")
        for group in (plan.log_group, f"{plan.log_group}/functions"):
            _unless(_THERE, logs.create_log_group, logGroupName=group)

    def _files(self) -> str:
        """The ARN of the file system, over a prefix of the bucket."""
        plan, files = self._plan, self._aws.sandbox("s3files")
        if (known := self._file_system) is not None:
            return known
        iam, name = self._aws.sandbox("iam"), plan.name("files")
        trust = service_trust(FILES_SERVICE, plan.account)
        _unless(
            _THERE,
            iam.create_role,
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(trust),
            PermissionsBoundary=self._boundary_arn,
        )
        bucket = f"arn:aws:s3:::{plan.bucket}"
        access = json.dumps(allow(_SYNCHRONIZE, [bucket, f"{bucket}/{FILES_PREFIX}*"]))
        iam.put_role_policy(RoleName=name, PolicyName="access", PolicyDocument=access)
        self._aws.sandbox("s3").put_bucket_versioning(
            Bucket=plan.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        system = files.create_file_system(
            bucket=bucket,
            prefix=FILES_PREFIX,
            roleArn=plan.role("files"),
            clientToken=plan.base,
            tags=[{"key": _TAG, "value": plan.token}],
        )
        subnets = self._aws.sandbox("ec2").describe_subnets()["Subnets"]
        files.create_mount_target(
            fileSystemId=system["fileSystemId"], subnetId=subnets[0]["SubnetId"]
        )
        return str(system["fileSystemArn"])

    @property
    def _file_system(self) -> str | None:
        bucket = f"arn:aws:s3:::{self._plan.bucket}"
        rows = self._aws.sandbox("s3files").list_file_systems(bucket=bucket)["fileSystems"]
        return str(rows[0]["fileSystemArn"]) if rows else None

    def _remove_files(self) -> None:
        iam, role = self._aws.sandbox("iam"), self._plan.name("files")
        _unless(_MISSING, iam.delete_role_policy, RoleName=role, PolicyName="access")
        _unless(_MISSING, iam.delete_role, RoleName=role)
        files = self._aws.sandbox("s3files")
        if (system := self._file_system) is None:
            return
        for point in files.list_access_points(fileSystemId=system, maxResults=1000)["accessPoints"]:
            files.delete_access_point(accessPointId=point["accessPointId"])
        for target in files.list_mount_targets(fileSystemId=system)["mountTargets"]:
            files.delete_mount_target(mountTargetId=target["mountTargetId"])
        files.delete_file_system(fileSystemId=system, forceDelete=True)

    def _limit(self) -> None:
        """Make the boundary of all roles."""
        actions = {a for rights in RIGHTS.values() for r in rights for a in r.actions}
        _unless(
            _THERE,
            self._aws("iam").create_policy,
            PolicyName=self._boundary,
            PolicyDocument=json.dumps(allow(sorted({*actions, *_SYNCHRONIZE}), ["*"])),
        )

    def _roles(self, file_system: str) -> None:
        plan, iam = self._plan, self._aws("iam")
        for word in RIGHTS:
            service = "lambda" if word in _SECONDS else "ecs-tasks"
            _unless(
                _THERE,
                iam.create_role,
                RoleName=plan.name(word),
                AssumeRolePolicyDocument=json.dumps(
                    service_trust(f"{service}.amazonaws.com", plan.account)
                ),
                PermissionsBoundary=self._boundary_arn,
            )
            statements = [
                allow(list(right.actions), plan.resources(right.kind, file_system))["Statement"][0]
                for right in (*RIGHTS[word], *HOSTED.get(word, ()))
            ]
            document = {"Version": "2012-10-17", "Statement": statements}
            iam.put_role_policy(
                RoleName=plan.name(word),
                PolicyName="access",
                PolicyDocument=json.dumps(document),
            )

    @property
    def _boundary(self) -> str:
        return f"pennsieve-boundary-{self._plan.token}"

    @property
    def _boundary_arn(self) -> str:
        return f"arn:aws:iam::{self._plan.account}:policy/{self._boundary}"

    def _function(self, word: str, handler: str, code: Bundle, environment: dict[str, str]) -> None:
        plan, functions = self._plan, self._aws("lambda")
        name = plan.name(word)
        place = {"S3Bucket": plan.bucket, "S3Key": f"code/{code.digest}.zip"}
        variables = {"Variables": environment}
        created = _unless(
            _THERE,
            functions.create_function,
            FunctionName=name,
            Runtime=_RUNTIME,
            Role=plan.role(word),
            Handler=handler,
            Code=place,
            MemorySize=_MEMORY_MB,
            Timeout=_SECONDS[word],
            LoggingConfig={"LogGroup": f"{plan.log_group}/functions"},
            Environment=variables,
        )
        if created is None:
            functions.update_function_code(FunctionName=name, **place)
            functions.update_function_configuration(
                FunctionName=name, Handler=handler, Environment=variables
            )

    def _queues(self) -> None:
        """The queues of work, with machines that are there only while something runs."""
        plan, ec2 = self._plan, self._aws("ec2")
        subnets = [row["SubnetId"] for row in ec2.describe_subnets()["Subnets"]]
        groups = ec2.describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [plan.name("jobs")]}]
        )["SecurityGroups"]
        group = (
            groups[0]["GroupId"]
            if groups
            else ec2.create_security_group(
                GroupName=plan.name("jobs"), Description="Machines of a Pennsieve node"
            )["GroupId"]
        )
        batch, role = self._aws.sandbox("batch"), self._batch_role()
        for word, kind in (("fargate", "FARGATE"), ("spot", "FARGATE_SPOT")):
            _unless(
                _THERE,
                batch.create_compute_environment,
                computeEnvironmentName=plan.name(word),
                type="MANAGED",
                state="ENABLED",
                serviceRole=role,
                computeResources={
                    "type": kind,
                    "maxvCpus": MOST_VCPUS,
                    "subnets": subnets[:3],
                    "securityGroupIds": [group],
                },
            )
            _unless(
                _THERE,
                batch.create_job_queue,
                jobQueueName=plan.name(word),
                state="ENABLED",
                priority=1,
                computeEnvironmentOrder=[
                    {"order": 1, "computeEnvironment": plan.name(word)},
                ],
            )

    def _batch_role(self) -> str:
        """The role that AWS makes for Batch when it is first used."""
        iam = self._aws.sandbox("iam")
        service = "batch.amazonaws.com"
        roles = iam.list_roles(PathPrefix=f"/aws-service-role/{service}/")["Roles"]
        if not roles:
            roles = [iam.create_service_linked_role(AWSServiceName=service)["Role"]]
        return str(roles[0]["Arn"])

    def _rules(self) -> None:
        """What wakes the reconciler: its jobs, and the clock while runs are active."""
        plan, events = self._plan, self._aws("events")
        queues = [plan.arn("batch", f"job-queue/{plan.name(w)}") for w in ("fargate", "spot")]
        pattern = {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job State Change"],
            "detail": {"jobQueue": queues, "status": list(HEEDED)},
        }
        how: dict[str, dict[str, str]] = {
            "jobs": {"EventPattern": json.dumps(pattern)},
            "schedule": {"ScheduleExpression": "rate(5 minutes)", "State": "DISABLED"},
            "sweep": {"ScheduleExpression": "rate(1 hour)", "State": "ENABLED"},
        }
        function = plan.arn("lambda", f"function:{plan.name('reconciler')}")
        for word, settings in how.items():
            rule = events.put_rule(Name=plan.name(word), **settings)["RuleArn"]
            events.put_targets(
                Rule=plan.name(word), Targets=[{"Id": "reconciler", "Arn": function}]
            )
            _unless(
                _THERE,
                self._aws("lambda").add_permission,
                FunctionName=plan.name("reconciler"),
                StatementId=word,
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=rule,
                SourceAccount=plan.account,
            )

    def _remove_roles(self) -> None:
        plan, iam = self._plan, self._aws("iam")
        for word in RIGHTS:
            name = plan.name(word)
            _unless(_MISSING, iam.delete_role_policy, RoleName=name, PolicyName="access")
            _unless(_MISSING, iam.delete_role, RoleName=name)
        _unless(_MISSING, iam.delete_policy, PolicyArn=self._boundary_arn)

    def _remove_stored(self) -> None:
        plan = self._plan
        secrets = self._aws.sandbox("secretsmanager")  # the node made them; the role may not
        for name in _names(secrets, f"{plan.base}/"):
            _unless(_MISSING, secrets.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)
        ssm = self._aws.sandbox("ssm")  # as above
        for name in _parameters(ssm, f"/pennsieve-node/{plan.token}/"):
            _unless(_MISSING, ssm.delete_parameter, Name=name)
        logs = self._aws("logs")
        for group in (plan.log_group, f"{plan.log_group}/functions"):
            _unless(_MISSING, logs.delete_log_group, logGroupName=group)
        _unless(_MISSING, self._aws("dynamodb").delete_table, TableName=plan.name("journal"))
        self._empty()
        _unless(_MISSING, self._aws("s3").delete_bucket, Bucket=plan.bucket)

    def _empty(self) -> None:
        s3, bucket = self._aws.sandbox("s3"), self._plan.bucket
        try:
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for row in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    s3.delete_object(Bucket=bucket, Key=row["Key"], VersionId=row["VersionId"])
        except s3.exceptions.NoSuchBucket:
            return


@functools.cache
def _code() -> Bundle:
    """The node's code, which does not change while this process runs."""
    return bundle()


def _names(secrets: Any, prefix: str) -> Iterator[str]:
    for page in secrets.get_paginator("list_secrets").paginate():
        yield from (row["Name"] for row in page["SecretList"] if row["Name"].startswith(prefix))


def _parameters(ssm: Any, path: str) -> Iterator[str]:
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True):
        yield from (row["Name"] for row in page["Parameters"])


def _unless(codes: set[str], call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer; None when AWS refuses with one of the codes."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - heavy

    try:
        return call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
        return None
