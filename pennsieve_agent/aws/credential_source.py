"""Where the credentials in use come from, and so what renews them or shows what is wrong."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_SIGNED_IN = {"sso_session": "aws sso login", "sso_start_url": "aws sso login",
              "login_session": "aws login"}  # fmt: skip
_PROCESS = "credential_process"


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """``method`` is botocore's name of the way; ``profile`` the one in use, wherever it was named.

    ``profiles`` are AWS's, with their options; ``config`` is the file that they are in.
    """

    method: str = ""
    profile: str = ""
    config: str = "~/.aws/config"
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    absent: str = ""
    """What a variable says of a file of AWS's that is not there."""

    def expired(self, *, console: bool) -> tuple[str, str]:
        """What has expired, and what renews it."""
        again = "get new ones where you got these, and "
        match self.method:
            case "env":
                return (
                    "the AWS session in AWS_SESSION_TOKEN has expired",
                    f"{again}set the three variables again; or unset them, to use a profile",
                )
            case "shared-credentials-file" | "config-file":
                file = "credentials" if self.method.startswith("shared") else "config"
                return (
                    f"the AWS session of profile '{self.name}' in the AWS {file} file has expired",
                    f"{again}write them there",
                )
            case "explicit":
                return (
                    f"the AWS session '{self.name}' in the system's keychain has expired",
                    f"{again}keep them with: pennsieve aws add {self.name}",
                )
            case "custom-process":
                return (
                    f"the AWS session of the {_PROCESS} of profile '{self.name}' has expired",
                    f"see what it prints; it is in {self.config}",
                )
            case "container-role" | "iam-role":
                return "the AWS session of this machine's role has expired", "try again"
            case _:
                pass
        return "the AWS session has expired", f"sign in to AWS again with: {self._sign_in(console)}"

    @property
    def name(self) -> str:
        """The profile in use; without one AWS takes ``default``."""
        return self.profile or "default"

    def place(self, profile: str = "") -> str:
        """Where a profile is written, the one in use or another: for ``where`` of an error."""
        return f"{self.config}, profile {profile or self.name}"

    def chain(self) -> Iterator[str]:
        """The profile, and those whose credentials it goes on with."""
        seen, at = set[str](), self.name
        while at in self.profiles and at not in seen:
            seen.add(at)
            yield at
            at = str(self.profiles[at].get("source_profile"))

    def _sign_in(self, console: bool) -> str:  # noqa: FBT001 - the command of the error's kind
        """The command that signs in again, for the profile that has the settings of it."""
        for name in self.chain():
            for option, command in _SIGNED_IN.items():
                if option in self.profiles[name]:
                    return f"{command} --profile {name}"
        command = "aws login" if console else "aws sso login"
        return f"{command} --profile {self.profile}" if self.profile else command

    def process(self, error: BaseException) -> tuple[str, str, str] | None:
        """What is wrong with a program that should print credentials: message, place and hint.

        None where there is none. What it printed may be a secret, and is not repeated.
        """
        name = next((n for n in self.chain() if _PROCESS in self.profiles[n]), None)
        if name is None:
            return None
        if not _is_command(str(self.profiles[name][_PROCESS])):
            why = "is not a command that can be read"
        elif isinstance(error, json.JSONDecodeError):
            why = "did not print JSON"
        elif isinstance(error, OSError):
            why = f"cannot be started: {error.strerror}"
        elif isinstance(error, (ValueError, AttributeError, TypeError, KeyError)):
            why = "did not print credentials"
        else:
            why = "gave no credentials"
        return (
            f"the {_PROCESS} of AWS profile '{name}' {why}",
            self.place(name),
            "correct it there, or run it by itself to see why",
        )


def _is_command(text: str) -> bool:
    try:
        return bool(shlex.split(text))
    except ValueError:  # a quotation mark without its second
        return False
