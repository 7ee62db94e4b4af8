"""Checking code: for ``workflow check`` all of it, for ``workflow add`` what concerns it there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.check.run_rules import check
from pennsieve_agent.domain.code_findings import Finding, Level, Place, errors_of
from pennsieve_agent.domain.input_layout import Layout
from pennsieve_agent.domain.workflows import Checkout
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.fetch import fetch, read_refs
from pennsieve_agent.source.fetch_objects import Fetching
from pennsieve_agent.source.repository_urls import canonical, local_path, name_of
from pennsieve_agent.source.snapshot import Snapshot, of_commit, of_folder
from pennsieve_agent.source.working_folder import working_folder
from pennsieve_agent.transfer.temporary_folders import temporary_folder

MOST_SHOWN = 5
"""Warnings of one rule that 'workflow add' shows; 'workflow check' shows all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked, in words, how many files it has, and what breaks a rule.

    ``unread`` counts files of more than 1 MB of a repository elsewhere, which stayed there.
    """

    place: str
    files: int
    unread: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What code is added for: who builds it, where it runs, and what it gets there."""

    by_pennsieve: bool
    on_own_nodes: bool
    needs_pennsieve: bool
    layout: str | None

    def concerns(self, finding: Finding) -> bool:
        """Whether a finding matters for it."""
        rule = finding.rule
        if rule.id == "token-read" and self.needs_pennsieve:
            return False
        if rule.id == "input-top-only" and self.layout == Layout.FLAT:
            return False
        match rule.place:
            case Place.OWN_NODE:
                return self.on_own_nodes
            case Place.PENNSIEVE_BUILD:
                return self.by_pennsieve
            case Place.ANYWHERE:
                return True


def check_source(
    source: str, ref: str | None, workdir: Path, note: Callable[[str], None]
) -> Checked:
    """Check a repository at a tag, branch or commit; a folder without ``ref`` as it is on the disk.

    Raises:
        SourceError: there is no such repository or folder, or it cannot be read.
    """
    folder = None if ref else working_folder(source, Path.cwd())
    if folder is not None:
        return _checked(of_folder(folder))
    url = canonical(source, Path.cwd())
    refs = read_refs(url)
    fetched = fetch(url, refs, ref, workdir, Fetching(small=True, note=note))
    with of_commit(fetched) as files:
        return _checked(files)


def _checked(files: Snapshot) -> Checked:
    unread = sum(entry.size is None for entry in files.entries.values())
    return Checked(files.place, len(files.entries), unread, tuple(check(files)))


def check_checkouts(
    checkouts: Sequence[Checkout], purpose: Purpose, note: Callable[[str], None]
) -> None:
    """Warn of what matters for code that is to be added.

    Raises:
        SourceError: something keeps it from being built or run; or a repository cannot be read any
            more.
    """
    errors: list[tuple[Checkout, Finding]] = []
    for checkout in checkouts:
        if checkout.image:
            continue
        with temporary_folder() as folder:
            url = checkout.source_url
            fetched = fetch(url, read_refs(url), checkout.tag, folder, Fetching(small=True))
            with of_commit(fetched) as files:
                findings = [finding for finding in check(files) if purpose.concerns(finding)]
        errors += [(checkout, finding) for finding in errors_of(findings)]
        for line in _warnings(findings, checkout):
            note(line)
    if errors:
        raise _refused(errors, note)


def _warnings(findings: Sequence[Finding], checkout: Checkout) -> list[str]:
    name = name_of(checkout.source_url)
    lines = []
    counts: Counter[str] = Counter()
    for finding in findings:
        if finding.rule.level is Level.WARNING:
            counts[finding.rule.id] += 1
            if counts[finding.rule.id] <= MOST_SHOWN:
                lines.append(f"note: {name}: {finding} ({finding.rule.why}); {finding.how}")
    more = sum(max(0, count - MOST_SHOWN) for count in counts.values())
    if more:
        lines.append(f"note: {name}: {more} more: {_command(checkout)}")
    return lines


def _refused(
    errors: Sequence[tuple[Checkout, Finding]], note: Callable[[str], None]
) -> SourceError:
    """The only error itself; of several each is noted, and the answer counts them."""
    checkout, first = errors[0]
    at = f"{checkout.source_url} at {checkout.tag}"
    if len(errors) == 1:
        where = f"{at}, {first.where}" if first.where else at
        return SourceError(first.text, where=where, hint=f"{first.how} ({first.rule.why})")
    for one, finding in errors:
        why = finding.rule.why
        note(f"error: {name_of(one.source_url)}: {finding} ({why}); {finding.how}")
    return SourceError(
        f"the code cannot be built or run, for {len(errors)} reasons",
        where=at,
        hint=f"all of them: {_command(checkout)}",
    )


def _command(checkout: Checkout) -> str:
    folder = local_path(checkout.source_url)
    return f"pennsieve workflow check {folder or checkout.source_url} --ref {checkout.tag}"
