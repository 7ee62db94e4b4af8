"""A git repository that is made here, with its first commit and version tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.git_commands import run

_UNSIGNED = ("-c", "commit.gpgSign=false", "-c", "tag.gpgSign=false")
"""A signature would wait for a passphrase, for which nobody is asked here."""
_KNOWN_ONLY = ("-c", "user.useConfigOnly=true")
"""Without it git makes an e-mail address up, of this machine's name (git-config(1))."""
_BRANCH = "main"


@dataclass(frozen=True, slots=True)
class FirstCommit:
    """The commit that was made; ``problem`` says in words why none was."""

    commit: str = ""
    problem: str = ""


def who_commits(folder: Path) -> str:
    """The name of the person whom git knows; empty where it knows none, or is not there."""
    try:
        answer = _git(folder, *_KNOWN_ONLY, "var", "GIT_AUTHOR_IDENT")
        return answer.partition(" <")[0]
    except SourceError:
        return ""


def make_repository(folder: Path, paths: Sequence[str], message: str, tag: str) -> FirstCommit:
    """Make a repository of a folder, and commit and tag these files of it.

    Hooks and signatures of the user's settings are left out.
    """
    try:
        named = run(["config", "--get", "init.defaultBranch"], url=folder.as_uri())
        branch = named.out.strip() if named.ok else _BRANCH
        _git(folder, "init", "--quiet", f"--initial-branch={branch}")
        if not who_commits(folder):
            return FirstCommit(problem="git does not know who you are")
        # Forced: the user's own list of ignored files may name one of them.
        _git(folder, "add", "--force", "--", *paths)
        _git(folder, *_KNOWN_ONLY, *_UNSIGNED, "commit", "--quiet", "-m", message)
        _git(folder, *_UNSIGNED, "tag", tag)
        return FirstCommit(_git(folder, "rev-parse", "HEAD").strip())
    except SourceError as error:
        return FirstCommit(problem=error.message)


def _git(folder: Path, *words: str) -> str:
    """What git says in a folder.

    Raises:
        SourceError: git is not there, or refused.
    """
    answer = run(["-C", str(folder), *words], url=folder.as_uri())
    if not answer.ok:
        raise SourceError("git refused to make the repository", where=str(folder))
    return answer.out
