"""The settings of a function, as moto keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pennsieve_agent.sandbox.aws.functions.asynchronous import asynchronous_of


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """What a function was made with, read before it runs."""

    name: str
    arn: str
    account: str
    role: str
    handler: str
    environ: Mapping[str, str]
    seconds: float
    reserved: int | None
    group: str
    tries: int
    destinations: Mapping[str, str]
    file_systems: tuple[tuple[str, str], ...]
    dead_letters: str
    recursive_loop: str
    code: bytes = field(repr=False)


def find(account: str, region: str, name: str) -> FunctionSettings | None:
    """A function of an account in a region, by its name; the caller holds moto's lock."""
    from moto.awslambda.exceptions import UnknownFunctionException  # noqa: PLC0415 - slow
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

    try:
        function = lambda_backends[account][region].get_function(name)
    except UnknownFunctionException:
        return None
    reserved = function.reserved_concurrency
    asynchronous = asynchronous_of(function)
    return FunctionSettings(
        name=str(function.function_name),
        arn=str(function.function_arn),
        account=account,
        role=str(function.role),
        handler=str(function.handler),
        environ={str(k): str(v) for k, v in (function.environment_vars or {}).items()},
        seconds=float(function.timeout),
        reserved=None if reserved is None else int(reserved),
        group=str(function.logs_group_name),
        tries=asynchronous.tries,
        destinations=asynchronous.destinations,
        file_systems=tuple(getattr(function, "file_systems", ())),
        dead_letters=str(getattr(function, "dead_letters", "") or ""),
        recursive_loop=str(getattr(function, "recursive_loop", "") or ""),
        code=bytes(getattr(function, "code_bytes", None) or b""),
    )
