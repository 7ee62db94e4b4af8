"""What git's own words mean, in ours. Pure.

Git's sentences may quote an address with a token in it, so none of them is passed on, but for those
of git's own settings and of its installation, which name no repository.
"""

from __future__ import annotations

import re
import tempfile

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.repository_urls import local_path

_NO_PASSWORD = (
    *("could not read Username", "could not read Password", "terminal prompts disabled"),
    *("Authentication failed", "Permission denied", "Access denied", "error: 403"),
    *("Host key verification failed", "Repository not found", "error: 401"),
)
_NO_ANSWER = (
    *("Could not resolve host", "Could not connect", "Failed to connect", "Connection refused"),
    *(
        "Connection timed out",
        "Operation timed out",
        "Operation too slow",
        "Network is unreachable",
    ),
    *("Connection reset", "unable to access", "Name or service not known", "No route to host"),
    *("Connection closed", "Could not resolve hostname"),
)
_NO_REPOSITORY = (
    *("does not appear to be a git repository", "not a git repository", "' not found"),
    *("does not exist", "not valid: is this a git repository"),
)


_SETTINGS = re.compile(
    r"^(?:fatal|error): (?P<what>bad (?:numeric |boolean )?config (?:line|value|variable)[^\n]*"
    r"|unknown error occurred while reading the configuration files"
    r"|bogus (?:count|config|format)[^\n]*|unable to parse command-line config"
    r"|unknown value for config[^\n]*|[^\n]*config file[^\n]*)",
    re.MULTILINE,
)
_NO_ROOM = ("No space left on device", "Disk quota exceeded")
_SHOWN_LETTERS = 200


class UnreachableError(SourceError):
    """A repository's server gives no answer now; it may later."""


class PrivateError(SourceError):
    """A repository's server wants to know who asks, or has no such repository."""


class NoRoomError(SourceError):
    """What is fetched does not fit on this machine's disk."""


def not_installed() -> SourceError:
    """There is no git."""
    return SourceError(
        "git is not installed", hint="install it, e.g. with: sudo apt-get install git"
    )


def unusable(said: str) -> SourceError:
    """The installed git does not work; ``said`` is what it said of itself."""
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    licence = "license" in said.casefold() or "xcrun" in said or "xcode" in said.casefold()
    return SourceError(
        f"git does not work on this machine: {first[:_SHOWN_LETTERS] or 'it gives no reason'}",
        hint="on a Mac: sudo xcodebuild -license accept; or: xcode-select --install"
        if licence
        else "see what it says with: git --version",
    )


def bad_settings(said: str) -> SourceError | None:
    """The error for settings of git that cannot be read; None when git said nothing of them."""
    match = _SETTINGS.search(said)
    if match is None or " in blob " in match["what"]:  # a file of the repository: .gitmodules
        return None
    return SourceError(
        f"git's settings cannot be read: {match['what'].strip()[:_SHOWN_LETTERS]}",
        hint="correct that file; see it with: git config --list --show-origin",
    )


def no_room(said: str, url: str) -> NoRoomError | None:
    """The error for a disk that is full; None when git, or git-lfs, said nothing of it."""
    why = next((text for text in _NO_ROOM if text.casefold() in said.casefold()), None)
    if why is None:
        return None
    return NoRoomError(
        f"{url} cannot be fetched: {why}",
        where=tempfile.gettempdir(),
        hint="free some space, or set TMPDIR to a folder on another disk",
    )


def failure(said: str, url: str) -> SourceError:
    """What a failed command means, in our words."""
    if "dubious ownership" in said:
        return SourceError(
            "the repository belongs to another user of this machine",
            where=url,
            hint=f"if you trust it: git config --global --add safe.directory {local_path(url)}",
        )
    if (full := no_room(said, url)) is not None:
        return full
    if any(text in said for text in _NO_PASSWORD):
        return PrivateError(
            "the repository is private, or does not exist",
            where=url,
            hint="check the address; for a private one sign in with git first: gh auth login, a "
            "credential helper, or an ssh key",
        )
    if any(text in said for text in _NO_REPOSITORY):
        return SourceError("there is no git repository", where=url, hint=_repository_hint(url))
    return _of_server(said, url)


def _of_server(said: str, url: str) -> SourceError:
    if "certificate" in said:
        return SourceError(
            "the repository's server has a certificate that this machine does not trust",
            where=url,
            hint="check the address, or install your institution's certificate",
        )
    if any(text in said for text in _NO_ANSWER):
        return UnreachableError(
            "the repository's server cannot be reached",
            where=url,
            hint="check the address and the network",
        )
    return SourceError(
        "git cannot read the repository",
        where=url,
        hint="see what git itself says with: git ls-remote ADDRESS",
    )


def _repository_hint(url: str) -> str:
    folder = local_path(url)
    around = [parent for parent in folder.parents if (parent / ".git").exists()] if folder else []
    if around:
        return f"it is a folder inside {around[0]}; a workflow needs a repository of its own"
    return (
        "check the address; a folder becomes a repository with: "
        "git init && git add . && git commit -m first"
    )
