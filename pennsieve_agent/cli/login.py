"""``pennsieve login``: sign in with an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.web import WEB
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import SettingsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.profile import ApiKey, Hosts, Identity, Profile

_NEW_PROFILE = "lab"
_NOT_FOR_OTHERS = (
    "Pennsieve's own Python client and agent read secrets from config.ini alone, so they cannot "
    "use this profile; if you need them: pennsieve login --plaintext"
)


@command(
    "login",
    answers="identity",
    examples=["pennsieve login", "pennsieve login --profile lab --key KEY --secret-stdin"],
)
def login(
    context: Context,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The API key; its secret is asked for.")
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")
    ] = False,
    plaintext: Annotated[
        bool,
        typer.Option(
            "--plaintext", help="Keep the secret in config.ini (mode 0600), not in the keychain."
        ),
    ] = False,
    api_host: Annotated[str | None, typer.Option(metavar="URL", hidden=True)] = None,
    api2_host: Annotated[str | None, typer.Option(metavar="URL", hidden=True)] = None,
) -> Shown:
    """Sign in to Pennsieve with an API key.

    Make a key in the web application (your profile, "API keys"). A key is bound to one workspace:
    use one profile for each workspace. If the profile has a key already, it is checked again.
    --plaintext moves its secret from the keychain to config.ini, where Pennsieve's own Python
    client reads it.
    """
    from dataclasses import replace

    from pennsieve_agent.domain.profile import Hosts, Profile

    profile = context.profile_name
    known = _known(context, profile)
    if (
        known is not None
        and key is None
        and (usable := _unlocked(context, known, plaintext=plaintext))
    ):
        who = context.connect(usable).identity()
        if plaintext and known.locked_key:
            where = context.settings.save(usable, plaintext=True)
            return _shown(context, replace(usable, key_source=where), who, f"key moved to {where}")
        return _shown(context, usable, who, f"using the key from {usable.key_source}")
    before = known.hosts if known else Hosts()
    hosts = replace(before, api=api_host or before.api, api2=api2_host or before.api2)
    name = profile or (known.name if known and known.name else _NEW_PROFILE)
    _tell_where(context, hosts, key)
    entered = Profile(
        name, hosts, _enter(context, key, secret_stdin=secret_stdin, plaintext=plaintext)
    )
    # Signed in before anything is kept: a wrong key must not replace a right one.
    who = context.connect(entered).identity()
    with context.interruption.during(
        "the key may or may not have been kept", "check with: pennsieve profile list", always=True
    ):
        where = context.settings.save(
            entered,
            plaintext=plaintext,
            make_default=profile is None or context.settings.default_name() is None,
        )
    return _shown(context, replace(entered, key_source=where), who, f"key kept in {where}")


def _known(context: Context, name: str | None) -> Profile | None:
    if name is not None and name not in context.settings.names():
        return None
    return context.settings.profile(name)


def _unlocked(context: Context, known: Profile, *, plaintext: bool) -> Profile | None:
    """The profile with its key; None where a key is to be entered."""
    try:
        usable = context.settings.unlocked(known)
    except SettingsError:
        if plaintext:
            return None  # the new key needs no keychain
        raise
    return usable if usable.key else None


def _tell_where(context: Context, hosts: Hosts, key: str | None) -> None:
    """Where a key is made, for whoever is asked for one; a sandbox has its own."""
    if not key and context.streams.can_ask and hosts.hosted:
        context.streams.note(
            f'Make a key in the web application ({WEB}): your profile, "API keys". '
            "A key is for one workspace."
        )


def _enter(context: Context, key: str | None, *, secret_stdin: bool, plaintext: bool) -> ApiKey:
    from pennsieve_agent.domain.profile import ApiKey

    instead = "give --key KEY and --secret-stdin, or set PENNSIEVE_API_KEY and PENNSIEVE_API_SECRET"
    streams = context.streams
    key = key or streams.ask("API key", instead=instead)
    if not plaintext:
        context.settings.check_keychain()  # before a secret is typed in vain
    if secret_stdin:
        secret = streams.read_line().strip()
    else:
        secret = streams.ask_secret("API secret (not shown)", instead=instead)
    if not key or not secret:
        raise UsageProblem("a key and a secret are needed", hint=instead)
    return ApiKey(key, secret)


def _shown(context: Context, profile: Profile, who: Identity, kept: str) -> Shown:
    from pennsieve_agent.console import documents

    return Shown(
        documents.identity(who, profile, context.now()),
        f"Signed in to workspace '{who.workspace.name}' as {who.user.name} <{who.user.email}>",
        notes=[
            f"profile '{profile.name}' at {profile.hosts.api}, {kept}",
            *([_NOT_FOR_OTHERS] if "keychain" in profile.key_source else []),
            *(f"warning: {warning}" for warning in context.settings.warnings()),
        ],
    )
