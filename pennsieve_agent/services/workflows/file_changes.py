"""What changed in the Dockerfile and the manifest of code between two commits."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.fetch import fetch, read_refs
from pennsieve_agent.source.fetch_objects import Fetching
from pennsieve_agent.source.manifest import FILES
from pennsieve_agent.source.snapshot import of_commit

SHOWN = ("Dockerfile", *FILES)
_MOST = 256 * 1024


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs, as a unified diff."""

    step: str
    file: str
    diff: str


def file_changes(
    step: str, url: str, commits: tuple[str, str], workdir: Path, note: Callable[[str], None]
) -> Iterator[FileChange]:
    """The files of a step's code that differ; where it cannot be read any more that is noted."""
    try:
        before, after = (
            _files(url, commit, workdir / f"{number}", note)
            for number, commit in enumerate(commits)
        )
    except SourceError as error:
        note(f"the files of step '{step}' cannot be compared: {error.message}")
        return
    for name in SHOWN:
        lines = difflib.unified_diff(
            before.get(name, "").splitlines(),
            after.get(name, "").splitlines(),
            f"{name} at {commits[0][:7]}",
            f"{name} at {commits[1][:7]}",
            lineterm="",
        )
        if diff := "\n".join(lines):
            yield FileChange(step, name, diff)


def _files(url: str, commit: str, workdir: Path, note: Callable[[str], None]) -> dict[str, str]:
    workdir.mkdir(parents=True, exist_ok=True)
    fetched = fetch(url, read_refs(url), commit, workdir, Fetching(small=True, note=note))
    with of_commit(fetched) as files:
        contents = {name: files.read(name, _MOST) for name in SHOWN}
    return {
        name: data.decode("utf-8", "replace") for name, data in contents.items() if data is not None
    }
