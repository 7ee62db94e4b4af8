"""What ``workflow check`` answers with: JSON for scripts, SARIF for code review, text for people.

SARIF is version 2.1.0 (OASIS Standard "Static Analysis Results Interchange Format", 2020), as
GitHub's code scanning takes it (GitHub Docs, "SARIF support for code scanning"): a location in
every result, and a file and line from 1 in every location.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.code_findings import Finding, Level, Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_STYLES = {Level.ERROR: "red", Level.WARNING: "yellow", Level.NOTE: "cyan"}
_WHOLE = "Dockerfile"
"""Where a finding on the whole repository is put, as SARIF's readers want a file."""


def document(place: str, files: int, findings: Sequence[Finding]) -> dict[str, Any]:
    """The answer with --json."""
    counts = Counter(finding.rule.level for finding in findings)
    return {
        "checked": place,
        "files": files,
        "passed": not counts[Level.ERROR],
        "errors": counts[Level.ERROR],
        "warnings": counts[Level.WARNING],
        "notes": counts[Level.NOTE],
        "findings": [finding_document(finding) for finding in findings],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as a part of a document."""
    return {
        "rule": finding.rule.id,
        "level": finding.rule.level.value,
        "file": finding.file or None,
        "line": finding.line or None,
        "message": finding.text,
        "why": finding.rule.why,
        "mend": finding.how,
    }


def sarif(version: str, rules: Iterable[Rule], findings: Sequence[Finding]) -> dict[str, Any]:
    """The answer with --format sarif. ``rules`` are all that were applied."""
    every = list(rules)
    numbers = {rule.id: number for number, rule in enumerate(every)}
    driver = {
        "name": "pennsieve workflow check",
        "version": version,
        "informationUri": "https://github.com/Pennsieve",
        "rules": [_rule(rule) for rule in every],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, numbers[finding.rule.id]) for finding in findings],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title[:1].upper() + rule.title[1:]},
        "fullDescription": {"text": f"{rule.why[:1].upper()}{rule.why[1:]}."},
        "help": {"text": f"{rule.mend}."},
        "defaultConfiguration": {"level": rule.level.value},
    }


def _result(finding: Finding, number: int) -> dict[str, Any]:
    artifact = {"uri": quote(finding.file or _WHOLE), "uriBaseId": "%SRCROOT%"}
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": number,
        "level": finding.rule.level.value,
        "message": {"text": f"{finding.text}: {finding.rule.why}. To fix it: {finding.how}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": artifact,
                    "region": {"startLine": max(1, finding.line)},
                }
            }
        ],
    }


def shown(findings: Sequence[Finding]) -> list[Callable[[Streams], str]]:
    """The findings as text: where and what, then why, then what to do."""
    return [_Block(finding) for finding in findings]


class _Block:
    """One finding; in a pipe it is one line, its parts divided by tabs."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    def __call__(self, streams: Streams) -> str:
        """The text for a terminal, or a pipe."""
        finding = self._finding
        level, rule = finding.rule.level, finding.rule
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file or "."
        if not streams.out_is_terminal:
            parts = [place, level.value, rule.id, finding.text, rule.why, finding.how]
            return "\t".join(parts)
        head = f"{streams.paint(level.value, _STYLES[level])} {place} ({rule.id})"
        rows = (finding.text, f"why: {rule.why}", f"mend: {finding.how}")
        return "\n".join((head, *(streams.wrapped(f"  {row}") for row in rows)))
