"""Parameters of Systems Manager: their values, and the KMS keys that encrypt them.

A ``SecureString`` that is encrypted with a customer's key takes the right to use that key, by way
of Systems Manager (AWS Systems Manager, "How AWS Systems Manager Parameter Store uses AWS KMS").
AWS's own key lets in everybody of the account who may use the parameter.
"""

from __future__ import annotations

from pennsieve_agent.domain.iam_policies import Ask

_AWS_OWN = "alias/aws/ssm"


def value_of(account: str, region: str, name: str) -> str | None:
    """The decrypted value of a parameter; None when it does not exist."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    parameter = ssm_backends[account][region].get_parameter(name)
    if parameter is None:
        return None
    secret = parameter.parameter_type == "SecureString"
    return str(parameter.decrypt(parameter.value) if secret else parameter.value)


def decryption(account: str, region: str, name: str) -> Ask | None:
    """The right on a KMS key that reading a parameter needs, too; None when it needs no key."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    parameter = ssm_backends[account][region].get_parameter(name)
    return key_use("kms:Decrypt", account, region, getattr(parameter, "keyid", None) or "")


def key_use(action: str, account: str, region: str, key: str) -> Ask | None:
    """The right to use a KMS key through Systems Manager; None for AWS's own key."""
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
