"""Tags, branches and commits: which one a person means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

SHORT_COMMIT, FULL_COMMIT = 12, 40
_VERSION = re.compile(
    r"[vV]?(?P<numbers>\d+(?:\.\d+){0,3})(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_TAGS, _HEADS = "refs/tags/", "refs/heads/"


@dataclass(frozen=True, slots=True)
class Refs:
    """What a repository offers: commits by tag and by branch, and its default branch.

    ``head`` is None in a repository without a commit on its default branch.
    """

    tags: dict[str, str] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    head: str | None = None
    head_branch: str | None = None

    def newest_version(self) -> str | None:
        """The highest version among the tags; pre-releases count only where nothing else is."""
        versions = [(key, tag) for tag in self.tags if (key := version_key(tag)) is not None]
        return max(versions)[1] if versions else None


def parse_refs(text: str) -> Refs:
    """What ``git ls-remote --symref`` printed. An annotated tag means the commit it points to."""
    tags: dict[str, str] = {}
    branches: dict[str, str] = {}
    head = head_branch = None
    for line in text.splitlines():
        left, _, name = line.partition("\t")
        if left.startswith("ref: "):
            if name == "HEAD":
                head_branch = left.removeprefix("ref: ").removeprefix(_HEADS)
        elif name == "HEAD":
            head = left
        elif name.startswith(_TAGS):
            # The line with ^{} comes after the tag's own.
            tags[name.removeprefix(_TAGS).removesuffix("^{}")] = left
        elif name.startswith(_HEADS):
            branches[name.removeprefix(_HEADS)] = left
    return Refs(tags, branches, head, head_branch)


def version_key(tag: str) -> tuple[object, ...] | None:
    """A key that sorts tags as semantic versions, pre-releases below all others.

    None for a tag that is not a version. A leading ``v`` is common and does not count.
    """
    match = _VERSION.fullmatch(tag)
    if match is None:
        return None
    numbers = [int(n) for n in match["numbers"].split(".")]
    padded = tuple(numbers + [0] * (4 - len(numbers)))
    pre = match["pre"]
    # Numeric identifiers sort below words, a shorter list below a longer one (semver.org, 11).
    parts = tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in (pre or "").split(".")
    )
    return (pre is None, padded, parts, tag)


def is_commit(text: str) -> bool:
    """Whether a text can be (the beginning of) a commit's hash."""
    return _COMMIT.fullmatch(text) is not None
