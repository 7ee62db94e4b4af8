"""Who git signs in as: the user's own helpers, and the token of GitHub's program ``gh``.

A token goes from a helper to git by a pipe of theirs. It is never in an address or an argument; it
is read here only to be sent where the user asked for that.
"""

from __future__ import annotations

import shutil
from urllib.parse import urlsplit

from pennsieve_agent.source.repository_urls import GITHUB, is_github

_VARIABLE = "PENNSIEVE_TYPED_TOKEN"
# With a token as password these servers take any name.
_TYPED = (
    '!f() { test "$1" = get && '
    f'printf "username=x-access-token\\npassword=%s\\n" "${_VARIABLE}"; }}; f'
)
_typed: dict[str, str] = {}
_GH = f"credential.https://{GITHUB}.helper=!gh auth git-credential"


def helper_options(url: str) -> list[str]:
    """Options for git, so that it knows what ``gh`` knows and what was typed for this host.

    The user's own helpers are asked first.
    """
    options = ["-c", _GH] if is_github(url) and shutil.which("gh") else []
    if _place(url) in _typed:
        options += ["-c", f"credential.{_place(url)}.helper={_TYPED}"]
    return options


def helper_environment(url: str) -> dict[str, str]:
    """What the helper of a typed token reads, in the environment of git alone."""
    token = _typed.get(_place(url))
    return {} if token is None else {_VARIABLE: token}


def use_typed(url: str, token: str) -> None:
    """Use a token that was typed for the server of an address until this program ends."""
    _typed[_place(url)] = token


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def password_of(answer: str) -> str:
    """The password in what ``git credential fill`` printed; empty if there is none."""
    lines = answer.splitlines()
    return next((x.removeprefix("password=") for x in lines if x.startswith("password=")), "")


def question(url: str) -> bytes:
    """What ``git credential fill`` is asked on its standard input."""
    return f"url={url}\n\n".encode()
