"""``pennsieve sandbox check``: whether a Pennsieve answers as its contract says."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.extras import sandbox_parts
from pennsieve_agent.errors import ExitCode, NotSignedIn, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.contract.runner import Outcome
    from pennsieve_agent.domain.profile import ApiKey, Hosts


def check(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL]", help="The v1 address of the profile. Default: the running sandbox."
        ),
    ] = None,
    api2: Annotated[
        str | None, typer.Option("--api2", metavar="URL", help="The v2 address, if another one.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Its folder. Default: ~/.pennsieve/sandbox."),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Ask every question of the platform's contract, and say which answers are wrong.

    Without URL the running sandbox is asked, about throw-away things that are made for it; of these
    a private application and two archived workflows stay, which nothing can remove. With
    URL, only questions that change nothing are asked, with the profile's key. Exit code 1 when an
    answer is wrong.
    """
    with sandbox_parts():
        from pennsieve_agent.contract.report import document, lines

    context = options.use(ctx, profile, as_json=json)
    outcomes = _of_profile(context, url, api2) if url else _of_sandbox(context, data)
    if json:
        context.streams.document(document(outcomes))
    else:
        for line in lines(outcomes):
            context.streams.result(line)
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(int(ExitCode.FAILED))


def _of_sandbox(context: Context, data: Path | None) -> list[Outcome]:
    with sandbox_parts():
        from pennsieve_agent.contract.runner import check_all
        from pennsieve_agent.contract.stage import Workshop
        from pennsieve_agent.sandbox.host import for_checks
        from pennsieve_agent.sandbox.host.control import Sandbox
    from pennsieve_agent.domain.profile import ApiKey, Hosts
    from pennsieve_agent.platform.http.raw import RawClient

    box = Sandbox(data or context.home / ".pennsieve" / "sandbox")
    state = box.status()
    if state is None:
        raise UsageProblem(
            "the sandbox is not running",
            where=str(box.data),
            hint="start it with: pennsieve sandbox start --detach",
        )
    values = box.profile_values()
    key = ApiKey(values["api_token"], values["api_secret"])
    workshop = Workshop(partial(for_checks.fill, box.data), partial(for_checks.expired, box.data))
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

    profile = context.profile
    if profile.key is None:
        raise NotSignedIn("there is no key to ask with", hint="sign in with: pennsieve login")
    if profile.hosts.api.rstrip("/") != url.rstrip("/"):
        raise UsageProblem(
            f"the key of profile '{profile.name}' belongs to {profile.hosts.api}",
            where=url,
            hint="choose the profile of that address with --profile (pennsieve profile list)",
        )
    return replace(profile.hosts, api2=api2) if api2 else profile.hosts, profile.key
