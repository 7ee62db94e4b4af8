"""Which code the steps of a workflow have, and what newer code would change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.errors import Conflict
from pennsieve_agent.source.repository_urls import name_of

_SHOWN = 7
Commits = Mapping[tuple[str, str], str]
"""The commits that tags meant when they were registered, by shown address and tag."""


@dataclass(frozen=True, slots=True)
class StepSource:
    """The code of a step as it is registered. ``commit`` is empty where nobody knows it."""

    step: str
    address: str
    tag: str
    commit: str

    @property
    def words(self) -> str:
        """``v1.0.0 (44a9441)``."""
        return _words(self.tag, self.commit)


@dataclass(frozen=True, slots=True)
class CodeChange:
    """A step's code before, and after. ``moved_from`` is what the new tag meant earlier."""

    before: StepSource
    after: Checkout
    moved_from: str = ""

    @property
    def is_change(self) -> bool:
        """Whether it is other code; a tag whose earlier commit is unknown is taken to be the same.

        An untagged commit is registered under its beginning.
        """
        before, after = self.before, self.after
        if before.commit:
            return before.commit != after.commit
        return before.tag != after.tag

    @property
    def new(self) -> str:
        """The code afterwards, in words."""
        return _words(self.after.tag, self.after.commit)

    @property
    def words(self) -> str:
        """``v1.0.0 (44a9441) → v1.1.0 (cb775c7)``."""
        return f"{self.before.words} → {self.new}"


def code_changes(
    sources: Sequence[StepSource], checkouts: Sequence[Checkout], commits: Commits
) -> tuple[CodeChange, ...]:
    """What each step's code would become; ``commits`` are those that tags meant earlier."""
    changes = []
    for source, checkout in zip(sources, checkouts, strict=True):
        earlier = commits.get((source.address, checkout.tag), "")
        if checkout.tag == source.tag:
            earlier = source.commit or earlier
        moved = earlier if earlier and earlier != checkout.commit and checkout.is_tag else ""
        known = source.commit or commits.get((source.address, source.tag), "")
        before = StepSource(source.step, source.address, source.tag, known)
        changes.append(CodeChange(before, checkout, moved))
    return tuple(changes)


def refuse_moved_tags(workflow: str, changes: Sequence[CodeChange]) -> None:
    """Refuse a tag that means another commit than when it was registered.

    Raises:
        Conflict: there is one.
    """
    for change in changes:
        if change.moved_from:
            raise Conflict(
                f"the tag {change.after.tag} of {name_of(change.before.address)} was moved: it "
                f"meant {change.moved_from[:_SHOWN]} when it was registered, and now "
                f"{change.after.commit[:_SHOWN]}",
                where=f"workflow '{workflow}'",
                hint="ask its owner why; to use what it means now: "
                f"pennsieve workflow update '{workflow}' --to {change.after.tag} "
                "--accept-moved-tag",
            )


def _words(tag: str, commit: str) -> str:
    if not commit:
        return tag
    short = commit[:_SHOWN]
    return short if commit.startswith(tag) else f"{tag} ({short})"
