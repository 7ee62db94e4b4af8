"""Parameters of Systems Manager: whose key encrypts them, and what ECS hands to containers.

A ``SecureString`` that is encrypted with a customer's key takes the right to use that key, by way
of Systems Manager (AWS Systems Manager, "How AWS Systems Manager Parameter Store uses AWS KMS").
AWS's own key lets in everybody of the account who may use the parameter.
"""

from __future__ import annotations

from pennsieve_agent.domain.iam_policies import Ask

_AWS_OWN = "alias/aws/ssm"


def value_of(account: str, region: str, name: str) -> str | None:
    """The value of a parameter, in the clear; None when there is none."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    parameter = ssm_backends[account][region].get_parameter(name)
    if parameter is None:
        return None
    secret = parameter.parameter_type == "SecureString"
    return str(parameter.decrypt(parameter.value) if secret else parameter.value)


def decryption(account: str, region: str, name: str) -> Ask | None:
    """The right that reading a parameter takes besides its own; None when it takes none."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    parameter = ssm_backends[account][region].get_parameter(name)
    return key_use("kms:Decrypt", account, region, getattr(parameter, "keyid", None) or "")


def key_use(action: str, account: str, region: str, key: str) -> Ask | None:
    """The right to use a key by way of Systems Manager; None for AWS's own."""
    if not key or key == _AWS_OWN:
        return None
    from moto.kms.models import kms_backends  # noqa: PLC0415 - slow

    backend = kms_backends[account][region]
    number = backend.get_key_id(key)
    arn = f"arn:aws:kms:{region}:{account}:key/{number}"
    context = {"kms:ViaService": f"ssm.{region}.amazonaws.com"}
    if number in backend.keys:
        rows = backend.list_resource_tags(number)["Tags"]
        context |= {f"aws:ResourceTag/{row['TagKey']}": row["TagValue"] for row in rows}
    return Ask(action, arn, context)
