"""Getting one commit's objects from a repository, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.git_commands import (
    ASK_SECONDS,
    FETCH_SECONDS,
    failure,
    object_text,
    run,
)
from pennsieve_agent.source.refs import SHORT_COMMIT, Refs, is_commit, parse_refs
from pennsieve_agent.source.repository_urls import local_path

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit. ``mode`` is git's: 100644, 100755, 120000 (link), 160000 (submodule)."""

    mode: str
    hash: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A commit whose objects are in ``repository``, a bare one. ``tag`` is None for no tag."""

    url: str
    repository: Path
    commit: str
    tag: str | None

    def entries(self, *, recursive: bool) -> Iterator[Entry]:
        """The files of the commit, or of its root folder alone.

        Raises:
            SourceError: git cannot read them.

        """
        flags = ["-r"] if recursive else []
        listed = object_text(
            self.repository, ["ls-tree", *flags, "-l", "-z", self.commit], self.url
        )
        for line in listed.split("\0"):
            if line:
                head, _, path = line.partition("\t")
                mode, _, hash_, size = head.split()
                yield Entry(mode, hash_, int(size) if size.isdecimal() else 0, path)


def read_refs(url: str) -> Refs:
    """The tags and branches of a repository.

    Raises:
        SourceError: there is none, it cannot be reached, or it has no commit.

    """
    folder = local_path(url)
    if folder is not None and not folder.exists():
        raise SourceError("there is no such folder", where=str(folder), hint="check the path")
    answer = run(["ls-remote", "--symref", "--", url], url=url)
    if not answer.ok:
        raise failure(answer, url)
    refs = parse_refs(answer.out)
    if not refs.tags and not refs.branches and refs.head is None:
        raise SourceError(
            "the repository is empty: it has no commit",
            where=url,
            hint="commit something: git add . && git commit -m first",
        )
    return refs


def is_public(url: str) -> bool:
    """Whether anybody may read a repository, without a name or a token."""
    command = ["-c", "credential.helper=", "ls-remote", "--", url, "HEAD"]
    return run(command, url=url, anonymous=True).ok


def fetch(url: str, refs: Refs, ref: str | None, folder: Path) -> Fetched:
    """Get the commit that ``ref`` means: a tag, a branch or a commit, in this order.

    Without ``ref`` it is the highest version tag, else the head of the default branch.

    Raises:
        SourceError: there is none of that name, or it cannot be fetched.

    """
    repository = folder.absolute() / "objects.git"
    object_text(repository, ["init", "--quiet", "--bare", str(repository)], url)
    tag = refs.newest_version() if ref is None else ref if ref in refs.tags else None
    if tag is not None:
        _fetch(url, repository, [f"refs/tags/{tag}"])
    elif ref in {None, "HEAD"}:
        if refs.head is None:
            raise _no_default(url, refs)
        _fetch(url, repository, ["HEAD"])
    elif ref in refs.branches:
        _fetch(url, repository, [f"refs/heads/{ref}"])
    else:
        return Fetched(url, repository, _fetch_commit(url, refs, str(ref), repository), None)
    return Fetched(url, repository, _commit(url, repository, "FETCH_HEAD"), tag)


def _fetch(url: str, repository: Path, what: list[str], *, shallow: bool = True) -> None:
    command = ["--git-dir", str(repository), "fetch", "--quiet", "--no-tags"]
    depth = ["--depth", "1"] if shallow else []
    arguments = [*command, *depth, "--no-recurse-submodules", "--", url, *what]
    answer = run(arguments, url=url, seconds=FETCH_SECONDS)
    if not answer.ok and shallow and "does not support shallow" in answer.problem:
        _fetch(url, repository, what, shallow=False)  # a plain file server
    elif not answer.ok:
        raise failure(answer, url)


def _fetch_commit(url: str, refs: Refs, ref: str, repository: Path) -> str:
    """A commit named by its hash: the tip of something, or else somewhere in the history."""
    if not is_commit(ref):
        raise unknown_ref(url, refs, ref)
    named = {f"refs/tags/{tag}": commit for tag, commit in refs.tags.items()}
    named |= {f"refs/heads/{branch}": commit for branch, commit in refs.branches.items()}
    named |= {"HEAD": refs.head} if refs.head else {}
    tips = [name for name, commit in named.items() if commit.startswith(ref)]
    if tips:
        _fetch(url, repository, tips[:1])
    else:
        everything = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        _fetch(url, repository, everything, shallow=False)
    try:
        return _commit(url, repository, ref)
    except SourceError:
        raise unknown_ref(url, refs, ref) from None


def _commit(url: str, repository: Path, name: str) -> str:
    answer = run(
        ["--git-dir", str(repository), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
        url=url,
        seconds=ASK_SECONDS,
    )
    if not answer.ok:
        raise SourceError(
            "the tag does not mean a commit", where=url, hint="give another with --ref"
        )
    return answer.out.strip()


def unknown_ref(url: str, refs: Refs, ref: str) -> SourceError:
    """The error for a name that is not a tag, branch or commit."""
    names = sorted(refs.tags, reverse=True) or sorted(refs.branches)
    kind = "tags" if refs.tags else "branches"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return SourceError(
        f"the repository has no tag, branch or commit '{ref}'",
        where=url,
        hint=f"its {kind} are: {', '.join(names[:_SHOWN])}{more}",
    )


def _no_default(url: str, refs: Refs) -> SourceError:
    return SourceError(
        "the repository's default branch has no commit",
        where=url,
        hint=f"name a branch with --ref: {', '.join(sorted(refs.branches)[:_SHOWN])}",
    )


def short(commit: str) -> str:
    """A commit as it is registered when it has no tag."""
    return commit[:SHORT_COMMIT]
