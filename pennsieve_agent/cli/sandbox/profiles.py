"""The profiles of a sandbox's people in the user's own settings file, where --profile looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.errors import SettingsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.sandbox.host.control import Sandbox


def check_free(context: Context, sandbox: Sandbox, email: str, name: str | None) -> None:
    """Refuse a name that the user gave to another profile.

    Raises:
        UsageProblem: that profile is not of this sandbox.
    """
    from pennsieve_agent.sandbox.host.administration import profile_name

    name = profile_name(email, name)
    if _is_its_own(context, sandbox) or name not in context.settings.names():
        return
    if context.settings.profile(name).key_id not in _by_key(sandbox):
        raise UsageProblem(
            f"there is a profile '{name}' already, which is not of this sandbox",
            where=str(context.config_path),
            hint="choose another name with --as",
        )


def keep(context: Context, sandbox: Sandbox, name: str) -> None:
    """Have one of the sandbox's profiles in the user's settings file, too."""
    if not _is_its_own(context, sandbox):
        context.settings.write_section(name, sandbox.profiles()[name])


def follow(context: Context, sandbox: Sandbox) -> None:
    """Point the user's profiles of a sandbox that has just started to where it is now."""
    if _is_its_own(context, sandbox):
        return
    its = _by_key(sandbox)
    try:
        for name in context.settings.names():
            profile = context.settings.profile(name)
            values = its.get(profile.key_id)
            if values and values["api_host"] != profile.hosts.api:
                context.settings.write_section(name, values)
                context.streams.note(f"profile '{name}' is at {values['api_host']} now")
    except SettingsError as error:
        context.streams.note(
            f"warning: your profiles could not be set to the sandbox's address: {error.message}"
        )


def _is_its_own(context: Context, sandbox: Sandbox) -> bool:
    """Whether the settings file in use is the sandbox's, as after 'sandbox env'."""
    return context.config_path.absolute() == sandbox.data / "config.ini"


def _by_key(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    return {values["api_token"]: values for values in sandbox.profiles().values()}
