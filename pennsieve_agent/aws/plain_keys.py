"""AWS credentials that need no botocore to be read: keys that are written down.

They are in the environment, in a profile of AWS's files that has keys and nothing else, or kept by
this program where AWS's files have no profile of the name. Whatever
is more than that (single sign-on, roles, a process, an address, a proxy, a variable or an option
that is not known here) is left to botocore, which takes a third of a second to load. Where this
module answers, it answers what botocore would; a test compares them.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.aws_keys import AwsKeys
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.domain.profile import AwsSettings

ENVIRONMENT = "env"
"""What botocore calls the way to keys in variables."""
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_OPTIONS = {*_KEYS, "region", "output", "cli_pager", "endpoint_url"}
_VARIABLES = {
    *(name.upper() for name in _KEYS),
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
    *("AWS_PAGER", "AWS_DEFAULT_OUTPUT", "AWS_EC2_METADATA_DISABLED", "AWS_CA_BUNDLE"),
}
Profiles = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class PlainKeys:
    """Keys, and the address of the emulated AWS where they are good; empty for AWS itself."""

    keys: SigningKeys
    endpoint: str = ""


def plain_keys(
    settings: AwsSettings,
    profile: str | None,
    provider: str,
    environ: Mapping[str, str],
    find_keys: Callable[[str], AwsKeys | None],
) -> PlainKeys | None:
    """The keys that botocore would take; None where only botocore can say.

    ``profile`` is that of the settings or of an option; ``provider`` and ``find_keys`` are as in
    :class:`~pennsieve_agent.aws.session.Aws`.

    Raises:
        SettingsError: the keychain that may have the keys is locked.

    """
    profiles = _profiles(settings, environ) if _is_usual(environ) else None
    if profiles is None or provider not in {"", ENVIRONMENT}:
        return None
    kept = profile is not None and profile not in profiles
    named = None if kept else profile or _named(environ)
    values = profiles.get(named or "default", {})
    endpoint = settings.endpoint or values.get("endpoint_url", "")
    if (named and named not in profiles) or not _is_plain(values, endpoint):
        return None
    if profile is not None and kept:
        stored = find_keys(profile)
        keys = SigningKeys(stored.key_id, stored.secret, stored.token) if stored else None
    elif profile is None and environ.get("AWS_ACCESS_KEY_ID"):
        keys = _keys({name: environ.get(name.upper(), "") for name in _KEYS})
    else:
        keys = None if provider else _keys(values)
    return PlainKeys(keys, endpoint) if keys else None


def _named(environ: Mapping[str, str]) -> str | None:
    return environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE")


def _is_plain(values: Mapping[str, str], endpoint: str) -> bool:
    """Whether a profile has keys at most, and leads to AWS itself or to this machine."""
    is_near = not endpoint or is_loopback(endpoint)
    return set(values) <= _OPTIONS and is_near


def _is_usual(environ: Mapping[str, str]) -> bool:
    """Whether nothing in the environment changes how AWS is reached, or who calls."""
    return all(name in _VARIABLES for name in environ if name.startswith(("AWS_", "BOTO_")))


def _keys(values: Mapping[str, str]) -> SigningKeys | None:
    key_id, secret, token = (values.get(name, "") for name in _KEYS)
    if not all(
        word.isascii() and word.isprintable() and " " not in word for word in values.values()
    ):
        return None  # what is wrong with them is told on the long way
    return SigningKeys(key_id, secret, token) if key_id and secret else None


def _profiles(settings: AwsSettings, environ: Mapping[str, str]) -> Profiles | None:
    """The profiles of both files together; None where only botocore can read them."""
    config = settings.config_file or environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    credentials = (
        settings.credentials_file
        or environ.get("AWS_SHARED_CREDENTIALS_FILE")
        or "~/.aws/credentials"
    )
    profiles: dict[str, dict[str, str]] = {}
    try:
        for section, values in _sections(config).items():
            name = _profile_name(section)
            if name is None or name in profiles:
                return None
            if name:
                profiles[name] = values
        for name, values in _sections(credentials).items():
            known = profiles.setdefault(name, {})
            if any(key in values for key in _KEYS) and any(key in known for key in _KEYS):
                return None  # the keys of one file are never mixed with those of the other
            known.update(values)
    except (OSError, ValueError, configparser.Error):
        return None
    return profiles


def _profile_name(section: str) -> str | None:
    """The profile of a section of the config file; empty for others, None where it is unclear."""
    if section == "default":
        return section
    if not section.startswith("profile"):
        return None if section == "plugins" else ""
    words = section.split()
    is_simple = len(words) == 2 and words[0] == "profile"  # noqa: PLR2004 - "profile NAME"
    # Other names are read by the rules of shells.
    return words[1] if is_simple and not set("'\"\\") & set(section) else None


def _sections(file: Path | str) -> dict[str, dict[str, str]]:
    path = os.path.expanduser(os.path.expandvars(str(file)))  # noqa: PTH111 - as botocore does
    if not os.path.isfile(path):  # noqa: PTH113 - as above
        return {}
    parser = configparser.RawConfigParser()
    parser.read([path])
    return {name: dict(parser.items(name)) for name in parser.sections()}
