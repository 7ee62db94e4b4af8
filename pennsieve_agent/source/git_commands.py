"""Running git safely: no prompts, hooks or helpers of the repository, and a time limit.

GitPython's own errors quote the command line and what git printed, and either may hold an address
with a token; so commands run without its exceptions, and what git printed is only looked at to say
in our words what was wrong.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.repository_urls import local_path

ASK_SECONDS = 60
FETCH_SECONDS = 900
_STALLED_SECONDS = 30

_CONFIG = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.askPass="),
    *("-c", "submodule.recurse=false"),
    *("-c", "fetch.recurseSubmodules=false"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
    *("-c", "protocol.version=2"),
    *("-c", "http.lowSpeedLimit=1"),
    *("-c", f"http.lowSpeedTime={_STALLED_SECONDS}"),
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_OPTIONAL_LOCKS": "0",
}
_NOBODY = {
    "HOME": os.devnull,
    "XDG_CONFIG_HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
_SSH = f"ssh -o BatchMode=yes -o ConnectTimeout={_STALLED_SECONDS}"
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed. ``problem`` is its standard error, never to be shown."""

    ok: bool
    out: str
    problem: str


def run(
    arguments: list[str], *, url: str, seconds: int = ASK_SECONDS, anonymous: bool = False
) -> Answer:
    """Run git. ``url`` is the repository's address, which decides the protocols it may speak.

    ``anonymous`` leaves out the user's settings, and with them every way to a password or token.

    Raises:
        SourceError: git is not installed, or did not end in time.

    """
    library = load()
    # Plain http is for a server on this very machine, and addresses were checked for that.
    protocols = "http" if url.startswith("http://") else "https:ssh:file"
    command = [library.Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *_CONFIG, *arguments]
    try:
        # At the root no repository is around whose settings git would follow.
        status, out, problem = library.Git("/").execute(
            command,
            env={
                **_ENVIRONMENT,
                **(_NOBODY if anonymous else {}),
                "GIT_ALLOW_PROTOCOL": protocols,
                "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or _SSH,
            },
            with_extended_output=True,
            with_exceptions=False,
            kill_after_timeout=seconds,
            strip_newline_in_stdout=False,
        )
    except library.exc.GitError:
        raise _no_git() from None
    out, problem = str(out), str(problem)
    if status and "did not complete in" in problem:
        raise SourceError(
            f"the repository did not answer within {seconds} seconds",
            where=url,
            hint="check the network and try again",
        )
    return Answer(status == 0, out, problem)


def load() -> Any:
    """GitPython, loaded when it is needed.

    Raises:
        SourceError: git is not installed.

    """
    try:
        import git  # noqa: PLC0415 - takes a tenth of a second, and fails without git
    except ImportError:
        raise _no_git() from None
    return git


def failure(answer: Answer, url: str) -> SourceError:
    """What a failed command means, in our words."""
    said = answer.problem
    if "dubious ownership" in said:
        return SourceError(
            "the repository belongs to another user of this machine",
            where=url,
            hint=f"if you trust it: git config --global --add safe.directory {local_path(url)}",
        )
    if any(text in said for text in _NO_PASSWORD):
        return SourceError(
            "the repository is private, or does not exist",
            where=url,
            hint="check the address; for a private one sign in with git first, e.g. by a "
            "credential helper or an ssh key",
        )
    if any(text in said for text in _NO_REPOSITORY):
        return SourceError("there is no git repository", where=url, hint=_repository_hint(url))
    if "certificate" in said:
        return SourceError(
            "the repository's server has a certificate that this machine does not trust",
            where=url,
            hint="check the address, or install your institution's certificate",
        )
    if any(text in said for text in _NO_ANSWER):
        return SourceError(
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


def object_text(repository: Path, arguments: list[str], url: str) -> str:
    """What a local command over fetched objects prints.

    Raises:
        SourceError: it failed.

    """
    answer = run(["--git-dir", str(repository), *arguments], url=url)
    if not answer.ok:
        raise failure(answer, url)
    return answer.out


def _no_git() -> SourceError:
    return SourceError(
        "git is not installed", hint="install it, e.g. with: sudo apt-get install git"
    )
