"""Python environments with what a Dockerfile installs by pip, built once and kept."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.child_process import run_child
from pennsieve_agent.engine.dockerfile_runs import PipInstall
from pennsieve_agent.engine.remove_tree import remove_tree
from pennsieve_agent.errors import EngineError, SourceError

_COMPLETE = ".complete"
#: What pip needs to reach its index. Nothing else of our environment goes to a package's build.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_KEPT_BEGINNINGS = ("PIP_", "LC_", "XDG_CACHE_")
_KEPT_ENDINGS = ("_proxy", "_PROXY")


def python_environment(
    cache: Path, code: Path, installs: Sequence[PipInstall], log: Log, stop: threading.Event
) -> Path:
    """A virtual environment with what ``code`` installs, from the cache or made until ``stop``.

    One is made at a time for the same packages, also by several processes. It is made in its
    final place, because its scripts name that place, and counts only when a file in it says that
    it is complete.

    Raises:
        SourceError: the packages cannot be installed; the log says why.
        EngineError: this Python cannot make environments.
        OSError: for example, no space left.

    """
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / _key(code, installs)
    with _locked(home.with_suffix(".lock")):
        if (home / _COMPLETE).is_file() and (home / "bin" / "python").exists():
            return home
        remove_tree(home)
        _create(home)
        for install in installs:
            log(f"installing {_named(install)}")
            _install(home, code, install, log, stop)
        (home / _COMPLETE).touch()
    return home


def _named(install: PipInstall) -> str:
    return ", ".join(install.files) or " ".join(install.arguments)


def _key(code: Path, installs: Sequence[PipInstall]) -> str:
    """What an environment depends on: what is installed, and the Python it is made of."""
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {platform.machine()}".encode())
    is_own = False
    for install in installs:
        digest.update(repr(install.arguments).encode())
        is_own |= bool(install.packages)
        for name in install.files:
            path = code / name
            text = path.read_bytes() if path.is_file() else b""
            digest.update(text)
            is_own |= path.is_dir() or _is_local(text.decode("utf-8", "replace"))
    if is_own:
        digest.update(str(code).encode())
    return digest.hexdigest()[:24]


def _is_local(text: str) -> bool:
    """Whether requirements name files of the repository, so that they are its own alone."""
    lines = (line.strip() for line in text.splitlines())
    return any(line.startswith(("-", ".", "/")) or "file:" in line for line in lines)


def _create(home: Path) -> None:
    has_pip = importlib.util.find_spec("pip") is not None
    try:
        venv.EnvBuilder(with_pip=not has_pip, symlinks=True).create(home)
    except subprocess.CalledProcessError:
        raise EngineError(
            "this Python cannot make virtual environments",
            where=sys.executable,
            hint="install its venv and pip parts, for example: apt install python3-venv",
        ) from None


def _install(home: Path, code: Path, install: PipInstall, log: Log, stop: threading.Event) -> None:
    # Our own pip installs into it: five times as fast as putting a pip into each environment.
    # -I keeps a file of the repository called pip.py, or the like, from being imported.
    python = str(home / "bin" / "python")
    has_pip = (home / "bin" / "pip").exists()
    pip = [python, "-I", "-m", "pip"] if has_pip else [sys.executable, "-I", "-m", "pip"]
    end = run_child(
        [
            *pip,
            *(() if has_pip else ("--python", python)),
            *("install", "--no-compile", "--no-input", "--disable-pip-version-check"),
            *("--progress-bar", "off", *install.arguments),
        ],
        cwd=code / install.cwd,
        env=pip_environment(os.environ),
        log=log,
        stop=stop,
    )
    if end.stopped:
        raise SourceError(
            f"installing {_named(install)} took too long, and was stopped", where=str(code)
        )
    if end.code != 0:
        what = _named(install) if install.files else f"pip install {_named(install)}"
        raise SourceError(
            f"could not install what {what} requires",
            where=str(code / install.cwd),
            hint="see pip's output in the log; with a container engine, the Dockerfile is used",
        )


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that pip needs; a package's build sees it too."""
    return {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS) or name.endswith(_KEPT_ENDINGS)
    }


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
