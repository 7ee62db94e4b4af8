"""The settings file of a sandbox: one profile, for this program and the existing tools."""

from __future__ import annotations

import configparser
from pathlib import Path

from pennsieve_agent.sandbox import people
from pennsieve_agent.sandbox.private_files import write_private
from pennsieve_agent.sandbox.state import SandboxState
from pennsieve_agent.sandbox.store import Store

CONFIG_FILE = "config.ini"
PROFILE = "sandbox"


def read_profile(data: Path) -> dict[str, str]:
    """The profile's keys and values; empty when there is none or it cannot be read."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((data / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return {}
    return dict(parser[PROFILE]) if parser.has_section(PROFILE) else {}


def write_profile(store: Store, state: SandboxState, now: float) -> None:
    """Write the profile for the present addresses, keeping its API key while that is valid."""
    old = read_profile(state.data)
    key, secret = old.get("api_token", ""), old.get("api_secret", "")
    known = store.row("SELECT secret_hash FROM api_keys WHERE key = ?", (key,))
    if known is None or known["secret_hash"] != people.digest(secret):
        made = people.create_key(store, *people.owner(store), PROFILE, now)
        key, secret = made.key, made.secret
    aws = state.data / "aws"
    values = {
        "api_token": key,
        "api_secret": secret,
        "api_host": state.api,
        "api2_host": state.api2,
        "cli_cognito_endpoint": state.aws,
        "cli_aws_config_file": str(aws / "config"),
        "cli_aws_credentials_file": str(aws / "credentials"),
    }
    lines = [f"{name}={value}" for name, value in values.items()]
    write_private(
        state.data / CONFIG_FILE,
        "\n".join(["[global]", f"default_profile={PROFILE}", "", f"[{PROFILE}]", *lines, ""]),
    )
