"""What the sandbox needs and the core does without: packages of an extra, and its own modules."""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pennsieve_agent.errors import UsageProblem

NAME = "pennsieve-agent-cli"
_OWN = ("pennsieve_agent.sandbox", "pennsieve_agent.contract")
_EXTRA = ("joserfc", "moto", "werkzeug")
_PACKAGES = frozenset({"boto3", "botocore", *_EXTRA})


def sandbox_is_installed() -> bool:
    """Whether what the sandbox needs is there; nothing of it is imported."""
    try:
        return all(importlib.util.find_spec(name) for name in _EXTRA)
    except ModuleNotFoundError:
        return False


@contextmanager
def sandbox_parts() -> Iterator[None]:
    """Import what belongs to the sandbox inside this.

    Raises:
        UsageProblem: it is not installed; the hint says how to install it.

    """
    if not sandbox_is_installed():
        raise _not_installed()
    try:
        yield
    except ModuleNotFoundError as error:
        name = error.name or ""
        if not name.startswith(_OWN) and name.partition(".")[0] not in _PACKAGES:
            raise
        raise _not_installed() from error


def _not_installed() -> UsageProblem:
    return UsageProblem(
        "the sandbox is not installed", hint=f"install it with: {install_command(_direct_url())}"
    )


def install_command(direct_url: str | None, folder: Path | None = None) -> str:
    """What installs the sandbox beside this very program, from where this was installed.

    ``direct_url`` is the text of the distribution's direct_url.json
    (https://packaging.python.org/specifications/direct-url/), which pip writes for what comes from
    a folder or from git; without it the program came from an index, by name. ``folder`` is the
    place of a program that was not installed, by default this one's.
    """
    pip = "pip" if importlib.util.find_spec("pip") is None else f"{sys.executable} -m pip"
    return f"{pip} install {shlex.quote(_source(direct_url, folder))}"


def public_requirement() -> str:
    """What pip installs on another machine: the repository this came from, else the name."""
    origin = json.loads(_direct_url() or "{}")
    vcs = origin.get("vcs_info") or {}
    if not vcs or not origin["url"].startswith("https://"):
        return NAME
    return f"{NAME} @ {vcs['vcs']}+{origin['url']}@{vcs.get('commit_id', '')}".rstrip("@")


def _source(direct_url: str | None, folder: Path | None) -> str:
    if direct_url is None:
        here = folder or Path(__file__).parents[2]
        return f"{here}[sandbox]" if (here / "pyproject.toml").is_file() else f"{NAME}[sandbox]"
    origin = json.loads(direct_url)
    address = urlsplit(origin["url"])
    if vcs := origin.get("vcs_info"):
        at = vcs.get("requested_revision") or vcs.get("commit_id", "")
        return f"{NAME}[sandbox] @ {vcs['vcs']}+{origin['url']}" + (f"@{at}" if at else "")
    if address.scheme == "file":
        return f"{unquote(address.path)}[sandbox]"
    return f"{NAME}[sandbox] @ {origin['url']}"


def _direct_url() -> str | None:
    import importlib.metadata

    try:
        return importlib.metadata.distribution(NAME).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
