"""Profiles: which one is meant, what it holds, and keeping it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pennsieve_agent.domain.profile import ApiKey, Hosts, Profile
from pennsieve_agent.errors import NotSignedIn, SettingsError, UnknownName, UsageProblem
from pennsieve_agent.settings.api_addresses import address, hosts
from pennsieve_agent.settings.config_file import ConfigFile, is_exposed
from pennsieve_agent.settings.keychain import Keychain
from pennsieve_agent.settings.profile_secrets import ProfileSecrets
from pennsieve_agent.settings.profile_sections import (
    ENVIRONMENT,
    check_name,
    default_profile,
    entries,
    profile_names,
    read_profile,
)

_IN_ENVIRONMENT, _IN_FILE, _IN_KEYCHAIN = "the environment", "config.ini", "the keychain"


class Settings:
    """The profiles of this machine and user.

    Reads the file anew for each question, so that a long-running program sees changes.
    """

    def __init__(self, path: Path, environ: Mapping[str, str], keychain: Keychain) -> None:
        self._path = path
        self._environ = environ
        self._secrets = ProfileSecrets(keychain)

    def profile(self, name: str | None = None) -> Profile:
        """The profile to use.

        ``name`` (a flag) comes first; then the key in the environment, which makes a profile of its
        own and hides the file, as in the existing agent (``contracts/core.md`` 2.4); then
        ``PENNSIEVE_PROFILE`` (ours); then ``[global] default_profile``; then the only profile there
        is. With no profile at all the answer has an empty name and no key. The keychain is not
        asked: :meth:`unlocked` does that.

        Raises:
            UsageProblem: there is no profile of that name, or several and none is the default.
            NotSignedIn: the environment has a key without its secret.
            SettingsError: the file or an address in it cannot be used.

        """
        if name is None and (key := self._variable("PENNSIEVE_API_KEY")):
            return self._from_environment(key)
        file = ConfigFile.load(self._path)
        chosen = name if name is not None else self._chosen(file)
        if chosen is None:
            return Profile(name="", hosts=self.environment_hosts())
        return self._from_file(file, self._known(file, chosen, by_flag=name is not None))

    def unlocked(self, profile: Profile) -> Profile:
        """The profile with its secret, which the keychain is asked for if it has it.

        Raises:
            SettingsError: the keychain cannot be reached, is locked, or does not answer.

        """
        key = profile.locked_key
        if not key:
            return profile
        secret = self._secrets.get(profile.name, key)
        if not secret:
            return replace(profile, key_source="", locked_key="")
        return replace(profile, key=ApiKey(key, secret), locked_key="")

    def key_id(self, name: str | None = None) -> str:
        """Whose names may be seen: the hosts and the id of the key in use; "" when signed out.

        The keychain is not asked. Errors as of :meth:`profile`.
        """
        if name is None and (key := self._variable("PENNSIEVE_API_KEY")):
            return f"{self.environment_hosts().api} {key}"
        file = ConfigFile.load(self._path)
        chosen = name if name is not None else self._chosen(file)
        if chosen is None:
            return ""
        profile, known, _ = read_profile(file, self._known(file, chosen))
        return f"{profile.hosts.api} {known}" if known else ""

    def addresses(self) -> Iterator[tuple[str, str | SettingsError]]:
        """Each profile of the file, sorted, with its first API or what is wrong with it."""
        file = ConfigFile.load(self._path)
        for name in profile_names(file):
            try:
                yield name, read_profile(file, name)[0].hosts.api
            except SettingsError as error:
                yield name, error

    def names(self) -> list[str]:
        """The names of the file's profiles, sorted."""
        return profile_names(ConfigFile.load(self._path))

    def default_name(self) -> str | None:
        """The profile used when nobody names one; None if there is none, or several."""
        return default_profile(ConfigFile.load(self._path))

    def environment_hosts(self) -> Hosts:
        """The hosts the environment names, else Pennsieve's own.

        Workflow containers spell the second ``PENNSIEVE_API_HOST2`` (``contracts/core.md`` 2.3).
        ``PENNSIEVE_COGNITO_ENDPOINT`` is ours.
        """
        return hosts(
            self._address("PENNSIEVE_API_HOST"),
            self._address("PENNSIEVE_API2_HOST") or self._address("PENNSIEVE_API_HOST2"),
            self._address("PENNSIEVE_COGNITO_ENDPOINT"),
            where="environment",
        )

    def save(self, profile: Profile, *, plaintext: bool = False, make_default: bool = False) -> str:
        """Keep a profile, replacing one of the same name. Answers in words where the secret went.

        Raises:
            UsageProblem: the name cannot be a new profile's.
            SettingsError: no keychain and not ``plaintext``, or the file or keychain refused;
                nothing has changed then.

        """
        file = ConfigFile.load(self._path)
        check_name(profile.name, existing=profile_names(file))
        old = file.get(profile.name, "api_token")
        for key, value in entries(profile, plaintext=plaintext).items():
            if value is None:
                file.remove(profile.name, key)
            else:
                file.set(profile.name, key, value)
        if make_default:
            file.set("global", "default_profile", profile.name)
        if profile.key and not plaintext:
            self._save_with_keychain(file, profile.name, profile.key)
        else:
            file.save()
        new = profile.key.key if profile.key else None
        for api_key in {old, new} - {None if plaintext else new}:
            if api_key:  # the file is right already; a secret that stays must not undo that
                self._secrets.put_back(profile.name, api_key, None)
        if not profile.key:
            return "nowhere, as there is no key"
        return f"{self._path}, readable only by you" if plaintext else "the system's keychain"

    def write_section(
        self, name: str, values: Mapping[str, str], *, make_default: bool = False
    ) -> None:
        """Keep a profile as the keys of its section, secret included: for the sandbox's.

        Other keys of the section stay.

        Raises:
            UsageProblem: the name cannot be a new profile's.
            SettingsError: an address in it is none, or the file cannot be used; nothing changed.

        """
        file = ConfigFile.load(self._path)
        check_name(name, existing=profile_names(file))
        for key, value in values.items():
            file.set(name, key, value)
        if make_default:
            file.set("global", "default_profile", name)
        read_profile(file, name)
        file.save()

    def check_keychain(self) -> None:
        """Refuse to go on where a secret could not be kept.

        Raises:
            SettingsError: no keychain can be reached.

        """
        self._secrets.check()

    def remove(self, name: str, *, leave_secret: bool = False) -> str:
        """Forget a profile, its secret and its sign-in. Answers in words where the secret was.

        ``leave_secret`` leaves in the keychain what it has.

        Raises:
            UsageProblem: there is none of that name.
            KeychainAway: the keychain that has the secret cannot be reached; nothing was forgotten.
            SettingsError: the same, as it is locked or does not answer; or the file cannot be used.

        """
        file = ConfigFile.load(self._path)
        known = self._known(file, name)
        key, secret = file.get(known, "api_token"), file.get(known, "api_secret")
        in_keychain = key and not secret and not leave_secret
        kept = self._secrets.take_out(known, key) if key and in_keychain else None
        file.remove_section(known)
        if (file.get("global", "default_profile") or "").casefold() == known.casefold():
            file.remove("global", "default_profile")
        try:
            file.save()
        except SettingsError:
            if kept and key:  # profile and secret stay together
                self._secrets.put_back(known, key, kept)
            raise
        self._secrets.end_session(known)
        if secret:
            return _IN_FILE
        return _IN_KEYCHAIN if kept else ""

    def known(self, name: str) -> str:
        """A profile's name as it is written in the file.

        Raises: as :meth:`set_default`.
        """
        return self._known(ConfigFile.load(self._path), name)

    def set_default(self, name: str) -> None:
        """Make a profile the one that is used when nobody names one.

        Raises:
            UsageProblem: there is none of that name.
            SettingsError: the file cannot be used.

        """
        file = ConfigFile.load(self._path)
        file.set("global", "default_profile", self._known(file, name))
        file.save()

    def warnings(self) -> list[str]:
        """What a user should know about the settings, one sentence each."""
        warnings = []
        if is_exposed(self._path):
            warnings.append(
                f"{self._path} holds keys and can be read by others on this machine; "
                f"make it private with: chmod 600 {self._path}"
            )
        if self._variable("PENNSIEVE_API_KEY") and self._variable("PENNSIEVE_PROFILE"):
            warnings.append(
                "PENNSIEVE_API_KEY is set, so PENNSIEVE_PROFILE is ignored; "
                "name a profile with --profile, or unset PENNSIEVE_API_KEY"
            )
        return warnings

    def _variable(self, name: str) -> str | None:
        return self._environ.get(name, "").strip() or None

    def _address(self, variable: str) -> str | None:
        text = self._variable(variable)
        return None if text is None else address(text, variable, "environment")

    def _from_environment(self, key: str) -> Profile:
        secret = self._variable("PENNSIEVE_API_SECRET")
        if secret is None:
            raise NotSignedIn(
                "PENNSIEVE_API_KEY is set but PENNSIEVE_API_SECRET is not",
                where="environment",
                hint="set PENNSIEVE_API_SECRET too, or unset PENNSIEVE_API_KEY to use a profile",
            )
        addresses = self.environment_hosts()
        return Profile(ENVIRONMENT, addresses, ApiKey(key, secret), key_source=_IN_ENVIRONMENT)

    def _from_file(self, file: ConfigFile, name: str) -> Profile:
        profile, key, secret = read_profile(file, name)
        if not key:
            return profile
        if not secret:
            return replace(profile, locked_key=key, key_source=_IN_KEYCHAIN)
        return replace(profile, key=ApiKey(key, secret), key_source=_IN_FILE)

    def _chosen(self, file: ConfigFile) -> str | None:
        if named := self._variable("PENNSIEVE_PROFILE"):
            return named
        names = profile_names(file)
        if names and default_profile(file) is None:
            raise UsageProblem(
                f"there are {len(names)} profiles and none is the default: {', '.join(names)}",
                where=file.where,
                hint="name one with --profile, or choose one with: pennsieve profile use NAME",
            )
        return default_profile(file)

    def _known(self, file: ConfigFile, name: str, *, by_flag: bool = True) -> str:
        names = profile_names(file)
        for known in names:
            if known.casefold() == name.strip().casefold():
                return known
        listed = f"; there are: {', '.join(names)}" if names else "; there is none yet"
        by_variable = not by_flag and self._variable("PENNSIEVE_PROFILE")
        raise UnknownName(
            f"no profile is called '{name}'{listed}",
            where="PENNSIEVE_PROFILE" if by_variable else file.where,
            hint="list them with: pennsieve profile list",
        )

    def _save_with_keychain(self, file: ConfigFile, name: str, key: ApiKey) -> None:
        before = self._secrets.keep(name, key)
        try:
            file.save()
        except SettingsError:
            self._secrets.put_back(name, key.key, before)
            raise
