"""Warnings about code, before it runs on an own node or is built by Pennsieve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.source import lfs
from pennsieve_agent.source.code_checks import habits
from pennsieve_agent.source.repository import checkout as check_out
from pennsieve_agent.source.repository_urls import name_of
from pennsieve_agent.transfer.temporary_folders import temporary_folder

_SHOWN = 3


def tell(
    checkouts: Sequence[Checkout],
    note: Callable[[str], None],
    *,
    by_pennsieve: bool,
    on_own_nodes: bool,
    needs_pennsieve: bool,
) -> None:
    """Warn of what an own node does not support, and of what Pennsieve's build may omit.

    Raises:
        SourceError: a repository cannot be read any more.
    """
    for checkout in checkouts:
        name = name_of(checkout.source_url)
        with temporary_folder() as folder:
            files = folder / "files"
            check_out(checkout.source_url, checkout.tag, files, small=True)
            if on_own_nodes:
                for warning in habits(files, needs_pennsieve=needs_pennsieve):
                    note(f"note: {name}: {warning}")
            for text in _left_out(files) if by_pennsieve else ():
                note(
                    f"note: {name}: {text}, which the image that Pennsieve builds may lack; "
                    "--build here has it"
                )


def _left_out(files: Path) -> Iterator[str]:
    paths = [
        path.relative_to(files).as_posix()
        for path in sorted(files.rglob("*"))
        if path.is_file() and not path.is_symlink()
    ]
    large = [pointer.path for pointer in lfs.pointers(files, paths)]
    if large:
        more = f" and {len(large) - _SHOWN} more" if len(large) > _SHOWN else ""
        yield f"the content of {', '.join(large[:_SHOWN])}{more} is in Git LFS"
    if (files / ".gitmodules").is_file():
        yield "it has submodules"
