"""Fetches a tag as the platform's builder does, with a Dockerfile at the root.

Source: ``contracts/workflows.md`` 1.2, ``contracts/upstream-2026-11.md`` 2. Any https address can
be fetched, and nothing else: no path of this machine. A branch or a commit
that was registered as a tag is accepted, and cannot be built.
"""

from __future__ import annotations

from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.sandbox.host.world import World

DOCKERFILE = "Dockerfile"


def fetch_tag(world: World, source_url: str, tag: str, into: Path) -> str:
    """Write a tag's files into a new folder; answers the commit.

    What the sandbox's own GitHub has is taken from there, under the address of the real one.

    Raises:
        SourceError: the address is not one of https, there is no such repository or tag, or no
            Dockerfile at its root.

    """
    from pennsieve_agent.sandbox.data.github import local_path  # noqa: PLC0415 - git is slow to load
    from pennsieve_agent.source.fetch import read_refs  # noqa: PLC0415 - the same
    from pennsieve_agent.source.repository import checkout  # noqa: PLC0415 - the same
    from pennsieve_agent.source.repository_urls import canonical  # noqa: PLC0415 - the same

    if not source_url.startswith("https://"):
        raise SourceError("only addresses of https can be fetched", where=source_url)
    folder = local_path(world, source_url)
    url = canonical(str(folder) if folder else source_url, Path("/"))
    if tag not in read_refs(url).tags:
        raise SourceError(f"couldn't find remote ref refs/tags/{tag}", where=source_url)
    commit = checkout(url, tag, into)
    if not (into / DOCKERFILE).is_file():
        raise SourceError(f"no {DOCKERFILE} at the root of the repository", where=source_url)
    return commit
