"""Running git safely: no prompts, hooks or helpers of the repository, and a time limit.

What git printed may hold an address with a token, so it is only looked at, to say in our words what
was wrong (:mod:`~pennsieve_agent.source.git_failures`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.source import git_credentials, git_failures

ASK_SECONDS = 60
FETCH_SECONDS = 3600
"""Even 600 MB over a slow line are there in an hour; a line that stalls ends it much earlier."""

_STALLED_SECONDS = 30
_LEFT_SECONDS = 1
# What a caller may set for every git of his. The rest names one repository (GIT_DIR inside a hook,
# GIT_OBJECT_DIRECTORY, GIT_NAMESPACE) or what git prints (GIT_TRACE), and is not about ours.
_KEPT = (
    *("GIT_CONFIG_", "GIT_SSH", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_", "GIT_LFS_"),
    *("GIT_AUTHOR_", "GIT_COMMITTER_"),
)
_KEPT_NAMES = {"GIT_EXEC_PATH"}

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
    "LC_ALL": "C",  # its sentences are looked at
    "LANGUAGE": "C",
}
_NOBODY = {
    "HOME": os.devnull,
    "XDG_CONFIG_HOME": os.devnull,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
_SSH = f"ssh -o BatchMode=yes -o ConnectTimeout={_STALLED_SECONDS}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed. ``problem`` is its standard error, never to be shown."""

    ok: bool
    out: str
    problem: str


def run(
    arguments: list[str],
    *,
    url: str,
    seconds: int = ASK_SECONDS,
    anonymous: bool = False,
    progress: Callable[[str], None] | None = None,
    stdin: bytes = b"",
) -> Answer:
    """Run git. ``url`` is the repository's address, which decides the protocols it may speak.

    ``anonymous`` leaves out the user's settings, and with them every way to a password or token.
    ``progress`` gets each line that git shows of its progress; ``stdin`` is what it reads.

    Raises:
        SourceError: git is not installed, does not work, or did not end in time.

    """
    # Plain http is for a server on this very machine, and addresses were checked for that.
    environment = {
        **clean(os.environ),
        **_ENVIRONMENT,
        **(_NOBODY if anonymous else {}),
        "GIT_ALLOW_PROTOCOL": "http" if url.startswith("http://") else "https:ssh:file",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or _SSH,
    }
    helpers = [] if anonymous else git_credentials.helper_options(url)
    environment |= {} if anonymous else git_credentials.helper_environment(url)
    answer = _run(["git", *_CONFIG, *helpers, *arguments], environment, seconds, progress, stdin)
    if answer is None:
        raise git_failures.UnreachableError(
            f"the repository did not answer within {seconds} seconds",
            where=url,
            hint="check the network and try again",
        )
    if not answer.ok:
        _check_git(answer, environment)
    return answer


def known_token(url: str) -> str:
    """The password or token that git's helpers, or ``gh``, have for an address; empty for none.

    Raises:
        SourceError: git is not installed, or does not work.

    """
    answer = run(["credential", "fill"], url=url, stdin=git_credentials.question(url))
    return git_credentials.password_of(answer.out) if answer.ok else ""


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without what names one repository of the caller's."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name.startswith(_KEPT) or name in _KEPT_NAMES
    }


def _run(
    command: list[str],
    environment: Mapping[str, str],
    seconds: int,
    progress: Callable[[str], None] | None = None,
    stdin: bytes = b"",
) -> Answer | None:
    """Run a command to its end; None when it did not come in time."""
    try:
        child = subprocess.Popen(
            command,
            cwd="/",  # no repository is around whose settings git would follow
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # a pipe that a helper keeps open can be left while it is read
            start_new_session=True,  # with its helpers it can be ended as one
        )
    except FileNotFoundError:
        raise git_failures.not_installed() from None
    except OSError as error:
        raise git_failures.unusable(error.strerror or "it cannot be started") from None
    problem: list[str] = []
    reader = threading.Thread(target=_read, args=(child.stderr, problem, progress), daemon=True)
    late = threading.Event()

    def end_late() -> None:
        late.set()
        _end(child)

    timer = threading.Timer(seconds, end_late)
    try:
        reader.start()
        timer.start()
        if child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(stdin)
            child.stdin.close()
        out = child.stdout.read() if child.stdout else b""
        child.wait()
    finally:
        timer.cancel()
        _end(child)
        reader.join(_LEFT_SECONDS)
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    if late.is_set():
        return None
    return Answer(child.returncode == 0, os.fsdecode(out), "".join(problem))


def _read(pipe: Any, problem: list[str], progress: Callable[[str], None] | None) -> None:
    rest = ""
    with contextlib.suppress(ValueError, OSError):  # the pipe was closed: somebody else holds it
        while piece := pipe.read(1 << 16):
            text = os.fsdecode(piece)
            if progress is None:
                problem.append(text)
                continue
            *lines, rest = (rest + text.replace("\r", "\n")).split("\n")
            for line in lines:
                problem.append(f"{line}\n")
                progress(line)
    problem.append(rest)


def _end(child: subprocess.Popen[bytes]) -> None:
    # One that ended by itself may leave a helper behind on purpose, such as git's password cache.
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _check_git(answer: Answer, environment: Mapping[str, str]) -> None:
    """Tell git's own trouble from that of a repository: then it cannot even say its version.

    Raises:
        SourceError: it is git's own.
    """
    if (settings := git_failures.bad_settings(answer.problem)) is not None:
        raise settings
    version = _run(["git", "--version"], environment, ASK_SECONDS)
    if version is not None and not version.ok:
        raise git_failures.unusable(version.problem or version.out)


def load() -> Any:
    """GitPython, loaded when it is needed; this process then has no repository of its caller's.

    Raises:
        SourceError: git is not installed.

    """
    # GitPython hands all of them on to git, also when it is imported.
    for name in os.environ.keys() - clean(os.environ).keys():
        del os.environ[name]
    try:
        import git  # noqa: PLC0415 - takes a tenth of a second, and fails without git
    except ImportError:
        raise git_failures.not_installed() from None
    return git


def object_text(repository: Path, arguments: list[str], url: str) -> str:
    """What a local command over fetched objects prints.

    Raises:
        SourceError: it failed.

    """
    answer = run(["--git-dir", str(repository), *arguments], url=url)
    if not answer.ok:
        raise git_failures.failure(answer.problem, url)
    return answer.out
