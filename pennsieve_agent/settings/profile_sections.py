"""Profiles as sections of the settings file: recognised, read and written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from pennsieve_agent.domain.profile import AwsSettings, Hosts, Profile
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.settings.api_addresses import address, hosts
from pennsieve_agent.settings.config_file import ConfigFile

ENVIRONMENT = "environment"
"""The name of the profile that environment variables make up."""

_NO_PROFILES = {"agent", "global", "migration"}
_RESERVED = {*_NO_PROFILES, "default", "pennsieve", ENVIRONMENT}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEYS = ("api_token", "api_secret", "api_host", "api2_host")
_OURS = "cli_"
_FALLBACK_DEFAULT = "pennsieve"


def check_name(name: str, existing: Iterable[str] = ()) -> None:
    """Whether a profile of that name may be written (``contracts/core.md`` 2.2).

    Profiles that other tools made keep the names they have.

    Raises:
        UsageProblem: it is reserved, or the existing tools would change it.

    """
    if name in existing:
        return
    if name.casefold() in _RESERVED:
        raise UsageProblem(
            f"'{name}' is not a valid profile name: it has another meaning",
            hint="choose another name, for example that of the workspace",
        )
    if not _NAME.fullmatch(name):
        raise UsageProblem(
            f"'{name}' is not a valid profile name",
            hint="use lower-case letters, digits, hyphens and underscores",
        )


def profile_names(file: ConfigFile) -> list[str]:
    """The names of all profiles, sorted: every section with a key that only profiles have."""

    def is_profile(section: str) -> bool:
        return section.casefold() not in _NO_PROFILES and any(
            key in _KEYS or key.startswith(_OURS) for key in file.items(section)
        )

    return sorted(section for section in file.sections() if is_profile(section))


def default_profile(file: ConfigFile) -> str | None:
    """The profile meant when nobody names one; None if there is none, or several.

    Without ``[global] default_profile`` the existing agent takes ``pennsieve``
    (``contracts/core.md`` 2.2). The answer may name a profile that is gone.
    """
    names = profile_names(file)
    if not names:
        return None
    default = file.get("global", "default_profile")
    if default:
        return next((name for name in names if name.casefold() == default.casefold()), default)
    if len(names) == 1:
        return names[0]
    return next((name for name in names if name.casefold() == _FALLBACK_DEFAULT), None)


def entries(profile: Profile, *, plaintext: bool) -> dict[str, str | None]:
    """The entries of a profile's section; None means: no such key."""
    addresses = profile.hosts
    key, aws = profile.key, profile.aws
    return {
        "api_token": key.key if key else None,
        "api_secret": key.secret if key and plaintext else None,
        "api_host": None if addresses.hosted else addresses.api,
        "api2_host": None if addresses == Hosts(cognito=addresses.cognito) else addresses.api2,
        "cli_cognito_endpoint": addresses.cognito,
        "cli_aws_profile": aws.profile,
        "cli_aws_region": aws.region,
        "cli_aws_endpoint": aws.endpoint,
        "cli_aws_config_file": str(aws.config_file) if aws.config_file else None,
        "cli_aws_credentials_file": str(aws.credentials_file) if aws.credentials_file else None,
    }


def read_profile(file: ConfigFile, name: str) -> tuple[Profile, str | None, str | None]:
    """A profile without its key, and the key's id and secret as far as the file has them.

    Raises:
        SettingsError: an address in it is none, or would show the key to others.

    """
    items = {key: value for key, value in file.items(name).items() if value}

    def checked(key: str) -> str | None:
        text = items.get(key)
        return address(text, f"{key} of profile '{name}'", file.where) if text else None

    cognito = checked("cli_cognito_endpoint")
    profile = Profile(
        name=name,
        hosts=hosts(checked("api_host"), checked("api2_host"), cognito, where=file.where),
        aws=AwsSettings(
            profile=items.get("cli_aws_profile"),
            region=items.get("cli_aws_region"),
            endpoint=checked("cli_aws_endpoint"),
            config_file=_path(items.get("cli_aws_config_file")),
            credentials_file=_path(items.get("cli_aws_credentials_file")),
        ),
    )
    return profile, items.get("api_token"), items.get("api_secret")


def _path(text: str | None) -> Path | None:
    if text is None:
        return None
    return Path.home() / text[2:] if text.startswith("~/") else Path(text)
