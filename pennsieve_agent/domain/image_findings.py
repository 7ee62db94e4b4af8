"""What Amazon ECR found in images when it scanned them: known faults of their packages. Pure.

Amazon ECR API Reference, "DescribeImageScanFindings", and "Scan images for software
vulnerabilities" (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")
"""The worst first. Enhanced scanning says ``UNTRIAGED`` of what has none yet."""
SHOWN = 3
"""How many findings are told of one image."""
NOT_SCANNED = "NOT_SCANNED"
"""Our word for an image that ECR knows no scan of; the others are ECR's own."""
_DONE = frozenset({"COMPLETE", "ACTIVE"})
"""``ACTIVE`` is an image that enhanced scanning goes on looking at."""
_GOES_ON = frozenset({"IN_PROGRESS", "PENDING"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A known fault. ``package`` with its version and ``url`` are empty where ECR does not say."""

    name: str
    severity: str
    package: str = ""
    version: str = ""
    url: str = ""

    @property
    def words(self) -> str:
        """It in a few words."""
        return " ".join(filter(None, (self.name, self.package, self.version)))


@dataclass(frozen=True, slots=True)
class ImageScan:
    """The scan of an image: its state, how many findings of each severity, and the worst."""

    status: str
    problem: str = ""
    scanned_at: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    worst: tuple[Finding, ...] = ()

    @property
    def words(self) -> str:
        """How many findings there are, or why it is not known."""
        if self.status in _DONE:
            rows = (f"{n} {s.lower()}" for s in SEVERITIES if (n := self.counts.get(s, 0)))
            return ", ".join(rows) or "nothing found"
        if self.status in _GOES_ON:
            return "the scan goes on"
        if self.status == NOT_SCANNED:
            return "not scanned yet"
        why = self.problem or "AWS does not say why"
        return f"not scanned ({self.status.replace('_', ' ').lower()}): {why}"


@dataclass(frozen=True, slots=True)
class StepScan:
    """The scan of a step's image on a node, by the node's name; ``image`` is its digest."""

    node: str
    step: str
    image: str
    scan: ImageScan


def findings_in(page: Mapping[str, Any]) -> Iterator[Finding]:
    """The findings of one answer of ECR, of basic or of enhanced scanning."""
    for row in page.get("findings") or ():
        said = {str(a.get("key")): str(a.get("value") or "") for a in row.get("attributes") or ()}
        yield Finding(
            str(row.get("name") or ""),
            _severity(row.get("severity")),
            said.get("package_name", ""),
            said.get("package_version", ""),
            str(row.get("uri") or ""),
        )
    for row in page.get("enhancedFindings") or ():
        details = row.get("packageVulnerabilityDetails") or {}
        packages: Sequence[Mapping[str, Any]] = details.get("vulnerablePackages") or [{}]
        package = packages[0]
        yield Finding(
            str(details.get("vulnerabilityId") or row.get("title") or ""),
            _severity(row.get("severity")),
            str(package.get("name") or ""),
            str(package.get("version") or ""),
            str(details.get("sourceUrl") or ""),
        )


def worst(findings: Iterable[Finding]) -> list[Finding]:
    """The few that are told: by severity, then by name; one of several packages is told once."""
    known: dict[str, Finding] = {}
    for finding in findings:
        known.setdefault(finding.name, finding)
    order = sorted(known.values(), key=lambda row: (SEVERITIES.index(row.severity), row.name))
    return order[:SHOWN]


def counts_in(page: Mapping[str, Any]) -> dict[str, int]:
    """How many findings of each severity an answer of ECR tells."""
    counts: dict[str, int] = {}
    for name, number in (page.get("findingSeverityCounts") or {}).items():
        severity = _severity(name)
        counts[severity] = counts.get(severity, 0) + int(number)
    return counts


def decode_scan(row: Mapping[str, Any]) -> ImageScan:
    """A scan as a node answers it."""
    return ImageScan(
        status=str(row.get("status") or NOT_SCANNED),
        problem=str(row.get("problem") or ""),
        scanned_at=float(row.get("scannedAt") or 0),
        counts=counts_in({"findingSeverityCounts": row.get("counts")}),
        worst=tuple(
            Finding(**{name: str(one.get(name) or "") for name in Finding.__slots__})
            for one in row.get("worst") or ()
        ),
    )


def _severity(word: object) -> str:
    return str(word) if word in SEVERITIES else "UNDEFINED"
