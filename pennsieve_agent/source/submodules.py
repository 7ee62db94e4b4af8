"""Submodules of a commit: which repositories they are, and at which commits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.fetch import Fetched, fetch, read_refs
from pennsieve_agent.source.git_commands import run
from pennsieve_agent.source.repository_urls import canonical, local_path

SUBMODULE = "160000"
_FILE = ".gitmodules"


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository at a commit below a path of another. ``url`` is as its owner wrote it."""

    name: str
    path: str
    commit: str
    url: str


def submodules(fetched: Fetched) -> list[Submodule]:
    """The submodules of a commit.

    Raises:
        SourceError: the commit names one and does not say where it is.

    """
    links = {e.path: e.hash for e in fetched.entries(recursive=True) if e.mode == SUBMODULE}
    if not links:
        return []
    names = _settings(fetched)
    by_path = {values.get("path", ""): name for name, values in names.items()}
    rows = []
    for path, commit in links.items():
        name = by_path.get(path, "")
        url = names.get(name, {}).get("url", "")
        if not url:
            raise SourceError(
                f"the repository does not say where its submodule {path} comes from",
                where=fetched.url,
                hint=f"add it to {_FILE}, or remove it: git rm --cached {path}; then commit",
            )
        rows.append(Submodule(name, path, commit, url))
    return rows


def fetch_submodule(parent: Fetched, submodule: Submodule, folder: Path) -> Fetched:
    """Get the commit of a submodule, from the parent's own copy where there is one.

    Raises:
        SourceError: it cannot be fetched, or a repository from elsewhere names a folder of this
            machine.

    """
    url = _copy_of_parent(parent, submodule) or _address(parent, submodule)
    try:
        return fetch(url, read_refs(url), submodule.commit, folder)
    except SourceError as error:
        raise type(error)(
            error.message,
            where=error.where,
            hint=error.hint,
        ) from None


def _settings(fetched: Fetched) -> dict[str, dict[str, str]]:
    blob = f"{fetched.commit}:{_FILE}"
    command = ["--git-dir", str(fetched.repository), "config", "--blob", blob, "-z", "--list"]
    answer = run(command, url=fetched.url)
    sections: dict[str, dict[str, str]] = {}
    for row in answer.out.split("\0") if answer.ok else ():
        key, _, value = row.partition("\n")
        section, _, rest = key.partition(".")
        name, _, option = rest.rpartition(".")
        if section == "submodule" and name:
            sections.setdefault(name, {})[option] = value
    return sections


def _copy_of_parent(parent: Fetched, submodule: Submodule) -> str:
    """The submodule's objects inside a local repository that has them; empty if none has."""
    folder = local_path(parent.url)
    if folder is None or {"..", ""} & set(submodule.name.split("/")):
        return ""
    answer = run(["-C", str(folder), "rev-parse", "--git-common-dir"], url=parent.url)
    copy = folder / answer.out.strip() / "modules" / submodule.name
    if not answer.ok or not (copy / "HEAD").is_file():
        return ""
    there = ["--git-dir", str(copy), "cat-file", "-e", f"{submodule.commit}^{{commit}}"]
    return copy.resolve().as_uri() if run(there, url=parent.url).ok else ""


def _address(parent: Fetched, submodule: Submodule) -> str:
    folder = local_path(parent.url)
    if not submodule.url.startswith(("./", "../")):
        url = canonical(submodule.url, folder or Path("/"))
    else:
        url = canonical(_relative(_origin(parent.url, folder), submodule.url), Path("/"))
    if local_path(url) is not None and folder is None:
        raise SourceError(
            f"submodule {submodule.path} names a folder of this machine",
            where=parent.url,
            hint="do not use this repository",
        )
    return url


def _origin(url: str, folder: Path | None) -> str:
    """What a relative address counts from: the origin of a local clone (gitmodules(5), "url")."""
    if folder is None:
        return url
    answer = run(["-C", str(folder), "config", "--get", "remote.origin.url"], url=url)
    return answer.out.strip() or url if answer.ok else url


def _relative(base: str, path: str) -> str:
    base = base.rstrip("/")
    while path.startswith(("./", "../")):
        if path.startswith("../"):
            cut = max(base.rfind("/"), base.rfind(":"))
            base = base[:cut] if cut > 0 else base
        path = path.partition("/")[2]
    return f"{base}/{path}"
