"""A file system of the emulated S3 Files, over a part of a new bucket."""

from __future__ import annotations

from typing import Any

from tests.sandbox.aws.account import Cloud, allow, service_trust

BUCKET = "files-of-a-node"
SERVICE = "elasticfilesystem.amazonaws.com"


def make_bucket(cloud: Cloud, *, versioned: bool = True) -> Any:
    s3 = cloud.owner.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    if versioned:
        status = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=status)
    return s3


def make_role(cloud: Cloud) -> str:
    rights = allow(("s3:*", f"arn:aws:s3:::{BUCKET}"), ("s3:*", f"arn:aws:s3:::{BUCKET}/*"))
    return cloud.role("sync", service_trust(SERVICE), rights)


def file_system(cloud: Cloud) -> dict[str, Any]:
    """A file system over ``files/`` of a new bucket, which one zone reaches."""
    make_bucket(cloud)
    files = cloud.owner.client("s3files")
    made: dict[str, Any] = files.create_file_system(
        bucket=f"arn:aws:s3:::{BUCKET}", prefix="files/", roleArn=make_role(cloud)
    )
    subnets = cloud.owner.client("ec2").describe_subnets()["Subnets"]
    files.create_mount_target(fileSystemId=made["fileSystemId"], subnetId=subnets[0]["SubnetId"])
    return made


def access_point(cloud: Cloud, system: str, path: str, uid: int = 1000) -> str:
    """The ARN of an access point whose folder is made when it is first mounted."""
    made = {"ownerUid": uid, "ownerGid": uid, "permissions": "0700"}
    point = cloud.owner.client("s3files").create_access_point(
        fileSystemId=system,
        rootDirectory={"path": path, "creationPermissions": made},
        posixUser={"uid": uid, "gid": uid},
    )
    return str(point["accessPointArn"])


def volume(system: str, point: str) -> dict[str, Any]:
    """The volume ``v`` of a job definition."""
    config = {"fileSystemArn": system, "accessPointArn": point}
    return {"name": "v", "s3filesVolumeConfiguration": config}
