"""Applying all rules to a repository."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pennsieve_agent.check.code import Code
from pennsieve_agent.check.dockerfile_rules import dockerfile_findings
from pennsieve_agent.check.folder_rules import folder_findings, pennsieve_findings
from pennsieve_agent.check.manifest_rules import manifest_findings
from pennsieve_agent.check.repository_rules import repository_findings
from pennsieve_agent.check.secret_rules import secret_findings
from pennsieve_agent.check.variable_rules import variable_findings
from pennsieve_agent.domain.code_findings import Finding, Level
from pennsieve_agent.source.snapshot import Snapshot

_RULES: tuple[Callable[[Code], Iterator[Finding]], ...] = (
    dockerfile_findings,
    manifest_findings,
    variable_findings,
    folder_findings,
    pennsieve_findings,
    secret_findings,
    repository_findings,
)
_ORDER = list(Level)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Syntax trees make many objects and no circles: looking for these doubles the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def check(files: Snapshot) -> list[Finding]:
    """All findings, errors first, then by file and line.

    Raises:
        SourceError: a file of it cannot be read at all.

    """
    code = Code(files)
    with _without_collection():
        findings = {finding for rules in _RULES for finding in rules(code)}
    return sorted(
        findings, key=lambda f: (_ORDER.index(f.rule.level), f.file, f.line, f.rule.id, f.text)
    )
