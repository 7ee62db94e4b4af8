"""cfn-lint and checkov over everything that is sent, options in pairs: ``make lint-cloud``.

checkov has an environment of its own, as it brings a hundred packages and an old boto3: the one
argument is its program. The IAM database (parliament) is asked in the suite, by ``test_lint``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request
from tests.account.stack import pairwise, specs
from tests.account.stack.accepted import ACCEPTED


def every() -> dict[str, NodeSpec]:
    """Nodes of every kind, and those whose options meet in pairs."""
    return {**specs.every(), **pairwise.specs()}


def refused() -> list[str]:
    """What cfn-lint finds, of any weight."""
    return [
        f"{name}: {match}"
        for name, spec in every().items()
        for match in lint(
            stack_request(spec).body,
            config=ManualArgs(regions=[spec.names.region], include_checks=["E", "W", "I"]),
        )
    ]


def findings(checkov: str) -> set[tuple[str, str, str]]:
    """Check, logical id and kind of node of everything that fails."""
    with tempfile.TemporaryDirectory() as folder:
        for name, spec in every().items():
            Path(folder, f"{name}.json").write_text(stack_request(spec).body)
        command = [checkov, "-d", folder, "--framework", "cloudformation", "-o", "json", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    reports: Any = json.loads(done.stdout)
    rows = [
        r
        for report in (reports if isinstance(reports, list) else [reports])
        for r in _failed(report)
    ]
    if not rows and done.returncode:
        sys.exit(f"error: checkov failed: {done.stderr[-2000:]}")
    return {
        (row["check_id"], row["resource"].rpartition(".")[2], Path(row["file_path"]).stem)
        for row in rows
    }


def _failed(report: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report["results"]["failed_checks"]
    if report["summary"]["passed"] == 0:
        sys.exit("error: checkov looked at nothing")
    return found


def main() -> None:
    """Say what is found and not accepted, and what is accepted and not found."""
    matches = refused()
    for match in matches:
        print("cfn-lint:", match)  # noqa: T201 - it is a program
    found = findings(sys.argv[1])
    new = sorted(row for row in found if row[:2] not in ACCEPTED)
    gone = sorted(set(ACCEPTED) - {row[:2] for row in found})
    for row in new:
        print("not accepted:", *row)  # noqa: T201 - it is a program
    for entry in gone:
        print("accepted, and found no more:", *entry)  # noqa: T201 - it is a program
    if new or gone or matches:
        sys.exit(1)
    many = len(every())
    print(f"{many} templates: cfn-lint finds nothing, checkov {len(ACCEPTED)} accepted things")  # noqa: T201


if __name__ == "__main__":
    main()
