"""Each client of boto3 in the tests' own process is held to the models of AWS's services.

Some tests have a stand-in for AWS that takes everything: moto without the sandbox, or a script.
botocore itself checks little of what its models say.
"""

from __future__ import annotations

from typing import Any

from botocore import handlers

from pennsieve_agent.sandbox.aws.limits.constraints import faults

_EVENT = "before-parameter-build"


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
