"""Names and values of S3, Parameter Store, Secrets Manager and IAM beyond what models state."""

from __future__ import annotations

import re

from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST_KEY = 1024
"""Bytes of an object's key (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html).
"""
MOST_STANDARD_PARAMETER = 4096
"""Bytes of a standard parameter's value.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""
MOST_LEVELS = 15
MOST_PARAMETER_NAME = 1011
"""Characters of a parameter's name with its ARN before it.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
"""
MOST_SECRET = 65_536
"""Bytes of a secret (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
"""
MOST_INLINE, MOST_MANAGED, MOST_TRUST = 10_240, 6_144, 2_048
"""Characters of policies, white space apart: all inline ones of a role, a managed one, a trust.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

_BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+", re.ASCII)
_NOT_AT_END = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_PARAMETER = re.compile(r"[a-zA-Z0-9_.\-/]+")
_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]+")


def _object(request: AwsRequest, _: str, __: bytes) -> None:
    if len(request.text("Key").encode()) > MOST_KEY:
        raise Refused("KeyTooLongError", "Your key is too long")


def _bucket(request: AwsRequest, _: str, __: bytes) -> None:
    """Hold a new bucket to the rules for names.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    name = request.text("Bucket")
    wrong = ".." in name or _ADDRESS.fullmatch(name) or name.endswith(_NOT_AT_END)
    if wrong or not _BUCKET.fullmatch(name):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")


def _parameter(request: AwsRequest, account: str, _: bytes) -> None:
    name, value = request.text("Name"), request.text("Value")
    whole = f"arn:aws:ssm:{request.region}:{account}:parameter{name}"
    first = name.strip("/").lower()
    if (
        not _PARAMETER.fullmatch(name)
        or first.startswith(("aws", "ssm"))
        or len(whole) > MOST_PARAMETER_NAME
    ):
        raise Refused("ValidationException", f"Parameter name: '{name}' is not allowed.")
    if name.strip("/").count("/") >= MOST_LEVELS:
        text = f"A parameter name can have at most {MOST_LEVELS} levels"
        raise Refused("HierarchyLevelLimitExceededException", text)
    if request.text("Tier") in {"", "Standard"} and len(value.encode()) > MOST_STANDARD_PARAMETER:
        raise Refused(
            "ValidationException",
            "Standard tier parameters support a maximum parameter value of"
            f" {MOST_STANDARD_PARAMETER} characters.",
        )


def _secret(request: AwsRequest, _: str, __: bytes) -> None:
    name = request.text("Name")
    if name and not _SECRET.fullmatch(name):
        raise Refused(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the"
            " following: -/_+=.@!",
        )
    if len(request.text("SecretString").encode()) > MOST_SECRET:
        raise Refused("InvalidParameterException", "The secret value is too long.")


def _inline(request: AwsRequest, account: str, _: bytes) -> None:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    name, own = request.text("RoleName"), request.text("PolicyName")
    roles = iam_backends[account]["aws"].roles.values()
    others = [
        str(text)
        for role in roles
        if role.name == name
        for policy, text in role.policies.items()
        if policy != own
    ]
    size = sum(map(policy_size, [*others, request.text("PolicyDocument")]))
    _limit(
        size, MOST_INLINE, f"Maximum policy size of {MOST_INLINE} bytes exceeded for role {name}"
    )


def _managed(request: AwsRequest, _: str, __: bytes) -> None:
    size = policy_size(request.text("PolicyDocument"))
    _limit(size, MOST_MANAGED, f"Cannot exceed quota for PolicySize: {MOST_MANAGED}")


def _trust(request: AwsRequest, _: str, __: bytes) -> None:
    text = request.text("AssumeRolePolicyDocument") or request.text("PolicyDocument")
    _limit(policy_size(text), MOST_TRUST, f"Cannot exceed quota for ACLSizePerRole: {MOST_TRUST}")


def policy_size(text: str) -> int:
    """The characters of a policy that IAM counts: all but white space."""
    return len("".join(text.split()))


def _limit(size: int, most: int, text: str) -> None:
    if size > most:
        raise Refused("LimitExceeded", text, 409)


RULES = {
    **{
        ("s3", name): _object
        for name in ("PutObject", "CreateMultipartUpload", "GetObject", "HeadObject")
    },
    ("s3", "CreateBucket"): _bucket,
    ("ssm", "PutParameter"): _parameter,
    ("secretsmanager", "CreateSecret"): _secret,
    ("secretsmanager", "PutSecretValue"): _secret,
    ("iam", "PutRolePolicy"): _inline,
    ("iam", "CreatePolicy"): _managed,
    ("iam", "CreatePolicyVersion"): _managed,
    ("iam", "CreateRole"): _trust,
    ("iam", "UpdateAssumeRolePolicy"): _trust,
}
