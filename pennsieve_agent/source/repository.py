"""Inspecting a repository at one commit, and exporting it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.source import manifest
from pennsieve_agent.source.export import blob, export
from pennsieve_agent.source.fetch import Entry, Fetched, fetch, read_refs, short
from pennsieve_agent.source.fetch_objects import Fetching
from pennsieve_agent.source.git_commands import run
from pennsieve_agent.source.refs import Refs
from pennsieve_agent.source.repository_urls import canonical, local_path, name_of
from pennsieve_agent.source.yaml_nodes import MAX_BYTES
from pennsieve_agent.transfer.temporary_folders import temporary_folder

_FILES = {"100644", "100755"}


def ignore(_: str) -> None:
    """Ignore a note."""


def inspect(
    source: str, ref: str | None, workdir: Path, note: Callable[[str], None] = ignore
) -> Checkout:
    """Look at a repository that is to be a workflow's step; whether it can, the rules say.

    ``ref`` is a tag, a branch or a commit; without it the highest version tag counts, else the
    default branch. A branch is taken at its present commit. ``workdir`` takes the fetched objects.
    ``note`` gets warnings in sentences.

    Raises:
        SourceError: there is no such repository, it cannot be reached or is private, or has no
            such ``ref``.

    """
    url = canonical(source, Path.cwd())
    refs = read_refs(url)
    fetched = fetch(url, refs, ref, workdir, Fetching(small=True, note=note))
    _note_changes(url, note)
    _note_choice(fetched, refs, ref, note)
    root = {entry.path: entry for entry in fetched.entries(recursive=False)}
    declared = manifest.read(_manifests(root, fetched), name_of(url))
    tag = fetched.tag or short(fetched.commit)
    return Checkout(url, tag, fetched.commit, declared, is_tag=fetched.tag is not None)


def checkout(source: str, tag_or_commit: str, into: Path) -> str:
    """Write the files of what was registered into ``into``, an empty or new folder.

    ``tag_or_commit`` is :attr:`Checkout.tag`. There is no ``.git``. Answers the full commit.

    Raises:
        SourceError: the repository or the commit is gone, or a link in it leads out of it.

    """
    url = canonical(source, Path.cwd())
    with temporary_folder() as folder:
        fetched = fetch(url, read_refs(url), tag_or_commit, folder)
        export(fetched, into)
    return fetched.commit


def _manifests(root: dict[str, Entry], fetched: Fetched) -> dict[str, bytes]:
    files = {}
    for name in manifest.FILES:
        entry = root.get(name)
        if entry is None or entry.mode not in _FILES:
            continue
        # One byte too many is enough for the reader to refuse it.
        is_small = entry.size is not None and entry.size <= MAX_BYTES
        files[name] = blob(fetched, entry) if is_small else b"#" * (MAX_BYTES + 1)
    return files


def _note_changes(url: str, note: Callable[[str], None]) -> None:
    folder = local_path(url)
    if folder is None or _has_filters(folder, url):
        return
    answer = run(["-C", str(folder), "status", "--porcelain", "--ignore-submodules=all"], url=url)
    if answer.ok and answer.out.strip():
        note(f"{folder} has changes that are not committed; only what is committed is used")


def _has_filters(folder: Path, url: str) -> bool:
    """Whether looking for changes would start programs that the repository's settings name."""
    answer = run(
        ["-C", str(folder), "config", "--show-scope", "--name-only", "--get-regexp", r"^filter\."],
        url=url,
    )
    return any(line.startswith(("local", "worktree")) for line in answer.out.splitlines())


def _note_choice(
    fetched: Fetched, refs: Refs, ref: str | None, note: Callable[[str], None]
) -> None:
    if ref is not None:
        return
    branch = refs.head_branch or "the default branch"
    if fetched.tag is None:
        note(f"the repository has no version tag; using {branch} at {short(fetched.commit)}")
    elif refs.head is not None and refs.head != fetched.commit:
        note(f"using {fetched.tag}, the highest version; for the latest commit: --ref {branch}")
