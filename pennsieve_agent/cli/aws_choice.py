"""Which AWS credentials a command uses, where nobody said which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.errors import Ambiguous, SettingsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.aws.profiles import Configured
    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.domain.aws_keys import KeptKeys
    from pennsieve_agent.domain.profile import AwsSettings
    from pennsieve_agent.settings.aws_keychain import AwsKeyring

_HINT = "choose with: --aws-profile NAME"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where AWS credentials are looked for: AWS's settings, our keychain, the environment."""

    settings: AwsSettings
    keyring: AwsKeyring
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Available:
    """Credentials, the best kind first, and why those in the keychain are not among them."""

    rows: tuple[Configured, ...]
    trouble: SettingsError | None = None


def available(where: Credentials) -> Available:
    """All credentials that this machine has. Nothing is asked of AWS.

    Raises:
        AwsError: AWS's configuration cannot be read.
    """
    from pennsieve_agent.aws.profiles import (
        Configured,
        Kind,
        best_first,
        configured,
        surrounding,
    )

    profiles = configured(where.settings)
    names = {row.name for row in profiles}
    trouble = None
    listed: tuple[KeptKeys, ...] = ()
    try:
        listed = where.keyring.listed()
    except SettingsError as error:
        trouble = error
    kept = [k for k in listed if k.name not in names]
    ours = [Configured(k.name, Kind.KEYCHAIN, k.account_id) for k in kept]
    return Available(best_first([*surrounding(where.environ), *profiles, *ours]), trouble)


def not_listed(trouble: SettingsError) -> str:
    """That AWS keys may be missing, and why."""
    return f"AWS keys that the keychain has are not listed: {trouble.message}"


def chosen(where: Credentials, streams: Streams) -> Configured | None:
    """The credentials to use; None leaves it to AWS's own rules.

    Raises:
        Ambiguous: there are several, AWS's tools would take none, and nobody can be asked.
    """
    from pennsieve_agent.aws.profiles import Kind, usual
    from pennsieve_agent.settings.keychain import KeychainAway

    aws = where.settings
    named = any(where.environ.get(name) for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"))
    if named or aws.profile or aws.credentials_file:
        return None
    there = available(where)
    # Most machines without a keychain never had one: that is no news.
    if there.trouble and not isinstance(there.trouble, KeychainAway):
        streams.note(not_listed(there.trouble))
    rows = [row for row in there.rows if row.kind is not Kind.NONE]
    if len(rows) < 2:  # noqa: PLR2004 - nothing to choose from
        return _only(streams, rows)
    if streams.can_ask:
        return _ask(streams, rows)
    taken = usual(rows)
    names = ", ".join(row.label for row in rows if row is not taken)
    if taken is None:
        raise Ambiguous(f"which AWS credentials? there are: {names}", hint=_HINT)
    streams.note(f"using AWS credentials {taken.label}; others are: {names}; {_HINT}")
    return taken


def _only(streams: Streams, rows: list[Configured]) -> Configured | None:
    from pennsieve_agent.aws.profiles import usual

    if not rows or usual(rows):
        return None  # what AWS's tools do is right, and needs no word
    streams.note(f"using AWS credentials {rows[0].label}, as there are no others")
    return rows[0]


def _ask(streams: Streams, rows: list[Configured]) -> Configured:
    streams.note("There are several AWS credentials here, the best kind first:")
    width = max(len(row.label) for row in rows)
    for number, row in enumerate(rows, 1):
        kind = row.kind.value if row.name else ""
        streams.note(f"  {number}. {row.label:{width}}  {kind}  {row.account_id}".rstrip())
    for _ in range(_TRIES):
        answer = streams.ask("Which? a number or a name [1]", instead=_HINT) or "1"
        for number, row in enumerate(rows, 1):
            if answer in {str(number), row.label}:
                if row.name:
                    streams.note(f"to choose without being asked, add: --aws-profile {row.name}")
                return row
        streams.note(f"there is no '{answer}' in the list")
    raise UsageProblem("no AWS credentials were chosen", hint=_HINT)
