"""Parameters of Systems Manager: their values."""

from __future__ import annotations


def value_of(account: str, region: str, name: str) -> str | None:
    """The decrypted value of a parameter; None when it does not exist."""
    from moto.ssm.models import ssm_backends  # noqa: PLC0415 - slow

    parameter = ssm_backends[account][region].get_parameter(name)
    if parameter is None:
        return None
    secret = parameter.parameter_type == "SecureString"
    return str(parameter.decrypt(parameter.value) if secret else parameter.value)
