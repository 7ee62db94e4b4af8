"""Getting one commit's objects from a repository, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.fetch_objects import (
    Fetching,
    MissingCommitError,
    fetch_commit,
    fetch_history,
    fetch_objects,
)
from pennsieve_agent.source.git_commands import ASK_SECONDS, object_text, run
from pennsieve_agent.source.git_failures import failure
from pennsieve_agent.source.refs import FULL_COMMIT, SHORT_COMMIT, Refs, is_commit, parse_refs
from pennsieve_agent.source.repository_urls import local_path

_SHOWN = 5
_FOLDER = "give the folder that it is in"
_NOT_FETCHED = "BAD"  # what "git ls-tree --long" says of an object that is not there


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit. ``mode`` is git's: 100644, 100755, 120000 (link), 160000 (submodule).

    ``size`` is in bytes, and None for a large file that was not fetched.
    """

    mode: str
    hash: str
    size: int | None
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
                yield Entry(mode, hash_, _size(size), path)


def read_refs(url: str) -> Refs:
    """The tags and branches of a repository.

    Raises:
        SourceError: there is none, it cannot be reached, or it has no commit.

    """
    folder = local_path(url)
    if folder is not None and not folder.exists():
        raise SourceError("there is no such folder", where=str(folder), hint="check the path")
    answer = run(["ls-remote", "--symref", "--", url], url=url)
    if not answer.ok and folder is not None and folder.is_file():  # a bundle of git's is one, too
        raise SourceError("this is a file, not a git repository", where=str(folder), hint=_FOLDER)
    if not answer.ok:
        raise failure(answer.problem, url)
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


def _size(text: str) -> int | None:
    if text == _NOT_FETCHED:
        return None
    return int(text) if text.isdecimal() else 0  # "-": a submodule


def fetch(
    url: str, refs: Refs, ref: str | None, folder: Path, means: Fetching | None = None
) -> Fetched:
    """Get the commit that ``ref`` means: a tag, a branch or a commit, in this order.

    Without ``ref`` it is the highest version tag, else the head of the default branch. Its history
    is not fetched.

    Raises:
        SourceError: there is none of that name, or it cannot be fetched.

    """
    repository = folder.absolute() / "objects.git"
    means = means or Fetching()
    tag = refs.newest_version() if ref is None else ref if ref in refs.tags else None
    if tag is not None:
        fetch_objects(url, repository, [f"refs/tags/{tag}"], means)
    elif ref in {None, "HEAD"}:
        if refs.head is None:
            raise _no_default(url, refs)
        fetch_objects(url, repository, ["HEAD"], means)
    elif ref in refs.branches:
        fetch_objects(url, repository, [f"refs/heads/{ref}"], means)
    else:
        commit = _fetch_commit(url, refs, str(ref), repository, means)
        return Fetched(url, repository, commit, None)
    return Fetched(url, repository, _commit(url, repository, "FETCH_HEAD"), tag)


def _fetch_commit(url: str, refs: Refs, ref: str, repository: Path, means: Fetching) -> str:
    """A commit named by its hash: the tip of something, or else somewhere in the history."""
    if not is_commit(ref):
        raise unknown_ref(url, refs, ref)
    named = {f"refs/tags/{tag}": commit for tag, commit in refs.tags.items()}
    named |= {f"refs/heads/{branch}": commit for branch, commit in refs.branches.items()}
    named |= {"HEAD": refs.head} if refs.head else {}
    tips = [name for name, commit in named.items() if commit.startswith(ref)]
    try:
        if tips:
            fetch_objects(url, repository, tips[:1], means)
        else:
            ref = _in_history(url, ref, repository, means)
            fetch_commit(url, repository, ref, means)
        return _commit(url, repository, ref)
    except MissingCommitError:
        raise unknown_ref(url, refs, ref) from None


def _in_history(url: str, ref: str, repository: Path, means: Fetching) -> str:
    """The full hash of a commit; a short one is looked for among all commits, without files."""
    if len(ref) == FULL_COMMIT:
        return ref
    history = repository.with_name("history.git")
    fetch_history(url, history, means)
    return _commit(url, history, ref)


def _commit(url: str, repository: Path, name: str) -> str:
    answer = run(
        ["--git-dir", str(repository), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
        url=url,
        seconds=ASK_SECONDS,
    )
    if not answer.ok:
        raise MissingCommitError(
            "the tag does not point to a commit", where=url, hint="give another with --ref"
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
