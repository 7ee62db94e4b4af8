"""Find resources by a tag or a name's prefix, and delete what no stack deletes."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AwsError

FILES_SECONDS = 600.0
"""How long to wait until AWS has deleted a file system."""


def tagged(aws: Aws, key: str, value: str) -> tuple[str, ...]:
    """The ARNs of resources with this tag in the session's region.

    AWS may go on listing for some minutes what is gone already (Resource Groups Tagging API
    Reference, "GetResources").
    """
    filters = [{"Key": key, "Values": [value]}]
    pages = aws.pages("resourcegroupstaggingapi", "get_resources", TagFilters=filters)
    return tuple(row["ResourceARN"] for page in pages for row in page["ResourceTagMappingList"])


def delete_access_points(aws: Aws, bucket: str) -> None:
    """Delete the access points of file systems over a bucket, which keep them from being deleted.

    ("Deleting file systems",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-file-systems-deleting.html)
    """
    for arn in file_systems_over(aws, bucket):
        name = arn.rpartition("/")[2]
        pages = aws.pages("s3files", "list_access_points", fileSystemId=name)
        for point in [row for page in pages for row in page["accessPoints"]]:
            aws.call("s3files", "delete_access_point", accessPointId=point["accessPointId"])


def delete_file_systems(aws: Aws, bucket: str, sleep: Callable[[float], None]) -> int:
    """Delete the file systems over a bucket with what is not in the bucket yet; how many.

    AWS refuses that unless it is forced ("DeleteFileSystem", ``forceDelete``,
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3Files_DeleteFileSystem.html), which no
    stack does. One that has mount targets stays. Waits until they are deleted: until then they
    write to the bucket.
    """
    delete_access_points(aws, bucket)
    deleting = set()
    for arn in file_systems_over(aws, bucket):
        name = arn.rpartition("/")[2]
        try:
            aws.call("s3files", "delete_file_system", fileSystemId=name, forceDelete=True)
        except AwsError as error:
            if error.aws_code == "ConflictException":
                continue
            if error.aws_code != "ResourceNotFoundException":
                raise
        deleting.add(arn)
    for pause in pauses(FILES_SECONDS):
        if not deleting & {*file_systems_over(aws, bucket)}:
            break
        sleep(pause)
    return len(deleting)


def file_systems_over(aws: Aws, bucket: str) -> tuple[str, ...]:
    """The ARNs of the file systems of S3 Files over a bucket, but for those that are deleted.

    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3Files_ListFileSystems.html)
    """
    pages = aws.pages("s3files", "list_file_systems", bucket=f"arn:aws:s3:::{bucket}")
    rows = (row for page in pages for row in page["fileSystems"])
    return tuple(row["fileSystemArn"] for row in rows if row["status"].lower() != "deleted")


_NOT_FOUND = {"NatGatewayNotFound", "InvalidVpcEndpointId.NotFound"}
"""Amazon EC2 API reference, "Error codes"."""


def has_ended(aws: Aws, arn: str) -> bool:
    """Whether AWS lists what it has deleted already: NAT gateways and endpoints, about an hour.

    Amazon VPC, "Work with NAT gateways":
    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html
    """
    kind, _, name = arn.split(":", 5)[5].partition("/")
    try:
        match kind:
            case "natgateway":
                answer = aws.call("ec2", "describe_nat_gateways", NatGatewayIds=[name])
                rows = answer["NatGateways"]
            case "vpc-endpoint":
                answer = aws.call("ec2", "describe_vpc_endpoints", VpcEndpointIds=[name])
                rows = answer["VpcEndpoints"]
            case _:
                return False
    except AwsError as error:
        if error.aws_code in _NOT_FOUND:
            return True
        raise
    return all(row["State"].lower() in {"deleted", "deleting"} for row in rows)


def deletion_date(aws: Aws, arn: str) -> str:
    """On which day AWS deletes a key that waits for it; empty for everything else.

    AWS KMS, "Delete an AWS KMS key":
    https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    """
    if not arn.split(":", 5)[5].startswith("key/"):
        return ""
    key = aws.call("kms", "describe_key", KeyId=arn)["KeyMetadata"]
    return f"{key['DeletionDate']:%Y-%m-%d}" if key["KeyState"] == "PendingDeletion" else ""


def log_groups_called(aws: Aws, prefix: str) -> tuple[str, ...]:
    """The names of the log groups that begin with a prefix."""
    pages = aws.pages("logs", "describe_log_groups", logGroupNamePrefix=prefix)
    return tuple(group["logGroupName"] for page in pages for group in page["logGroups"])


def secrets_called(aws: Aws, prefix: str) -> tuple[str, ...]:
    """The names of the secrets that begin with a prefix."""
    filters = [{"Key": "name", "Values": [prefix]}]
    pages = aws.pages("secretsmanager", "list_secrets", Filters=filters)
    names = (row["Name"] for page in pages for row in page["SecretList"])
    return tuple(name for name in names if name.startswith(prefix))


def delete_secret(aws: Aws, name: str) -> None:
    """Delete a secret at once; AWS would otherwise keep it, and bill it, for a month."""
    try:
        aws.call("secretsmanager", "delete_secret", SecretId=name, ForceDeleteWithoutRecovery=True)
    except AwsError as error:
        if error.aws_code != "ResourceNotFoundException":
            raise


def job_definitions_called(aws: Aws, prefix: str) -> tuple[str, ...]:
    """The ARNs of the active job definitions whose names begin with a prefix."""
    pages = aws.pages("batch", "describe_job_definitions", status="ACTIVE")
    rows = (row for page in pages for row in page["jobDefinitions"])
    return tuple(
        row["jobDefinitionArn"] for row in rows if row["jobDefinitionName"].startswith(prefix)
    )


def deregister_job_definition(aws: Aws, arn: str) -> None:
    """Deregister a job definition; it costs nothing, and AWS deletes it after a while."""
    aws.call("batch", "deregister_job_definition", jobDefinition=arn)
