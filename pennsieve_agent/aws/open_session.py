"""Opening a session of botocore's own, once its settings are held to what they may be."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.aws.credential_source import CredentialSource
from pennsieve_agent.aws.wrong_settings import (
    WRONG,
    Setting,
    certificates,
    check,
    check_pair,
    credential_settings,
    in_force,
    region_variable,
    service_settings,
    settings_of,
)
from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AgentError, AwsError
from pennsieve_agent.transfer.network import in_one_file, network
from pennsieve_agent.transfer.temporary_folders import temporary_folder

_AWS = "https://sts.us-east-1.amazonaws.com"


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


def examine(
    session: Any, source: CredentialSource, settings: AwsSettings, profile: str | None
) -> None:
    """Hold all settings that count to what they may be, and take Pennsieve's certificates.

    Raises:
        AwsError: one of them is wrong; it is named.
    """
    environ, values = os.environ, source.profiles.get(source.name, {})
    chosen, endpoint = profile is not None, settings.endpoint is not None
    counting = in_force(environ, values, chosen=chosen, endpoint=endpoint)
    if not chosen:
        check_pair(counting)
    check(settings_of(counting, values, source.place()))
    if not counting.get("AWS_ACCESS_KEY_ID"):
        for name in list(source.chain())[1:]:
            known = credential_settings(source.profiles[name], source.place(name))
            check(known)
    services = str(values.get("services"))
    section = session.full_config.get("services", {}).get(services, {})
    check(service_settings(section, f"{source.config}, services {services}"))
    if setting := certificates(environ, values, source.place()):
        session.set_config_variable("ca_bundle", _file_of(setting))
    _choose_proxy(
        session,
        settings.endpoint
        or counting.get("AWS_ENDPOINT_URL")
        or str(values.get("endpoint_url") or _AWS),
    )


def _choose_proxy(session: Any, endpoint: str) -> None:
    """Take the proxy that Pennsieve's side takes, too: none for this machine itself.

    Botocore would ask a proxy for this machine, and knows no ``ALL_PROXY``.

    Raises:
        AwsError: the environment names one that cannot be used.
    """
    from botocore.config import Config  # noqa: PLC0415 - a command without AWS never loads it

    parts, way = urlsplit(endpoint), network(os.environ)
    try:
        proxy = way.proxy(parts.scheme, parts.hostname or "")
    except AgentError as error:
        raise AwsError(error.message, where=error.where, hint=error.hint, aws_code=WRONG) from None
    if is_loopback(endpoint):
        session.set_default_client_config(Config(proxies={}))
    elif proxy and not way.proxies.get(parts.scheme):
        session.set_default_client_config(Config(proxies={parts.scheme: way.proxies["all"]}))


def _file_of(setting: Setting) -> str:
    """The file of certificates, which is all that botocore takes; a folder's are put into one."""
    content = in_one_file(setting.name, setting.value)
    return setting.value if content is None else _kept(content)


@cache
def _kept(content: bytes) -> str:
    """A file of this content, until the program ends."""
    kept = ExitStack()
    path = kept.enter_context(temporary_folder()) / "certificates.pem"
    atexit.register(kept.close)
    path.write_bytes(content)
    return str(path)


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
        if os.environ.get(variable)
        and not Path(os.environ[variable]).expanduser().is_file()
        and os.environ[variable] != os.devnull  # that says: none
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


def refuse_to_ask(source: CredentialSource, profile: str | None) -> None:
    """Refuse a profile for which botocore would ask for an MFA code, where nobody can answer."""
    if profile is None and os.environ.get("AWS_ACCESS_KEY_ID"):
        return  # these come first
    if any({"mfa_serial", "role_arn"} <= source.profiles[name].keys() for name in source.chain()):
        raise AwsError(
            f"AWS profile '{source.name}' asks for the code of an MFA device, and this is not a "
            "terminal",
            hint='get a session first: eval "$(aws configure export-credentials --profile '
            f'{source.name} --format env)"',
            aws_code="MfaRequired",
        )
