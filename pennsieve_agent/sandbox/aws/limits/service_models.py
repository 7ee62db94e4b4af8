"""The models of AWS's services, as botocore ships them, by the names that requests are signed for.

What a model says of a member (required, min, max, pattern, enum) is in the API reference of its
service, and AWS's servers refuse what does not fit; botocore checks almost none of it.
"""

from __future__ import annotations

import functools
from typing import Any

_NAMES = {
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
"""What botocore calls services that sign their requests with another name."""


@functools.cache
def service_model(service: str) -> Any:
    """The model of the service that requests are signed for; None where there is none."""
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415 - slow
    from moto.core.utils import get_service_model  # noqa: PLC0415 - slow

    try:  # moto's, which it has loaded for its own routes; they are botocore's
        return get_service_model(_NAMES.get(service, service))
    except UnknownServiceError:
        return None


@functools.cache
def input_shape(service: str, operation: str) -> Any:
    """The shape of an operation's input; None where it takes nothing, or is not known."""
    from botocore.model import OperationNotFoundError  # noqa: PLC0415 - slow

    model = service_model(service)
    try:
        return None if model is None else model.operation_model(operation).input_shape
    except OperationNotFoundError:
        return None
