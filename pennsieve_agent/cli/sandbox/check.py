"""``pennsieve sandbox check``: whether a Pennsieve answers as its contract says."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.extras import sandbox_parts
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import ExitCode, NotSignedIn, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.contract.runner import Outcome
    from pennsieve_agent.domain.profile import ApiKey, Hosts


@command(
    "sandbox check",
    answers="sandbox_check",
    examples=["pennsieve sandbox check", "pennsieve sandbox check http://127.0.0.1:9440"],
)
def check(
    context: Context,
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]", help="The v1 address of the profile. Default: the running sandbox."
        ),
    ] = None,
    api2: Annotated[
        str | None, typer.Option("--api2", metavar="URL", help="The v2 address, if another one.")
    ] = None,
    data: box.Data = None,
) -> Shown:
    """Ask Pennsieve everything in its contract, and list wrong answers.

    Without URL the running sandbox is asked, about temporary things that are created for it; a
    private application and two archived workflows stay, as nothing can delete them. With URL, only
    requests that change nothing are made, with the profile's key. The exit code is 1 when an answer
    is wrong.
    """
    with sandbox_parts():
        from pennsieve_agent.contract.report import document, lines

    outcomes = _of_profile(context, url, api2) if url else _of_sandbox(context, data)
    failed = any(outcome.failed for outcome in outcomes)
    code = ExitCode.FAILED if failed else ExitCode.OK
    return Shown(document(outcomes), list(lines(outcomes)), exit_code=code)


def _of_sandbox(context: Context, data: Path | None) -> list[Outcome]:
    with sandbox_parts():
        from pennsieve_agent.contract.runner import check_all
        from pennsieve_agent.contract.stage import Workshop
        from pennsieve_agent.sandbox.host import for_checks
    from pennsieve_agent.domain.profile import ApiKey, Hosts
    from pennsieve_agent.platform.http.raw import RawClient

    sandbox, state = box.running(context, data)
    values = sandbox.profile_values()
    key = ApiKey(values["api_token"], values["api_secret"])
    workshop = Workshop(
        partial(for_checks.fill, sandbox.data), partial(for_checks.expired, sandbox.data)
    )
    with RawClient() as client:
        return check_all(client, Hosts(*state.urls), key, workshop)


def _of_profile(context: Context, url: str, api2: str | None) -> list[Outcome]:
    from pennsieve_agent.contract.runner import check_reading
    from pennsieve_agent.platform.http.raw import RawClient

    hosts, key = _target(context, url, api2)
    with RawClient() as client:
        return check_reading(client, hosts, key)


def _target(context: Context, url: str, api2: str | None) -> tuple[Hosts, ApiKey]:
    """Where to ask, and with which key: a key goes to the hosts of its own profile only."""
    from dataclasses import replace

    profile = context.settings.unlocked(context.profile)
    if profile.key is None:
        raise NotSignedIn("there is no key to ask with", hint="sign in with: pennsieve login")
    if profile.hosts.api.rstrip("/") != url.rstrip("/"):
        raise UsageProblem(
            f"the key of profile '{profile.name}' belongs to {profile.hosts.api}",
            where=url,
            hint="choose the profile of that address with --profile (pennsieve profile list)",
        )
    return replace(profile.hosts, api2=api2) if api2 else profile.hosts, profile.key
