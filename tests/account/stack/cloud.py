"""checkov over the template of every kind of node: ``make lint-cloud``.

It has an environment of its own, as it brings a hundred packages: the one argument is its program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pennsieve_agent.account.stack.template import node_template
from tests.account.stack.accepted import ACCEPTED
from tests.account.stack.specs import every


def findings(checkov: str) -> set[tuple[str, str, str]]:
    """Check, logical id and kind of node of everything that fails."""
    with tempfile.TemporaryDirectory() as folder:
        for name, spec in every().items():
            Path(folder, f"{name}.json").write_text(json.dumps(node_template(spec)))
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
    found = findings(sys.argv[1])
    new = sorted(row for row in found if row[:2] not in ACCEPTED)
    gone = sorted(set(ACCEPTED) - {row[:2] for row in found})
    for row in new:
        print("not accepted:", *row)  # noqa: T201 - it is a program
    for entry in gone:
        print("accepted, and found no more:", *entry)  # noqa: T201 - it is a program
    if new or gone:
        sys.exit(1)
    print(f"checkov: {len(every())} templates, {len(ACCEPTED)} accepted findings, no other")  # noqa: T201


if __name__ == "__main__":
    main()
