"""Who git signs in as: the user's own helpers, and the token of GitHub's program ``gh``.

A token goes from a helper to git by a pipe of theirs. It is never in an address or an argument; it
is read here only to be sent where the user asked for that.
"""

from __future__ import annotations

import shutil

from pennsieve_agent.source.repository_urls import GITHUB, is_github

_GH = f"credential.https://{GITHUB}.helper=!gh auth git-credential"


def helper_options(url: str) -> list[str]:
    """Options for git, so that it knows what ``gh`` knows; after the user's own helpers."""
    return ["-c", _GH] if is_github(url) and shutil.which("gh") else []


def password_of(answer: str) -> str:
    """The password in what ``git credential fill`` printed; empty if there is none."""
    lines = answer.splitlines()
    return next((x.removeprefix("password=") for x in lines if x.startswith("password=")), "")


def question(url: str) -> bytes:
    """What ``git credential fill`` is asked on its standard input."""
    return f"url={url}\n\n".encode()
