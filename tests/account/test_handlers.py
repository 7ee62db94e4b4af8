"""What CloudFormation needs for each type of resource is what AWS's own schemas say, no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.account.rights.resource_handlers import _BESIDE, _HANDLERS, EVERY_TYPE, actions

#: Never given, though AWS's schemas name it: by action, or by type and action.
NEVER = {
    r"(eks|secretsmanager|vpc-lattice|vpce):.*": "services that no node uses",
    r"iam:.*(User|Group).*|iam:(Attach|Detach)RolePolicy": "no users, no groups, no other policies",
    r"iam:DeleteRolePermissionsBoundary": "a boundary stays where it is",
    r"AWS::(Batch|Events|S3)::\w+ iam:PassRole": "they are given no role",
    r"AWS::SNS::Topic (iam:.*|sns:PutDataProtectionPolicy)": "no delivery is logged, none is cut",
    r"AWS::Lambda::Function elasticfilesystem:.*": "files of runs are on S3 Files",
}
#: Not needed to make, change, tag or delete what ours are; reading takes everything all the same.
NOT_OURS = {
    r"(autoscaling|firehose|kinesis|s3tables):.*": "services that no node uses",
    r"AWS::DynamoDB::Table (iam|logs|s3):.*|dynamodb:(Query|Scan)": "no table is imported",
    r"dynamodb:.*(ContributorInsights|Import|Item|Kinesis|Replica|ResourcePolicy).*": "or streamed",
    r"ecr:.*(LifecyclePolicy|RepositoryPolicy)": "no repository has a policy of its own",
    r"ec2:.*(AddressTransfer|EncryptionControl|NatGatewayAddress|RuleDescriptions).*": "plain",
    r"ec2:.*(SubnetCidrBlock|VpcTenancy|VpnGateway).*": "networks",
    r"AWS::EC2::FlowLog (s3:.*|logs:.*|iam:CreateServiceLinkedRole)": "only to CloudWatch",
    r"AWS::Logs::LogGroup s3:.*": "no delivery",
    r"kms:(DisableKey|DisableKeyRotation|EnableKey|ListAliases)": "a key is used, and turns",
    r"lambda:.*(AliasS|CapacityProvider|CodeSigning|LayerVersion|PublishVersion).*": "plain",
    r"lambda:.*(RuntimeAlias|RuntimeManagement|Scaling).*": "functions",
    r"logs:.*(Bearer|DataProtection|DeletionProtection|Delivery|IndexPolic|ResourcePolic).*": "",
    r"s3:(DeleteBucketTagging|DeleteObject)": "a bucket's handler deletes no object",
    r"s3:.*(Abac|Accelerate|Acl|Analytics|CORS|Cors|IntelligentTiering|Inventory).*": "private",
    r"s3:.*(Logging|Metadata|Metrics|ObjectLock|Replication|REST|Website).*": "files",
}


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """AWS's schemas of the types that we know."""
    package = find_spec("cfnlint")
    assert package is not None
    folder = Path(str(package.origin)).parent / "data" / "schemas" / "resources"
    found = (json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json"))
    return {s["typeName"]: s for s in found if s.get("typeName") in EVERY_TYPE}


def said(type_: str) -> Iterator[str]:
    """What AWS says a type of resource takes, without what ours do not."""
    schema = schemas()[type_]
    for handler in ("create", "read", "update", "delete"):
        for action in schema.get("handlers", {}).get(handler, {}).get("permissions", ()):
            yield from _kept(type_, action, NEVER if handler == "read" else NEVER | NOT_OURS)
    for action in schema.get("tagging", {}).get("permissions", ()):
        yield from _kept(type_, action, NEVER | NOT_OURS)


def _kept(type_: str, action: str, left_out: dict[str, str]) -> Iterator[str]:
    service, _, name = action.partition(":")
    action = f"{service.lower()}:{name[0].upper()}{name[1:]}".replace("UnTag", "Untag")
    if not any(re.fullmatch(p, text) for p in left_out for text in (action, f"{type_} {action}")):
        yield action


def test_every_type_is_known_to_aws() -> None:
    assert set(schemas()) == EVERY_TYPE
    assert set(_BESIDE) <= set(_HANDLERS)


@pytest.mark.parametrize("type_", sorted(EVERY_TYPE))
def test_the_table_says_what_aws_says(type_: str) -> None:
    beside = actions([type_]) - set(said(type_))
    assert set(said(type_)) - actions([type_]) == set()
    assert not beside or type_ in _BESIDE
