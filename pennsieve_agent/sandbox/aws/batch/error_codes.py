"""The error codes of AWS Batch: every operation has two (AWS Batch API Reference, "Errors")."""

from __future__ import annotations

CLIENT, SERVER = "ClientException", "ServerException"


def use_codes_of_aws() -> None:
    """Have moto's Batch refuse with the two codes that AWS has; it has five of its own."""
    from moto.batch import exceptions  # noqa: PLC0415 - slow

    for refusal in (
        exceptions.InvalidRequestException,
        exceptions.InvalidParameterValueException,
        exceptions.ValidationError,
    ):
        refusal.TYPE = CLIENT
    exceptions.InternalFailure.TYPE = SERVER
