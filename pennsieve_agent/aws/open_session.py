"""Opening a session of botocore's own, once its settings are held to what they may be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pennsieve_agent.aws.credential_source import CredentialSource
from pennsieve_agent.aws.wrong_settings import (
    bundle,
    check,
    check_pair,
    in_force,
    region_variable,
    settings_of,
)
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError


def session_of_files(settings: AwsSettings, profile: str | None) -> Any:
    """A session of the profile, or of what a variable names, or of none.

    Raises:
        AwsError: there is no such profile.
    """
    named = profile_variable(os.environ)
    name = profile or (os.environ[named] if named else None)
    session = plain_session(settings, name) if name else unbound_session(settings)
    if name and name not in session.available_profiles:
        raise AwsError(
            f"there is no AWS profile called '{name}'",
            where=named if profile is None else None,
            hint="list them with: pennsieve aws list",
            aws_code="ProfileNotFound",
        )
    return session


def examine(session: Any, settings: AwsSettings, profile: str | None) -> None:
    """Hold all settings that count to what they may be, and take Pennsieve's certificates.

    Raises:
        AwsError: one of them is wrong; it is named.
    """
    source, environ = credential_source(session, settings, profile), os.environ
    values = source.profiles.get(source.name, {})
    chosen, endpoint = profile is not None, settings.endpoint is not None
    counting = in_force(environ, values, chosen=chosen, endpoint=endpoint)
    if not chosen:
        check_pair(counting)
    check(settings_of(counting, values, f"{source.config}, profile {source.name}"))
    if "ca_bundle" not in values and (certificates := bundle(environ)):
        session.set_config_variable("ca_bundle", certificates)


def credential_source(session: Any, settings: AwsSettings, profile: str | None) -> CredentialSource:
    """Where the credentials in use come from; nothing is fetched. The session may be None."""
    named = profile_variable(os.environ)
    name = profile or (os.environ[named] if named else "")
    session = session or unbound_session(settings)
    method = str(getattr(getattr(session, "_credentials", None), "method", ""))
    profiles = session.full_config.get("profiles", {})
    absent = [
        f", as {variable} names {os.environ[variable]}, which is not a file"
        for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
        if os.environ.get(variable) and not Path(os.environ[variable]).expanduser().is_file()
    ]
    return CredentialSource(method, name, config_file(settings), profiles, "".join(absent[:1]))


def plain_session(settings: AwsSettings, profile: str | None = None) -> Any:
    """A session of botocore's own with the files that the settings name."""
    return _session(settings, profile=profile)


def unbound_session(settings: AwsSettings) -> Any:
    """A session of no profile at all, whatever ``AWS_PROFILE`` says."""
    no_variable: tuple[Any, ...] = (None, [], None, None)
    return _session(settings, session_vars={"profile": no_variable})


def _session(settings: AwsSettings, **how: Any) -> Any:
    import botocore.session  # noqa: PLC0415 - a command without AWS never loads it

    session = botocore.session.Session(**how)
    if variable := region_variable(os.environ):
        # Botocore reads AWS_DEFAULT_REGION alone.
        session.set_config_variable("region", os.environ[variable])
    files = {"config_file": settings.config_file, "credentials_file": settings.credentials_file}
    for variable, path in files.items():
        if path is not None:
            session.set_config_variable(variable, str(path))
    return session


def config_file(settings: AwsSettings) -> str:
    """The file that has the profiles, as it is named."""
    return str(settings.config_file or os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config")


def profile_variable(environ: Mapping[str, str]) -> str | None:
    """The variable that names a profile, by botocore's order; an empty one names none."""
    names = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
    return next((name for name in names if environ.get(name)), None)


def limit(session: Any, provider: str) -> None:
    """Let a session take credentials from one provider alone."""
    from botocore.credentials import CredentialResolver  # noqa: PLC0415 - as above

    chain = session.get_component("credential_provider")
    session.register_component(
        "credential_provider", CredentialResolver([chain.get_provider(provider)])
    )


def refuse_to_ask(session: Any, name: str | None) -> None:
    """Refuse a profile for which botocore would ask for an MFA code, where nobody can answer."""
    if name is None and os.environ.get("AWS_ACCESS_KEY_ID"):
        return  # these come first
    profiles = session.full_config.get("profiles", {})
    seen: list[str] = []
    at = str(name or session.profile or "default")
    while at in profiles and at not in seen:
        seen.append(at)
        if "mfa_serial" in profiles[at] and "role_arn" in profiles[at]:
            raise AwsError(
                f"AWS profile '{seen[0]}' asks for the code of an MFA device, and this is not a "
                "terminal",
                hint='get a session first: eval "$(aws configure export-credentials --profile '
                f'{seen[0]} --format env)"',
                aws_code="MfaRequired",
            )
        at = str(profiles[at].get("source_profile"))
