"""What scans of images found, as it is counted and told."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from pennsieve_agent.domain.image_findings import (
    Finding,
    ImageScan,
    counts_in,
    decode_scan,
    findings_in,
    worst,
)

BASIC = {
    "findings": [
        {"name": "CVE-2024-2", "severity": "HIGH", "uri": "https://example.org/2"},
        {
            "name": "CVE-2024-1",
            "severity": "CRITICAL",
            "attributes": [
                {"key": "package_name", "value": "openssl"},
                {"key": "package_version", "value": "3.0.1"},
                {"key": "CVSS3_SCORE"},
            ],
        },
        {"name": "CVE-2024-1", "severity": "CRITICAL"},
        {"name": "CVE-2024-3", "severity": "SOMETHING NEW"},
        {"name": "CVE-2024-4", "severity": "LOW"},
    ],
    "findingSeverityCounts": {"LOW": 1, "CRITICAL": 2, "HIGH": 1, "UNTRIAGED": 1},
}
ENHANCED = {
    "enhancedFindings": [
        {"title": "CVE-2024-9 - curl", "severity": "UNTRIAGED"},
        {
            "severity": "MEDIUM",
            "packageVulnerabilityDetails": {
                "vulnerabilityId": "CVE-2024-8",
                "vulnerablePackages": [{"name": "curl", "version": "8.0"}, {"name": "libcurl"}],
                "sourceUrl": "https://example.org/8",
            },
        },
    ]
}


def test_the_worst_come_first_and_each_once() -> None:
    assert [row.words for row in worst(findings_in(BASIC))] == [
        "CVE-2024-1 openssl 3.0.1",
        "CVE-2024-2",
        "CVE-2024-4",
    ]
    assert worst(findings_in(ENHANCED)) == [
        Finding("CVE-2024-8", "MEDIUM", "curl", "8.0", "https://example.org/8"),
        Finding("CVE-2024-9 - curl", "UNDEFINED"),
    ]


def test_all_are_counted_by_severity() -> None:
    counts = counts_in(BASIC)
    assert counts == {"LOW": 1, "CRITICAL": 2, "HIGH": 1, "UNDEFINED": 1}
    assert ImageScan("COMPLETE", counts=counts).words == "2 critical, 1 high, 1 low, 1 undefined"


def test_what_a_node_answers_is_what_is_read() -> None:
    scan = ImageScan("COMPLETE", "done", 5.0, counts_in(BASIC), tuple(worst(findings_in(BASIC))))
    row = asdict(scan) | {"scannedAt": 5.0}
    assert decode_scan(row) == scan


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"status": "COMPLETE"}, "nothing found"),
        ({"status": "ACTIVE", "counts": {"HIGH": 3}}, "3 high"),
        ({"status": "IN_PROGRESS"}, "the scan goes on"),
        ({"status": "PENDING"}, "the scan goes on"),
        ({"status": "NOT_SCANNED"}, "not scanned yet"),
        ({}, "not scanned yet"),
        ({"status": "FAILED"}, "not scanned (failed): AWS does not say why"),
        (
            {"status": "UNSUPPORTED_IMAGE", "problem": "unknown system"},
            "not scanned (unsupported image): unknown system",
        ),
    ],
)
def test_a_scan_is_told_in_words(row: dict[str, object], words: str) -> None:
    assert decode_scan(row).words == words
