"""Each client of boto3 in the tests' own process is held to the models of AWS's services.

Some tests have a stand-in for AWS that takes everything: moto without the sandbox, or a script.
botocore itself checks little of what its models say.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from botocore import handlers, xform_name
from botocore.validate import ParamValidator

from pennsieve_agent.sandbox.aws.limits import batch_quotas, name_quotas
from pennsieve_agent.sandbox.aws.limits.constraints import faults
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.limits.service_models import input_shape, service_model
from pennsieve_agent.sandbox.aws.wire import AwsRequest

_EVENT = "before-parameter-build"
STATELESS = {
    **batch_quotas.RULES,
    **{row: rule for row, rule in name_quotas.RULES.items() if row[0] != "iam"},
}
"""The quotas that need no account to look at."""


def hold_clients_to_the_models() -> None:
    """Fail a test that sends what AWS would refuse; calling it again changes nothing."""
    row = (_EVENT, _hold)
    if row not in handlers.BUILTIN_HANDLERS:
        handlers.BUILTIN_HANDLERS.append(row)


def release(client: Any) -> Any:
    """A client that may send what is wrong, for a test of what refuses it."""
    client.meta.events.unregister(_EVENT, _hold)
    return client


def _hold(params: dict[str, Any], model: Any, **_: Any) -> None:
    shape = model.input_shape
    problems = [] if shape is None else list(faults(shape, params))
    assert not problems, f"AWS would refuse {model.name}: {'; '.join(problems)}"


class Held:
    """A stand-in for a client of boto3, whose calls are held to the service's model and quotas."""

    def __init__(self, service: str, inner: Any) -> None:
        self._service = service
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        operation = _operations(self._service).get(name)
        if operation is None:
            return method

        def call(**params: Any) -> Any:
            problem = _problem(self._service, operation, params)
            assert not problem, f"AWS would refuse {operation}: {problem}"
            return method(**params)

        return call


@functools.cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name): name for name in service_model(service).operation_names}


def _problem(service: str, operation: str, params: dict[str, Any]) -> str:
    shape = input_shape(service, operation)
    if shape is not None:
        # Names and kinds of members, too: not every call of a node passes boto3, which looks.
        report = ParamValidator().validate(params, shape)
        if report.has_errors():
            return str(report.generate_report())
        if problems := list(faults(shape, params)):
            return "; ".join(problems)
    rule = STATELESS.get((service, operation))
    if rule is not None:
        body = json.dumps(params, default=str).encode()
        try:
            rule(AwsRequest(service, "us-east-1", "AKIA", "", operation, params), "1" * 12, body)
        except Refused as refused:
            return refused.text
    return _key_problem(params) if service == "dynamodb" else ""


def _key_problem(params: dict[str, Any]) -> str:
    """What DynamoDB has against the keys of the node's table.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    """
    keys = params.get("Key") or params.get("Item") or {}
    for name, most in (("pk", 2048), ("sk", 1024)):
        size = len(keys[name]["S"].encode()) if name in keys else 1
        if not 0 < size <= most:
            return f"a key '{name}' of {size} bytes"
    return ""
