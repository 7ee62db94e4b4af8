"""The settings file of a sandbox: profiles for this program and for the existing tools.

``sandbox`` is the owner's profile, written anew at each start; the others were made by
``pennsieve sandbox user key`` and follow when the ports change.
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from pathlib import Path

from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host.private_files import write_private
from pennsieve_agent.sandbox.host.state import SandboxState
from pennsieve_agent.sandbox.host.store import Store

CONFIG_FILE = "config.ini"
PROFILE = "sandbox"
_GLOBAL = "global"

Profiles = dict[str, dict[str, str]]


def read_profiles(data: Path) -> Profiles:
    """All profiles, by name; none when there is no file or it cannot be read."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((data / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return {}
    return {name: dict(parser[name]) for name in parser.sections() if name != _GLOBAL}


def read_profile(data: Path) -> dict[str, str]:
    """The owner's profile; empty when there is none or it cannot be read."""
    return read_profiles(data).get(PROFILE, {})


def write_profiles(data: Path, profiles: Mapping[str, Mapping[str, str]]) -> None:
    """Write the file, readable only by its owner."""
    lines = [f"[{_GLOBAL}]", f"default_profile={PROFILE}", ""]
    for name, values in profiles.items():
        lines += [f"[{name}]", *(f"{key}={value}" for key, value in values.items()), ""]
    write_private(data / CONFIG_FILE, "\n".join(lines))


def write_profile(store: Store, state: SandboxState, now: float) -> None:
    """Write the profiles for the present addresses, keeping the API keys that are still valid."""
    profiles = read_profiles(state.data)
    old = profiles.pop(PROFILE, {})
    if not key_is_valid(store, old):
        new_key = directory.create_key(store, *directory.owner(store), PROFILE, now)
        old = {"api_token": new_key.key, "api_secret": new_key.secret}
    others = {name: profile for name, profile in profiles.items() if key_is_valid(store, profile)}
    places = _places(state)
    write_profiles(
        state.data,
        {name: {**_key(profile), **places} for name, profile in {PROFILE: old, **others}.items()},
    )


def key_is_valid(store: Store, values: Mapping[str, str]) -> bool:
    """Whether the API key of a profile is one of this sandbox."""
    known = store.row(
        "SELECT secret_hash FROM api_keys WHERE key = ?", (values.get("api_token", ""),)
    )
    right = directory.digest(values.get("api_secret", ""))
    return known is not None and known["secret_hash"] == right


def _key(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values[name] for name in ("api_token", "api_secret")}


def _places(state: SandboxState) -> dict[str, str]:
    aws = state.data / "aws"
    return {
        "api_host": state.api,
        "api2_host": state.api2,
        "cli_cognito_endpoint": state.aws,
        "cli_aws_config_file": str(aws / "config"),
        "cli_aws_credentials_file": str(aws / "credentials"),
    }
