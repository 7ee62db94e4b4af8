"""The seam that every request passes: the service's model, documented limits, the account's rates.

What a service answers is in the list of errors of its API reference; most call it
``ValidationException`` (https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and
its like for each service).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

from pennsieve_agent.sandbox.aws.limits.constraints import faults
from pennsieve_agent.sandbox.aws.limits.form_members import form_members
from pennsieve_agent.sandbox.aws.limits.quotas import check_quotas
from pennsieve_agent.sandbox.aws.limits.rates import Rates
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.limits.service_models import input_shape, service_model
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.wire import AwsRequest

_MOST_FAULTS = 5
_CODES = {
    "batch": "ClientException",
    "codebuild": "InvalidInputException",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "lambda": "ValidationException",
    "logs": "InvalidParameterException",
    "s3": "InvalidRequest",
}
"""The codes of services that do not say ``ValidationException`` (or ``ValidationError``)."""
_FORMS = {"query", "ec2"}


class RequestCheck:
    """Refuses what AWS refuses because of its form, size or rate. ``now`` is in unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._rates = Rates(now)

    def refusal(self, request: AwsRequest, account: str, body: bytes) -> Answer | None:
        """AWS's refusal of a request; None where it has nothing against it.

        The caller holds the lock of the emulation.
        """
        if words := model_faults(request):
            return failure(request.service, 400, _code(request.service), words)
        try:
            check_quotas(request, account, body)
        except Refused as refused:
            return failure(request.service, refused.status, refused.code, refused.text)
        return self._rates.refusal(request, account)


def model_faults(request: AwsRequest) -> str:
    """What the service's model says against a request, in AWS's words; empty if nothing."""
    if not request.operation or request.service == "s3":  # its rules are not in its model
        return ""
    shape = input_shape(request.service, request.operation)
    if shape is None:
        return ""
    problems = list(islice(faults(shape, _members(request, shape)), _MOST_FAULTS))
    if not problems:
        return ""
    errors = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"


def _members(request: AwsRequest, shape: object) -> object:
    protocol = service_model(request.service).metadata["protocol"]
    if protocol not in _FORMS:
        return request.parameters
    return form_members(shape, request.parameters, ec2=protocol == "ec2")


def _code(service: str) -> str:
    query = service_model(service).metadata["protocol"] == "query"
    return _CODES.get(service, "ValidationError" if query else "ValidationException")
